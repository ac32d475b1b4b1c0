package doctor

import "github.com/slipway-dev/slipway/internal/job"

// Status is how a Check came out.
type Status string

// The statuses of a Check, and of all of them together, best first.
const (
	// OK says that nothing has to be done.
	OK Status = "ok"
	// Skipped says that it could not be looked at, or need not be.
	Skipped Status = "skipped"
	// Warning says that something should be done, and that a deploy works.
	Warning Status = "warning"
	// Failed says that a deploy would not work.
	Failed Status = "failed"
)

// Check is one thing that was looked at.
type Check struct {
	// Name says what, in a word or two.
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Message says what was found; several problems stand on a line each.
	Message string `json:"message"`
	// Fix says what to do. May be empty.
	Fix string `json:"fix,omitempty"`
	// Reason is the kind of the failure; empty unless Failed.
	Reason job.Reason `json:"reason,omitempty"`
	// Err is the cause of a failure that has no Message yet, for the front door to
	// put into words.
	Err error `json:"-"`
}

// CheckupVersion is the version of the form of a Checkup.
const CheckupVersion = 1

// Checkup is everything that was looked at, in the order in which it is told.
type Checkup struct {
	Version int `json:"version"`
	// Status is the worst of the Checks, those Skipped aside.
	Status Status  `json:"status"`
	Checks []Check `json:"checks"`
	// Error is that of the first Check that failed; nil when none did.
	Error *job.Failure `json:"error,omitempty"`
}

// NewCheckup sums Checks up.
func NewCheckup(checks []Check) Checkup {
	all := Checkup{Version: CheckupVersion, Status: OK, Checks: checks}
	for _, one := range checks {
		switch {
		case one.Status == Failed && all.Status != Failed:
			all.Status = Failed
			all.Error = &job.Failure{Reason: one.Reason, Message: one.Message, Hint: one.Fix}
		case one.Status == Warning && all.Status == OK:
			all.Status = Warning
		}
	}
	return all
}
