package gh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// lateness is how long a request may still take effect at GitHub after it was
// given up here: what takes longer than 10 s is ended there (GitHub's page
// "Troubleshooting the REST API").
const lateness = 10 * time.Second

// ErrSuperseded says that a status was not written, or that it is not known
// whether it was, because a newer one of its StatusLine took its place.
var ErrSuperseded = errors.New("a newer state took its place")

// StatusLine is the line that one context has among a commit's checks, while a
// job goes on. It keeps statuses in the order in which they are set, although
// requests may overtake each other: GitHub shows what it handled last, and
// handles at times what was cancelled here.
//
// Make one with Client.StatusLine and keep it for the whole job. It is safe for
// concurrent use.
type StatusLine struct {
	client  *Client
	op      operation
	sha     string
	context string

	turn chan struct{} // is full while a Set has its turn; guards the next three
	// newest is what this line has written last; nil when it has not, or when
	// that is not known.
	newest *CommitStatus
	// isBegun tells whether it may have written anything. What is there before
	// that is others', or of an earlier run.
	isBegun bool
	late    []lateStatus

	mu        sync.Mutex              // guards the rest
	isOver    bool                    // a state other than pending was set
	supersede context.CancelCauseFunc // ends the waits of the newest Set
	abandon   context.CancelCauseFunc // ends the request that is on its way, if there is one
}

// lateStatus was sent, and its answer was lost: it may still take effect.
type lateStatus struct {
	CommitStatus

	until time.Time
}

// StatusLine returns the line of a context on the commit whose full SHA is sha.
// It sends nothing; Set refuses what is wrong with the arguments.
func (c *Client) StatusLine(repository Repository, sha, statusContext string) *StatusLine {
	return &StatusLine{
		client:  c,
		op:      operation{name: "set commit status", repository: repository, permission: "statuses: write"},
		sha:     sha,
		context: statusContext,
		turn:    make(chan struct{}, 1),
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
	if wrong := errors.Join(l.op.repository.check(), checkSHA(l.sha), status.check()); wrong != nil {
		return false, fmt.Errorf("%s: %w", l.op.name, wrong)
	}
	waiting, done := l.join(ctx, status.State)
	defer done(nil)
	if !l.takeTurn(waiting) {
		return false, cutOff(waiting, l.op)
	}
	defer func() { <-l.turn }()
	if l.newest == nil || !l.newest.equals(status) {
		if written, err = l.write(ctx, waiting, status); err != nil {
			return false, err
		}
	}
	if err = l.confirm(ctx, waiting, status); err != nil && !errors.Is(err, ErrSuperseded) {
		return written, fmt.Errorf("%s: whether it is the newest is not known: %w", l.op.name, err)
	}
	return written, nil
}

// join supersedes the Set before this one. The context that it returns ends
// when this one is superseded in turn.
func (l *StatusLine) join(ctx context.Context, state State) (context.Context, context.CancelCauseFunc) {
	waiting, cancel := context.WithCancelCause(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if state == StatePending && l.isOver {
		cancel(ErrSuperseded)
		return waiting, cancel
	}
	l.isOver = state != StatePending
	if l.supersede != nil {
		l.supersede(ErrSuperseded)
	}
	l.supersede = cancel
	return waiting, cancel
}

// takeTurn waits until no other Set has its turn, and tells whether this one
// has it.
func (l *StatusLine) takeTurn(waiting context.Context) bool {
	patience := time.NewTimer(patienceOf(waiting))
	defer patience.Stop()
	for waiting.Err() == nil {
		select {
		case l.turn <- struct{}{}:
			return true
		case <-patience.C:
			l.abandonRequest()
		case <-waiting.Done():
		}
	}
	return false
}

// patienceOf is how long to wait for what may be on its way. Half of the time is
// kept for the rest of what there is to do.
func patienceOf(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(lateness, time.Until(deadline)/2)
	}
	return lateness
}

func (l *StatusLine) abandonRequest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.abandon != nil {
		l.abandon(ErrSuperseded)
	}
}

// write makes a status the newest one. What this line has written before needs
// no look, and must not have one, since GitHub may list it late.
func (l *StatusLine) write(ctx, waiting context.Context, status CommitStatus) (written bool, err error) {
	l.late = slices.DeleteFunc(l.late, func(one lateStatus) bool { return one.until.Before(time.Now()) })
	written, err = l.client.create(waiting, creation{
		operation:  l.op,
		looksFirst: !l.isBegun,
		isThere: func(ctx context.Context) (bool, outcome) {
			newest, found, came := l.look(ctx)
			return found && newest.equals(status), came
		},
		send: func(waiting context.Context) outcome { return l.send(ctx, waiting, status) },
	})
	if err == nil {
		l.newest, l.isBegun = &status, true
	}
	return written, err
}

// send makes the request, which ends when ctx does or when it is abandoned, and
// not when waiting ends.
func (l *StatusLine) send(ctx, waiting context.Context, status CommitStatus) outcome {
	underWay, abandon := context.WithCancelCause(ctx)
	defer abandon(nil)
	if !l.begin(waiting, abandon) {
		return outcome{err: cutOff(waiting, l.op), unhandled: true}
	}
	defer l.end()
	came := l.client.createStatus(underWay, l.op, l.sha, status)
	if came.unhandled {
		return came
	}
	l.newest, l.isBegun = nil, true
	if came.err != nil {
		l.late = append(l.late, lateStatus{status, time.Now().Add(lateness)})
	}
	return came
}

// begin notes how to end the request that is about to leave, unless it is
// superseded.
func (l *StatusLine) begin(waiting context.Context, abandon context.CancelCauseFunc) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if waiting.Err() != nil {
		return false
	}
	l.abandon = abandon
	return true
}

func (l *StatusLine) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.abandon = nil
}

// confirm makes sure that a status is still the newest when those that may come
// late have come. It leaves alone what others have written meanwhile.
func (l *StatusLine) confirm(ctx, waiting context.Context, status CommitStatus) error {
	var last time.Time
	for _, one := range l.late {
		if !one.equals(status) && one.until.After(last) {
			last = one.until
		}
	}
	if last.IsZero() {
		return nil
	}
	settled := time.NewTimer(min(time.Until(last), patienceOf(waiting)))
	defer settled.Stop()
	select {
	case <-settled.C:
	case <-waiting.Done():
		return cutOff(waiting, l.op)
	}
	var newest CommitStatus
	var found bool
	err := l.client.repeat(waiting, l.op, func(ctx context.Context) (came outcome) {
		newest, found, came = l.look(ctx)
		return came
	})
	isOvertaken := found && !newest.equals(status) &&
		slices.ContainsFunc(l.late, func(one lateStatus) bool { return one.equals(newest) })
	if err != nil || !isOvertaken {
		return err
	}
	_, err = l.write(ctx, waiting, status)
	return err
}

func (l *StatusLine) look(ctx context.Context) (newest CommitStatus, found bool, came outcome) {
	return l.client.newestStatus(ctx, l.op.repository, l.sha, l.context)
}
