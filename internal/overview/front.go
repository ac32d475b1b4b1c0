package overview

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
)

// front is the first page.
type front struct {
	Services []service
	// NextTargets asks for the Targets behind; empty when there are none.
	NextTargets string
	Open        []shownJob
	// HasMore says that more are queued than are shown.
	HasMore    bool
	Deliveries []shownDelivery
	// IsFirst says that this is the first page of Targets.
	IsFirst bool
}

// service is one with its Targets.
type service struct {
	Name    string
	Where   link
	Targets []shownTarget
}

// shownTarget is a Target as pages show it.
type shownTarget struct {
	shownJob

	Environment string
	State       badge
	// IsLive says that the Job's commit is live.
	IsLive bool
	// Newer is the newest Job when that is another one and says something: it is under
	// way, or has failed.
	Newer *shownJob
}

func (h *handler) overview(w http.ResponseWriter, r *http.Request) {
	var made front
	after := r.URL.Query().Get("after")
	made.IsFirst = after == ""
	targets, next, err := h.Reader.Targets(r.Context(), after, targetsShown)
	if errors.Is(err, ErrNone) {
		h.missing(w, r)
		return
	}
	made.Services, made.NextTargets = h.services(targets), next
	if err == nil {
		made.Open, made.HasMore, err = h.open(r.Context())
	}
	if err == nil {
		made.Deliveries, _, err = h.shownDeliveries(r.Context(), 0, deliveriesShown)
	}
	if err != nil {
		h.failPage(w, r, err)
		return
	}
	h.show(w, r, http.StatusOK, "overview", "overview", "Overview", made)
}

// services puts Targets together that are of one service.
func (h *handler) services(targets []Target) []service {
	slices.SortStableFunc(targets, func(a, b Target) int {
		return cmp.Or(strings.Compare(a.Live.Repository, b.Live.Repository), strings.Compare(a.Live.Service, b.Live.Service),
			compareEnvironments(a.Live.Target, b.Live.Target))
	})
	var all []service
	for _, one := range targets {
		if len(all) == 0 || all[len(all)-1].Name != one.Live.Service || all[len(all)-1].Where.Text != one.Live.Repository {
			all = append(all, service{Name: one.Live.Service, Where: h.repository(one.Live.Repository)})
		}
		last := &all[len(all)-1]
		last.Targets = append(last.Targets, h.target(one))
	}
	return all
}

// compareEnvironments has production first, and previews last, by their numbers.
func compareEnvironments(a, b *job.Target) int {
	if a == nil || b == nil {
		return 0
	}
	rank := func(name string) (int, int) {
		number, isPreview := job.PreviewNumber(name)
		switch {
		case name == job.Production:
			return 0, 0
		case isPreview:
			return 2, number
		}
		return 1, 0
	}
	rankA, numberA := rank(a.Environment)
	rankB, numberB := rank(b.Environment)
	return cmp.Or(rankA-rankB, numberA-numberB, strings.Compare(a.Environment, b.Environment))
}

func (h *handler) target(one Target) shownTarget {
	seen := shownTarget{shownJob: h.shown(one.Live), State: badge{toneGood, "●", "Live"}, IsLive: true}
	if one.Live.Target != nil {
		seen.Environment = one.Live.Target.Environment
	}
	if one.Live.Outcome != OutcomeDone {
		seen.State, seen.IsLive = badge{toneCalm, "○", "Nothing live"}, false
		if result := one.Live.Result; result != nil && result.IsLiveThoughFailed() {
			seen.State, seen.IsLive = badge{toneBad, "✕", "Live, check failed"}, true
		}
	}
	newest := one.Newest
	if (!seen.IsLive || newest.Number != one.Live.Number) && (newest.State != StateEnded || newest.Outcome == OutcomeFailed) {
		newer := h.shown(newest)
		seen.Newer = &newer
	}
	return seen
}

// open are the Jobs under way, those that run first, each with what it does.
func (h *handler) open(ctx context.Context) (all []shownJob, hasMore bool, err error) {
	jobs, err := h.Reader.Jobs(ctx, Query{IsOpen: true, Most: openShown + 1})
	if err != nil {
		return nil, false, err
	}
	if hasMore = len(jobs) > openShown; hasMore {
		jobs = jobs[:openShown]
	}
	slices.SortStableFunc(jobs, func(a, b Job) int { return running(a) - running(b) })
	for _, one := range jobs {
		var notes []Note
		if one.State == StateRunning {
			if one, err = h.Reader.Job(ctx, one.Number); err == nil {
				notes, err = h.Reader.LogSoFar(ctx, one.Number)
			}
			if err != nil && !errors.Is(err, ErrNone) {
				return nil, false, err
			}
		}
		seen := h.shown(one)
		seen.Doing = doing(notes)
		all = append(all, seen)
	}
	return all, hasMore, nil
}

func running(one Job) int {
	if one.State == StateRunning {
		return 0
	}
	return 1
}
