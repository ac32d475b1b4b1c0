package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/slipway-dev/slipway/internal/secret"
)

// Action is the settings of a run of the Action.
type Action struct {
	Release

	// Command is "auto", "deploy", "plan", "promote", "rollback", "teardown" or "sweep";
	// "plan" makes it a DryRun.
	Command string
	// CommitStatus and GitHubDeployment say whether there is one, Comment when: it is
	// "on-change", "always" or "false".
	CommitStatus, GitHubDeployment bool
	Comment                        string
	// ReleaseNotes says whether the text of a tag's GitHub Release tells what it made live.
	ReleaseNotes bool
	// GitHubEnvironment is the name of the GitHub environment; empty means that of the
	// Environment.
	GitHubEnvironment string
	Previews          Previews
	// ForkSHA is the one commit of a fork that may be deployed; empty means none.
	ForkSHA string
	// GitHubToken is empty when there is none.
	GitHubToken secret.String
}

// ReadAction reads values as an Action. getenv gives the values of bare KEY
// lines in variables. The error is a problem.List of everything that is wrong.
func ReadAction(values Values, getenv func(string) string) (Action, error) {
	return (&reader{values: values, isStep: true}).action(getenv)
}

// ReadWithoutSecrets reads values as ReadAction does for a run that gets no secrets, and
// asks for no credentials.
func ReadWithoutSecrets(values Values, getenv func(string) string) (Action, error) {
	return (&reader{values: values, isStep: true, isWithoutSecrets: true}).action(getenv)
}

func (r *reader) action(getenv func(string) string) (Action, error) {
	read := Action{
		Release:      r.release(getenv),
		Command:      r.oneOf(Command),
		CommitStatus: r.boolean(CommitStatus), GitHubDeployment: r.boolean(GitHubDeployment), Comment: r.oneOf(Comment), ReleaseNotes: r.boolean(ReleaseNotes),
		GitHubEnvironment: r.text(GitHubEnvironment), Previews: r.previews(), ForkSHA: r.commit(ForkSHA),
		GitHubToken: secret.New(r.text(GitHubToken)),
	}
	read.DryRun = read.DryRun || read.Command == "plan"
	r.visible(GitHubToken, "GitHub")
	for _, one := range []struct{ name, command string }{{PromoteFrom, "promote"}, {BuildSID, "promote"}, {To, "rollback"}} {
		isOfRelease := one.name == PromoteFrom && (read.Command == "auto" || read.Command == "plan") // of a tag or a GitHub Release
		if r.text(one.name) != "" && read.Command != "" && read.Command != one.command && !isOfRelease {
			r.wrong(one.name, fmt.Sprintf("is for command: %s, and this is command: %s", one.command, read.Command), "Set the one, or remove the other.")
		}
	}
	return read, r.problems.Err()
}

// commit reads the full SHA of a commit; empty when there is none.
func (r *reader) commit(name string) string {
	text := r.text(name)
	if text != "" && !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(text) {
		r.wrong(name, "is not the full SHA of a commit", "Give all of its 40 digits, as GitHub shows them for the commit that was reviewed.")
		return ""
	}
	return text
}

// boolean reads true or false; what is neither counts as the default.
func (r *reader) boolean(name string) bool {
	value, ok := ParseBoolean(r.text(name))
	if !ok {
		r.wrong(name, "is neither true nor false", "Write true or false.")
		value, _ = ParseBoolean(r.values[name].Setting.Default)
	}
	return value
}

// singleLines refuses line breaks in settings that are one line. Secrets have a
// stricter rule of their own.
func (r *reader) singleLines(names []string) {
	for _, name := range names {
		value := r.values[name]
		if value.Setting.Kind != Lines && value.Setting.Kind != Secret && strings.ContainsAny(value.Text, "\n\r") {
			r.wrong(name, "has more than one line", "")
		}
	}
}
