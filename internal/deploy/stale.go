package deploy

import (
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// StaleError says that a Plan does not fit what is live any more.
type StaleError struct {
	// Moved says what is not as it was, a clause for each.
	Moved []string
	// Fix says what to do; empty means to plan again.
	Fix string
}

func newStaleError(moved ...string) *StaleError { return &StaleError{Moved: moved} }

// Error says what has moved.
func (e *StaleError) Error() string {
	return "the plan does not fit what is live any more: " + strings.Join(e.Moved, "; ")
}

// checkLive compares which Build is live right before the activation of another
// with the Plan. The error is a *StaleError, and only for a Plan that is to be
// carried out exactly.
func (d *Deployer) checkLive(plan Plan, build, now twilio.BuildSID) error {
	switch {
	case now == plan.LiveBuildSID, now == build: // as planned, or a run before this one came so far
	case d.Exactly:
		return newStaleError(otherBuild(plan.Environment.Name, plan.LiveBuildSID, now))
	case plan.LiveBuildSID == build:
		d.warn(job.PhaseActivate, fmt.Sprintf("Build %s was taken away while this ran: it goes live again", build))
	case now != "":
		d.warn(job.PhaseActivate, fmt.Sprintf("Build %s went live in %s while this ran; this deploy replaces it", now, plan.Environment.Name))
	}
	return nil
}

// otherBuild says that another Build is live than was.
func otherBuild(environment string, was, now twilio.BuildSID) string {
	named := func(build twilio.BuildSID) string {
		if build == "" {
			return "none"
		}
		return "Build " + string(build)
	}
	return fmt.Sprintf("%s was live in %s when it was made, and %s is now", named(was), environment, named(now))
}
