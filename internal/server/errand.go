package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// errand is what a Job is to do, as it was decided: its payload.
type errand struct {
	// Repository is where it happened, Event the event's name.
	Repository gh.Repository `json:"repository"`
	Event      string        `json:"event"`
	// SHA is the commit that it is about: a pull request's is its head. Branch and Tag
	// are what was pushed.
	SHA    string `json:"sha"`
	Branch string `json:"branch,omitempty"`
	Tag    string `json:"tag,omitempty"`
	// Actor is the login of who caused it; may be empty.
	Actor string `json:"actor,omitempty"`
	// DeliveredAt is when GitHub told of it.
	DeliveredAt time.Time `json:"delivered_at"`
	// Target is where it goes, as server.yml had it then.
	Target job.Target `json:"target"`
	// Request is what slipway.yml made of it.
	Request trigger.Request `json:"request"`
	// IsOneOfSeveral says that the repository has several services.
	IsOneOfSeveral bool `json:"is_one_of_several,omitempty"`
}

func (e errand) encode() ([]byte, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("keep what is to be done: %w", err)
	}
	return text, nil
}

func readErrand(payload []byte) (errand, error) {
	var read errand
	if err := json.Unmarshal(payload, &read); err != nil {
		return errand{}, fmt.Errorf("read what is to be done: %w", err)
	}
	return read, nil
}

// passedBy finds out what has happened since that makes it pointless: another commit at
// the head of the branch or the pull request, or its end; empty when nothing has. The
// Delivery that tells of that has come, or is on its way.
func (e errand) passedBy(ctx context.Context, client *gh.Client) (string, error) {
	switch {
	case e.Request.PullRequest > 0:
		pull, err := client.PullRequest(ctx, e.Repository, e.Request.PullRequest)
		return e.passedByPull(pull, e.Request.Verb == trigger.RemovePreview), err
	case e.Event == gh.EventPush && e.Branch != "":
		head, err := client.BranchHead(ctx, e.Repository, e.Branch)
		switch {
		case isMissing(err):
			return "the end of branch " + strconv.Quote(e.Branch), nil
		case err == nil && head != e.SHA:
			return "commit " + short(head), nil
		}
		return "", err
	}
	return "", nil
}

func (e errand) passedByPull(pull gh.PullRequest, isRemoval bool) string {
	switch {
	case isRemoval && pull.IsOpen:
		return fmt.Sprintf("pull request %d, which is open again", pull.Number)
	case isRemoval:
		return ""
	case !pull.IsOpen:
		return fmt.Sprintf("the end of pull request %d, which is closed", pull.Number)
	case pull.HeadSHA != e.SHA:
		return "commit " + short(pull.HeadSHA)
	}
	return ""
}

// short is a commit's SHA as people write it.
func short(sha string) string { return sha[:min(len(sha), 7)] }

// isMissing reports whether GitHub knows of no such thing.
func isMissing(err error) bool {
	refused, ok := errors.AsType[*gh.Error](err)
	return ok && refused.Status == http.StatusNotFound
}
