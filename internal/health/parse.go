package health

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
)

// DefaultTimeout is how long a Check waits for the right answer unless it says
// otherwise.
const DefaultTimeout = 30 * time.Second

// Check is what an address has to answer. Parse makes one.
type Check struct {
	// Path is asked for, with its query.
	Path string
	// Text has to be in the first 64 KB of the answer; empty means that any will do.
	Text string
	// Timeout bounds the whole Check, repetitions included.
	Timeout time.Duration
	// Scale stretches the pace of the requests, which is one every 500 ms and later
	// every 2 s; 0 means 1. Tests shrink it.
	Scale float64

	statuses []statusRange
	headers  []header
}

// statusRange is the statuses from one to another.
type statusRange struct{ from, to int }

// header is sent with each request. parts are those of its value that stood as ${KEY}.
type header struct {
	name  string
	value secret.String
	parts []secret.String
}

// secrets are the texts of a header that nobody may see, the longest first.
func (h header) secrets() []string {
	_, credential, _ := strings.Cut(h.value.Reveal(), " ")
	all := []string{h.value.Reveal(), credential}
	for _, part := range h.parts {
		all = append(all, part.Reveal())
	}
	const fewest = 4 // characters: less would blank what is everywhere
	all = slices.DeleteFunc(all, func(value string) bool { return len(value) < fewest })
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// Parse reads what a Job says of its health check. getenv gives the values of
// ${KEY} in headers. The error is a problem.List of everything that is wrong.
func Parse(asked job.HealthCheck, getenv func(string) string) (Check, error) {
	var problems problem.List
	check := Check{
		Path: asked.Path, Text: asked.Text, Timeout: asked.Timeout,
		statuses: parseStatuses(asked.Status, &problems), headers: parseHeaders(asked.Headers, getenv, &problems),
	}
	if check.Timeout == 0 {
		check.Timeout = DefaultTimeout
	}
	checkPath(asked.Path, &problems)
	return check, problems.Err()
}

// checkPath keeps a path from being anything but one: what it is put behind is a
// host's name.
func checkPath(path string, problems *problem.List) {
	wrong := ""
	switch {
	case !strings.HasPrefix(path, "/"):
		wrong = `does not begin with "/"`
	case strings.Contains(path, "//"):
		wrong = `holds "//"`
	case strings.Contains(path, `\`):
		wrong = `holds a backslash`
	case strings.Contains(path, "#"):
		wrong = `holds "#", behind which nothing is sent`
	case strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f || r >= 0x80 }):
		wrong = "holds a blank, a control character or one that is not ASCII"
	default:
		if _, err := url.ParseRequestURI(path); err == nil {
			return
		}
		wrong = `holds a "%" that escapes nothing`
	}
	problems.Add(fmt.Sprintf("health-check %q %s", path, wrong), "Give a path of the project, such as /health; escape other characters, as in %20 and %25.")
}

// parseStatuses reads "2xx", "200", "200-204", or several of them with commas.
func parseStatuses(text string, problems *problem.List) []statusRange {
	if text == "" {
		text = "2xx"
	}
	var ranges []statusRange
	for part := range strings.SplitSeq(text, ",") {
		one, ok := parseStatus(strings.TrimSpace(part))
		if !ok {
			problems.Add(fmt.Sprintf("health-check-status %q is no status of HTTP", strings.TrimSpace(part)),
				"Give one such as 200, a class such as 2xx, a range such as 200-204, or several with commas.")
			continue
		}
		ranges = append(ranges, one)
	}
	return ranges
}

func parseStatus(text string) (statusRange, bool) {
	if match := regexp.MustCompile(`^([1-5])[xX]{2}$`).FindStringSubmatch(text); match != nil {
		class, _ := strconv.Atoi(match[1])
		return statusRange{class * 100, class*100 + 99}, true
	}
	match := regexp.MustCompile(`^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$`).FindStringSubmatch(text)
	if match == nil {
		return statusRange{}, false
	}
	from, _ := strconv.Atoi(match[1])
	to := from
	if match[2] != "" {
		to, _ = strconv.Atoi(match[2])
	}
	return statusRange{from, to}, from <= to
}

// String is the form that Parse reads.
func (s statusRange) String() string {
	switch {
	case s.from == s.to:
		return strconv.Itoa(s.from)
	case s.from%100 == 0 && s.to == s.from+99:
		return strconv.Itoa(s.from/100) + "xx"
	default:
		return fmt.Sprintf("%d-%d", s.from, s.to)
	}
}

func (s statusRange) has(status int) bool { return s.from <= status && status <= s.to }

// parseHeaders reads lines of "Name: value". An error shows no value.
func parseHeaders(lines []string, getenv func(string) string, problems *problem.List) []header {
	var headers []header
	for i, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		name = http.CanonicalHeaderKey(strings.TrimSpace(name))
		if !ok || !regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$").MatchString(name) { // a token, RFC 9110
			problems.Add(fmt.Sprintf(`health-check-header: line %d is no "Name: value"`, i+1), "Write a header on one line, such as Authorization: Bearer ${TOKEN}.")
			continue
		}
		if slices.Contains([]string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Trailer", "Te"}, name) {
			problems.Add(fmt.Sprintf("health-check-header: line %d sets %s, which is not for a check to set", i+1, name), "Leave it out.")
			continue
		}
		resolved, parts, missing := expand(strings.TrimSpace(value), getenv)
		for _, key := range missing {
			problems.Add(fmt.Sprintf("health-check-header: line %d, %s: the environment of this process does not set %s", i+1, name, key),
				"Set it for this step, or give the value itself.")
		}
		if strings.ContainsFunc(resolved, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
			problems.Add(fmt.Sprintf("health-check-header: line %d, %s: its value holds a line break or another control character", i+1, name), "Give it on one line.")
			continue
		}
		headers = append(headers, header{name, secret.New(resolved), parts})
	}
	return headers
}

// expand puts the environment's values, the parts, in place of ${KEY}, and names those
// that are not set. What else holds a "$" stays as it is.
func expand(text string, getenv func(string) string) (expanded string, parts []secret.String, missing []string) {
	expanded = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`).ReplaceAllStringFunc(text, func(reference string) string {
		key := reference[2 : len(reference)-1]
		value := getenv(key)
		if value == "" && !slices.Contains(missing, key) {
			missing = append(missing, key)
		}
		parts = append(parts, secret.New(value))
		return value
	})
	return expanded, parts, missing
}
