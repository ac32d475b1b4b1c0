package pipeline

import (
	"context"
	"errors"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
)

// newer asks whether something newer is to be live; empty means that nothing is, or
// that it cannot be found out, which is no reason not to deploy. The error, a
// *problem.Problem, is one.
func (r *run) newer(ctx context.Context) (string, error) {
	if r.cfg.Newer == nil || r.job.Options.DryRun || r.isDoubtTold {
		return "", nil
	}
	by, err := r.cfg.Newer(ctx)
	if _, isFinal := errors.AsType[*problem.Problem](err); isFinal {
		return "", err
	}
	if err != nil && ctx.Err() == nil {
		r.isDoubtTold = true
		r.tell(job.Event{Kind: job.Warned, Phase: job.PhaseRead, Message: "Whether a newer commit is deployed already is not known: " + err.Error()})
	}
	return by, nil
}

// giveUp ends a Job that something newer took the place of, before anything of it
// went live.
func (r *run) giveUp(by string) error {
	r.result.Status, r.result.Changed, r.result.SupersededReason = job.Superseded, false, by
	return nil
}
