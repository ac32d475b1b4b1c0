package wire_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

func TestDeal(t *testing.T) {
	t.Parallel()
	deal := func(seed uint64, share float64) (dealt []int) {
		chance := &wire.Chance{Seed: seed}
		for range 900 {
			dealt = append(dealt, wire.Deal(chance, share, 1, 2, 3))
		}
		return dealt
	}
	one := deal(7, 0.3)
	if again := deal(7, 0.3); !slices.Equal(one, again) {
		t.Error("equal seeds deal out different things")
	}
	if other := deal(8, 0.3); slices.Equal(one, other) {
		t.Error("different seeds deal out the same")
	}
	counts := map[int]int{}
	for _, kind := range one {
		counts[kind]++
	}
	for kind, about := range map[int]int{0: 630, 1: 90, 2: 90, 3: 90} {
		if counts[kind] < about-40 || counts[kind] > about+40 {
			t.Errorf("%d came %d times, want about %d", kind, counts[kind], about)
		}
	}
	if none := deal(7, 0); slices.Max(none) != 0 {
		t.Error("a share of 0 deals something out")
	}
	if all := deal(7, 1); slices.Min(all) == 0 {
		t.Error("a share of 1 leaves something out")
	}
}

// TestChanceKeepsItsSequence has nobody draw where nothing is dealt out, and
// callers at once get generators of their own.
func TestChanceKeepsItsSequence(t *testing.T) {
	t.Parallel()
	chance, quiet := &wire.Chance{Seed: 1}, &wire.Chance{Seed: 1}
	wire.Deal(quiet, 0, "never")
	if got, want := quiet.Next().Uint64(), chance.Next().Uint64(); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			value := chance.Next().Uint64()
			mu.Lock()
			defer mu.Unlock()
			seen[value] = true
		})
	}
	all.Wait()
	if len(seen) != 8 {
		t.Errorf("%d generators differ, want 8", len(seen))
	}
}

func TestCheckOptions(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "http://127.0.0.1:8765", "https://twilio.example"} {
		if wrong := wire.CheckOptions(base, 1, map[string]int64{"Latency": 0}); len(wrong) > 0 {
			t.Errorf("%q: %v", base, wrong)
		}
	}
	for _, base := range []string{"127.0.0.1", "http://", "http://host/v1", "//host", "http://[::1"} {
		if wrong := wire.CheckOptions(base, 0, nil); len(wrong) != 1 || !strings.Contains(wrong[0].Error(), "BaseURL") {
			t.Errorf("%q: %v", base, wrong)
		}
	}
	nan := 0.0
	nan /= nan
	for _, share := range []float64{-0.1, 1.1, nan} {
		if wrong := wire.CheckOptions("", share, nil); len(wrong) != 1 || !strings.Contains(wrong[0].Error(), "FaultRate") {
			t.Errorf("%v: %v", share, wrong)
		}
	}
	wrong := wire.CheckOptions("x", -1, map[string]int64{"B": -1, "A": -1, "C": 1})
	if len(wrong) != 4 || wrong[0].Error() != "option A is negative" || wrong[1].Error() != "option B is negative" {
		t.Errorf("got %v", wrong)
	}
}
