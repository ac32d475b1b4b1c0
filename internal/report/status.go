package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/words"
)

// Status tells a person what is live in each Environment of a Service, and what
// was. now is the time to which ages relate.
func Status(status deploy.Status, now time.Time) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s (%s)\n", clean(status.Service), clean(string(status.ServiceSID)))
	if len(status.Environments) == 0 {
		text.WriteString("\nIt has no Environments yet.\n")
	}
	for _, environment := range status.Environments {
		cleanEach(&environment.Environment, &environment.Domain)
		cleanEach(&environment.BuildSID)
		fmt.Fprintf(&text, "\n%s\n  %s\n", environment.Environment, environment.Domain)
		switch {
		case environment.BuildSID == "":
			text.WriteString("  nothing is live\n")
		case !environment.Exists:
			fmt.Fprintf(&text, "  Build %s should be live, but cannot be found\n", environment.BuildSID)
		default:
			liveBuild(&text, environment, now)
		}
		history(&text, environment)
	}
	return text.String()
}

func liveBuild(text *strings.Builder, live deploy.EnvironmentStatus, now time.Time) {
	fmt.Fprintf(text, "  Build %s on %s", live.BuildSID, clean(live.Runtime))
	if live.Commit != "" {
		text.WriteString(", commit " + toldCommit(live.Commit))
	}
	fmt.Fprintf(text, "\n  %s, %s", words.Count(len(live.Functions), "Function"), words.Count(len(live.Assets), "Asset"))
	if live.Since != nil {
		text.WriteString(", live since " + moment(live.Since, now))
	}
	text.WriteByte('\n')
}

// history lists the newest Releases. It says nothing of ages, so that its lines
// fit a terminal.
func history(text *strings.Builder, environment deploy.EnvironmentStatus) {
	if len(environment.History) == 0 {
		return
	}
	rows := make([][]cellOf, len(environment.History))
	for i, entry := range environment.History {
		when, build, now := "", string(entry.BuildSID), ""
		if entry.Created != nil {
			when = entry.Created.UTC().Format(timeLayout)
		}
		switch {
		case entry.BuildSID == "":
			build = "none: it was emptied"
		case !entry.Exists:
			now = "gone"
		case entry.Live:
			now = "live"
		}
		rows[i] = []cellOf{{"RELEASED", when}, {"BUILD", build}, {"COMMIT", toldCommit(entry.Commit)}, {"NOW", now}}
	}
	text.WriteByte('\n')
	for line := range strings.Lines(table(rows)) {
		text.WriteString("  " + line)
	}
	if environment.HasOlder {
		text.WriteString("  … and older ones\n")
	}
}

// toldCommit is a commit as git shows it, or as much of whatever a Manifest has in
// its place.
func toldCommit(commit string) string {
	const most = 12
	short, _ := clip(clean(words.Commit(commit)), most)
	return short
}
