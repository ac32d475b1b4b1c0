package reliability_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// interleavings is how many orders of their calls each contest is tried in.
const interleavings = 200

// TestTwoAtOnceMatrix has two deploys of different commits to one Environment take
// turns at every call, in orders that seeds draw.
func TestTwoAtOnceMatrix(t *testing.T) {
	t.Parallel()
	var cells, superseded, mended, exceptions atomic.Int64
	t.Run("cells", func(t *testing.T) {
		for _, c := range contests() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				for seed := range uint64(interleavings) {
					if testing.Short() && seed%10 != 0 {
						continue
					}
					t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							held := hold(t, c, seed)
							cells.Add(1)
							for _, run := range held.runs {
								if run.result.Status == job.Superseded {
									superseded.Add(1)
								}
								if strings.Contains(strings.Join(run.result.Warnings, "\n"), "set again") {
									mended.Add(1)
								}
							}
							story := held.story()
							if wrong := held.judge(t); len(wrong) > 0 {
								exceptions.Add(1)
								t.Error(strings.Join(wrong, "\n") + "\n" + story)
							}
						})
					})
				}
			})
		}
	})
	t.Logf("two at once: %d interleavings, %d runs superseded, %d set variables again, %d exceptions",
		cells.Load(), superseded.Load(), mended.Load(), exceptions.Load())
	if cells.Load() > 100 && (superseded.Load() == 0 || mended.Load() == 0) {
		t.Error("the interleavings do not meet what they are for")
	}
}

// contender is one of the two runs, and what came of it.
type contender struct {
	commit commit
	result job.Result
	err    error
}

// held is a contest that was held.
type held struct {
	contest
	world *sandbox.Sandbox
	runs  [2]*contender
	turns *turns
}

// hold holds a contest, its calls in the order that the seed draws.
func hold(t *testing.T, c contest, seed uint64) *held {
	t.Helper()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &held{contest: c, world: world, turns: newTurns(world, seed)}
	h.prepare(t)
	for i := range h.runs {
		run := &contender{commit: c.two[i]}
		h.runs[i] = run
		h.turns.start(func() { run.result, run.err = h.deploy(t, run.commit, i) })
	}
	h.turns.play()
	return h
}

