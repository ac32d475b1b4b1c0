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
				if testing.Short() && i%shortStep != 0 {
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

// shortStep is how many cells -short goes on by. It shares no divisor with the number of
// cells of a call, so that each fault has its turn.
const shortStep = 11

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

// mostTime is how much longer a command may take for a fault: once, as long as the
// fault takes and a short wait; for ever, as long as three calls that give up one behind
// the other, the one that failed and those that put back. Where each attempt takes a
// minute the setting timeout is what ends it, with a grace for putting back.
func (f fault) mostTime(isEndless bool) time.Duration {
	const shortWait, silence = time.Second, time.Minute
	switch {
	case f.sandbox == sandbox.FaultSlow && isEndless:
		return runTimeout + 5*time.Second
	case f.sandbox == sandbox.FaultSlow:
		return silence + shortWait
	case isEndless:
		return 7 * time.Minute
	case f.sandbox == sandbox.FaultTooManyRetryAfter:
		return askedWait + shortWait
	default:
		return shortWait
	}
}

// complaints are what is not as it is promised.
type complaints []string

func (c *complaints) add(format string, args ...any) { *c = append(*c, fmt.Sprintf(format, args...)) }

func (c *complaints) compare(what string, got, want []string) {
	if diff := cmp.Diff(want, got); diff != "" {
		c.add("%s differs (-want +got):\n%s", what, diff)
	}
}

// judge finds what is not as it is promised.
func judge(s scene, clean, p played, met *disturbed) (wrong complaints) {
	want, reason := promised(met.call, met.fault, met.isEndless)
	switch {
	case met.hits == 0:
		wrong.add("the call was never made")
	case met.hits < 2 && want != succeeds && reason != job.BadInput:
		wrong.add("the call was not repeated")
	}
	if len(met.strays) > 0 {
		wrong.add("requests went to %v", met.strays)
	}
	if most := clean.took + met.fault.mostTime(met.isEndless); p.took > most {
		wrong.add("it took %s, want at most %s", p.took, most)
	}
	if met.fault.sandbox == sandbox.FaultTooManyRetryAfter && p.took < askedWait {
		wrong.add("it took %s, and the server had asked to wait %s", p.took, askedWait)
	}
	wrong.compare("what was made twice", duplicates(p.after), nil)
	if made := slices.DeleteFunc(names(p.after), func(name string) bool {
		return slices.Contains(names(clean.after), name) || slices.Contains(names(clean.before), name)
	}); len(made) > 0 {
		wrong.add("there is what nobody asked for: %v", made)
	}
	if got, most := len(p.after.Builds), len(clean.after.Builds); got > most {
		wrong.add("there are %d Builds, want at most %d", got, most)
	}
	if got, most := len(p.after.Deployments), len(clean.after.Deployments); got > most {
		wrong.add("there are %d Deployments, want at most %d", got, most)
	}
	if want != succeeds {
		wrong.judgeFailure(s, clean, p, met)
		return wrong
	}
	if p.err != nil || p.result.Status != s.done {
		wrong.add("it ended %s: %v", p.result.Status, p.err)
	}
	isTold := met.isEndless && met.call.isLastLook
	switch told := strings.Join(p.result.Warnings, "\n"); {
	case isTold:
		wrong.judgeMessage("warning", told, met.fault.cause, clean, met)
	case told != "":
		wrong.add("there is a warning: %s", told)
	}
	wrong.compare("what is served", served(p.after), served(clean.after))
	wrong.compare("what there is", names(p.after), names(clean.after))
	return wrong
}

// judgeFailure does so where the command is to fail.
func (c *complaints) judgeFailure(s scene, clean, p played, met *disturbed) {
	failure := p.result.Error
	if p.result.Status != job.Failed || failure == nil {
		c.add("it ended %s: %v", p.result.Status, p.err)
		return
	}
	want, reason := promised(met.call, met.fault, met.isEndless)
	if failure.Reason != reason {
		c.add("the reason is %s, want %s", failure.Reason, reason)
	}
	cause := met.fault.cause
	if reason == job.BadInput {
		cause = "answered 404"
	}
	c.judgeMessage("message", failure.Message, cause, clean, met)
	if secret := sandbox.DefaultAccount().KeySecret; strings.Contains(fmt.Sprint(*failure), secret) {
		c.add("the credentials are told: %+v", *failure)
	}
	if failure.Hint == "" {
		c.add("it does not say what to do: %+v", *failure)
	}
	if told := stateOf(want, s, p); !slices.ContainsFunc(told, func(part string) bool { return strings.Contains(failure.State, part) }) {
		c.add("the state tells none of %q: %s", told, failure.State)
	}
	if strings.Contains(failure.State, "Nothing was changed.") {
		c.compare("what there is", names(p.after), names(p.before))
		if len(p.after.Builds) != len(p.before.Builds) || len(p.after.Versions) != len(p.before.Versions) {
			c.add("the state tells that nothing was changed, and there are new Builds or Versions")
		}
	}
	switch want {
	case leaves:
		c.compare("what is served", served(p.after), served(p.before))
		c.compare("what is live", liveBuilds(p.after), liveBuilds(p.before))
	case tells:
		c.compare("what is live", liveBuilds(p.after), liveBuilds(p.before))
		for _, key := range changedKeys(p.before, p.after) {
			if !strings.Contains(failure.State, key) && !strings.Contains(failure.State, "The variables have their new values.") {
				c.add("the state does not tell that the variable %s may be another: %s", key, failure.State)
			}
		}
	case keeps:
		kept := slices.DeleteFunc(served(p.after), func(line string) bool { return strings.HasSuffix(line, " OLD=1") })
		c.compare("what is served", kept, served(clean.after))
		if !strings.Contains(failure.State, "OLD") {
			c.add("the state does not tell which variable may be left: %s", failure.State)
		}
	case succeeds:
	}
}

// judgeMessage holds that a text names the call and what it met.
func (c *complaints) judgeMessage(what, text, cause string, clean played, met *disturbed) {
	operations := []string{met.call.operation}
	if met.fault.isOutage { // which one gives up first is chance
		for _, one := range clean.calls {
			operations = append(operations, one.operation)
		}
	}
	if !strings.Contains(text, cause) {
		c.add("the %s does not tell %q: %s", what, cause, text)
	}
	if !slices.ContainsFunc(operations, func(operation string) bool { return strings.Contains(text, operation) }) {
		c.add("the %s does not name the call %q: %s", what, met.call.operation, text)
	}
}

// stateOf is what a failure may say of what is live, any of it.
func stateOf(want promise, s scene, p played) []string {
	name, live := s.last.job.Target.Environment, "Nothing"
	for _, one := range p.after.Environments {
		if one.UniqueName == name+"-environment" && one.BuildSID != "" {
			live = "Build " + one.BuildSID
		}
	}
	asBefore := fmt.Sprintf("%s is live in %s, as before.", live, name)
	switch want {
	case leaves:
		return []string{"Nothing was changed.", asBefore}
	case tells:
		return []string{"Nothing was changed.", asBefore, "is live in " + name + " is not known; slipway status tells."}
	default:
		return []string{fmt.Sprintf("%s is live in %s.", live, name)}
	}
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
