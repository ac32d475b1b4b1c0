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

	asked job.Job
}

func (a *Announcer) newComment(asked job.Job) *comment { return &comment{a, asked} }

func (c *comment) name() string { return "comment" }

// begin tells it where there is a comment already, so that nobody takes what is live
// for what was pushed; to make one it is early.
func (c *comment) begin(ctx context.Context, _ job.Job) error {
	return c.put(ctx, c.edit(report.CommentRow{Status: report.UnderWayRow}, c.settings.Comment == CommentAlways))
}

func (c *comment) cancelled(ctx context.Context, _ job.Job) error {
	return c.put(ctx, c.edit(report.CommentRow{Status: job.Failed, Note: report.Cancelled}, true))
}

// edit writes a row of the Job's own Target.
func (c *comment) edit(row report.CommentRow, isMade bool) edit {
	row.Service, row.Environment, row.Commit = c.asked.Target.Service, c.asked.Target.Environment, c.sha(c.asked)
	return edit{number: c.about.PullRequest, row: row, isMade: isMade}
}

// end tells how it ended. The commit is the pull request's head, which people know, and
// not the merge that may be checked out.
func (c *comment) end(ctx context.Context, result job.Result, plan deploy.Plan) error {
	row := report.NewCommentRow(result, plan)
	row.Commit = c.about.SHA
	isNews := slices.Contains([]job.Status{job.Deployed, job.Promoted, job.RolledBack, job.Failed}, result.Status) || result.Status == job.TornDown && result.Changed
	written := edit{number: c.about.PullRequest, row: row, isMade: isNews || c.settings.Comment == CommentAlways, isConfirmed: true}
	if c.asked.Target.Service != result.Service { // which was asked for by its SID
		written.instead = c.asked.Target
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
	// removedAt is set for the row of what was taken away then by another Job: it
	// counts as the last word of the run whose row it takes the place of, which may be
	// repeated, and leaves a row alone that was written since.
	removedAt time.Time
}

func (a *Announcer) put(ctx context.Context, asked edit) error {
	row := asked.row
	row.Updated, row.LogURL, row.Run, row.Attempt = time.Now(), a.about.RunURL, a.about.Run, a.about.Attempt
	row.Note, row.Details = a.hooks.Redact(row.Note), a.hooks.Redact(row.Details)
	asked.row = row
	written, err := a.client.EditComment(ctx, a.about.Repository, asked.number, gh.CommentEdit{
		Marker: report.CommentMarker, Confirm: asked.isConfirmed, Merge: asked.merge,
	})
	a.hooks.Logger.DebugContext(ctx, "comment", "repository", a.about.Repository.String(), "pull_request", asked.number,
		"status", string(row.Status), "written", written)
	return err
}

// merge is the text of a comment with the row, and with those of all texts that there
// are. A text that has the row is left as it is.
func (e edit) merge(texts []string) string {
	if len(texts) == 0 && !e.isMade {
		return ""
	}
	var all report.Comment
	for _, text := range texts {
		read, _ := report.ParseComment(text)
		all = all.Merge(read)
	}
	row, isLeft := e.row, false
	if !e.removedAt.IsZero() {
		before := all.Row(row.Service, row.Environment)
		row.Run, row.Attempt, isLeft = before.Run, before.Attempt, !before.Updated.Before(e.removedAt.Truncate(time.Second))
	}
	without := all.Without(e.instead.Service, e.instead.Environment)
	isThere := isLeft || all.Has(row) && len(without.Rows()) == len(all.Rows())
	switch {
	case isThere && len(texts) == 1:
		return texts[0]
	case isLeft:
		return all.Markdown(report.MostComment)
	default:
		return without.With(row).Markdown(report.MostComment)
	}
}
