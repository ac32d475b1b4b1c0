package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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

// whyNot says why there is nothing to deploy; empty when there is.
func (o occasion) whyNot(command string) string {
	name := o.event.Name
	switch {
	case o.event.Deleted:
		return fmt.Sprintf("the push deleted %s, so there is nothing to deploy", o.event.Ref)
	case strings.HasPrefix(name, "pull_request"):
		// Their code may be a stranger's, and must not reach an Environment that
		// was meant for the repository's own.
		return fmt.Sprintf("pull requests are not deployed yet (event %s)", name)
	case command == "auto" && name != "" && name != gh.EventPush && name != gh.EventWorkflowDispatch:
		return fmt.Sprintf("with command auto, the event %s deploys nothing; command: deploy would deploy on it", name)
	}
	return ""
}
