package gh

import (
	"context"
	"errors"
	"fmt"
)

// StatusLine is the line that one context has among a commit's checks, while a
// job goes on. It keeps statuses in the order in which they are set, although
// requests may overtake each other: GitHub shows what it handled last, and
// handles at times what was cancelled here.
//
// Make one with Client.StatusLine and keep it for the whole job. It is safe for
// concurrent use.
type StatusLine struct {
	line         *line[CommitStatus]
	sha, context string
}

// StatusLine returns the line of a context on the commit whose full SHA is sha.
// It sends nothing; Set refuses what is wrong with the arguments.
func (c *Client) StatusLine(repository Repository, sha, statusContext string) *StatusLine {
	op := operation{name: "set commit status", repository: repository, permission: "statuses: write"}
	return &StatusLine{
		line: newLine(c, op,
			func(ctx context.Context, status CommitStatus) outcome { return c.createStatus(ctx, op, sha, status) },
			func(ctx context.Context) (CommitStatus, bool, outcome) {
				return c.newestStatus(ctx, repository, sha, statusContext)
			}),
		sha:     sha,
		context: statusContext,
	}
}

// Set writes a status, whose Context is the line's whatever it says, and
// returns when it is the newest one. written is false where it was so already.
//
// Its place in the order is taken when it is called, and pending has none after
// another state; so a goroutine that comes late with it does no harm. An older
// Set that waits, for its turn or for a rate limit, ends with ErrSuperseded at
// once. One whose request is on its way is waited for, 10 s at most and at most
// half of the time that ctx has, and then abandoned. Where the fate of an
// earlier request is unknown, Set waits within the same bounds for what may
// come of it, looks, and writes again if it came last.
//
// A request that is on its way when ctx ends is cut off, and its fate is
// unknown. To avoid that, give a status that others may follow a context that
// outlives the job: the next Set ends it anyway.
//
// Errors are ErrSuperseded and those of SetCommitStatus. With written, it is
// the last look that failed.
func (l *StatusLine) Set(ctx context.Context, status CommitStatus) (written bool, err error) {
	status.Context, status.Description = l.context, fitDescription(status.Description)
	op := l.line.op
	if wrong := errors.Join(op.repository.check(), checkSHA(l.sha), status.check()); wrong != nil {
		return false, fmt.Errorf("%s: %w", op.name, wrong)
	}
	return l.line.set(ctx, status)
}
