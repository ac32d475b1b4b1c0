package preview_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/preview"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func TestList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, sandbox.Options{PageSize: 2})
		p.previews(12, 3)
		p.environment("stage-environment", "stage", true)
		p.environment("pr-4", "pr-4", true) // by hand: the unique name is another
		p.environment("pr-5-environment", "pr-5", false)
		p.environment("production", "", true)
		p.closed[3] = true
		got, err := p.keeper(0).List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		for i, one := range got {
			seen = append(seen, one.Environment+" "+string(one.State))
			if one.Updated.IsZero() || one.Domain == "" || (one.BuildSID == "") != (one.Number == 5) || i > 0 && got[i-1].Number >= one.Number {
				t.Errorf("one is %+v", one)
			}
		}
		if text := strings.Join(seen, ", "); text != "pr-3 closed, pr-5 open, pr-12 open" {
			t.Errorf("the previews are %s", text)
		}

		nobody := p.keeper(0)
		nobody.IsOpen = nil
		if got, err := nobody.List(t.Context()); err != nil || got[0].State != preview.Unknown {
			t.Errorf("with nobody to ask: %+v, %v", got, err)
		}
		silent := p.keeper(0)
		silent.IsOpen = func(_ context.Context, number int) (bool, error) {
			if number == 12 {
				return false, errors.New("no answer")
			}
			return true, nil
		}
		got, err = silent.List(t.Context())
		if unknown, ok := errors.AsType[*preview.StateError](err); !ok || len(got) != 3 || got[2].State != preview.Unknown || strings.Join(unknown.Previews, "") != "pr-12" {
			t.Errorf("with an answer that is missing: %+v, %v", got, err)
		}
		none := p.keeper(0)
		none.Service = "nothing"
		if got, err := none.List(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("of no Service: %+v, %v", got, err)
		}
	})
}

func TestMakeRoom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		there, closed []int
		touch         int // is updated behind them
		number, most  int
		ttl           time.Duration
		want, left    string
	}{
		"there is room":                   {there: []int{1, 2}, number: 3, most: 3, left: "pr-1 pr-2 stage"},
		"none was there":                  {number: 3, most: 1, left: "stage"},
		"it is there already":             {there: []int{1, 2}, number: 2, most: 2, left: "pr-1 pr-2 stage"},
		"the oldest":                      {there: []int{7, 1, 2}, number: 3, most: 3, want: "pr-7 made-room", left: "pr-1 pr-2 stage"},
		"updated longest ago":             {there: []int{1, 2, 7}, touch: 1, number: 3, most: 3, want: "pr-2 made-room", left: "pr-1 pr-7 stage"},
		"a closed one first":              {there: []int{1, 2, 7}, closed: []int{7}, number: 3, most: 3, want: "pr-7 closed", left: "pr-1 pr-2 stage"},
		"closed ones stay where is room":  {there: []int{1, 2}, closed: []int{1}, number: 3, most: 3, left: "pr-1 pr-2 stage"},
		"the number was lowered":          {there: []int{1, 2, 4, 5}, number: 4, most: 2, want: "pr-1 made-room, pr-2 made-room", left: "pr-4 pr-5 stage"},
		"one at most":                     {there: []int{1, 2}, number: 3, most: 1, want: "pr-1 made-room, pr-2 made-room", left: "stage"},
		"as many as the platform takes":   {there: []int{1, 2, 4}, number: 3, left: "pr-1 pr-2 pr-4 stage"},
		"untouched ones go in any case":   {there: []int{1, 2, 4}, touch: 4, number: 3, most: 9, ttl: 90 * time.Second, want: "pr-1 untouched, pr-2 untouched", left: "pr-4 stage"},
		"untouched ones make room":        {there: []int{1, 2, 4}, closed: []int{4}, number: 3, most: 3, ttl: 150 * time.Second, want: "pr-1 untouched", left: "pr-2 pr-4 stage"},
		"its own is never untouched":      {there: []int{1, 2}, number: 1, most: 9, ttl: time.Second, want: "pr-2 untouched", left: "pr-1 stage"},
		"a closed one of its own number":  {there: []int{1, 2}, closed: []int{1}, number: 1, most: 1, want: "pr-2 made-room", left: "pr-1 stage"},
		"several closed ones, the oldest": {there: []int{4, 1, 2}, closed: []int{1, 2}, number: 3, most: 3, want: "pr-1 closed", left: "pr-2 pr-4 stage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlace(t, sandbox.Options{PageSize: 2})
				p.environment("stage-environment", "stage", true)
				p.previews(test.there...)
				for _, number := range test.closed {
					p.closed[number] = true
				}
				for _, one := range p.world.Snapshot().Environments {
					if one.DomainSuffix == job.PreviewName(test.touch) {
						p.update(p.sid(one.DomainSuffix))
					}
				}
				keeper := p.keeper(test.most)
				keeper.TTL = test.ttl
				removed, err := keeper.MakeRoom(t.Context(), test.number)
				if err != nil || told(removed) != test.want {
					t.Errorf("removed %q, error %v, want %q", told(removed), err, test.want)
				}
				if got := p.left(); got != test.left {
					t.Errorf("left are %s, want %s", got, test.left)
				}
			})
		})
	}
}

