package action

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/problem"
)

// maxEventBytes is what GitHub itself limits a payload to
// (docs.github.com/webhooks/webhook-events-and-payloads, read 2026-11).
const maxEventBytes = 25 << 20

// occasion is what a workflow runs for: an event, and the commit it is about.
type occasion struct {
	event      gh.Event
	repository gh.Repository
	// sha is the commit that is told of: that of the event, and a pull request's head,
	// never its merge. Empty when it is not known.
	sha string
	// ref is the full name of the branch or tag that the workflow runs on, checkedOut
	// the commit that it checks out unless it says otherwise.
	ref, checkedOut string
	// runID and attempt tell this run from others, actor is the login of who asked.
	runID, attempt, actor string
}

// readOccasion reads what a runner tells a step about the workflow's run
// (docs.github.com/actions/reference/variables-reference, read 2026-11). What is
// wrong is added to problems.
func readOccasion(getenv func(string) string, problems *problem.List) occasion {
	read := occasion{
		sha: getenv("GITHUB_SHA"), checkedOut: getenv("GITHUB_SHA"), ref: getenv("GITHUB_REF"),
		runID: getenv("GITHUB_RUN_ID"), attempt: getenv("GITHUB_RUN_ATTEMPT"), actor: getenv("GITHUB_ACTOR"),
	}
	read.repository, _ = gh.ParseRepository(getenv("GITHUB_REPOSITORY")) // what is wrong with it shows when it is needed
	name := getenv("GITHUB_EVENT_NAME")
	if name == "" {
		problems.Add("GITHUB_EVENT_NAME is not set", "A runner sets it for each step; outside of a workflow use slipway deploy.")
		return read
	}
	read.event.Name = name
	told := []string{gh.EventPush, gh.EventWorkflowDispatch, gh.EventPullRequest, gh.EventRelease, gh.EventDeployment}
	if !slices.Contains(told, name) {
		return read // GITHUB_SHA and GITHUB_REF say all that is needed
	}
	const fix = "A runner writes it for each step; it must be there for this one, too."
	payload, err := readEventFile(getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		problems.Add("the event's file, GITHUB_EVENT_PATH, cannot be read: "+problem.Reason(err), fix)
		return read
	}
	if isEmptyObject(payload) {
		return read // as act writes it, unless it is given one
	}
	event, err := gh.ParseEvent(name, payload)
	if err != nil {
		problems.Add("the event's file, GITHUB_EVENT_PATH, is not understood: "+err.Error(), fix)
		return read
	}
	read.event, read.repository = event, event.Repository
	read.sha = cmp.Or(event.PullRequest.HeadSHA, event.SHA, read.sha)
	return read
}

func readEventFile(path string) ([]byte, error) {
	if path == "" {
		return nil, errors.New("it is not set")
	}
	file, err := os.Open(path) //nolint:gosec // the runner names it.
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says which file.
	}
	defer func() { _ = file.Close() }()
	payload, err := io.ReadAll(io.LimitReader(file, maxEventBytes+1))
	if err == nil && len(payload) > maxEventBytes {
		err = errors.New("it is longer than any payload of GitHub")
	}
	return payload, err
}

func isEmptyObject(payload []byte) bool {
	var fields map[string]json.RawMessage
	return json.Unmarshal(payload, &fields) == nil && fields != nil && len(fields) == 0
}

// String says what it is: "push of 0123456 to main in acme/voice".
func (o occasion) String() string {
	text := o.event.Name
	if o.sha != "" {
		text += " of " + short(o.sha)
	}
	if ref := cmp.Or(o.event.Branch, o.event.Tag); ref != "" {
		text += " to " + ref
	}
	if o.isPull() {
		name := o.event.Name
		if o.event.Action != "" {
			name += " (" + o.event.Action + ")"
		}
		text = fmt.Sprintf("%s of %s, pull request %d", name, short(o.sha), o.pull())
	}
	return text + " in " + o.repository.String()
}

// tag is the name of the tag that it is about, without refs/tags/; empty when it is about
// none. An event that names no ref is about that of the workflow.
func (o occasion) tag() string {
	if o.event.Ref != "" || o.isPull() {
		return o.event.Tag
	}
	tag, _ := strings.CutPrefix(o.ref, "refs/tags/")
	if tag == o.ref {
		return ""
	}
	return tag
}

// isPull reports whether it is about a pull request of which more is known than its
// number: by its event, or because a run was started by hand for its head.
func (o occasion) isPull() bool { return o.pull() > 0 }

// rules are at the commit whose slipway.yml counts for a pull request, which is called of:
// that of its base, but in a run that was started by hand that of the workflow. A fork's
// author chooses the branch that a pull request is for, and with it another's rules.
func (o occasion) rules() (at, of string) {
	if o.event.Name == gh.EventPullRequest {
		return o.event.PullRequest.BaseSHA, "the pull request's base"
	}
	return o.checkedOut, "the commit that the workflow runs on"
}

// pull is the number of the pull request; 0 means none.
func (o occasion) pull() int { return o.event.PullRequest.Number }

// run and tries are runID and attempt as numbers; 0 is as good as unknown.
func (o occasion) run() int64 {
	number, _ := strconv.ParseInt(o.runID, 10, 64)
	return number
}

func (o occasion) tries() int {
	number, _ := strconv.Atoi(o.attempt)
	return number
}
