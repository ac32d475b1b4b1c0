package config

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/secret"
)

// Project is the settings of a deploy that files of the repository may give.
type Project struct {
	Service, Environment string
	FunctionsFolder      string
	AssetsFolder         string
	Runtime, EnvFile     string
	Dependencies         string
	Variables            map[string]secret.String
	VariablesLike        string
	PruneVariables       bool
	BuildTimeout         time.Duration
	HealthCheck          HealthCheck
	Watch                time.Duration // 0 means not at all
	WatchErrors          int
	RollbackOnFailure    bool
	Manifest             bool
}

// HealthCheck is what a deployed domain has to answer. What its Path, Status and
// Headers say is checked by who asks.
type HealthCheck struct {
	Path, Status, Text string
	// Headers are lines of "Name: value", with ${KEY} as it stands.
	Headers []string
	Timeout time.Duration
}

// ReadProject reads values as a Project, for a second time: once WithFiles has made
// them. getenv gives the values of bare KEY lines in variables. The error is a
// problem.List of what is wrong with what the files say; what was given was looked at
// the first time.
func ReadProject(values Values, getenv func(string) string) (Project, error) {
	r := reader{values: values, isAgain: true}
	r.singleLines(inFiles())
	read := r.project(getenv)
	return read, r.problems.Err()
}

func (r *reader) project(getenv func(string) string) Project {
	r.checkTogether()
	return Project{
		Service:           r.text(Service),
		Environment:       r.text(Environment),
		FunctionsFolder:   r.text(FunctionsFolder),
		AssetsFolder:      r.text(AssetsFolder),
		Runtime:           r.text(Runtime),
		EnvFile:           r.text(EnvFile),
		Dependencies:      r.oneOf(Dependencies),
		Variables:         r.variables(getenv),
		VariablesLike:     r.text(VariablesLike),
		PruneVariables:    r.boolean(PruneVariables),
		BuildTimeout:      r.duration(BuildTimeout),
		HealthCheck:       r.healthCheck(),
		Watch:             r.durationOrNone(Watch),
		WatchErrors:       r.count(WatchErrors),
		RollbackOnFailure: r.boolean(RollbackOnFailure),
		Manifest:          r.boolean(Manifest),
	}
}

// checkTogether finds settings that make no sense without each other, or beside each
// other. What a file says of a check may be there for some Environments only.
func (r *reader) checkTogether() {
	for _, name := range checkDetails() {
		if whole := wholeOf(name); r.values[name].Origin < FromFile && r.text(name) != "" && !r.isChecked(whole) {
			r.add(name, name+" is given without "+whole, fixOfDetail(whole))
		}
	}
	watch, _ := ParseDuration(r.text(Watch)) // what is wrong with either is told elsewhere
	timeout, _ := ParseDuration(r.text(Timeout))
	if watch > 0 && timeout > 0 && watch >= timeout { // what does not end within the run would end it
		r.add(Watch, fmt.Sprintf("%s %q does not end within %s %q, which is for the whole run", Watch, r.text(Watch), Timeout, r.text(Timeout)),
			"Give a shorter watch, or a longer timeout.")
	}
}

// isChecked reports whether a check is asked for.
func (r *reader) isChecked(name string) bool { return r.values[name].Origin != FromDefault }

// checkDetails are the settings that say how a check is made, and do nothing without
// the one that asks for it.
func checkDetails() []string {
	return []string{HealthCheckStatus, HealthCheckText, HealthCheckHeader, HealthCheckTimeout, WatchErrors}
}

// wholeOf is the setting that asks for the check that one of checkDetails is of.
func wholeOf(detail string) string {
	if detail == WatchErrors {
		return Watch
	}
	return HealthCheckPath
}

func fixOfDetail(whole string) string {
	if whole == Watch {
		return "Give watch, how long to follow the logs."
	}
	return "Give health-check, the path to ask for."
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
	return check
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
			if r.values[Variables].Origin == FromFile {
				r.add(Variables, "variables"+why, "Set it where Slipway runs; in a workflow, under env of the step.")
				return
			}
			r.add(Variables, fmt.Sprintf("variables: line %d%s", number, why), fix)
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
