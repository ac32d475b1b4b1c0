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

	WorkingDirectory string
	// ConfigFile is the file with rules, from the root of the repository; empty means
	// where it usually is, if it is there.
	ConfigFile  string
	Concurrency int // 0 means adaptive
	DryRun      bool
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
		Remote:           r.remote(),
		Project:          r.project(getenv),
		WorkingDirectory: r.text(WorkingDirectory),
		ConfigFile:       r.text(ConfigFile),
		Concurrency:      r.count(Concurrency),
		DryRun:           r.boolean(DryRun),
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
	values  Values
	isStep  bool // of a workflow, whose secrets may be missing
	isAgain bool // a second time, for what files say alone
	// isWithoutSecrets says that there are no credentials, and that none are asked for.
	isWithoutSecrets bool
	problems         problem.List
}

func (r *reader) remote() Remote {
	r.singleLines(slices.Sorted(maps.Keys(r.values)))
	return Remote{Account: r.account(), Timeout: r.duration(Timeout), LogLevel: r.logLevel()}
}

func (r *reader) logLevel() (level slog.Level) {
	word := r.oneOf(LogLevel)
	if word != "" {
		_ = level.UnmarshalText([]byte(word)) // each of the words is a level
	}
	return level
}

func (r *reader) text(name string) string { return r.values[name].Text }

func (r *reader) wrong(name, why, fix string) { r.add(name, r.values[name].Cited()+" "+why, fix) }

// add adds a Problem about a setting.
func (r *reader) add(name, message, fix string) {
	if value := r.values[name]; !r.isAgain || value.Origin == FromFile {
		r.problems.AddAt(value.File, value.Line, message, fix)
	}
}

func (r *reader) oneOf(name string) string {
	text, words := r.text(name), r.values[name].Setting.Words()
	if slices.Contains(words, text) {
		return text
	}
	last := len(words) - 1
	r.wrong(name, "is not known", "Use "+strings.Join(words[:last], ", ")+" or "+words[last]+".")
	return ""
}

func (r *reader) duration(name string) time.Duration {
	parsed, err := ParseDuration(r.text(name))
	if err != nil || parsed <= 0 {
		r.wrong(name, "is not a length of time", "Give a number and a unit, such as 90s or 15m.")
		return 0
	}
	return parsed
}

// durationOrNone reads a length of time that may be 0.
func (r *reader) durationOrNone(name string) time.Duration {
	if parsed, err := ParseDuration(r.text(name)); err == nil && parsed == 0 {
		return 0
	}
	return r.duration(name)
}

// count reads a whole number; 0 when there is none.
func (r *reader) count(name string) int {
	text := r.text(name)
	if text == "" {
		return 0
	}
	least, most := r.values[name].Setting.Range()
	parsed, err := strconv.Atoi(text)
	if err != nil || parsed < least || parsed > most {
		r.wrong(name, fmt.Sprintf("is not a number from %d to %d", least, most), "")
		return 0
	}
	return parsed
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
