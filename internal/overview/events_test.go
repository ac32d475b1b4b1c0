package overview_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/overview"
)

// follow follows a live log: each value is an event with its id.
func follow(t *testing.T, url, behind string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if behind != "" {
		request.Header.Set("Last-Event-ID", behind)
	}
	response, err := http.DefaultClient.Do(request) //nolint:bodyclose // it is closed where it is read.
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("the live log is %s, %s", response.Status, got)
	}
	events := make(chan string)
	go func() {
		defer close(events)
		defer response.Body.Close()
		lines := bufio.NewScanner(response.Body)
		var id, event string
		for lines.Scan() {
			name, text, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				id = text
			case "event":
				event = text
			case "data":
				select {
				case events <- strings.TrimSpace(fmt.Sprint(event, " ", id, " ", text)):
				case <-ctx.Done():
				}
			}
		}
	}()
	return events
}

// TestEvents follows a Job until it has ended, from the first line on, from behind one
// that the page has, and from where a connection broke.
func TestEvents(t *testing.T) {
	t.Parallel()
	h := newHouse()
	running := deployed(1, "stage")
	running.State, running.Outcome, running.Result = overview.StateRunning, "", nil
	h.jobs = []overview.Job{running}
	tell := func(event job.Event) {
		h.notes[1] = append(h.notes[1], overview.Note{Number: int64(len(h.notes[1]) + 1), At: now, Event: event})
	}
	tell(job.Event{Kind: job.Started, Phase: job.PhaseBuild, Message: "ZB1"})
	url := h.serve(t).URL + "/jobs/1/events"
	all, shown, resumed := follow(t, url, ""), follow(t, url+"?behind=1", ""), follow(t, url+"?behind=0", "2")
	want := func(from <-chan string, wanted string) {
		t.Helper()
		if got := <-from; got != wanted {
			t.Errorf("got %s, want %s", got, wanted)
		}
	}
	const at = `{"clock":"12:00:00","iso":"2026-11-22T12:00:00Z",`
	want(all, `note 1 `+at+`"text":"Building ZB1"}`)
	h.change(func() {
		tell(job.Event{Kind: job.Moved, Phase: job.PhaseUpload, Done: 1, Total: 2})
		tell(job.Event{Kind: job.Warned, Message: "two\nlines"})
	})
	for _, one := range []<-chan string{all, shown, resumed} {
		want(one, `note 3 `+at+`"mark":"warning","text":"two\nlines"}`)
	}
	h.change(func() {
		tell(job.Event{Kind: job.Finished, Phase: job.PhaseBuild, Message: "ZB1"})
		h.jobs[0].State = overview.StateEnded
	})
	for _, one := range []<-chan string{all, shown, resumed, follow(t, url, "3")} {
		want(one, `note 4 `+at+`"text":"Built ZB1 in 0.0s"}`)
		want(one, "end 4 {}")
		if got, isOpen := <-one; isOpen {
			t.Errorf("behind the end comes %s", got)
		}
	}
}

// TestEventsOutliveTheServersLimits follows a Job for longer than any other request may
// take.
func TestEventsOutliveTheServersLimits(t *testing.T) {
	t.Parallel()
	h := newHouse()
	running := deployed(1, "stage")
	running.State, running.Result = overview.StateRunning, nil
	h.jobs = []overview.Job{running}
	const limit = 500 * time.Millisecond // in which a busy machine begins to answer
	events := follow(t, h.serveWithin(t, limit).URL+"/jobs/1/events", "")
	select {
	case got := <-events:
		t.Fatalf("before anything is told comes %q", got)
	case <-time.After(3 * limit):
	}
	h.change(func() {
		h.notes[1] = []overview.Note{{Number: 1, At: now, Event: job.Event{Kind: job.Noted, Message: "late"}}}
	})
	if got := <-events; !strings.Contains(got, "late") {
		t.Errorf("got %q", got)
	}
}

// TestEventsAreBounded has more follow than there are places.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse()
	running := deployed(1, "stage")
	running.State, running.Result = overview.StateRunning, nil
	h.jobs = []overview.Job{running}
	url := h.serve(t).URL + "/jobs/1/events"
	for range 128 {
		follow(t, url, "")
	}
	got := ask(t, http.MethodGet, url)
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("one more is answered %s", got)
	}
	h.change(func() { h.jobs[0].State = overview.StateEnded })
	for ask(t, http.MethodGet, url).status != http.StatusOK {
	}
}
