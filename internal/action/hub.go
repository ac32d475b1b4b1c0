package action

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
)

const (
	// hubPatience is how long a read from GitHub may take that the run depends on.
	hubPatience = 2 * time.Minute
	// newerPatience is how long a look for newer commits may: GitHub that does not
	// answer must not hold up a deploy.
	newerPatience = 5 * time.Second
)

// hub is GitHub as the workflow's token sees it.
type hub struct {
	client *gh.Client // nil when there is none
	why    error      // why
}

func (r *run) newHub(inputs config.Action, logger *slog.Logger) *hub {
	if inputs.GitHubToken.IsZero() {
		return &hub{why: errors.New("github-token is empty; remove the input to use the workflow's own token")}
	}
	policy := retry.Default()
	policy.MaxElapsed, policy.MaxAttempts = announce.Budget, 6 // patient with limits, less so with faults
	client, err := gh.New(gh.Config{
		Token: inputs.GitHubToken, APIURL: r.env.Getenv("GITHUB_API_URL"), ServerURL: r.env.Getenv("GITHUB_SERVER_URL"),
		UserAgent: r.env.UserAgent, Retry: policy, Logger: logger,
	})
	return &hub{client: client, why: err}
}

// reader returns the client, or why there is none.
func (h *hub) reader() (*gh.Client, error) { return h.client, h.why }

// isOpen tells whether pull requests are open, for previews; nil when nobody can be
// asked.
func (h *hub) isOpen(repository gh.Repository) func(context.Context, int) (bool, error) {
	if h.client == nil {
		return nil
	}
	return func(ctx context.Context, number int) (bool, error) {
		pull, err := h.client.PullRequest(ctx, repository, number)
		if isMissing(err) {
			return false, nil
		}
		return pull.IsOpen, err
	}
}

// newer tells whether a newer commit of the same branch or pull request is deployed
// already, or being deployed, to the GitHub environment; nil when it cannot be known.
func (h *hub) newer(what occasion, environment string) func(context.Context) (string, error) {
	isBranch := what.event.Name == gh.EventPush && what.event.Branch != ""
	if h.client == nil || what.sha == "" || !isBranch && !what.isPull() {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		limited, cancel := context.WithTimeout(ctx, newerPatience)
		defer cancel()
		head, by, err := h.headOf(limited, what)
		if err != nil || by != "" || head == "" || head == what.sha {
			return by, err
		}
		return h.deployedAhead(limited, what, environment)
	}
}

// headOf is the newest commit of the branch or pull request; empty when it is gone.
// by is what ends the run in any case.
func (h *hub) headOf(ctx context.Context, what occasion) (head, by string, err error) {
	if !what.isPull() {
		head, err = h.client.BranchHead(ctx, what.repository, what.event.Branch)
		if isMissing(err) {
			return "", "", nil
		}
		return head, "", err
	}
	pull, err := h.client.PullRequest(ctx, what.repository, what.pull())
	switch {
	case isMissing(err):
		return "", "", nil
	case err == nil && !pull.IsOpen:
		return "", "the end of pull request " + strconv.Itoa(pull.Number) + ", which is closed", nil
	}
	return pull.HeadSHA, "", err
}

// deployedAhead looks among the newest GitHub Deployments for one of a commit that has
// this one in its past.
func (h *hub) deployedAhead(ctx context.Context, what occasion, environment string) (string, error) {
	const most = 5
	listed, err := h.client.Deployments(ctx, what.repository, gh.DeploymentFilter{Environment: environment, Task: announce.Task, Most: most})
	if err != nil {
		return "", err
	}
	counts := []gh.DeploymentState{gh.DeploymentQueued, gh.DeploymentInProgress, gh.DeploymentPending, gh.DeploymentSuccess}
	for _, one := range listed {
		if one.SHA == what.sha || !slices.Contains(counts, one.Status.State) {
			continue
		}
		changed, err := h.client.ChangedFiles(ctx, what.repository, what.sha, one.SHA)
		if err != nil {
			return "", err
		}
		if changed.Relation == gh.RelationAhead {
			return "commit " + short(one.SHA), nil
		}
	}
	return "", nil
}

// isMissing reports whether GitHub knows of no such thing.
func isMissing(err error) bool {
	refused, ok := errors.AsType[*gh.Error](err)
	return ok && refused.Status == http.StatusNotFound
}
