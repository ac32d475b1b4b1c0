package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// TornDown tells a person what a teardown took away, or would.
func TornDown(result job.Result, plan deploy.Plan) string {
	var text strings.Builder
	isPlanned, say := result.Status == job.Planned, done()
	if isPlanned {
		say = intended()
	}
	fmt.Fprintf(&text, "%s\n", tornDownTitle(result, plan))
	if plan.IsNothing() {
		return text.String()
	}
	fmt.Fprintf(&text, "  %s\n\n", clean(plan.Domain))
	if plan.LiveBuildSID != "" {
		was := "was"
		if isPlanned {
			was = "is"
		}
		fmt.Fprintf(&text, "Build %s %s live there\n", plan.LiveBuildSID, was)
	}
	if line := variables(plan.Variables, say); line != "" {
		fmt.Fprintf(&text, "Variables: %s\n", line)
	}
	if isPlanned {
		fmt.Fprintf(&text, "%s\n", teardownOutlook(result, plan))
		return text.String()
	}
	fmt.Fprintf(&text, "%s in %s\n", words.Count(result.APICalls, "API call"), words.Elapsed(time.Duration(result.DurationMS)*time.Millisecond))
	return text.String()
}

// tornDownTitle says what was done, or would be.
func tornDownTitle(result job.Result, plan deploy.Plan) string {
	switch {
	case plan.IsNothing():
		return "Nothing to do: " + clean(strings.Join(plan.Notes, "; "))
	case result.Status == job.Planned:
		return fmt.Sprintf("Plan to tear %s of %s down", clean(result.Environment), clean(result.Service))
	default:
		return fmt.Sprintf("%s of %s is torn down", clean(result.Environment), clean(result.Service))
	}
}

// teardownOutlook says what a teardown would do.
func teardownOutlook(result job.Result, plan deploy.Plan) string {
	if plan.IsNothing() {
		return "There is nothing to take away."
	}
	return fmt.Sprintf("The Environment %s would go, with its domain and its variables.", clean(result.Environment))
}
