package job

import "time"

// ResultVersion is the version of Result's JSON form.
const ResultVersion = 1

// Status is how a Job ended.
type Status string

// The statuses of a Result.
const (
	Deployed   Status = "deployed"
	Promoted   Status = "promoted"
	RolledBack Status = "rolled-back"
	TornDown   Status = "torn-down"
	// Pruned says that what nothing uses was removed.
	Pruned Status = "pruned"
	// Superseded says that the Job's Build went live, and that another deploy or
	// teardown has replaced it since, or that it did not go live because of something
	// newer; SupersededBy or SupersededReason says by what.
	Superseded Status = "superseded"
	Unchanged  Status = "unchanged"
	Planned    Status = "planned"
	// Skipped says that there was nothing to do for the front door's occasion;
	// SkipReason says why.
	Skipped Status = "skipped"
	Failed  Status = "failed"
)

// IsLive reports whether a Job that ended so has made its Build live.
func (s Status) IsLive() bool { return s == Deployed || s == Promoted || s == RolledBack }

// Result is what came of a Job. It is what the command line prints with
// --output json; what is known is set on failure too.
type Result struct {
	Version          int      `json:"version"`
	Status           Status   `json:"status"`
	Service          string   `json:"service"`
	ServiceSID       string   `json:"service_sid"`
	Environment      string   `json:"environment"`
	EnvironmentSID   string   `json:"environment_sid"`
	Domain           string   `json:"domain"`
	URL              string   `json:"url"`
	BuildSID         string   `json:"build_sid"`
	DeploymentSID    string   `json:"deployment_sid"`
	PreviousBuildSID string   `json:"previous_build_sid"`
	Changed          bool     `json:"changed"`
	RolledBack       bool     `json:"rolled_back"`
	Digest           string   `json:"digest"`
	Commit           string   `json:"commit"`
	Functions        Changes  `json:"functions"`
	Assets           Changes  `json:"assets"`
	Variables        Changes  `json:"variables"`
	APICalls         int      `json:"api_calls"`
	UploadedBytes    int64    `json:"uploaded_bytes"`
	DurationMS       int64    `json:"duration_ms"`
	Warnings         []string `json:"warnings"`
	// PromotedFrom is an Environment that runs the Build that was promoted, or was to be;
	// empty when that is not known, and when there is none.
	PromotedFrom string `json:"promoted_from,omitempty"`
	// NotPromoted says why the Build of a tag had to be made.
	NotPromoted string `json:"not_promoted,omitempty"`
	// Plan is set when Status is Planned.
	Plan *PlanSummary `json:"plan,omitempty"`
	// SupersededBy is the Build that is live when Status is Superseded; empty when
	// nothing is.
	SupersededBy string `json:"superseded_by,omitempty"`
	// SupersededReason is set instead when the Job gave way before its Build went live:
	// what took its place, such as "commit 0123456".
	SupersededReason string `json:"superseded_reason,omitempty"`
	// RemovedPreviews are those that a Preview took away to make room, or a Sweep;
	// where it was only planned, those that would go.
	RemovedPreviews []RemovedPreview `json:"removed_previews,omitempty"`
	// SkipReason is set when Status is Skipped.
	SkipReason string `json:"skip_reason,omitempty"`
	// Proposal is what would have been deployed, when Status is Skipped for where it
	// comes from and it is known; Commit is then what was read.
	Proposal *Proposal `json:"proposal,omitempty"`
	// Error is set when Status is Failed.
	Error *Failure `json:"error,omitempty"`
}

// IsLiveThoughFailed reports whether what a Job took live does not work, and is live all
// the same.
func (r Result) IsLiveThoughFailed() bool {
	return r.Error != nil && (r.Error.Reason == RollbackFailed || r.Error.Reason == CheckFailed && !r.RolledBack)
}

// RemovedPreview is the Environment of a pull request that was taken away.
type RemovedPreview struct {
	// Number is the pull request's.
	Number         int           `json:"number"`
	Environment    string        `json:"environment"`
	EnvironmentSID string        `json:"environment_sid"`
	Reason         RemovalReason `json:"reason"`
	// RemovedAt is when it was gone; zero where it only would go.
	RemovedAt time.Time `json:"removed_at,omitzero"`
}

// RemovalReason is why a preview was taken away.
type RemovalReason string

// The reasons.
const (
	// PullRequestClosed says that its pull request is closed.
	PullRequestClosed RemovalReason = "closed"
	// PreviewUntouched says that it was not updated for as long as Previews.TTL.
	PreviewUntouched RemovalReason = "untouched"
	// PreviewMadeRoom says that another preview needed its place.
	PreviewMadeRoom RemovalReason = "made-room"
)

