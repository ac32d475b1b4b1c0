package contract_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// otherwise is the world in which the Sandbox's switches are in their other position.
const otherwise = "with the other position of the switches"

// worlds are Sandboxes whose replies have different forms.
func worlds() map[string]sandbox.Options {
	var calls atomic.Int64
	return map[string]sandbox.Options{
		"as it is by default": {PageSize: 1},
		otherwise:             {PageSize: 1, Switches: allSwitches()},
		"in a crowd": {PageSize: 1, Fault: func(*http.Request) sandbox.Fault {
			if calls.Add(1)%7 == 0 {
				return sandbox.FaultTooMany
			}
			return sandbox.FaultNone
		}},
	}
}

// allSwitches turns all on but two, which change no reply and take away what the
// tour comes back to.
func allSwitches() sandbox.Switches {
	var all sandbox.Switches
	for _, one := range sandbox.SwitchTable() {
		all = one.TurnOn(all)
	}
	all.LateLogs, all.UndeployedBuildsVanish = false, false
	return all
}

// TestContract has the client do every operation with every parameter on the
// Sandbox, and holds all that both say to Twilio's OpenAPI file.
func TestContract(t *testing.T) {
	t.Parallel()
	checker := newChecker(t)
	book := &ledger{used: map[string]int{}}
	done, sent := map[string]bool{}, map[string]bool{}
	for name, options := range worlds() {
		w := newWorld(t, options)
		client := w.client(t)
		var s tour
		s.fill(t, w, client)
		s.look(t, client)
		s.change(t, client)
		s.offend(t, w, client)
		s.clear(t, client)
		for _, x := range w.take() {
			operation, departures := checker.check(x)
			ok := true
			for _, found := range departures {
				if !book.tolerated(name, found) {
					ok = false
					t.Errorf("%s, %v\nsent     %.300s\nanswered %.600s", name, found, x.sent, x.reply)
				}
			}
			if ok && x.status < 300 {
				done[operation] = true
				for parameter := range sentParameters(x) {
					sent[operation+" "+parameter] = true
				}
			}
		}
	}

	official, uploads := operations(checker.official), operations(checker.supplement)
	t.Logf("%s operations of Twilio's OpenAPI file, and %s uploads", figure(t, done, official), figure(t, done, uploads))
	if len(official) != 39 || len(uploads) != 2 {
		t.Errorf("the file has %d operations and the supplement %d, not 39 and 2", len(official), len(uploads))
	}
	for _, all := range []map[string]*openapi3.Operation{official, uploads} {
		for operation, one := range all {
			for parameter := range parameters(one) {
				if !sent[operation+" "+parameter] {
					t.Errorf("%s was never done with %s", operation, parameter)
				}
			}
		}
	}
	for _, one := range tolerances() {
		if book.used[one.name] == 0 {
			t.Errorf("nothing needs the tolerance of %s any more (%s)", one.name, one.reason)
		}
		t.Logf("tolerated %4d times: %s. %s", book.used[one.name], one.name, one.reason)
	}
}

// figure is how many of the operations were done, such as "39 of 39". Those that
// were not are errors.
func figure[T any](t *testing.T, done map[string]bool, of map[string]T) string {
	t.Helper()
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if !done[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		t.Errorf("not done, or not as the file says: %s", strings.Join(missing, ", "))
	}
	return fmt.Sprintf("%d of %d", len(of)-len(missing), len(of))
}
