package announce

import (
	"context"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// commitStatus is the line that a Job has among the checks of its commit.
type commitStatus struct {
	*Announcer

	line *gh.StatusLine
}

// newCommitStatus names the status so that a preview's can be a required check: the
// number of the pull request is not in it.
func (a *Announcer) newCommitStatus(asked job.Job) *commitStatus {
	environment := asked.Target.Environment
	if asked.Previews.Number > 0 {
		environment = "preview"
	}
	return &commitStatus{a, a.client.StatusLine(a.about.Repository, a.sha(asked), "slipway/"+asked.Target.Service+"/"+environment)}
}

func (s *commitStatus) name() string { return "commit status" }

func (s *commitStatus) begin(ctx context.Context, asked job.Job) error {
	return s.write(ctx, gh.StatePending, report.UnderWay(asked), "")
}

func (s *commitStatus) cancelled(ctx context.Context, _ job.Job) error {
	return s.write(ctx, gh.StateError, report.Cancelled, "")
}

func (s *commitStatus) end(ctx context.Context, result job.Result, _ deploy.Plan) error {
	state, target := stateOf(result), ""
	if state == gh.StateSuccess {
		target = result.URL
	}
	return s.write(ctx, state, report.OneLine(result), target)
}

// write sets a state. Without a target its link leads to the run, which says more.
func (s *commitStatus) write(ctx context.Context, state gh.State, description, target string) error {
	if target == "" {
		target = s.about.RunURL
	}
	description = s.hooks.Redact(description)
	written, err := s.line.Set(ctx, gh.CommitStatus{State: state, Description: description, TargetURL: target})
	s.hooks.Logger.DebugContext(ctx, "commit status", "repository", s.about.Repository.String(), "state", string(state),
		"description", description, "written", written)
	return err
}

// stateOf is the state that stands for a Result.
func stateOf(result job.Result) gh.State {
	switch {
	case result.Error == nil:
		return gh.StateSuccess
	case result.Error.Reason.IsUsers():
		return gh.StateFailure
	default:
		return gh.StateError
	}
}
