package queue_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

const (
	killedJobs, killedLanes, killedWorkers = 120, 15, 4
	// killedIn names the folder for the process that is to be killed.
	killedIn = "SLIPWAY_TEST_KILLED_IN"
)

var killedSteps = []string{"plan", "upload", "build", "activate"}

// TestKilled kills a process that runs Jobs, again and again at random, until all have
// ended: no step that was stored runs again, Jobs of a lane keep their order, and
// nothing is lost.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q, err := queue.Open(t.Context(), queue.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var wanted []queue.Wanted
	for i := range killedJobs {
		wanted = append(wanted, queue.Wanted{Kind: "run", Lane: strconv.Itoa(i % killedLanes), Follow: "tell"})
	}
	if _, err := q.Add(t.Context(), wanted...); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	kills := 0
	for ; ; kills++ {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcess$")
		child.Env = append(os.Environ(), killedIn+"="+dir)
		var said strings.Builder
		child.Stdout, child.Stderr = &said, &said
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(rand.IntN(100+20*kills))*time.Millisecond, func() { _ = child.Process.Kill() })
		err := child.Wait()
		timer.Stop()
		if err == nil {
			break
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Exited() {
			t.Fatalf("the process ended by itself: %v\n%s", err, said.String())
		}
	}
	t.Logf("killed %d times", kills)
	q = open(t, dir)
	for _, kind := range []string{"run", "tell"} {
		if left := queued(t, q, kind); len(left) > 0 {
			t.Errorf("%d Jobs of the kind %s have not ended", len(left), kind)
		}
		if ended, err := q.EndedJobs(t.Context(), kind, queue.Job{}, 1000); err != nil || len(ended) != killedJobs {
			t.Errorf("%d Jobs of the kind %s have ended, %v", len(ended), kind, err)
		}
	}
	checkDiary(t, filepath.Join(dir, "diary"), kills)
}

// checkDiary reads which steps ran.
func checkDiary(t *testing.T, path string, kills int) {
	t.Helper()
	diary, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = diary.Close() }()
	ran := map[[2]string]int{}
	progress := map[string]int{} // of a lane: how many steps of its Jobs were done, in order
	again := 0
	for lines := bufio.NewScanner(diary); lines.Scan(); {
		var number, step int
		var lane string
		if _, err := fmt.Sscan(lines.Text(), &lane, &number, &step); err != nil {
			t.Fatal(err)
		}
		key := [2]string{lane, fmt.Sprint(number, step)}
		ran[key]++
		place := (number-1)/killedLanes*len(killedSteps) + step // Jobs were added lane by lane in turn
		switch at := progress[lane]; {
		case place == at:
			progress[lane]++
		case place == at-1 && ran[key] > 1:
			again++ // killed between the step and its being stored
		default:
			t.Errorf("in lane %s step %d of Job %d ran when %d were done", lane, step, number, at)
		}
	}
	if want := killedJobs * len(killedSteps); len(ran) != want {
		t.Errorf("%d steps ran, want %d", len(ran), want)
	}
	if again > kills*killedWorkers {
		t.Errorf("%d steps ran again after %d kills", again, kills)
	}
}

// TestKilledProcess is the process that TestKilled kills.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(killedIn)
	if dir == "" {
		return // there is nothing to test in it by itself
	}
	q, err := queue.Open(t.Context(), queue.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	diary, err := os.OpenFile(filepath.Join(dir, "diary"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, q, "tell", 1, done)
	settle(t, q, "run", killedWorkers, func(ctx context.Context, held *queue.Held) queue.End {
		for i, name := range killedSteps {
			if _, err := held.Do(ctx, name, func(context.Context) ([]byte, error) {
				_, err := fmt.Fprintln(diary, held.Lane, held.Number, i)
				return []byte(name), err
			}); err != nil {
				return queue.End{Outcome: queue.Failed, Reason: err.Error()}
			}
		}
		return queue.End{}
	})
	settle(t, q, "tell", 1, done)
}
