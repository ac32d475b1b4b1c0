package gh

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Names of the events that ParseEvent reads, as GITHUB_EVENT_NAME and the
// header X-GitHub-Event have them.
const (
	EventCreate             = "create"
	EventDelete             = "delete"
	EventDeployment         = "deployment"
	EventIssueComment       = "issue_comment"
	EventMergeGroup         = "merge_group"
	EventPullRequest        = "pull_request"
	EventPullRequestTarget  = "pull_request_target"
	EventPush               = "push"
	EventRelease            = "release"
	EventRepositoryDispatch = "repository_dispatch"
	EventSchedule           = "schedule"
	EventWorkflowDispatch   = "workflow_dispatch"
	EventWorkflowRun        = "workflow_run"
)

// Event is what happened on GitHub, from a webhook's payload or the file that
// GITHUB_EVENT_PATH names. Fields that its kind does not have are zero.
type Event struct {
	// Name is the event's name, such as EventPush.
	Name string
	// Action tells what happened of several things that the name stands for, such
	// as "opened" or "closed" of a pull request. That of EventRepositoryDispatch is
	// whatever its sender has made up, in one line.
	Action string
	// Repository is where it happened. For EventSchedule it may be empty.
	Repository Repository
	// DefaultBranch is that repository's; may be empty.
	DefaultBranch string
	// Sender is the login of who caused it; empty where GitHub does not say, as
	// for the pushes that a merge queue makes.
	Sender string
	// Ref is the full name of the branch or tag that it is about, such as
	// refs/heads/main. Branch or Tag is its short name; the other is empty, and
	// both are for any other kind of ref. A pull request's are in PullRequest;
	// EventDeployment has none, nor has EventWorkflowRun where it ran on a fork's.
	Ref, Branch, Tag string
	// Before is the SHA that the ref of a push pointed to; empty when it is new.
	Before string
	// SHA is the commit that was pushed, or that is to be deployed, merged or was
	// run on; for a push of an annotated tag, the one that is tagged. Empty when the
	// ref was deleted, and for events whose payload has none (GITHUB_SHA does).
	SHA string
	// Deleted says that a ref was removed, Forced that a push moved it to something
	// that is no descendant.
	Deleted, Forced bool
	// Inputs are those of EventWorkflowDispatch; numbers and booleans are
	// spelt as JSON does, and nothing is the empty string.
	Inputs map[string]string
	// PullRequest is that of EventPullRequest and EventPullRequestTarget. Of
	// EventIssueComment it has its number and whether it is open, and number 0 when
	// the comment is on an issue.
	PullRequest PullRequest
	// Release is that of EventRelease, whose tag is Tag.
	Release Release
	// IsForeign says that EventDeployment comes of a workflow's run for another
	// repository's commit, or for one of a repository that was deleted.
	IsForeign bool
	// Environment is the GitHub environment of EventDeployment.
	Environment string
}

// Release is a GitHub Release.
type Release struct {
	// ID is its number; 0 means that the payload has none.
	ID                    int64
	Tag                   string
	IsDraft, IsPrerelease bool
}

// payload is what is read of an event beyond what all events have. It holds the
// fields that matter here, and no others, so that a change elsewhere in a payload
// does no harm.
type payload interface {
	// lacks names fields that are missing and that every payload of the kind has.
	lacks() []string
	// fill hands its fields to the event. The error joins all that is wrong.
	fill(event *Event) error
}

// payloadOf returns an empty payload to read an event into; nil for the kinds
// that are not read.
func payloadOf(name string) payload {
	switch name {
	case EventPush:
		return &pushPayload{}
	case EventWorkflowDispatch:
		return &dispatchPayload{}
	case EventPullRequest, EventPullRequestTarget:
		return &pullPayload{}
	case EventRelease:
		return &releasePayload{}
	case EventDeployment:
		return &deploymentPayload{}
	case EventIssueComment:
		return &commentPayload{}
	case EventMergeGroup:
		return &mergePayload{}
	case EventCreate, EventDelete:
		return &refPayload{}
	case EventSchedule:
		return &schedulePayload{}
	case EventRepositoryDispatch:
		return &repositoryDispatchPayload{}
	case EventWorkflowRun:
		return &runPayload{}
	default:
		return nil
	}
}

// ParseEvent reads the payload of the event called name. Of any event without a
// constant here it returns the name alone and leaves the payload unread. How much
// is read into memory is the caller's to limit. The error says everything that
// the payload lacks, or all that is wrong with it.
func ParseEvent(name string, raw []byte) (Event, error) {
	event, own := Event{Name: name}, payloadOf(name)
	switch {
	case name == "":
		return Event{}, errors.New("the event has no name")
	case own == nil:
		return event, nil
	}
	var common commonPayload
	for _, into := range []any{&common, own} {
		if err := json.Unmarshal(raw, into); err != nil {
			return Event{}, fmt.Errorf("%s event: %w", name, describeJSONError(err))
		}
	}
	lacks := own.lacks()
	if name != EventSchedule || common.Repository != (repositoryPayload{}) {
		lacks = append(lacks, common.lacks()...)
	}
	if len(lacks) > 0 {
		return Event{}, fmt.Errorf("%s event: the payload lacks %s; it may be that of another event", name, strings.Join(lacks, ", "))
	}
	if err := errors.Join(common.fill(&event), own.fill(&event)); err != nil {
		return Event{}, fmt.Errorf("%s event: %w", name, err)
	}
	return event, nil
}

// setRef takes the full name of a branch, a tag or another ref.
func (e *Event) setRef(ref string) error {
	e.Ref = ref
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		e.Branch = branch
	} else if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		e.Tag = tag
	}
	return checkRef(ref)
}

// checkRef refuses what git would, as far as it could do harm where the name is
// shown.
func checkRef(ref string) error {
	isBad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar }
	if short, ok := strings.CutPrefix(ref, "refs/"); !ok || strings.Trim(short, "/") != short || short == "heads" || short == "tags" || strings.ContainsFunc(ref, isBad) {
		return fmt.Errorf("the ref %q is not the full name of a branch or a tag", oneLine(ref, 200))
	}
	return nil
}

// missing names the fields, given as pairs of name and value, that are empty.
func missing(pairs ...string) []string {
	var names []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			names = append(names, pairs[i])
		}
	}
	return names
}

func describeJSONError(err error) error {
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		where := "the payload"
		if mismatch.Field != "" {
			where += "'s " + strconv.Quote(mismatch.Field)
		}
		return fmt.Errorf("%s is of the wrong kind (%s)", where, mismatch.Value)
	}
	return fmt.Errorf("the payload is not JSON: %w", err)
}
