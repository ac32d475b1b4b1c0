package announce

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// Retire tells of previews that were taken away for this Job or by it: their GitHub
// Deployments become inactive, and the comments of their own pull requests say why.
// It returns what could not be told.
func (a *Announcer) Retire(ctx context.Context, service string, removed []job.RemovedPreview) (warnings []Warning) {
	limited, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	for _, one := range removed {
		for _, told := range []struct {
			place string
			err   error
		}{
			{"GitHub Deployments of " + one.Environment, a.retireDeployments(limited, job.Target{Service: service, Environment: one.Environment})},
			{fmt.Sprintf("comment on pull request %d", one.Number), a.retireRow(limited, service, one)},
		} {
			if told.err != nil {
				warnings = append(warnings, warn("news in the "+told.place, told.err))
			}
		}
	}
	return warnings
}

// mostRetired is how many GitHub Deployments of one preview are looked at: the rest
// are older, and were retired with the ones before.
const mostRetired = 30

// retireDeployments sets what is not over or a success inactive.
func (a *Announcer) retireDeployments(ctx context.Context, target job.Target) error {
	if !a.settings.Deployment {
		return nil
	}
	listed, err := a.client.Deployments(ctx, a.about.Repository, gh.DeploymentFilter{
		Environment: a.settings.EnvironmentOf(target), Task: Task, Most: mostRetired,
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, one := range listed {
		switch one.Status.State {
		case gh.DeploymentInactive, gh.DeploymentFailure, gh.DeploymentError:
			continue
		default:
		}
		_, err := a.client.SetDeploymentState(ctx, a.about.Repository, one.ID, gh.DeploymentStatus{
			State: gh.DeploymentInactive, Description: target.Environment + " was taken away", LogURL: a.about.RunURL,
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
	return r.retireDeployments(ctx, r.target)
}

// retireRow changes the row of a pull request's comment, where there is one.
func (a *Announcer) retireRow(ctx context.Context, service string, one job.RemovedPreview) error {
	if a.settings.Comment == CommentNever {
		return nil
	}
	row := report.CommentRow{
		Service: service, Environment: one.Environment, Status: job.TornDown, Note: report.WhyRemoved(one),
	}
	return a.put(ctx, edit{number: one.Number, row: row, isConfirmed: true})
}
