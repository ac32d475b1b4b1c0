package announce

import (
	"context"
	"errors"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// releaseNotes is the Job's line in the text of the tag's GitHub Release.
type releaseNotes struct{ *Announcer }

func (n *releaseNotes) name() string { return "release notes" }

// begin and cancelled tell nothing: only what went live belongs there.
func (n *releaseNotes) begin(context.Context, job.Job) error     { return nil }
func (n *releaseNotes) cancelled(context.Context, job.Job) error { return nil }

// end writes what the Environment runs. A tag without a GitHub Release has no text.
func (n *releaseNotes) end(ctx context.Context, result job.Result, _ deploy.Plan) error {
	switch result.Status {
	case job.Deployed, job.Promoted, job.Unchanged:
	default:
		return nil
	}
	written, err := n.client.EditReleaseNotes(ctx, n.about.Repository, gh.NotesEdit{
		Release: n.about.Release, Tag: n.about.Tag,
		Merge: func(text string) string { return report.ReleaseNotes(text, result) },
	})
	isThere := !errors.Is(err, gh.ErrNoRelease)
	n.hooks.Logger.DebugContext(ctx, "release notes", "repository", n.about.Repository.String(), "tag", n.about.Tag, "is_there", isThere, "written", written)
	if !isThere {
		return nil
	}
	return err
}
