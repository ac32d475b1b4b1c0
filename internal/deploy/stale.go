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

// EnvironmentGoneError says that an Environment was taken away while a Build was made
// for it.
type EnvironmentGoneError struct {
	Environment string
	// Err is how that was noticed.
	Err error
}

// Error names the Environment.
func (e *EnvironmentGoneError) Error() string {
	return wentMeanwhile(e.Environment) + ": " + e.Err.Error()
}

// Unwrap returns how it was noticed.
func (e *EnvironmentGoneError) Unwrap() error { return e.Err }

func wentMeanwhile(environment string) string {
	return "the Environment " + environment + " was taken away while this ran"
}

// gone is the error of an activation in an Environment that is not there any more.
func (d *Deployer) gone(plan Plan, err error) error {
	failed := &ActivationError{Err: &EnvironmentGoneError{plan.Environment.Name, err}, Live: LiveGone}
	if d.Exactly {
		failed.Err = newStaleError(wentMeanwhile(plan.Environment.Name))
	}
	return failed
}

// checkLive compares what is live right before the activation of another Build with
// the Plan. The error is a *StaleError, and only for a Plan that is to be carried out
// exactly.
func (d *Deployer) checkLive(plan Plan, build twilio.BuildSID, now present) error {
	switch isPlanned := now.build == plan.LiveBuildSID; {
	case isPlanned && d.Exactly && plan.fingerprint(now) != plan.Fingerprint:
		return newStaleError(otherVariables(plan.Environment.Name))
	case isPlanned, now.build == build: // a run before this one came so far
	case d.Exactly:
		return newStaleError(otherBuild(plan.Environment.Name, plan.LiveBuildSID, now.build))
	case plan.LiveBuildSID == build:
		d.warn(job.PhaseActivate, fmt.Sprintf("Build %s was taken away while this ran: it goes live again", build))
	case now.build != "":
		d.warn(job.PhaseActivate, replaces(now.build, plan))
	}
	return nil
}

// replaces says that a deploy replaces a Build that it was not planned over.
func replaces(other twilio.BuildSID, plan Plan) string {
	return fmt.Sprintf("Build %s went live in %s while this ran; this deploy replaces it", other, plan.Environment.Name)
}

// fingerprint is that of what is there now in the Plan's Target. One that the Plan
// creates has none yet, and no variables either.
func (p *Plan) fingerprint(now present) string {
	live := Live{
		Service:     twilio.Service{SID: p.ServiceSID},
		Environment: twilio.Environment{SID: p.EnvironmentSID, BuildSID: now.build},
		Variables:   now.variables,
	}
	return live.fingerprint()
}

// otherVariables says that variables of an Environment are not what they were.
func otherVariables(environment string) string {
	return "variables of " + environment + " have been changed"
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
