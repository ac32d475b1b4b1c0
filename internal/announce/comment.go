package announce

import (
	"context"
	"slices"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// comment is the Job's row in the comment of the pull request.
type comment struct {
	*Announcer

	asked job.Target
}

func (a *Announcer) newComment(asked job.Job) *comment { return &comment{a, asked.Target} }

func (c *comment) name() string { return "comment" }

// begin tells it where there is a comment already, so that nobody takes what is live
// for what was pushed; to make one it is early.
func (c *comment) begin(ctx context.Context, asked job.Job) error {
	row := report.CommentRow{
		Service: asked.Target.Service, Environment: asked.Target.Environment, Status: report.UnderWayRow, Commit: c.sha(asked),
	}
	return c.put(ctx, edit{number: c.about.PullRequest, row: row, isMade: c.settings.Comment == CommentAlways})
}

func (c *comment) cancelled(ctx context.Context, asked job.Job) error {
	row := report.CommentRow{
		Service: asked.Target.Service, Environment: asked.Target.Environment, Status: job.Failed, Note: report.Cancelled, Commit: c.sha(asked),
	}
	return c.put(ctx, edit{number: c.about.PullRequest, row: row, isMade: true})
}

func (c *comment) end(ctx context.Context, result job.Result, plan deploy.Plan) error {
	row := report.NewCommentRow(result, plan)
	isNews := !slices.Contains([]job.Status{job.Unchanged, job.Skipped, job.Planned}, result.Status) && (result.Status != job.TornDown || result.Changed)
	written := edit{number: c.about.PullRequest, row: row, isMade: isNews || c.settings.Comment == CommentAlways, isConfirmed: true}
	if c.asked.Service != result.Service { // which was asked for by its SID
		written.instead = c.asked
	}
	return c.put(ctx, written)
}

// edit is a row to write.
type edit struct {
	// number is the pull request's.
	number int
	row    report.CommentRow
	// isMade has a comment made for it if need be.
	isMade bool
	// isConfirmed has it looked at again.
	isConfirmed bool
	// instead is whose row it takes the place of; its zero value is its own.
	instead job.Target
}

func (a *Announcer) put(ctx context.Context, asked edit) error {
	row := asked.row
	row.Updated, row.LogURL, row.Run, row.Attempt = time.Now(), a.about.RunURL, a.about.Run, a.about.Attempt
	row.Note, row.Details = a.hooks.Redact(row.Note), a.hooks.Redact(row.Details)
	written, err := a.client.EditComment(ctx, a.about.Repository, asked.number, gh.CommentEdit{
		Marker: report.CommentMarker, Confirm: asked.isConfirmed,
		Merge: func(texts []string) string {
			if len(texts) == 0 && !asked.isMade {
				return ""
			}
			return withRow(texts, row, asked.instead)
		},
	})
	a.hooks.Logger.DebugContext(ctx, "comment", "repository", a.about.Repository.String(), "pull_request", asked.number,
		"status", string(row.Status), "written", written)
	return err
}

// withRow is the text of a comment with a row, and with those of all texts that
// there are. A text that has the row is left as it is.
func withRow(texts []string, row report.CommentRow, instead job.Target) string {
	var all report.Comment
	for _, text := range texts {
		read, _ := report.ParseComment(text)
		all = all.Merge(read)
	}
	without := all.Without(instead.Service, instead.Environment)
	if len(texts) == 1 && all.Has(row) && len(without.Rows()) == len(all.Rows()) {
		return texts[0]
	}
	return without.With(row).Markdown(report.MostComment)
}
