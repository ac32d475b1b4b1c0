package action

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/retry"
)

const (
	// hubPatience is how long a read from GitHub may take that the run depends on.
	hubPatience = 2 * time.Minute
	// lookPatience is how long one may that it can do without, and newerPatience a look
	// for newer commits: GitHub that does not answer must not hold up a deploy.
	lookPatience  = 20 * time.Second
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

// isOpen tells whether pull requests are open, for previews, and takes no longer than
// patience for all of them, from the first on; nil when nobody can be asked. One that
// is not there is an error: none is ever deleted, so it is another repository's.
func (h *hub) isOpen(repository gh.Repository, patience time.Duration) func(context.Context, int) (bool, error) {
	if h.client == nil {
		return nil
	}
	until := sync.OnceValue(func() time.Time { return time.Now().Add(patience) })
	return func(ctx context.Context, number int) (bool, error) {
		limited, cancel := context.WithDeadline(ctx, until())
		defer cancel()
		pull, err := h.client.PullRequest(limited, repository, number)
		return pull.IsOpen, err
	}
}

// newer tells what keeps a run from going live: a newer commit of the same branch or
// pull request that is deployed already, or being deployed, and the end of the pull
// request. It is nil when it cannot be known. Where the newer one is deployed is known
// by GitHub Deployments alone; a nil target means that there are none.
func (h *hub) newer(what occasion, target func() deployTarget) func(context.Context) (string, error) {
	isBranch := what.event.Name == gh.EventPush && what.event.Branch != "" && target != nil
	if h.client == nil || what.sha == "" || !isBranch && !what.isPull() {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		limited, cancel := context.WithTimeout(ctx, newerPatience)
		defer cancel()
		head, by, err := h.headOf(limited, what)
		if err != nil || by != "" || head == "" || head == what.sha || target == nil {
			return by, err
		}
		return h.deployedAhead(limited, what, target())
	}
}

// deployTarget is a Target with the GitHub environment that it is shown as.
type deployTarget struct {
	job.Target

	environment string
}

// has reports whether a GitHub Deployment is one of it. Others may have the same GitHub
// environment.
func (d deployTarget) has(one gh.Deployment) bool {
	return announce.TargetOf(one) == d.Target
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
func (h *hub) deployedAhead(ctx context.Context, what occasion, target deployTarget) (string, error) {
	const most = 5
	listed, err := h.client.Deployments(ctx, what.repository, gh.DeploymentFilter{Environment: target.environment, Task: announce.Task, Most: most})
	if err != nil {
		return "", err
	}
	counts := []gh.DeploymentState{gh.DeploymentQueued, gh.DeploymentInProgress, gh.DeploymentPending, gh.DeploymentSuccess}
	for _, one := range listed {
		if one.SHA == what.sha || !slices.Contains(counts, one.Status.State) || !target.has(one) {
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
