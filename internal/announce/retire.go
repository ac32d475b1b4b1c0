package announce

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

// retiresAtOnce bounds how many previews are told of at once.
const retiresAtOnce = 4

// Retire tells of previews that were taken away for this Job or by it: their GitHub
// Deployments become inactive, and the comments of their own pull requests say why.
// What was told of one since it was taken away is of another that has come in its
// place, and stays. asked is what the Job was asked for. Retire returns what could not
// be told. It has a moment left when ctx has ended.
func (a *Announcer) Retire(ctx context.Context, asked job.Target, result job.Result) []Warning {
	budget := Budget
	if ctx.Err() != nil {
		ctx, budget = context.WithoutCancel(ctx), lastWord
	}
	limited, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	type news struct {
		place string
		tell  func() error
	}
	var all []news
	for _, one := range result.RemovedPreviews {
		if one.RemovedAt.IsZero() {
			one.RemovedAt = a.about.endedAt()
		}
		gone := retired{Target: job.Target{Service: asked.Service, Environment: one.Environment}, result: result, at: one.RemovedAt}
		all = append(all,
			news{"GitHub Deployments of " + one.Environment, func() error { return a.retireDeployments(limited, gone) }},
			news{fmt.Sprintf("comment on pull request %d", one.Number), func() error { return a.retireRow(limited, gone, one) }})
	}
	turn := make(chan struct{}, retiresAtOnce)
	return inEach(all, func(one news) (string, error) {
		turn <- struct{}{}
		defer func() { <-turn }()
		return "news in the " + one.place, problem.Guard(one.tell)
	})
}

// retired is an Environment that was taken away.
type retired struct {
	job.Target

	result job.Result // which has the other names of its Service
	at     time.Time
}

// has reports whether a GitHub Deployment is one of it. Those of other Environments may
// have the same GitHub environment.
func (r retired) has(one gh.Deployment) bool {
	target, services := TargetOf(one), []string{r.Service, r.result.Service, r.result.ServiceSID}
	isSince := !one.Status.Created.Before(r.at.Truncate(time.Second)) // GitHub tells no fractions
	return slices.Contains(services, target.Service) && target.Environment == r.Environment && !isSince
}

// mostRetired is how many GitHub Deployments of one preview are looked at: the rest
// are older, and were retired with the ones before.
const mostRetired = 30

// retireDeployments sets what is not over or a success inactive.
func (a *Announcer) retireDeployments(ctx context.Context, gone retired) error {
	if !a.settings.Deployment {
		return nil
	}
	listed, err := a.client.Deployments(ctx, a.about.Repository, gh.DeploymentFilter{
		Environment: a.settings.EnvironmentOf(gone.Target), Task: Task, Most: mostRetired,
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, one := range listed {
		isOver := slices.Contains([]gh.DeploymentState{gh.DeploymentInactive, gh.DeploymentFailure, gh.DeploymentError}, one.Status.State)
		if isOver || !gone.has(one) {
			continue
		}
		_, err := a.client.SetDeploymentState(ctx, a.about.Repository, one.ID, gh.DeploymentStatus{
			State: gh.DeploymentInactive, Description: gone.Environment + " was taken away", LogURL: a.about.RunURL,
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// retirement is what a teardown has in place of a GitHub Deployment of its own.
type retirement struct {
	*Announcer

	target job.Target
}

func (r *retirement) name() string { return "news in the GitHub Deployments" }

func (r *retirement) begin(context.Context, job.Job) error { return nil }

func (r *retirement) cancelled(context.Context, job.Job) error { return nil }

func (r *retirement) end(ctx context.Context, result job.Result, _ deploy.Plan) error {
	if result.Status != job.TornDown {
		return nil
	}
	return r.retireDeployments(ctx, retired{Target: r.target, result: result, at: r.about.endedAt()})
}

// retireRow changes the row of a pull request's comment, where there is one.
func (a *Announcer) retireRow(ctx context.Context, gone retired, one job.RemovedPreview) error {
	if a.settings.Comment == CommentNever {
		return nil
	}
	row := report.CommentRow{
		Service: gone.result.Service, Environment: one.Environment, Status: job.TornDown, Note: report.WhyRemoved(one),
	}
	return a.put(ctx, edit{number: one.Number, row: row, isConfirmed: true, removedAt: gone.at})
}
