package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/server"
)

// TestMissedCloseIsSwept has a pull request closed without a Delivery that tells of it.
func TestMissedCloseIsSwept(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, setup{change: func(cfg *server.Config) { cfg.SweepEvery = 100 * time.Millisecond }})
	rules := strings.Replace(project()["slipway.yml"], "    variables: [DSN]\n", "", 1)
	base := w.push("main", project("slipway.yml", rules))
	w.settle()
	var pulls []github.PullRequest
	for number, branch := range []string{"one", "two"} {
		head := w.push(branch, project("slipway.yml", rules, "functions/"+branch+".js", "exports.handler = 3"))
		pulls = append(pulls, github.PullRequest{Number: number + 1, HeadSHA: head, HeadRef: branch, BaseSHA: base})
		w.settle()
		w.pullOf(pulls[number], "opened")
		w.settle()
	}
	if got := w.live(); !slices.Equal(got, []string{"pr-1-environment", "pr-2-environment", "stage-environment"}) {
		t.Fatalf("live are %v\n%s", got, w.log.String())
	}
	// What was told in the second in which a preview goes counts as told behind it.
	w.nextSecond()
	closed := pulls[0]
	closed.IsClosed = true
	if err := w.github.SetPullRequest("acme/voice", closed); err != nil {
		t.Fatal(err)
	}
	for len(w.live()) > 2 {
		select {
		case <-t.Context().Done():
			t.Fatalf("live are %v\n%s", w.live(), w.log.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	w.settle()
	if got := w.live(); !slices.Equal(got, []string{"pr-2-environment", "stage-environment"}) {
		t.Errorf("live are %v", got)
	}
	comments := w.github.Snapshot().Repositories[0].Comments
	if len(comments) != 2 || !strings.Contains(comments[0].Body, "Removed") || strings.Contains(comments[1].Body, "Removed") {
		t.Errorf("the comments are %+v\n%s", comments, w.log.String())
	}
}

// TestSweepsAreRare stores no sweep before the last one is over and long ago, and has one
// of a Service that is not there yet end well.
func TestSweepsAreRare(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, setup{change: func(cfg *server.Config) { cfg.SweepEvery = time.Hour }})
	now := time.Now()
	for _, test := range []struct {
		after time.Duration
		swept int
		wait  time.Duration // at the least
	}{{0, 1, time.Hour}, {30 * time.Minute, 1, 30 * time.Minute}, {2 * time.Hour, 2, time.Hour}} {
		wait, err := w.server.AddSweeps(t.Context(), now.Add(test.after))
		if err != nil || wait < test.wait || wait > test.wait+time.Minute {
			t.Errorf("after %s it is to wait for %s, %v", test.after, wait, err)
		}
		w.settle()
		swept, err := w.queue.EndedJobs(t.Context(), "sweep", queue.Job{}, 10)
		if err != nil || len(swept) != test.swept || swept[0].Outcome != queue.Done {
			t.Fatalf("after %s have been swept %+v, %v", test.after, swept, err)
		}
	}
}
