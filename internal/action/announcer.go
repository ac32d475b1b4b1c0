package action

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
)

// announcer tells GitHub of a Job, and the log of what could not be told.
type announcer struct {
	announcer *announce.Announcer // nil when nothing is to be told, or nothing can be
	settings  announce.Settings
	console   *console
	why       error // why nothing can be told
	warnings  []announce.Warning
}

// newAnnouncer makes ready to tell, which nothing does before Begin.
func (s *setting) newAnnouncer(inputs config.Action, made decision) *announcer {
	a := &announcer{console: s.console, settings: announce.Settings{
		CommitStatus: inputs.CommitStatus, Deployment: inputs.GitHubDeployment, Comment: announce.CommentMode(inputs.Comment),
		Environment: inputs.GitHubEnvironment, IsOneOfSeveral: made.isOneOfSeveral, ReleaseNotes: inputs.ReleaseNotes,
	}}
	isTold := a.settings.CommitStatus || a.settings.Deployment || a.settings.Comment != announce.CommentNever && s.what.isPull() ||
		a.settings.ReleaseNotes && s.what.tag() != ""
	if inputs.DryRun || !isTold {
		return a
	}
	if s.hub.client == nil {
		a.why = s.hub.why
		return a
	}
	subject := announce.Subject{
		Repository: s.what.repository, SHA: s.what.sha, RunSHA: s.what.checkedOut, Run: s.what.run(), Attempt: s.what.tries(), Actor: s.what.actor,
		Tag: s.what.tag(), Release: s.what.event.Release.ID,
	}
	if s.what.isPull() {
		subject.PullRequest, subject.IsFork = s.what.pull(), s.what.event.PullRequest.IsFork
	}
	if s.what.runID != "" {
		subject.RunURL = s.hub.client.RunURL(s.what.repository, s.what.runID)
	}
	a.announcer = announce.New(s.hub.client, subject, a.settings, announce.Hooks{
		Redact: s.console.Redact, Waiting: s.console.Print, Logger: s.logger,
	})
	return a
}

// Begin says that a Job is under way. It returns at once.
func (a *announcer) Begin(ctx context.Context, asked job.Job) {
	if a.announcer != nil {
		a.announcer.Begin(ctx, asked)
	}
}

// End says how it ended, and what became of previews that it took away.
func (a *announcer) End(ctx context.Context, outcome pipeline.Outcome) {
	if a.announcer == nil {
		if a.why != nil && outcome.Job.Verb != "" {
			a.warnings = []announce.Warning{{Place: "GitHub", Text: "Nothing is told at GitHub: " + a.why.Error() +
				", or set commit-status, github-deployment and comment to false"}}
		}
		return
	}
	var ended, retired []announce.Warning
	var group sync.WaitGroup
	group.Go(func() { ended = a.announcer.End(ctx, outcome.Result, outcome.Plan) })
	if outcome.Result.Status != job.Planned {
		group.Go(func() { retired = a.announcer.Retire(ctx, outcome.Job.Target, outcome.Result) })
	}
	group.Wait()
	a.warnings = slices.Concat(ended, retired)
}

// Cancelled says of a Job that it was cancelled before it began.
func (a *announcer) Cancelled(ctx context.Context, asked job.Job, signalled time.Time) {
	if a.announcer != nil {
		a.warnings = a.announcer.Cancelled(ctx, asked, signalled)
	}
}

// Skip says that there was nothing to do, where everything is told of.
func (a *announcer) Skip(ctx context.Context, outcome pipeline.Outcome) {
	if a.announcer != nil {
		a.warnings = a.announcer.Skip(ctx, outcome.Result)
	}
}

// DeploymentID is that of the GitHub Deployment; 0 when there is none.
func (a *announcer) DeploymentID() gh.DeploymentID {
	if a.announcer == nil {
		return 0
	}
	return a.announcer.DeploymentID()
}

// Warn tells the log what could not be told.
func (a *announcer) Warn() {
	for _, one := range a.warnings {
		a.console.Annotate(levelWarning, place{}, "Slipway: "+one.Place, one.Text)
	}
}
