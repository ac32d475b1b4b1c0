package deploy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	// unusedFor is how long a thing must have been left alone before it is
	// removed: a deploy uploads first and makes its Build later.
	unusedFor = time.Hour
	// prunesAtOnce bounds the things that are looked at and removed at once.
	prunesAtOnce = 8
)

// Pruner removes what a Service has and nothing uses: Functions and Assets that no
// Build holds, and empty Environments that were named.
type Pruner struct {
	// Client reaches the account.
	Client *twilio.Client
	// Service is a unique name or a SID.
	Service string
	// Environments is a pattern, as path.Match has them, of the names of
	// Environments that may go. The empty one spares them all.
	Environments string
	// Progress is told what happens, from many goroutines. Nil means nobody.
	Progress func(job.Event)
	// Grace is how long a removal that was sent may take when the run ends; 0
	// means 5 s.
	Grace time.Duration
}

// Pruned is what a Pruner found and did.
type Pruned struct {
	Version int `json:"version"`
	// Status is job.Planned, job.Pruned, or job.Unchanged when nothing was removed;
	// whoever reports a failure makes it job.Failed.
	Status     job.Status        `json:"status"`
	Service    string            `json:"service"`
	ServiceSID twilio.ServiceSID `json:"service_sid"`
	// Changed says that something was removed.
	Changed bool `json:"changed"`
	// Functions and Assets are those that no Build was found to hold, by name;
	// Environments are those that were named.
	Functions    []PrunedItem `json:"functions"`
	Assets       []PrunedItem `json:"assets"`
	Environments []PrunedItem `json:"environments"`
	// FunctionsInBuilds and AssetsInBuilds count the others, without the keeper of
	// Manifests.
	FunctionsInBuilds int      `json:"functions_in_builds"`
	AssetsInBuilds    int      `json:"assets_in_builds"`
	Notes             []string `json:"notes"`
	// Error is why it failed, in the words of whoever reports it.
	Error *job.Failure `json:"error,omitempty"`
}

// PruneOutcome is what became of one thing.
type PruneOutcome string

// The outcomes.
const (
	PruneRemoved PruneOutcome = "removed"
	// PruneToRemove is that of a thing which a Pruner that only plans would remove.
	PruneToRemove PruneOutcome = "to-remove"
	PruneKept     PruneOutcome = "kept"
	PruneFailed   PruneOutcome = "failed"
)

// PrunedItem is a Function, an Asset or an Environment that was looked at.
type PrunedItem struct {
	SID  string `json:"sid"`
	Name string `json:"name"`
	// Outcome is empty for what was gone when it was looked at.
	Outcome PruneOutcome `json:"outcome"`
	// Why says why it was kept, or could not be removed.
	Why string `json:"why,omitempty"`
	// Variables counts those of an Environment, which go with it.
	Variables int `json:"variables,omitempty"`
}

// PruneError is what could not be looked at or removed. The rest was.
type PruneError struct{ Errs []error }

// Error tells the first causes, on a line each.
func (e *PruneError) Error() string {
	const mostTold = 10
	var lines []string
	for _, err := range e.Errs[:min(len(e.Errs), mostTold)] {
		lines = append(lines, err.Error())
	}
	if rest := len(e.Errs) - mostTold; rest > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the causes.
func (e *PruneError) Unwrap() []error { return e.Errs }

// CheckPattern finds what is wrong with a pattern of Environments. The error is a
// *problem.Problem.
func CheckPattern(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return &problem.Problem{
			Message: fmt.Sprintf("environments %q is not a pattern", pattern),
			Fix:     `Give names in which * stands for any characters, ? for one, and [a-z] for one of those, such as "pr-*".`,
		}
	}
	return nil
}

// Plan says what Remove would remove now.
func (p *Pruner) Plan(ctx context.Context) (Pruned, error) {
	pruned, err := p.each(ctx, func(context.Context, candidate) (PruneOutcome, string, error) { return PruneToRemove, "", nil })
	pruned.Status = job.Planned
	return pruned, err
}

// Remove removes each thing right after it was looked at. One that cannot be
// removed does not stop the others. What is gone already is success. When ctx ends,
// no other removal begins, and the rest is kept. The error is a *PruneError unless
// nothing was looked at; Pruned is whole beside it.
func (p *Pruner) Remove(ctx context.Context) (Pruned, error) {
	grace := p.Grace
	if grace == 0 {
		grace = defaultGrace
	}
	client := p.Client.WithGrace(grace)
	pruned, err := p.each(ctx, func(ctx context.Context, one candidate) (PruneOutcome, string, error) {
		err := one.remove(ctx, client)
		if reply, ok := errors.AsType[*twilio.Error](err); ok && one.isGuarded && isGuard(reply) {
			return PruneKept, "Twilio says that a Build holds it", nil
		}
		return PruneRemoved, "", err
	})
	pruned.Status = job.Unchanged
	if pruned.Changed {
		pruned.Status = job.Pruned
	}
	return pruned, err
}

// isGuard knows the refusals to remove what is in use. Which status the API gives
// is not documented.
func isGuard(reply *twilio.Error) bool {
	return reply.Status == http.StatusConflict || reply.Status == http.StatusBadRequest
}

// each looks at every candidate, and does to those that nothing uses.
func (p *Pruner) each(ctx context.Context, do func(context.Context, candidate) (PruneOutcome, string, error)) (Pruned, error) {
	pruned, candidates, err := p.find(ctx)
	if err != nil {
		return pruned, err
	}
	if len(candidates) > 0 {
		p.tell(job.Event{Kind: job.Started, Phase: job.PhasePrune, Total: len(candidates)})
	}
	var mu sync.Mutex
	var errs []error
	done := 0
	var group errgroup.Group
	group.SetLimit(prunesAtOnce)
	for _, one := range candidates {
		group.Go(func() error {
			one.settle(ctx, do)
			mu.Lock()
			defer mu.Unlock()
			if one.err != nil {
				errs = append(errs, fmt.Errorf("%s %s: %w", one.noun, one.item.Name, one.err))
			}
			pruned.Changed = pruned.Changed || one.item.Outcome == PruneRemoved
			done++
			p.tell(job.Event{Kind: job.Moved, Phase: job.PhasePrune, Done: done, Total: len(candidates)})
			return nil
		})
	}
	_ = group.Wait() // errors are in errs: one must not hide the others
	if len(candidates) > 0 {
		p.tell(job.Event{Kind: job.Finished, Phase: job.PhasePrune, Total: len(candidates)})
	}
	for _, list := range []*[]PrunedItem{&pruned.Functions, &pruned.Assets, &pruned.Environments} {
		*list = slices.DeleteFunc(*list, func(item PrunedItem) bool { return item.Outcome == "" })
	}
	if cause := context.Cause(ctx); cause != nil {
		return pruned, fmt.Errorf("remove what nothing uses: %w", cause)
	}
	if len(errs) > 0 {
		slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return pruned, &PruneError{errs}
	}
	return pruned, nil
}

func (p *Pruner) tell(event job.Event) {
	if p.Progress != nil {
		event.Time = time.Now()
		p.Progress(event)
	}
}
