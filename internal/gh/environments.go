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
