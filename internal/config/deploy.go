package config

import (
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
)

// Deploy is the settings of a deploy, read and checked each by itself. What
// can only be checked against the project or the platform is not.
type Deploy struct {
	Remote
	Project

	WorkingDirectory  string
	Dependencies      string
	Variables         map[string]secret.String
	VariablesLike     string
	PruneVariables    bool
	BuildTimeout      time.Duration
	Concurrency       int // 0 means adaptive
	HealthCheck       HealthCheck
	Watch             time.Duration // 0 means not at all
	WatchErrors       int
	RollbackOnFailure bool
	Manifest          bool
	DryRun            bool
}

// HealthCheck is what a deployed domain has to answer. What its Path, Status and
// Headers say is checked by who asks.
type HealthCheck struct {
	Path, Status, Text string
	// Headers are lines of "Name: value", with ${KEY} as it stands.
	Headers []string
	Timeout time.Duration
}

// Remote is what every command that calls the API needs.
type Remote struct {
	Account Account
	// Timeout bounds the whole run.
	Timeout  time.Duration
	LogLevel slog.Level
}

// Account is how to reach an account: credentials and addresses. Their form is
// the API client's to check.
type Account struct {
	// SID is the account's; empty when only an API key is known.
	SID string
	// User and Password sign requests: an API key and its secret, or the
	// Account SID and its auth token.
	User     string
	Password secret.String

	Region, Edge               string
	APIURL, UploadURL, LiveURL string
}

// ReadDeploy reads values as a Deploy. getenv gives the values of bare KEY
// lines in variables. The error is a problem.List of everything that is wrong.
func ReadDeploy(values Values, getenv func(string) string) (Deploy, error) {
	r := reader{values: values}
	read := r.deploy(getenv)
	return read, r.problems.Err()
}

func (r *reader) deploy(getenv func(string) string) Deploy {
	return Deploy{
		Remote:            r.remote(),
		Project:           r.project(),
		WorkingDirectory:  r.text(WorkingDirectory),
		Dependencies:      r.oneOf(Dependencies, "locked", "ranges"),
		Variables:         r.variables(getenv),
		VariablesLike:     r.text(VariablesLike),
		PruneVariables:    r.boolean(PruneVariables),
		BuildTimeout:      r.duration(BuildTimeout),
		Concurrency:       r.count(Concurrency, 1, 1000),
		HealthCheck:       r.healthCheck(),
		Watch:             r.watch(),
		WatchErrors:       r.count(WatchErrors, 1, 1000),
		RollbackOnFailure: r.boolean(RollbackOnFailure),
		Manifest:          r.boolean(Manifest),
		DryRun:            r.boolean(DryRun),
	}
}

// ReadRemote reads only what is needed to call the API, for commands that need
// no project. The error is a problem.List.
func ReadRemote(values Values) (Remote, error) {
	r := reader{values: values}
	read := r.remote()
	return read, r.problems.Err()
}

// ReadLogLevel reads the log level alone. The error is a problem.List.
func ReadLogLevel(values Values) (slog.Level, error) {
	r := reader{values: values}
	level := r.logLevel()
	return level, r.problems.Err()
}

// ParseBoolean reads one of YAML 1.2's words for true and false.
func ParseBoolean(text string) (value, ok bool) {
	switch text {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	default:
		return false, false
	}
}

// reader turns texts into values and collects what is wrong.
type reader struct {
	values   Values
	isStep   bool // of a workflow, whose secrets may be missing
	problems problem.List
}

func (r *reader) remote() Remote {
	r.singleLines(slices.Sorted(maps.Keys(r.values)))
	return Remote{Account: r.account(), Timeout: r.duration(Timeout), LogLevel: r.logLevel()}
}

func (r *reader) logLevel() (level slog.Level) {
	word := r.oneOf(LogLevel, "debug", "info", "warn", "error")
	if word != "" {
		_ = level.UnmarshalText([]byte(word)) // each of the words is a level
	}
	return level
}

func (r *reader) text(name string) string { return r.values[name].Text }

func (r *reader) wrong(name, why, fix string) {
	value := r.values[name]
	r.problems.AddAt(value.File, value.Line, value.Cited()+" "+why, fix)
}

func (r *reader) oneOf(name string, words ...string) string {
	text := r.text(name)
	if slices.Contains(words, text) {
		return text
	}
	last := len(words) - 1
	r.wrong(name, "is not known", "Use "+strings.Join(words[:last], ", ")+" or "+words[last]+".")
	return ""
}

func (r *reader) duration(name string) time.Duration {
	parsed, err := time.ParseDuration(r.text(name))
	if err != nil || parsed <= 0 {
		r.wrong(name, "is not a length of time", "Give a number and a unit, such as 90s or 15m.")
		return 0
	}
	return parsed
}

