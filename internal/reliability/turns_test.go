package reliability_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// nobody is who waits for no turn.
const nobody = -1

// turns lets the calls of two runs through to a world one at a time, in an order that
// a seed draws: in long stretches of one run and in short ones, with time that passes
// in between. It lives in a bubble of testing/synctest, where it is known when both
// wait.
type turns struct {
	world  http.Handler
	random *rand.Rand
	// stays is how likely the run that had the last turn has the next one, too.
	stays float64

	mu      sync.Mutex
	waiting []*waiting
	under   int // runs that are not done

	count     int
	log       []string
	activated [2]int // when each run made its Build live, as a count of turns; 0 for never
	lastLook  [2]int // when each run last saw what is live
	wrote     [2]int // when each run last wrote a variable
}

// waiting is a call that waits for its turn.
type waiting struct {
	who     int
	request *http.Request
	turn    chan struct{}
}

func newTurns(world http.Handler, seed uint64) *turns {
	random := rand.New(rand.NewPCG(seed, 0))
	return &turns{world: world, random: random, stays: random.Float64()}
}

// start begins a run.
func (u *turns) start(run func()) {
	u.under++
	go func() {
		run()
		u.mu.Lock()
		defer u.mu.Unlock()
		u.under--
	}()
}

// play gives turns until both runs are done.
func (u *turns) play() {
	const passes = 0.05 // how likely time passes although somebody waits
	last := 0
	for {
		synctest.Wait()
		u.mu.Lock()
		isOver, isIdle := u.under == 0, len(u.waiting) == 0
		u.mu.Unlock()
		switch {
		case isOver:
			return
		case isIdle || u.random.Float64() < passes:
			time.Sleep(100 * time.Millisecond)
		default:
			last = u.give(last)
		}
	}
}

// give lets one call through, and returns whose.
func (u *turns) give(last int) int {
	u.mu.Lock()
	slices.SortStableFunc(u.waiting, func(a, b *waiting) int {
		return cmp.Or(a.who-b.who, strings.Compare(described(a.request), described(b.request)))
	})
	own := func(who int) []*waiting {
		return slices.DeleteFunc(slices.Clone(u.waiting), func(w *waiting) bool { return w.who != who })
	}
	who := last
	if u.random.Float64() >= u.stays {
		who = 1 - last
	}
	candidates := own(who)
	if len(candidates) == 0 {
		who = 1 - who
		candidates = own(who)
	}
	next := candidates[u.random.IntN(len(candidates))]
	u.waiting = slices.DeleteFunc(u.waiting, func(w *waiting) bool { return w == next })
	u.note(next)
	u.mu.Unlock()
	close(next.turn)
	return who
}

var anEnvironment = regexp.MustCompile(`/Environments/ZE[0-9a-f]{32}$`)

func (u *turns) note(next *waiting) {
	u.count++
	what := described(next.request)
	if next.request.Method == http.MethodPost || strings.Contains(what, "/Environments/ZE") {
		u.log = append(u.log, fmt.Sprintf("%3d run %d %s", u.count, next.who, what))
	}
	switch {
	case next.request.Method == http.MethodPost && strings.HasSuffix(what, "/Deployments"):
		u.activated[next.who] = u.count
	case next.request.Method != http.MethodGet && strings.Contains(what, "/Variables"):
		u.wrote[next.who] = u.count
	case next.request.Method == http.MethodGet && anEnvironment.MatchString(next.request.URL.Path):
		u.lastLook[next.who] = u.count
	}
}

func described(request *http.Request) string {
	return request.Method + " " + withoutSIDs(request.URL.Path)
}

// client is one of a run's own.
func (u *turns) client(t *testing.T, who int) *twilio.Client {
	t.Helper()
	cfg := clientConfig("http://" + memoryHost)
	cfg.Transport = turnTaking{u, who}
	client, err := twilio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// turnTaking is a run's way to the world.
type turnTaking struct {
	turns *turns
	who   int
}

func (w turnTaking) RoundTrip(request *http.Request) (*http.Response, error) {
	if w.who != nobody {
		mine := &waiting{w.who, request, make(chan struct{})}
		w.turns.mu.Lock()
		w.turns.waiting = append(w.turns.waiting, mine)
		w.turns.mu.Unlock()
		select {
		case <-mine.turn:
		case <-request.Context().Done():
			return nil, request.Context().Err()
		}
	}
	received := request.Clone(context.WithoutCancel(request.Context()))
	received.Host = request.URL.Host
	if received.Body == nil {
		received.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	w.turns.world.ServeHTTP(recorder, received)
	return recorder.Result(), nil
}