// PlanSummary is what a Plan says beside the changes of files and variables.
type PlanSummary struct {
	// Build is "new", "reused" or "live": whether a Build is made, one of before
	// goes live again, or none has to. ReusedBuildSID is that of before.
	Build          string `json:"build"`
	ReusedBuildSID string `json:"reused_build_sid,omitempty"`
	// HasChanges is false when there is nothing to do.
	HasChanges bool `json:"has_changes"`
	// Uploads and UploadBytes are what would be uploaded, the Manifest aside.
	Uploads     int   `json:"uploads"`
	UploadBytes int64 `json:"upload_bytes"`
	// Visibilities are the paths that become more or less open.
	Visibilities []VisibilityChange `json:"visibilities"`
	Runtime      VersionChange      `json:"runtime"`
	// Dependencies are the npm packages whose version changes.
	Dependencies []VersionChange `json:"dependencies"`
	Notes        []string        `json:"notes"`
}

// VisibilityChange is a path whose visibility changes.
type VisibilityChange struct {
	Path string `json:"path"`
	From string `json:"from"`
	To   string `json:"to"`
}

// VersionChange is a version before and after. An empty one says that there is
// none.
type VersionChange struct {
	Name string `json:"name,omitempty"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Changes are paths, or keys of variables, by what happened to them. The lists
// are sorted and never nil in a Result made by NewResult.
type Changes struct {
	Created   []string `json:"created"`
	Updated   []string `json:"updated"`
	Unchanged []string `json:"unchanged"`
	Removed   []string `json:"removed"`
}

// NoChanges returns Changes whose lists are empty instead of nil, so that they
// encode as [].
func NoChanges() Changes {
	return Changes{Created: []string{}, Updated: []string{}, Unchanged: []string{}, Removed: []string{}}
}

// NewResult returns a Result of the current version with empty lists.
func NewResult() Result {
	return Result{
		Version: ResultVersion, Functions: NoChanges(), Assets: NoChanges(), Variables: NoChanges(), Warnings: []string{},
	}
}

// Failure is why a Job failed.
type Failure struct {
	Reason Reason `json:"reason"`
	// Message says what happened, where and why. Several problems of an input
	// stand on a line each.
	Message string `json:"message"`
	// Hint says what to do. May be empty.
	Hint string `json:"hint,omitempty"`
	// State says what the run left behind: what is live, and how far it came.
	State string `json:"state,omitempty"`
}

// Reason is the kind of a failure. It decides the exit code.
type Reason string

// The reasons.
const (
	// Internal is every failure that has no reason of its own.
	Internal Reason = "internal"
	// BadInput is a fault of the input or the configuration.
	BadInput Reason = "bad-input"
	// BadCredentials is a fault of the Twilio credentials or their permission.
	BadCredentials Reason = "credentials"
	// BuildFailed says that Twilio could not make the Build.
	BuildFailed Reason = "build-failed"
	// TimedOut says that time ran out, or the platform stayed down.
	TimedOut Reason = "timed-out"
	// LimitReached is a quota or limit of the platform.
	LimitReached Reason = "limit"
	// CheckFailed says that what went live did not work. Result.RolledBack says
	// whether what was live before is live again.
	CheckFailed Reason = "check-failed"
	// RollbackFailed says that what went live did not work, and that what was live
	// before could not be brought back.
	RollbackFailed Reason = "rollback-failed"
	// StalePlan says that a Plan that was to be carried out as it is, or not at all,
	// does not fit what is live any more.
	StalePlan Reason = "stale-plan"
	// Cancelled says that the run was stopped from outside.
	Cancelled Reason = "cancelled"
)

// IsUsers tells the failures whose cause is the user's to mend from those of
// Slipway, the platform or the network, and from a run that was stopped.
func (r Reason) IsUsers() bool {
	switch r {
	case BadInput, BadCredentials, BuildFailed, LimitReached, StalePlan, CheckFailed:
		return true
	case Internal, TimedOut, Cancelled, RollbackFailed:
		return false
	default:
		return false
	}
}

// ExitCode is the exit code of a command that failed for this reason. A
// cancelled one exits with 128 plus the signal's number, which the front door
// knows; 130 stands for an interrupt.
func (r Reason) ExitCode() int {
	switch r {
	case BadInput:
		return 2
	case BadCredentials:
		return 3
	case BuildFailed:
		return 4
	case TimedOut:
		return 5
	case CheckFailed:
		return 6
	case RollbackFailed:
		return 7
	case LimitReached:
		return 8
	case StalePlan:
		return 9
	case Cancelled:
		return 130
	case Internal:
		return 1
	default:
		return 1
	}
}
