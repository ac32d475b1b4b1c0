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
// whether it was, because a newer one of its line took its place.
var ErrSuperseded = errors.New("a newer state took its place")

// line is where statuses are added one after the other, of which the newest
// counts. It keeps them in the order in which they are set, although requests
// may overtake each other: GitHub shows what it handled last, and handles at
// times what was cancelled here. Make one with newLine.
type line[S status[S]] struct {
	client *Client
	op     operation
	write  func(context.Context, S) outcome // once
	look   func(context.Context) (newest S, found bool, came outcome)

	turn chan struct{} // is full while a set has its turn; guards the next three
	// newest is what this line has written last; nil when it has not, or when
	// that is not known.
	newest *S
	// isBegun tells whether it may have written anything. What is there before
	// that is others', or of an earlier run.
	isBegun bool
	late    []lateStatus[S]

	mu        sync.Mutex              // guards the rest
	isOver    bool                    // a state that is over was set
	supersede context.CancelCauseFunc // ends the waits of the newest set
	abandon   context.CancelCauseFunc // ends the request that is on its way, if there is one
}

// status is what a line holds.
type status[S any] interface {
	// equals tells whether it says the same as another.
	equals(other S) bool
	// isOver tells whether what it is the status of has come to an end.
	isOver() bool
}

// lateStatus was sent, and its answer was lost: it may still take effect.
type lateStatus[S any] struct {
	status S
	until  time.Time
}

func newLine[S status[S]](c *Client, op operation, write func(context.Context, S) outcome, look func(context.Context) (S, bool, outcome)) *line[S] {
	return &line[S]{client: c, op: op, write: write, look: look, turn: make(chan struct{}, 1)}
}

// set writes a status and returns when it is the newest one. written is false
// where it was so already.
//
// Its place in the order is taken when it is called, and one that is not over has
// none after one that is; so a goroutine that comes late with it does no harm. An
// older set that waits, for its turn or for a rate limit, ends with ErrSuperseded
// at once. One whose request is on its way is waited for, 10 s at most and at
// most half of the time that ctx has, and then abandoned. Where the fate of an
// earlier request is unknown, set waits within the same bounds for what may come
// of it, looks, and writes again if it came last.
//
// With written, an error is that of the last look.
func (l *line[S]) set(ctx context.Context, wanted S) (written bool, err error) {
	waiting, done := l.join(ctx, wanted.isOver())
	defer done(nil)
	if !l.takeTurn(waiting) {
		return false, cutOff(waiting, l.op)
	}
	defer func() { <-l.turn }()
	if l.newest == nil || !(*l.newest).equals(wanted) {
		if written, err = l.create(ctx, waiting, wanted); err != nil {
			return false, err
		}
	}
	if err = l.confirm(ctx, waiting, wanted); err != nil && !errors.Is(err, ErrSuperseded) {
		return written, fmt.Errorf("%s: whether it is the newest is not known: %w", l.op.name, err)
	}
	return written, nil
}

// join supersedes the set before this one. The context that it returns ends
// when this one is superseded in turn.
func (l *line[S]) join(ctx context.Context, isOver bool) (context.Context, context.CancelCauseFunc) {
	waiting, cancel := context.WithCancelCause(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !isOver && l.isOver {
		cancel(ErrSuperseded)
		return waiting, cancel
	}
	l.isOver = isOver
	if l.supersede != nil {
		l.supersede(ErrSuperseded)
	}
	l.supersede = cancel
	return waiting, cancel
}

// takeTurn waits until no other set has its turn, and tells whether this one
// has it.
func (l *line[S]) takeTurn(waiting context.Context) bool {
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

func (l *line[S]) abandonRequest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.abandon != nil {
		l.abandon(ErrSuperseded)
	}
}

// create makes a status the newest one. What this line has written before needs
// no look, and must not have one, since GitHub may list it late.
func (l *line[S]) create(ctx, waiting context.Context, wanted S) (written bool, err error) {
	l.late = slices.DeleteFunc(l.late, func(one lateStatus[S]) bool { return one.until.Before(time.Now()) })
	written, err = l.client.create(waiting, creation{
		operation:  l.op,
		looksFirst: !l.isBegun,
		isThere: func(ctx context.Context) (bool, outcome) {
			newest, found, came := l.look(ctx)
			return found && newest.equals(wanted), came
		},
		send: func(waiting context.Context) outcome { return l.send(ctx, waiting, wanted) },
	})
	if err == nil {
		l.newest, l.isBegun = &wanted, true
	}
	return written, err
}

// send makes the request, which ends when ctx does or when it is abandoned, and
// not when waiting ends.
func (l *line[S]) send(ctx, waiting context.Context, wanted S) outcome {
	underWay, abandon := context.WithCancelCause(ctx)
	defer abandon(nil)
	if !l.begin(waiting, abandon) {
		return outcome{err: cutOff(waiting, l.op), unhandled: true}
	}
	defer l.end()
	came := l.write(underWay, wanted)
	if came.unhandled {
		return came
	}
	l.newest, l.isBegun = nil, true
	if came.err != nil {
		l.late = append(l.late, lateStatus[S]{wanted, time.Now().Add(lateness)})
	}
	return came
}

// begin notes how to end the request that is about to leave, unless it is
// superseded.
func (l *line[S]) begin(waiting context.Context, abandon context.CancelCauseFunc) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if waiting.Err() != nil {
		return false
	}
	l.abandon = abandon
	return true
}

func (l *line[S]) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.abandon = nil
}

// confirm makes sure that a status is still the newest when those that may come
// late have come. It leaves alone what others have written meanwhile.
func (l *line[S]) confirm(ctx, waiting context.Context, wanted S) error {
	var last time.Time
	for _, one := range l.late {
		if !one.status.equals(wanted) && one.until.After(last) {
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
	var newest S
	var found bool
	err := l.client.repeat(waiting, l.op, func(ctx context.Context) (came outcome) {
		newest, found, came = l.look(ctx)
		return came
	})
	isOvertaken := found && !newest.equals(wanted) &&
		slices.ContainsFunc(l.late, func(one lateStatus[S]) bool { return one.status.equals(newest) })
	if err != nil || !isOvertaken {
		return err
	}
	_, err = l.create(ctx, waiting, wanted)
	return err
}
