package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/rules"
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
	// Release is the number of the GitHub Release; 0 means that it is about none, or that
	// it is not known.
	Release int64 `json:"release,omitempty"`
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

// asked is the errand as a Job, as far as it is known before that has begun.
func (e errand) asked() job.Job {
	verb, _ := e.Request.Job()
	asked := job.Job{Verb: verb, Target: e.Target, Folder: e.Request.Folder, Commit: e.SHA}
	if verb == job.Preview {
		asked.Previews.Number = e.Request.PullRequest
	}
	return asked
}

// passedBy finds out what has happened since that makes it pointless: another commit at
// the head of the branch or the pull request that concerns its service, or its end; empty
// when nothing has. The Delivery that tells of that has come, or is on its way.
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
		case err != nil || head == e.SHA:
			return "", err
		}
		if isElsewhere, err := e.isElsewhere(ctx, client, head); err != nil || isElsewhere {
			return "", err
		}
		return "commit " + short(head), nil
	}
	return "", nil
}

// isElsewhere reports whether what was pushed behind it concerns other services of the
// repository alone: nothing of that takes this one's place.
func (e errand) isElsewhere(ctx context.Context, client *gh.Client, head string) (bool, error) {
	if !e.IsOneOfSeveral {
		return false, nil
	}
	changed, err := client.ChangedFiles(ctx, e.Repository, e.SHA, head)
	if err != nil {
		return false, err
	}
	file, err := rulesAt(ctx, client, e.Repository, e.SHA)
	if _, isBroken := errors.AsType[problem.List](err); err != nil && !isBroken {
		return false, err
	}
	if file == nil {
		return false, nil // nothing would have been decided by it
	}
	at := slices.IndexFunc(file.Services, func(service rules.Service) bool { return service.Name == e.Request.Service })
	return at >= 0 && !trigger.Touched(file, file.Services[at], changed.Files, changed.IsComplete()), nil
}

// rulesAt reads slipway.yml as it is at a commit; nil means that there is none. The error
// is a problem.List about the file, or one that may pass.
func rulesAt(ctx context.Context, client *gh.Client, repository gh.Repository, sha string) (*rules.File, error) {
	file, _, err := rules.Find(func(path string) ([]byte, error) {
		text, err := client.ReadFile(ctx, repository, sha, path, rules.MaxBytes+1)
		if errors.Is(err, gh.ErrNoFile) {
			err = fs.ErrNotExist
		}
		return text, err
	}, "")
	return file, err
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
