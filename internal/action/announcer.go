package action

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/retry"
)

// announcer tells GitHub of a Job, and the log of what could not be told.
type announcer struct {
	*announce.Announcer // nil when nothing is to be told, or nothing can be

	console *console
	why     error // why nothing can be told
}

// newAnnouncer makes ready to tell, which nothing does before Begin.
func (r *run) newAnnouncer(inputs config.Action, about occasion, logger *slog.Logger) *announcer {
	a := &announcer{console: r.console}
	settings := announce.Settings{CommitStatus: inputs.CommitStatus, Comment: announce.CommentNever}
	if inputs.DryRun || inputs.Command == "teardown" || !settings.CommitStatus { // which say nothing of the commit
		return a
	}
	client, err := r.gitHub(inputs, logger)
	if err != nil {
		a.why = err
		return a
	}
	subject := announce.Subject{Repository: about.repository, SHA: about.sha}
	if about.runID != "" {
		subject.RunURL = client.RunURL(about.repository, about.runID)
		subject.Run, _ = strconv.ParseInt(about.runID, 10, 64) // 0 is as good as unknown
	}
	a.Announcer = announce.New(client, subject, settings, announce.Hooks{Redact: r.console.Redact, Waiting: r.console.Print, Logger: logger})
	return a
}

// gitHub makes the client that reads and writes at GitHub.
func (r *run) gitHub(inputs config.Action, logger *slog.Logger) (*gh.Client, error) {
	if inputs.GitHubToken.IsZero() {
		return nil, errors.New("github-token is empty; remove the input to use the workflow's own token, or set commit-status: false")
	}
	policy := retry.Default()
	policy.MaxElapsed, policy.MaxAttempts = announce.Budget, 6 // patient with limits, less so with faults
	return gh.New(gh.Config{
		Token: inputs.GitHubToken, APIURL: r.env.Getenv("GITHUB_API_URL"), ServerURL: r.env.Getenv("GITHUB_SERVER_URL"),
		UserAgent: r.env.UserAgent, Retry: policy, Logger: logger,
	})
}

// Begin says that a Job is under way. It returns at once.
func (a *announcer) Begin(ctx context.Context, asked job.Job) {
	if a.Announcer != nil {
		a.Announcer.Begin(ctx, asked)
	}
}

// End says how it ended, and warns of what cannot be told.
func (a *announcer) End(ctx context.Context, outcome pipeline.Outcome) {
	var warnings []announce.Warning
	switch {
	case a.Announcer != nil:
		warnings = a.Announcer.End(ctx, outcome.Result, outcome.Plan)
	case a.why != nil:
		warnings = []announce.Warning{{Place: "commit status", Text: "No commit status: " + a.why.Error()}}
	}
	for _, one := range warnings {
		a.console.Annotate(levelWarning, place{}, "Slipway: "+one.Place, one.Text)
	}
}
