package action

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
)

// maxEventBytes is what GitHub itself limits a payload to
// (docs.github.com/webhooks/webhook-events-and-payloads, read 2026-11).
const maxEventBytes = 25 << 20

// occasion is what a workflow runs for: an event, and the commit it is about.
type occasion struct {
	event      gh.Event
	repository gh.Repository
	// sha is the commit that the status is for. Empty when it is not known.
	sha   string
	runID string
}

// readOccasion reads what a runner tells a step about the workflow's run
// (docs.github.com/actions/reference/variables-reference, read 2026-11). What is
// wrong is added to problems.
func readOccasion(getenv func(string) string, problems *problem.List) occasion {
	read := occasion{sha: getenv("GITHUB_SHA"), runID: getenv("GITHUB_RUN_ID")}
	read.repository, _ = gh.ParseRepository(getenv("GITHUB_REPOSITORY")) // what is wrong with it shows when it is needed
	name := getenv("GITHUB_EVENT_NAME")
	if name == "" {
		problems.Add("GITHUB_EVENT_NAME is not set", "A runner sets it for each step; outside of a workflow use slipway deploy.")
		return read
	}
	read.event.Name = name
	if name != gh.EventPush && name != gh.EventWorkflowDispatch {
		return read // GITHUB_SHA says all that is needed
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
	if event.SHA != "" {
		read.sha = event.SHA
	}
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
	return text + " in " + o.repository.String()
}

// whyNot says why there is nothing to deploy; empty when there is.
//
// Only events whose commit is the repository's own are deployed. Workflows that
// check out what a stranger proposes run with secrets on events such as
// pull_request_target, workflow_run and issue_comment.
func (o occasion) whyNot(command string) string {
	name := o.event.Name
	always := []string{gh.EventPush, gh.EventWorkflowDispatch}
	asked := []string{"create", "deployment", "merge_group", "release", "repository_dispatch", "schedule"}
	isTeardown := verbOf(command) == job.Teardown // which follows what is deleted
	switch {
	case name == "", slices.Contains(always, name) && !o.event.Deleted, isTeardown && (name == "delete" || o.event.Deleted):
		return "" // without a name, that is the Problem
	case o.event.Deleted:
		return fmt.Sprintf("this push deleted %s, so there is nothing to deploy", o.event.Ref)
	case strings.HasPrefix(name, "pull_request"):
		return fmt.Sprintf("Slipway does not deploy pull requests yet, and this is %s; it deploys on push and workflow_dispatch", name)
	case !slices.Contains(asked, name):
		return fmt.Sprintf("Slipway does not deploy on %s, whose code may be a stranger's; it deploys on push, workflow_dispatch and, with command: deploy, %s",
			name, strings.Join(asked, ", "))
	case command == "auto":
		return fmt.Sprintf("command: auto deploys on push and workflow_dispatch, and this is %s; set command: deploy to deploy on it as well, or another command", name)
	}
	return ""
}
