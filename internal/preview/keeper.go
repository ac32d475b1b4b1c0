package preview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// Keeper looks after the previews of one Service. It is for one run, and not safe
// for concurrent use; several Keepers, in several processes, may work on a Service
// at once.
type Keeper struct {
	// Client reaches the account.
	Client *twilio.Client
	// Service is a unique name or a SID. ServiceSID spares looking it up; empty means
	// that it is not known.
	Service    string
	ServiceSID twilio.ServiceSID
	// Most is how many previews there may be. 0 means that only the platform
	// limits them.
	Most int
	// TTL is how long a preview stays that is not updated. 0 means for ever.
	TTL time.Duration
	// IsOpen tells whether a pull request is open. It is called from several
	// goroutines. Nil means that nobody can be asked.
	IsOpen func(ctx context.Context, number int) (bool, error)
	// Progress is told what happens. Nil means nobody.
	Progress func(job.Event)
}

// Removal is a preview that was taken away.
type Removal struct {
	Preview

	Reason job.RemovalReason `json:"reason"`
	// At is when it was gone; zero where it only would go.
	At time.Time `json:"at,omitzero"`
}

// gone is the Removal of a preview that has just been taken away.
func gone(one Preview, reason job.RemovalReason) Removal { return Removal{one, reason, time.Now()} }

// FullError says that there is no room for a preview, and that none could be made.
type FullError struct {
	// Environment is the preview that there is no room for.
	Environment string
	Service     string
	// Count of Most previews are there.
	Count, Most int
	// Errs are why those could not be taken away; empty when all were just updated.
	Errs []error
}

// Error says how many there are, and why.
func (e *FullError) Error() string {
	text := fmt.Sprintf("there is no room for the preview %s: the Service %s has %s already", e.Environment, e.Service, words.Count(e.Count, "preview"))
	if e.Most > 0 {
		text += fmt.Sprintf(" of %d", e.Most)
	}
	if len(e.Errs) > 0 {
		return text + ", and could not be freed of one: " + e.Errs[0].Error()
	}
	return text + ", each of which was updated just now"
}

// Explain returns the reason, and what to do.
func (e *FullError) Explain() (job.Reason, string) {
	return job.LimitReached, "Close pull requests, raise preview-max, or remove previews with slipway previews --sweep or slipway teardown."
}

// Unwrap returns the causes.
func (e *FullError) Unwrap() []error { return e.Errs }

// MakeRoom takes away previews until there is room for that of a pull request,
// whether or not it is there already. Those that are untouched for longer than the
// TTL go in any case; for room go those of closed pull requests, then those that
// were updated longest ago. One that is updated meanwhile stays, and the next goes
// in its place.
//
// It does not reserve the room: of two runs at once both may find it. Calling it
// again once the preview is there takes away what is too many then.
//
// The error is a *FullError, or what kept it from finding out. What was taken away
// is told beside it. What else went wrong is a warning: a preview that can wait is
// no reason not to deploy another.
func (k *Keeper) MakeRoom(ctx context.Context, number int) ([]Removal, error) {
	previews, environments, err := k.read(ctx)
	if err != nil {
		return nil, err
	}
	isThere := slices.ContainsFunc(previews, func(one Preview) bool { return one.Number == number })
	others := slices.DeleteFunc(previews, func(one Preview) bool { return one.Number == number })
	excess := k.excess(len(others), environments, isThere)
	if len(others) == 0 || excess <= 0 && k.TTL == 0 {
		return nil, nil
	}
	if err := k.date(ctx, others); err != nil {
		return nil, err
	}
	untouched, rest := k.split(others)
	removed, errs := k.removeAll(ctx, untouched)
	if excess -= len(removed); excess <= 0 {
		k.warn(errs)
		return removed, context.Cause(ctx)
	}
	if err := k.ask(ctx, rest); err != nil {
		k.warn([]error{err})
	}
	slices.SortStableFunc(rest, compareUse)
	for _, one := range rest {
		if excess == 0 || ctx.Err() != nil {
			break
		}
		reason := job.PreviewMadeRoom
		if one.State == Closed {
			reason = job.PullRequestClosed
		}
		isGone, err := k.remove(ctx, one, reason)
		if err != nil {
			errs = append(errs, err)
		}
		if isGone {
			removed = append(removed, gone(one, reason))
			excess--
		}
	}
	if ctx.Err() != nil {
		return removed, context.Cause(ctx)
	}
	if excess > 0 {
		return removed, &FullError{Environment: job.PreviewName(number), Service: k.Service, Count: len(others) - len(removed), Most: k.Most, Errs: errs}
	}
	k.warn(errs)
	return removed, nil
}

// excess is how many of the other previews are too many. What the platform allows
// counts only while there are previews to take away; whether it does is its to say
// (see deploy.MostEnvironments).
func (k *Keeper) excess(others, environments int, isThere bool) int {
	excess := 0
	if k.Most > 0 {
		excess = others + 1 - k.Most
	}
	if !isThere {
		excess = max(excess, min(environments+1-deploy.MostEnvironments, others))
	}
	return excess
}