// watch is how long logs are watched. What does not end within the run would end it.
func (r *reader) watch() time.Duration {
	watch := r.durationOrNone(Watch)
	timeout, _ := time.ParseDuration(r.text(Timeout)) // what is wrong with it is told elsewhere
	if watch == 0 && r.values[WatchErrors].Origin != FromDefault && r.values[Watch].Origin == FromDefault {
		r.problems.Add(WatchErrors+" is given without watch", "Give watch, how long to follow the logs.")
	}
	if watch > 0 && timeout > 0 && watch >= timeout {
		r.problems.Add(fmt.Sprintf("%s %q does not end within %s %q, which is for the whole run", Watch, r.text(Watch), Timeout, r.text(Timeout)), "Give a shorter watch, or a longer timeout.")
	}
	return watch
}

// durationOrNone reads a length of time that may be 0.
func (r *reader) durationOrNone(name string) time.Duration {
	if parsed, err := time.ParseDuration(r.text(name)); err == nil && parsed == 0 {
		return 0
	}
	return r.duration(name)
}

func (r *reader) healthCheck() HealthCheck {
	check := HealthCheck{
		Path: r.text(HealthCheckPath), Status: r.text(HealthCheckStatus), Text: r.text(HealthCheckText), Timeout: r.duration(HealthCheckTimeout),
	}
	for line := range strings.Lines(r.text(HealthCheckHeader)) {
		if line = strings.TrimSpace(line); line != "" {
			check.Headers = append(check.Headers, line)
		}
	}
	for _, name := range []string{HealthCheckStatus, HealthCheckText, HealthCheckHeader, HealthCheckTimeout} {
		if check.Path == "" && r.values[name].Origin != FromDefault {
			r.problems.Add(name+" is given without health-check", "Give health-check, the path to ask for.")
		}
	}
	return check
}

func (r *reader) count(name string, least, most int) int {
	text := r.text(name)
	if text == "" {
		return 0
	}
	parsed, err := strconv.Atoi(text)
	if err != nil || parsed < least || parsed > most {
		r.wrong(name, fmt.Sprintf("is not a number from %d to %d", least, most), "")
		return 0
	}
	return parsed
}

// variables reads lines of KEY=VALUE, or a bare KEY. A line that is neither is
// taken for a part of a value over several lines: it is told by its number
// alone, and the rest is not read.
func (r *reader) variables(getenv func(string) string) map[string]secret.String {
	found := make(map[string]secret.String)
	number := 0
	for line := range strings.Lines(r.text(Variables)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		wrong := func(why, fix string) {
			r.problems.Add(fmt.Sprintf("variables: line %d%s", number, why), fix)
		}
		key, value, given := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		if given && key == "" {
			wrong(`: there is no key in front of the "="`, "Write KEY=VALUE.")
			continue
		}
		if !given {
			value = getenv(key)
		}
		switch {
		case !given && value == "" && isUpperCaseKey(key):
			wrong(fmt.Sprintf(": %q has no value here: the environment of this process does not set it", key),
				"Write KEY=VALUE, or set it for this step.")
		case !given && value == "", given && !mayBeKey(key, value):
			wrong(" is neither KEY=VALUE nor a KEY that the environment of this process sets",
				"Write KEY=VALUE on one line; a value of several lines goes into the environment, and its KEY alone here.")
			return found
		default:
			found[key] = secret.New(strings.TrimSpace(value))
		}
	}
	return found
}

// isUpperCaseKey tells a bare KEY, which an error may show, from a part of a
// value.
func isUpperCaseKey(text string) bool {
	return regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`).MatchString(text)
}

// mayBeKey tells whether what stands around a "=" may be a key, be it a wrong
// one, and a value: the "=" that pads base64 is preceded and followed by others.
func mayBeKey(key, value string) bool {
	return value != "=" && regexp.MustCompile(`^[A-Za-z0-9_ .-]+$`).MatchString(key)
}

func (r *reader) account() Account {
	account := Account{
		SID: r.text(AccountSID), Region: r.label(Region), Edge: r.label(Edge),
		APIURL: r.text(APIURL), UploadURL: r.text(UploadURL), LiveURL: r.liveURL(),
	}
	account.User, account.Password = r.credentials()
	return account
}

// label checks what becomes part of a host name.
func (r *reader) label(name string) string {
	if text := r.text(name); text != "" && !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(text) {
		r.wrong(name, "is no name of a Twilio "+name, "Such names are lower-case letters, digits and dashes.")
	}
	return r.text(name)
}

func (r *reader) liveURL() string {
	text := strings.TrimSuffix(r.text(LiveURL), "/")
	if text == "" {
		return ""
	}
	base, err := url.Parse(strings.ReplaceAll(text, "{domain}", "example.twil.io"))
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.User != nil || base.RawQuery != "" {
		r.wrong(LiveURL, "is not a URL", "Give one such as https://{domain}.")
	} else if !strings.Contains(text, "{domain}") {
		r.wrong(LiveURL, "does not say where the domain goes", "Write {domain} in its place, such as https://{domain}.")
	}
	return text
}
