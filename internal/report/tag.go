package report

import (
	"fmt"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// madeOfTheSame tells of a Build that goes live again: what it was made from, and where
// it runs, as far as a tag's Plan knows.
func madeOfTheSame(plan deploy.Plan) string {
	text := "made of the same before"
	if plan.Tag == nil {
		return text
	}
	if plan.Tag.Commit != "" {
		text += ", from commit " + clean(words.Commit(plan.Tag.Commit))
	}
	if plan.Tag.From != "" {
		text += ", and runs in " + clean(plan.Tag.From)
	}
	return text
}

// notPromoted says why the Build of a tag is made; empty where none has to be.
func notPromoted(result job.Result) string {
	if result.NotPromoted == "" {
		return ""
	}
	verb := "was"
	if result.Status == job.Planned {
		verb = "would be"
	}
	return fmt.Sprintf("No Build %s promoted: %s", verb, clean(result.NotPromoted))
}