// split tells those that are untouched for too long from the rest. The clock is the
// platform's, as the dates are.
func (k *Keeper) split(previews []Preview) (untouched, rest []Preview) {
	for _, one := range previews {
		if k.TTL > 0 && !one.Updated.IsZero() && k.Client.Now().Sub(one.Updated) > k.TTL {
			untouched = append(untouched, one)
		} else {
			rest = append(rest, one)
		}
	}
	return untouched, rest
}

// compareUse puts first what is missed least: those of closed pull requests, then
// those that were updated longest ago.
func compareUse(a, b Preview) int {
	rank := func(one Preview) int {
		if one.State == Closed {
			return 0
		}
		return 1
	}
	return cmp.Or(rank(a)-rank(b), a.Updated.Compare(b.Updated), a.Number-b.Number)
}

// Sweep takes away the previews of closed pull requests, and those that are
// untouched for longer than the TTL. A pull request whose state is not known is
// taken for open. One that cannot be taken away does not stop the others. The error
// joins what went wrong; what was taken away is told beside it.
func (k *Keeper) Sweep(ctx context.Context) ([]Removal, error) {
	previews, errs, err := k.orphans(ctx)
	if err != nil {
		return nil, err
	}
	var removed []Removal
	for _, one := range previews {
		if ctx.Err() != nil {
			return removed, errors.Join(append(errs, context.Cause(ctx))...)
		}
		isGone, err := k.remove(ctx, one.Preview, one.Reason)
		if err != nil {
			errs = append(errs, err)
		}
		if isGone {
			removed = append(removed, gone(one.Preview, one.Reason))
		}
	}
	return removed, errors.Join(errs...)
}

// Orphans returns what Sweep would take away now.
func (k *Keeper) Orphans(ctx context.Context) ([]Removal, error) {
	orphans, errs, err := k.orphans(ctx)
	return orphans, errors.Join(append(errs, err)...)
}

func (k *Keeper) orphans(ctx context.Context) (orphans []Removal, doubts []error, err error) {
	previews, err := k.List(ctx)
	if unknown, ok := errors.AsType[*StateError](err); ok {
		doubts, err = append(doubts, unknown), nil
	}
	if err != nil {
		return nil, nil, err
	}
	untouched, rest := k.split(previews)
	for _, one := range rest {
		if one.State == Closed {
			orphans = append(orphans, Removal{Preview: one, Reason: job.PullRequestClosed})
		}
	}
	for _, one := range untouched {
		reason := job.PreviewUntouched
		if one.State == Closed {
			reason = job.PullRequestClosed
		}
		orphans = append(orphans, Removal{Preview: one, Reason: reason})
	}
	slices.SortFunc(orphans, func(a, b Removal) int { return a.Number - b.Number })
	return orphans, doubts, nil
}

// removeAll takes away what is untouched.
func (k *Keeper) removeAll(ctx context.Context, untouched []Preview) (removed []Removal, errs []error) {
	for _, one := range untouched {
		if ctx.Err() != nil {
			break
		}
		isGone, err := k.remove(ctx, one, job.PreviewUntouched)
		if err != nil {
			errs = append(errs, err)
		}
		if isGone {
			removed = append(removed, gone(one, job.PreviewUntouched))
		}
	}
	return removed, errs
}

// remove takes a preview away, unless it was updated since it was looked at. Another
// run may do so, too: both are told that it is gone.
func (k *Keeper) remove(ctx context.Context, one Preview, reason job.RemovalReason) (isGone bool, err error) {
	now := one
	if err := k.dateOne(ctx, &now); err != nil {
		return false, fmt.Errorf("look at preview %s: %w", one.Environment, err)
	}
	if isKept := reason != job.PullRequestClosed && !now.Updated.Equal(one.Updated); isKept {
		return false, nil
	}
	k.tell(job.Event{Kind: job.Noted, Phase: job.PhaseTeardown, Message: fmt.Sprintf("removing the preview %s: %s", one.Environment, removing(reason))})
	deployer := &deploy.Deployer{Client: k.Client, Steps: deploy.InMemory{}} // it may be done twice
	if err := TakeAway(ctx, deployer, k.ServiceSID, one); err != nil {
		return false, err
	}
	return true, nil
}

// removing says why a preview is being taken away, behind a colon.
func removing(reason job.RemovalReason) string {
	switch reason {
	case job.PullRequestClosed:
		return "its pull request is closed"
	case job.PreviewUntouched:
		return "it was not updated for longer than preview-ttl"
	case job.PreviewMadeRoom:
		return "another one needs its place, and it was updated longest ago"
	default:
		return string(reason)
	}
}

func (k *Keeper) warn(errs []error) {
	for _, err := range errs {
		k.tell(job.Event{Kind: job.Warned, Phase: job.PhaseTeardown, Message: err.Error()})
	}
}

func (k *Keeper) tell(event job.Event) {
	if event.Time.IsZero() {
		event.Time = time.Now()
	}
	if k.Progress != nil {
		k.Progress(event)
	}
}