// prepare makes live what is there when the two begin.
func (h *held) prepare(t *testing.T) {
	t.Helper()
	if h.stage != nil {
		stage := h.stage.step()
		stage.job.Target.Environment = "stage"
		if _, err := stage.run(t.Context(), h.turns.client(t, nobody), runTimeout); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range h.before {
		h.must(t, one)
	}
}

// deploy runs a deploy whose calls are those of one contender, or nobody's.
func (h *held) deploy(t *testing.T, c commit, who int) (job.Result, error) {
	t.Helper()
	return c.step().run(t.Context(), h.turns.client(t, who), runTimeout)
}

// must deploys alone.
func (h *held) must(t *testing.T, c commit) job.Result {
	t.Helper()
	result, err := h.deploy(t, c, nobody)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// judge finds what is not as it is promised.
func (h *held) judge(t *testing.T) (wrong []string) {
	t.Helper()
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for i, run := range h.runs {
		if run.err != nil {
			complain("run %d failed: %v (%s)", i, run.err, run.result.Error.State)
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	snapshot := h.world.Snapshot()
	environments := slices.DeleteFunc(slices.Clone(snapshot.Environments), func(e sandbox.Environment) bool { return e.DomainSuffix != "dev" })
	if len(snapshot.Services) != 1 || len(environments) != 1 {
		complain("there are %d Services and %d Environments", len(snapshot.Services), len(environments))
		return wrong
	}
	live := environments[0].BuildSID
	variables := make(map[string]string)
	for _, one := range snapshot.Variables {
		if one.EnvironmentSID != environments[0].SID {
			continue
		}
		if _, isTwice := variables[one.Key]; isTwice {
			complain("variable %s is there twice", one.Key)
		}
		variables[one.Key] = one.Value
	}
	// Where both make the same Build live, variables alone tell them apart.
	isOneBuild := h.runs[0].result.BuildSID == h.runs[1].result.BuildSID
	winner := slices.IndexFunc(h.runs[:], func(run *contender) bool {
		return run.result.BuildSID == live && (!isOneBuild || has(variables, run.commit))
	})
	if winner < 0 {
		complain("live is Build %s with %v, which is neither's", live, variables)
		return wrong
	}
	won, lost := h.runs[winner], h.runs[1-winner]
	if wants := won.commit; wants.isRollback && !has(variables, lost.commit) || !wants.isRollback && !has(variables, wants) {
		complain("the Build of run %d is live, and the variables are %v", winner, variables)
	}
	if isOneBuild && h.turns.wrote[winner] < h.turns.wrote[1-winner] {
		complain("run %d has its variables, and run %d wrote its own behind it", winner, 1-winner)
	}
	if won.result.Status != won.commit.done() {
		complain("run %d is live, and says that it is %s", winner, won.result.Status)
	}
	switch lost.result.Status {
	case job.Superseded:
		if lost.result.SupersededBy != live || !lost.result.Changed {
			complain("run %d says that it is superseded by %q, and Build %s is live", 1-winner, lost.result.SupersededBy, live)
		}
	case lost.commit.done():
		looked, replaced := h.turns.lastLook[1-winner], h.turns.activated[winner]
		if looked > replaced && !isOneBuild && !lost.commit.isRollback && (!h.mayMiss || winner == 0) {
			complain("run %d says that it is deployed, and looked (%d) when it had been replaced (%d)", 1-winner, looked, replaced)
		}
	default:
		complain("run %d is %s", 1-winner, lost.result.Status)
	}
	return append(wrong, h.judgeAfterwards(t, won, lost, snapshot)...)
}

// judgeAfterwards deploys both commits again, alone: the winner's finds nothing to
// do, and the other's makes nothing anew that is there already, be it there twice.
func (h *held) judgeAfterwards(t *testing.T, won, lost *contender, snapshot sandbox.Snapshot) (wrong []string) {
	t.Helper()
	if won.commit.isRollback { // it goes with what variables there are
		won, lost = lost, won
		if again := h.must(t, won.commit); len(again.Variables.Created)+len(again.Variables.Updated) > 0 || again.UploadedBytes > 0 {
			wrong = append(wrong, fmt.Sprintf("behind the roll-back %+v is set anew, and %d bytes uploaded", again.Variables, again.UploadedBytes))
		}
	}
	won.commit.prunes, lost.commit.prunes, lost.commit.isRollback = false, false, false
	if again := h.must(t, won.commit); again.Status != job.Unchanged {
		wrong = append(wrong, fmt.Sprintf("what is live is not whole: deployed again it is %s, with %+v, %+v and %+v",
			again.Status, again.Functions, again.Assets, again.Variables))
	}
	other := h.must(t, lost.commit)
	if other.Status != job.Deployed {
		wrong = append(wrong, fmt.Sprintf("the other commit is %s behind it", other.Status))
	}
	if again := h.must(t, won.commit); again.Status != job.Deployed || again.UploadedBytes > 0 {
		wrong = append(wrong, fmt.Sprintf("back again it is %s, with %d bytes uploaded", again.Status, again.UploadedBytes))
	}
	after := h.world.Snapshot()
	if len(after.Functions) > len(snapshot.Functions) || len(after.Assets) > len(snapshot.Assets) {
		wrong = append(wrong, fmt.Sprintf("Functions went from %d to %d, Assets from %d to %d",
			len(snapshot.Functions), len(after.Functions), len(snapshot.Assets), len(after.Assets)))
	}
	return wrong
}

// has reports whether the variables of a commit are there, with its values.
func has(variables map[string]string, c commit) bool {
	for line := range strings.Lines(c.variables + c.copies) {
		if key, value, _ := strings.Cut(strings.TrimSpace(line), "="); variables[key] != value {
			return false
		}
	}
	return true
}

// story tells in which order the writes and the looks came.
func (h *held) story() string {
	var told strings.Builder
	for _, line := range h.turns.log {
		fmt.Fprintln(&told, line)
	}
	for i, run := range h.runs {
		fmt.Fprintf(&told, "run %d: %s, Build %s, warnings %q\n", i, run.result.Status, run.result.BuildSID, run.result.Warnings)
	}
	snapshot := h.world.Snapshot()
	variables := map[string]string{}
	for _, one := range snapshot.Variables {
		variables[one.Key] = one.Value
	}
	for _, key := range slices.Sorted(maps.Keys(variables)) {
		fmt.Fprintf(&told, "%s=%s ", key, variables[key])
	}
	return told.String()
}
