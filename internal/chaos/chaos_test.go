//go:build unix

package chaos_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// scale is how much happens.
type scale struct {
	repositories, deliveries, kills int
	// pace is the mean time between two deliveries.
	pace time.Duration
}

const (
	// whole asks for the whole of it, and seeded for what was drawn by a seed that a
	// failure has named.
	whole, seeded = "CHAOS", "CHAOS_SEED"
	// faults is the share of calls that meet one, at both platforms.
	faults = 0.05
)

func scaleOf(getenv func(string) string) scale {
	if getenv(whole) != "" {
		return scale{repositories: 100, deliveries: 5000, kills: 50, pace: 50 * time.Millisecond}
	}
	return scale{repositories: 10, deliveries: 500, kills: 5, pace: 40 * time.Millisecond}
}

// TestChaos delivers what happens in many repositories to a server that is killed again
// and again, and looks at what has become of it.
func TestChaos(t *testing.T) {
	t.Parallel()
	size, seed := scaleOf(os.Getenv), uint64(time.Now().UnixNano())
	if given := os.Getenv(seeded); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("%s: %v", seeded, err)
		}
	}
	t.Logf("%s=%d draws the same again", seeded, seed)
	began := time.Now()
	w := newWorld(t, size, seed)
	w.run(t)
	sent := time.Now()
	w.settle(t)
	settled := time.Now()
	w.lives.end(t)

	found := &findings{}
	book := w.readBook(t)
	w.checkDeliveries(found, book)
	w.checkJobs(found, book)
	w.checkTwilio(found)
	w.checkGitHub(found)
	t.Log(w.figures(book, sent.Sub(began), settled.Sub(sent)))
	if found.any() {
		t.Errorf("%s=%d %s", seeded, seed, w.tell(found, book))
	}
}

// run has everything happen, and the server be killed meanwhile.
func (w *world) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var killed sync.WaitGroup
	killed.Go(func() {
		if err := w.lives.live(ctx, rand.New(rand.NewPCG(w.seed, 2)), w.size); err != nil {
			t.Error(err)
			stop()
		}
	})
	var sending sync.WaitGroup
	random := rand.New(rand.NewPCG(w.seed, 1))
	happening := newHappenings(w, random)
	mail := newMail(happening, random, w.size.deliveries)
	for number := 0; ; number++ {
		letters, isLast := mail.next(t)
		for _, one := range letters {
			sending.Go(func() { w.post(ctx, one) })
		}
		if isLast {
			break
		}
		pause := time.NewTimer(time.Duration(random.ExpFloat64() * float64(w.size.pace)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			t.FailNow()
		}
	}
	killed.Wait()
	sending.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// findings are what is not as it should be, by the repository that it is about.
type findings struct {
	all []finding
}

type finding struct{ repository, text string }

func (f *findings) add(repository, format string, args ...any) {
	f.all = append(f.all, finding{repository, fmt.Sprintf(format, args...)})
}

func (f *findings) any() bool { return len(f.all) > 0 }

// short is a commit's SHA as people write it.
func short(sha string) string { return cmp.Or(sha, "none   ")[:7] }
