package pipeline

import (
	"context"
	"fmt"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
)

// tearDown takes an Environment away. One that is not there is success.
func (r *run) tearDown(ctx context.Context) error {
	asked := deploy.Teardown{AllowProduction: r.job.Release.AllowProduction}
	_, err := r.readTarget(func(environment deploy.Environment, problems *problem.List) {
		asked.Environment = environment
		_ = problems.Take(asked.Check()) // it is a Problem
	})
	if err != nil {
		return err
	}
	asked.Service = r.job.Target.Service // by now package.json was read

	r.tell(job.Event{Kind: job.Started, Phase: job.PhasePlan})
	deployer := r.deployer()
	if r.plan, err = deployer.PlanTeardown(ctx, asked); err != nil {
		return r.withOrigin(err)
	}
	r.report(r.plan)
	r.tell(job.Event{Kind: job.Finished, Phase: job.PhasePlan, Message: summarised(r.plan)})
	if r.job.Options.DryRun {
		r.rehearse()
		return nil
	}
	if r.outcome, err = deployer.TearDown(ctx, r.plan); err != nil {
		return err
	}
	r.result.DeploymentSID, r.result.URL = string(r.outcome.DeploymentSID), ""
	r.result.Status, r.result.Changed = job.TornDown, !r.plan.IsNothing()
	return nil
}

// leftOver says what a teardown that failed has left.
func (r *run) leftOver() string {
	switch r.outcome.Live {
	case deploy.LiveNothing:
		return fmt.Sprintf("Nothing is live in %s any more, but it is still there with its variables; another run deletes it.", r.result.Environment)
	case deploy.LiveUnknown:
		return fmt.Sprintf("What is left of %s is not known: slipway status tells. Another run takes away what there is.", r.result.Environment)
	default:
		return r.live()
	}
}
