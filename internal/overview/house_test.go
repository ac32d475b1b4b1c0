package overview_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/overview"
	"github.com/slipway-dev/slipway/internal/problem"
)

// now is when the pages of tests are looked at.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// house is a server without any: what it has is what it was given.
type house struct {
	mu         sync.Mutex
	jobs       []overview.Job // oldest first
	notes      map[int64][]overview.Note
	targets    []overview.Target
	deliveries []overview.Delivery
	err        error
	changed    chan struct{} // closed when a Job tells something or ends
}

func newHouse() *house {
	return &house{notes: map[int64][]overview.Note{}, changed: make(chan struct{})}
}

// change changes what the house has.
func (h *house) change(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do()
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *house) Jobs(_ context.Context, query overview.Query) ([]overview.Job, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []overview.Job
	for _, one := range slices.Backward(h.jobs) {
		isWanted := (query.Before == 0 || one.Number < query.Before) && (!query.IsOpen || one.State != overview.StateEnded)
		if isWanted && len(found) < query.Most {
			one.Steps = nil
			found = append(found, one)
		}
	}
	return found, h.err
}

func (h *house) Job(_ context.Context, number int64) (overview.Job, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range h.jobs {
		if one.Number == number {
			return one, h.err
		}
	}
	return overview.Job{}, overview.ErrNone
}

func (h *house) Log(ctx context.Context, number, behind int64) ([]overview.Note, bool, error) {
	for {
		one, err := h.Job(ctx, number)
		if err != nil {
			return nil, false, err
		}
		h.mu.Lock()
		notes, changed := slices.Clone(h.notes[number][min(int(behind), len(h.notes[number])):]), h.changed
		h.mu.Unlock()
		if hasEnded := one.State == overview.StateEnded; hasEnded || len(notes) > 0 {
			return notes, hasEnded, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, false, context.Cause(ctx)
		}
	}
}

func (h *house) LogSoFar(_ context.Context, number int64) ([]overview.Note, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.notes[number]), h.err
}

func (h *house) Targets(_ context.Context, behind string, most int) ([]overview.Target, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := 0
	if behind != "" {
		at = 1 + slices.IndexFunc(h.targets, func(one overview.Target) bool { return one.Live.Target.Service == behind })
	}
	if left := h.targets[at:]; len(left) > most {
		return left[:most], left[most-1].Live.Target.Service, h.err
	}
	return h.targets[at:], "", h.err
}

func (h *house) Deliveries(_ context.Context, before int64, most int) ([]overview.Delivery, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []overview.Delivery
	for _, one := range slices.Backward(h.deliveries) {
		if (before == 0 || one.Number < before) && len(found) < most {
			found = append(found, one)
		}
	}
	return found, h.err
}

func (h *house) Cancel(ctx context.Context, number int64) (bool, error) {
	one, err := h.Job(ctx, number)
	if err != nil || one.State == overview.StateEnded {
		return false, err
	}
	h.change(func() {
		at := slices.IndexFunc(h.jobs, func(one overview.Job) bool { return one.Number == number })
		h.jobs[at].State, h.jobs[at].Outcome, h.jobs[at].EndedAt = overview.StateEnded, overview.OutcomeCancelled, now
	})
	return true, nil
}

func (h *house) Retry(ctx context.Context, number int64) (int64, error) {
	one, err := h.Job(ctx, number)
	if err != nil {
		return 0, err
	}
	if one.State != overview.StateEnded {
		return 0, &problem.Problem{Message: "it has not ended", Fix: "Wait."}
	}
	one.Number, one.State, one.Outcome, one.Result = int64(len(h.jobs)+1), overview.StateReady, "", nil
	h.change(func() { h.jobs = append(h.jobs, one) })
	return one.Number, nil
}

// serve serves the pages of a house.
func (h *house) serve(t *testing.T) *httptest.Server {
	t.Helper()
	return h.serveWithin(t, 0)
}

// serveWithin serves them with limits on how long a request and its answer may take; 0
// means none.
func (h *house) serveWithin(t *testing.T, limit time.Duration) *httptest.Server {
	t.Helper()
	made := overview.New(overview.Config{Reader: h, Manager: h, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)})
	served := httptest.NewUnstartedServer(overview.Guard("https://deploys.example.com", made))
	served.Config.ReadTimeout, served.Config.WriteTimeout = limit, limit
	served.Start()
	t.Cleanup(served.Close)
	return served
}

// answer is what came of a request.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string { return fmt.Sprint(a.status, " ", a.body) }

// ask sends a request with headers, each with its value.
func ask(t *testing.T, method, url string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// deployed is a Job that has deployed a commit of acme/voice.
func deployed(number int64, environment string) overview.Job {
	result := job.NewResult()
	result.Status, result.Service, result.Environment, result.Commit = job.Deployed, "voice", environment, commit
	result.URL, result.Domain, result.BuildSID = "https://voice-1234-"+environment+".twil.io", "voice-1234-"+environment+".twil.io", "ZB"+strings.Repeat("1", 32)
	result.Functions.Updated, result.DurationMS, result.Changed = []string{"/hello"}, 2100, true
	ended := now.Add(-time.Duration(20-number) * time.Minute)
	return overview.Job{
		Number: number, Kind: "run", State: overview.StateEnded, Outcome: overview.OutcomeDone, Reason: "Deployed voice to " + environment + " in 2.1s",
		Verb: "deploy", Service: "voice", Target: &job.Target{Service: "voice", Environment: environment}, Repository: "acme/voice", Event: "push",
		Commit: commit, Branch: "main", Actor: "ada", Delivery: number, Attempts: 1,
		CreatedAt: ended.Add(-3 * time.Second), DueAt: ended.Add(-3 * time.Second), StartedAt: ended.Add(-2 * time.Second), EndedAt: ended,
		Steps:  []overview.Step{{Name: "plan", StartedAt: ended.Add(-2 * time.Second), FinishedAt: ended.Add(-time.Second)}, {Name: "activate", StartedAt: ended.Add(-time.Second), FinishedAt: ended}},
		Result: &result,
	}
}

const commit = "0123456789abcdef0123456789abcdef01234567"
