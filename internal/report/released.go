package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// Released tells a person what came of a promote or a roll-back: what is live now,
// or what would be.
func Released(result job.Result, plan deploy.Plan) string {
	var text strings.Builder
	isPlanned, say := result.Status == job.Planned, done()
	fmt.Fprintf(&text, "%s\n", releaseTitle(result, plan))
	if result.URL != "" {
		fmt.Fprintf(&text, "  %s\n", result.URL)
	}
	if result.Status == job.Superseded {
		fmt.Fprintf(&text, "\n%s\n", replaced(result))
	}
	if isPlanned {
		say = intended()
		visibilities(&text, plan)
	}
	if plan.IsNothing() {
		fmt.Fprintf(&text, "\n%s\n", releaseOutlook(result, plan))
	} else {
		if plan.Release.IsCompared {
			files(&text, "Functions", plan.Functions, say)
			files(&text, "Assets", plan.Assets, say)
			if isPlanned && plan.LiveBuildSID != "" {
				packages(&text, plan)
			}
		}
		fmt.Fprintf(&text, "\nBuild %s on %s%s\n", clean(string(plan.ReusedBuildSID)), clean(plan.Runtime), madeFrom(plan.Release))
		switch {
		case plan.LiveBuildSID == "":
		case isPlanned:
			fmt.Fprintf(&text, "Build %s is live now\n", plan.LiveBuildSID)
		default:
			fmt.Fprintf(&text, "Before it, Build %s was live\n", plan.LiveBuildSID)
		}
		if line := variables(result.Variables, say); line != "" {
			fmt.Fprintf(&text, "Variables: %s\n", line)
		} else if plan.EnvironmentSID != "" { // a new one has none
			fmt.Fprintf(&text, "%s\n", variablesStay(result))
		}
	}
	if isPlanned {
		for _, note := range plan.Notes {
			text.WriteString("Note: " + clean(note) + "\n")
		}
		return text.String()
	}
	fmt.Fprintf(&text, "%s in %s\n", words.Count(result.APICalls, "API call"), words.Elapsed(time.Duration(result.DurationMS)*time.Millisecond))
	return text.String()
}

// releaseTitle says what was done, or would be.
func releaseTitle(result job.Result, plan deploy.Plan) string {
	isRollback := plan.Release.IsRollback
	from := ""
	if plan.Release.From != "" {
		from = " from " + clean(plan.Release.From)
	}
	switch {
	case result.Status == job.Unchanged:
		return fmt.Sprintf("%s is unchanged in %s", result.Service, result.Environment)
	case result.Status == job.Planned && isRollback:
		return fmt.Sprintf("Plan to roll %s back in %s", result.Service, result.Environment)
	case result.Status == job.Planned:
		return fmt.Sprintf("Plan to promote %s%s to %s", result.Service, from, result.Environment)
	case result.Status == job.Superseded:
		return fmt.Sprintf("%s was promoted%s to %s", result.Service, from, result.Environment)
	case isRollback:
		return fmt.Sprintf("%s is rolled back in %s", result.Service, result.Environment)
	default:
		return fmt.Sprintf("%s is promoted%s to %s", result.Service, from, result.Environment)
	}
}

// releaseOutlook says which Build goes live.
func releaseOutlook(result job.Result, plan deploy.Plan) string {
	if result.Status == job.Superseded {
		return fmt.Sprintf("There was nothing to do: Build %s was live in %s already.", plan.LiveBuildSID, result.Environment)
	}
	if plan.IsNothing() {
		return fmt.Sprintf("Nothing to do: Build %s is live in %s already.", plan.LiveBuildSID, result.Environment)
	}
	return fmt.Sprintf("Build %s would go live%s.", clean(string(plan.ReusedBuildSID)), madeFrom(plan.Release))
}

// madeFrom tells where a Build comes from, as far as that is known.
func madeFrom(release *deploy.Release) string {
	text := ""
	if release.Commit != "" {
		text += ", made from commit " + clean(words.Commit(release.Commit))
	}
	if release.Since != nil {
		text += release.Since.UTC().Format(", live here before (2006-01-02 15:04 UTC)")
	}
	return text
}

func variablesStay(result job.Result) string {
	return fmt.Sprintf("The variables of %s stay as they are", result.Environment)
}

// released says what made a Build live, in Markdown.
func (s *summary) released() string {
	switch {
	case s.result.Status == job.RolledBack:
		return "rolled back"
	case s.result.PromotedFrom != "":
		return "promoted from " + s.code(s.result.PromotedFrom)
	default:
		return "promoted"
	}
}
