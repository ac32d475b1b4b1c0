package reliability_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestFaultMatrix has every call that the commands make meet every fault, once and
// for ever.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	var carried, failed, exceptions atomic.Int64
	made := 0
	for _, s := range scenes() {
		var clean played
		t.Run(s.name+", undisturbed", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { clean = play(t, s, &disturbed{}) })
		})
		if clean.err != nil || clean.result.Status != s.done {
			t.Fatalf("the %s ended %s: %v", s.name, clean.result.Status, clean.err)
		}
		made += len(clean.calls)
		t.Run(s.name, func(t *testing.T) {
			for i, met := range disturbances(callsOf(clean)) {
				if testing.Short() && i%10 != 0 {
					continue
				}
				t.Run(met.String(), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						p := play(t, s, met)
						switch wrong := judge(s, clean, p, met); {
						case len(wrong) > 0:
							exceptions.Add(1)
							t.Error(strings.Join(wrong, "\n"))
						case p.err == nil:
							carried.Add(1)
						default:
							failed.Add(1)
						}
					})
				})
			}
		})
	}
	t.Logf("fault matrix: %d cells of %d calls, %d carried through and %d failed as promised; %d exceptions",
		carried.Load()+failed.Load()+exceptions.Load(), made, carried.Load(), failed.Load(), exceptions.Load())
}

// disturbances are those of every call by every fault.
func disturbances(calls []call) []*disturbed {
	var all []*disturbed
	for _, c := range calls {
		for _, f := range faults() {
			if !f.isOutage { // once, it is a connection that is refused
				all = append(all, &disturbed{call: c, fault: f})
			}
			all = append(all, &disturbed{call: c, fault: f, isEndless: true})
		}
	}
	return all
}

// callsOf are the calls of a run, each once, in an order that is always the same.
func callsOf(clean played) []call {
	calls := slices.Clone(clean.calls)
	for i := len(calls) - 1; i >= 0 && calls[i].isBehind && calls[i].method == http.MethodGet; i-- {
		calls[i].isLastLook = true
	}
	return slices.SortedFunc(slices.Values(calls), func(a, b call) int {
		return slices.Compare([]string{a.operation, a.path, strconv.Itoa(a.nth)}, []string{b.operation, b.path, strconv.Itoa(b.nth)})
	})
}

// promise is what a cell is to end with.
type promise int

const (
	// succeeds as if nothing had happened.
	succeeds promise = iota
	// leaves what is live as it was, and tells why.
	leaves
	// tells what may have changed, of variables alone, since nothing can be put back.
	tells
	// keeps the new Build live, and tells which variables may not be removed.
	keeps
)

// promised is how a command ends one of whose calls meets a fault.
func promised(c call, f fault, isEndless bool) (promise, job.Reason) {
	isWrongShape := f.name == "wrong shape"
	switch {
	case isWrongShape && c.status == http.StatusNotFound:
		return leaves, job.BadInput // so answers whoever is not the API: a wrong address, told at once
	case !isEndless:
		return succeeds, ""
	case f.isAfter && strings.HasPrefix(c.operation, "create "):
		return succeeds, "" // what it made is looked up
	case isWrongShape && c.status == http.StatusNoContent:
		return succeeds, "" // there is nothing to misread
	case c.isLastLook:
		return succeeds, "" // all is done: that it cannot be looked at is a warning
	case c.isBehind:
		return keeps, f.reason
	case f.isOutage:
		return tells, f.reason
	default:
		return leaves, f.reason
	}
}

// mostTime is what the setting timeout allows, and the grace for putting back.
const mostTime = runTimeout + 5*time.Second

// judge finds what is not as it is promised.
func judge(s scene, clean, p played, met *disturbed) (wrong []string) {
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	compare := func(what string, got, want []string) {
		if diff := cmp.Diff(want, got); diff != "" {
			complain("%s differs (-want +got):\n%s", what, diff)
		}
	}
	if met.hits == 0 {
		complain("the call was never made")
	}
	if len(met.strays) > 0 {
		complain("requests went to %v", met.strays)
	}
	compare("what was made twice", duplicates(p.after), nil)
	if got, most := len(p.after.Builds), len(clean.after.Builds); got > most {
		complain("there are %d Builds, want at most %d", got, most)
	}
	if got, most := len(p.after.Deployments), len(clean.after.Deployments); got > most {
		complain("there are %d Deployments, want at most %d", got, most)
	}
	if p.took > mostTime {
		complain("it took %s", p.took)
	}
	want, reason := promised(met.call, met.fault, met.isEndless)
	if want == succeeds {
		if p.err != nil || p.result.Status != s.done {
			complain("it ended %s: %v", p.result.Status, p.err)
		}
		compare("what is served", served(p.after), served(clean.after))
		compare("what there is", names(p.after), names(clean.after))
		return wrong
	}
	failure := p.result.Error
	if p.result.Status != job.Failed || failure == nil {
		complain("it ended %s: %v", p.result.Status, p.err)
		return wrong
	}
	if failure.Reason != reason {
		complain("the reason is %s, want %s", failure.Reason, reason)
	}
	cause := met.fault.cause
	if reason == job.BadInput {
		cause = "answered 404"
	}
	for _, part := range []string{met.call.operation, cause} {
		isAnother := part == met.call.operation && met.fault.isOutage // which one gives up first is chance
		if !strings.Contains(failure.Message, part) && !isAnother {
			complain("the message does not tell %q: %s", part, failure.Message)
		}
	}
	if failure.Hint == "" || failure.State == "" {
		complain("hint or state is missing: %+v", failure)
	}
	switch want {
	case leaves:
		compare("what is served", served(p.after), served(p.before))
		compare("what is live", liveBuilds(p.after), liveBuilds(p.before))
	case tells:
		compare("what is live", liveBuilds(p.after), liveBuilds(p.before))
		for _, key := range changedKeys(p.before, p.after) {
			if !strings.Contains(failure.State, key) && !strings.Contains(failure.State, "The variables have their new values.") {
				complain("the state does not tell that the variable %s may be another: %s", key, failure.State)
			}
		}
	case keeps:
		kept := slices.DeleteFunc(served(p.after), func(line string) bool { return strings.HasSuffix(line, " OLD=1") })
		compare("what is served", kept, served(clean.after))
		if !strings.Contains(failure.State, "OLD") {
			complain("the state does not tell which variable may be left: %s", failure.State)
		}
	case succeeds:
	}
	return wrong
}

// changedKeys are the keys of the variables that are another in a world, or new.
func changedKeys(before, after sandbox.Snapshot) (keys []string) {
	was := served(before)
	for _, line := range served(after) {
		if _, variable, _ := strings.Cut(line, " "); !slices.Contains(was, line) {
			if key, _, isVariable := strings.Cut(variable, "="); isVariable {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