// TestPlatformsLimit has as many Environments as the platform takes.
func TestPlatformsLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, sandbox.Options{})
		for i := range deploy.MostEnvironments - 2 {
			name := "env-" + string(rune('a'+i))
			p.environment(name+"-environment", name, false)
		}
		p.previews(2, 1)
		removed, err := p.keeper(10).MakeRoom(t.Context(), 3)
		if err != nil || told(removed) != "pr-2 made-room" {
			t.Errorf("removed %q, %v", told(removed), err)
		}
		// Where there is no preview to take away, the platform has the word.
		p.environment("env-y-environment", "env-y", false)
		p.remove(1)
		p.environment("env-z-environment", "env-z", false)
		if removed, err := p.keeper(10).MakeRoom(t.Context(), 3); err != nil || len(removed) > 0 {
			t.Errorf("removed %q, %v", told(removed), err)
		}
	})
}

// TestUpdatedMeanwhile spares what another run updates, and takes the next.
func TestUpdatedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, sandbox.Options{})
		p.previews(1, 2, 4)
		looks := 0
		var once sync.Once
		first := p.sid("pr-1")
		p.meddle = func(r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, string(first)+"/Deployments") {
				if looks++; looks == 2 { // the first is for the order
					once.Do(func() { p.update(first) })
				}
			}
		}
		removed, err := p.keeper(3).MakeRoom(t.Context(), 3)
		if err != nil || told(removed) != "pr-2 made-room" || p.left() != "pr-1 pr-4" {
			t.Errorf("removed %q, error %v, left %s", told(removed), err, p.left())
		}
	})
}

// TestNoRoom has nothing that can be taken away.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
			if r.Method == http.MethodDelete {
				return sandbox.FaultServerError
			}
			return sandbox.FaultNone
		}})
		p.previews(1, 2)
		removed, err := p.keeper(2).MakeRoom(t.Context(), 3)
		full, ok := errors.AsType[*preview.FullError](err)
		if !ok || len(removed) > 0 || full.Count != 2 || len(full.Errs) != 2 {
			t.Fatalf("removed %q, error %v", told(removed), err)
		}
		failure := deploy.Explain(err)
		const want = "there is no room for the preview pr-3: the Service voice has 2 previews already of 2, and could not be freed of one: remove preview pr-1: "
		if failure.Reason != job.LimitReached || !strings.HasPrefix(failure.Message, want) || !strings.Contains(failure.Hint, "preview-max") {
			t.Errorf("it is explained as %+v", failure)
		}
	})
}

// TestStatesUnknown goes by age alone, and says so.
func TestStatesUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, sandbox.Options{})
		p.previews(1, 2)
		keeper, warned := p.keeper(2), ""
		keeper.IsOpen = func(context.Context, int) (bool, error) { return false, errors.New("no answer") }
		keeper.Progress = func(event job.Event) {
			if event.Kind == job.Warned {
				warned += event.Message
			}
		}
		removed, err := keeper.MakeRoom(t.Context(), 3)
		if err != nil || told(removed) != "pr-1 made-room" || warned != "whether the pull requests of pr-1, pr-2 are open is not known: no answer" {
			t.Errorf("removed %q, error %v, warned %q", told(removed), err, warned)
		}
	})
}

func TestSweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, sandbox.Options{PageSize: 2})
		p.environment("stage-environment", "stage", true)
		p.environment("pr-9", "pr-9", true) // by hand
		p.previews(5, 4, 3, 2, 1)
		p.closed[2], p.closed[5], p.closed[9] = true, true, true
		keeper := p.keeper(0)
		keeper.TTL = 3 * time.Minute
		planned, err := keeper.Orphans(t.Context())
		if got := told(planned); err != nil || got != "pr-2 closed, pr-4 untouched, pr-5 closed" {
			t.Errorf("it would remove %q, error %v", got, err)
		}
		if p.left() != "pr-1 pr-2 pr-3 pr-4 pr-5 pr-9 stage" {
			t.Fatalf("a plan removed something: %s", p.left())
		}
		removed, err := keeper.Sweep(t.Context())
		if err != nil || told(removed) != told(planned) || p.left() != "pr-1 pr-3 pr-9 stage" {
			t.Errorf("removed %q, error %v, left %s", told(removed), err, p.left())
		}
		if removed, err := keeper.Sweep(t.Context()); err != nil || len(removed) > 0 {
			t.Errorf("again it removed %q, %v", told(removed), err)
		}
	})
}

// TestSweepOfDoubt keeps what may be open, and goes on.
func TestSweepOfDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, sandbox.Options{})
		p.previews(1, 2)
		keeper := p.keeper(0)
		keeper.IsOpen = func(_ context.Context, number int) (bool, error) {
			if number == 1 {
				return false, errors.New("no answer")
			}
			return false, nil
		}
		removed, err := keeper.Sweep(t.Context())
		if _, ok := errors.AsType[*preview.StateError](err); !ok || told(removed) != "pr-2 closed" || p.left() != "pr-1" {
			t.Errorf("removed %q, error %v, left %s", told(removed), err, p.left())
		}
	})
}

// TestSweepsAtOnce has two runs take away the same.
func TestSweepsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, sandbox.Options{})
		p.previews(1, 2, 3, 4)
		for number := range 5 {
			p.closed[number] = true
		}
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if _, err := p.keeper(0).Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if p.left() != "" {
			t.Errorf("left are %s", p.left())
		}
	})
}
