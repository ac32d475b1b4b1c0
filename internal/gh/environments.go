package gh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v60/github"
)

// Protection is what a GitHub environment asks of jobs that deploy to it.
type Protection struct {
	// RequiresReview says that somebody has to approve them.
	RequiresReview bool
}

// EnvironmentProtection reads the protection rules of a GitHub environment. It
// needs the permission "actions: read". Of one that is not there the error is an
// *Error with the status 404.
func (c *Client) EnvironmentProtection(ctx context.Context, repository Repository, name string) (Protection, error) {
	op := operation{name: fmt.Sprintf("read GitHub environment %q", oneLine(name, 100)), repository: repository, permission: "actions: read"}
	if err := errors.Join(repository.check(), checkEnvironment(name)); err != nil {
		return Protection{}, fmt.Errorf("%s: %w", op.name, err)
	}
	return read(ctx, c, op, func(ctx context.Context, sdk *github.Client) (Protection, *github.Response, error) {
		// Not the SDK's own method, which does not escape the name, and panics on a
		// reviewer without a type.
		path := fmt.Sprintf("repos/%s/%s/environments/%s", repository.Owner, repository.Name, url.PathEscape(name))
		request, err := sdk.NewRequest(http.MethodGet, path, nil)
		if err != nil {
			return Protection{}, nil, err //nolint:wrapcheck // judge reads it.
		}
		var got environment
		response, err := sdk.Do(ctx, request, &got)
		if err == nil && !strings.EqualFold(got.Name, name) {
			err = errShape
		}
		return got.protection(), response, err
	})
}

// Approval is what the reviewers of a GitHub environment said of a workflow's run.
type Approval int

// The approvals.
const (
	// NotReviewed says that nobody has said anything of it.
	NotReviewed Approval = iota
	// Approved says that somebody has approved the run, and nobody has rejected it.
	Approved
	// Rejected says that somebody has rejected it, in whichever attempt.
	Rejected
)

// RunApproval reads what the reviewers of a GitHub environment said of a workflow's run.
// The history is that of all its attempts, and no review says when it was made
// (docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run,
// read 2026-11), so one rejection counts for the whole run. It needs the permission
// "actions: read".
func (c *Client) RunApproval(ctx context.Context, repository Repository, run int64, environment string) (Approval, error) {
	op := operation{name: fmt.Sprintf("read reviews of run %d", run), repository: repository, permission: "actions: read"}
	wrong := errors.Join(repository.check(), checkEnvironment(environment))
	if run < 1 {
		wrong = errors.Join(wrong, fmt.Errorf("%d is not the id of a workflow's run", run))
	}
	if wrong != nil {
		return NotReviewed, fmt.Errorf("%s: %w", op.name, wrong)
	}
	return read(ctx, c, op, func(ctx context.Context, sdk *github.Client) (Approval, *github.Response, error) {
		path := fmt.Sprintf("repos/%s/%s/actions/runs/%d/approvals", repository.Owner, repository.Name, run)
		request, err := sdk.NewRequest(http.MethodGet, path, nil) // the SDK has no method for it
		if err != nil {
			return NotReviewed, nil, err //nolint:wrapcheck // judge reads it.
		}
		var got reviews
		response, err := sdk.Do(ctx, request, &got)
		if err == nil && got == nil {
			err = errShape
		}
		return got.of(environment), response, err
	})
}

// reviews has the fields of GitHub's answer that matter here.
type reviews []struct {
	State        string `json:"state"`
	Environments []struct {
		Name string `json:"name"`
	} `json:"environments"`
}

func (r reviews) of(environment string) Approval {
	said := NotReviewed
	for _, one := range r {
		for _, about := range one.Environments {
			switch {
			case !strings.EqualFold(about.Name, environment):
			case one.State == "rejected":
				return Rejected
			case one.State == "approved":
				said = Approved
			}
		}
	}
	return said
}

// environment has the fields of GitHub's answer that matter here.
type environment struct {
	Name            string `json:"name"`
	ProtectionRules []struct {
		Type      string            `json:"type"`
		Reviewers []json.RawMessage `json:"reviewers"`
	} `json:"protection_rules"`
}

func (e environment) protection() Protection {
	for _, rule := range e.ProtectionRules {
		if rule.Type == "required_reviewers" && len(rule.Reviewers) > 0 {
			return Protection{RequiresReview: true}
		}
	}
	return Protection{}
}
