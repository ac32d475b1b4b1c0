//go:build unix

package chaos_test

import (
	"bufio"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

// patience is how long no Job may end while there are some. It is longer than a Job waits
// for its last try, and has nothing to do with how fast the machine is.
const patience = 5 * time.Minute

// settle waits until the server has nothing left to do, which its metrics tell. As long as
// Jobs end it waits on.
func (w *world) settle(t *testing.T) {
	t.Helper()
	w.lives.ready(t.Context())
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	before := ""
	for {
		open, ended := w.open(t)
		if open == "" {
			return
		}
		if ended != before {
			timeout.Reset(patience)
			before = ended
		}
		select {
		case <-timeout.C:
			t.Errorf("for %s no Job has ended, and there are some:\n%s", patience, open)
			return
		case <-t.Context().Done():
			t.Fatal("the test was ended")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// open are the metrics of Jobs that have not ended, as far as there are any, and ended
// those of Jobs that have.
func (w *world) open(t *testing.T) (open, ended string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://admin/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := w.lives.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var left, over []string
	known := 0
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		metric, count, _ := strings.Cut(lines.Text(), "} ")
		switch {
		case strings.HasPrefix(metric, "slipway_jobs_ended_total{"):
			over = append(over, lines.Text())
		case strings.HasPrefix(metric, "slipway_jobs{"):
			known++
			if count != "0" {
				left = append(left, lines.Text())
			}
		}
	}
	if known == 0 {
		t.Fatal("the server tells of no Jobs")
	}
	return strings.Join(left, "\n"), strings.Join(over, "\n")
}

// book is what the server has written down.
type book struct {
	deliveries []queue.Delivery // oldest first
	open       []queue.Count
	jobs       map[string][]queue.Job // by kind, in the order of their numbers
}

// readBook reads the database, which no server has any more.
func (w *world) readBook(t *testing.T) book {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Config{Dir: w.lives.data()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	read := book{jobs: map[string][]queue.Job{}}
	if read.deliveries, err = q.Deliveries(t.Context(), 0, 100_000); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(read.deliveries)
	if read.open, err = q.Counts(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"decide", "run", "tell"} {
		jobs, err := q.EndedJobs(t.Context(), kind, queue.Job{}, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(jobs, func(a, b queue.Job) int { return int(a.Number - b.Number) })
		read.jobs[kind] = jobs
	}
	return read
}

// checkDeliveries looks whether each delivery that was taken was stored once and
// decided.
func (w *world) checkDeliveries(found *findings, read book) {
	stored := map[string]queue.Delivery{}
	for _, one := range read.deliveries {
		stored[one.ID] = one
		if one.Verdict != "queued" && one.Verdict != "skipped" {
			found.add(one.Repository, "the Delivery %d (%s) was decided as %q: %s", one.Number, one.ID, one.Verdict, one.Reason)
		}
	}
	byBody := map[string][]*letter{}
	for _, one := range w.letters {
		byBody[string(one.body)] = append(byBody[string(one.body)], one)
	}
	for _, letters := range byBody {
		numbers := map[int64]bool{}
		for _, one := range letters {
			if last := one.answers[len(one.answers)-1]; last != "stored" && last != "duplicate" {
				found.add(one.repository, "%s was answered %q", one.what, last)
			}
			if kept, isStored := stored[one.id]; isStored {
				numbers[kept.Number] = true
			}
		}
		if len(numbers) != 1 {
			found.add(letters[0].repository, "%s is stored %d times", letters[0].what, len(numbers))
		}
	}
}

// checkJobs looks whether all Jobs have ended well, and those of one Target one after
// the other.
func (w *world) checkJobs(found *findings, read book) {
	for _, one := range read.open {
		found.add("", "%d Jobs of the kind %s are %s", one.Jobs, one.Kind, one.State)
	}
	repositoryOf := map[int64]string{}
	for _, one := range read.deliveries {
		repositoryOf[one.Number] = one.Repository
	}
	ran := map[int64]bool{}
	for kind, jobs := range read.jobs {
		lanes := map[string][]queue.Job{}
		for _, one := range jobs {
			if one.Outcome != queue.Done && (kind != "run" || one.Outcome != queue.Superseded) {
				found.add(repositoryOf[one.Delivery], "Job %d (%s) has %s: %s", one.Number, kind, one.Outcome, one.Reason)
			}
			if !one.StartedAt.IsZero() {
				lanes[one.Lane] = append(lanes[one.Lane], one)
			}
			ran[one.Delivery] = ran[one.Delivery] || kind == "run"
		}
		for lane, jobs := range lanes {
			slices.SortFunc(jobs, func(a, b queue.Job) int { return a.StartedAt.Compare(b.StartedAt) })
			for i := 1; i < len(jobs); i++ {
				if jobs[i].StartedAt.Before(jobs[i-1].EndedAt) {
					found.add(repositoryOf[jobs[i].Delivery], "Jobs %d and %d of %s ran at once", jobs[i-1].Number, jobs[i].Number, lane)
				}
			}
		}
	}
	for _, one := range read.deliveries {
		if one.Verdict == "queued" && !ran[one.Number] {
			found.add(one.Repository, "the Delivery %d has no Job", one.Number)
		}
	}
}
