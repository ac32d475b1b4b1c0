package deploy_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// newPruning is a stage whose next Build has no use for B and C, while A changes
// and D is new.
func newPruning(t *testing.T, meddle func(w http.ResponseWriter, r *http.Request, world http.Handler) bool) *stage {
	t.Helper()
	var begins atomic.Bool
	s := newStage(t, func(w http.ResponseWriter, r *http.Request, world http.Handler) bool {
		return begins.Load() && meddle(w, r, world)
	})
	s.deployer.Variables = func() (map[string]secret.String, error) { return secrets("A", "new", "D", "new"), nil }
	asked := question(dev(t), small())
	asked.PruneVariables = true
	var err error
	if s.plan, err = s.deployer.Plan(t.Context(), asked); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.plan.Variables.Removed, []string{"B", "C"}) {
		t.Fatalf("the Plan removes %v", s.plan.Variables.Removed)
	}
	begins.Store(true)
	return s
}

// TestVariablesComeAndGoInOrder has new keys before changes, both before the
// activation, and removals behind it.
func TestVariablesComeAndGoInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var writes []string
		s := newPruning(t, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
			mu.Lock()
			defer mu.Unlock()
			_, rest, isOfEnvironment := strings.Cut(r.URL.Path, "/Environments/ZE")
			if parts := strings.Split(rest, "/"); r.Method != http.MethodGet && isOfEnvironment {
				writes = append(writes, r.Method+" "+parts[1]+strings.Repeat("/ZV", len(parts)-2))
			}
			return false
		})
		outcome, err := s.deployer.Apply(t.Context(), s.plan)
		want := []string{"POST Variables", "POST Variables/ZV", "POST Deployments", "DELETE Variables/ZV", "DELETE Variables/ZV"}
		if err != nil || !slices.Equal(writes, want) {
			t.Errorf("ended with %v and the writes %v, want %v", err, writes, want)
		}
		if build, variables := s.live(); build != outcome.BuildSID || variables != "A=new D=new" || outcome.VariablesKept != nil {
			t.Errorf("live is %s with %s: %+v", build, variables, outcome)
		}
	})
}

// TestNothingIsRemovedBeforeTheBuildIsLive refuses each write up to the
// activation.
func TestNothingIsRemovedBeforeTheBuildIsLive(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]string{"new key": "/Variables", "change": "/Variables/", "activation": "/Deployments"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var isOver atomic.Bool
				s := newPruning(t, func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
					if !isWrite(r, write) || !isOver.CompareAndSwap(false, true) {
						return false
					}
					w.WriteHeader(http.StatusBadRequest)
					return true
				})
				outcome, err := s.deployer.Apply(t.Context(), s.plan)
				if build, variables := s.live(); err == nil || build != s.before || variables != oldVariables || outcome.VariablesKept != nil || outcome.Live != deploy.LiveAsBefore {
					t.Errorf("ended with %+v, %v; live is %s with %s", outcome, err, build, variables)
				}
			})
		})
	}
}

// TestRemovalThatFailsLeavesTheBuildLive refuses each call of a removal.
func TestRemovalThatFailsLeavesTheBuildLive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refuses func(r *http.Request, c string) bool
		status  int
		kept    []string
		left    string
		reason  job.Reason
	}{
		"the list": {
			func(r *http.Request, _ string) bool {
				return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Variables")
			},
			http.StatusForbidden,
			[]string{"B", "C"},
			"A=new B=old C=old D=new", job.BadCredentials,
		},
		"one of them": {
			func(r *http.Request, c string) bool {
				return r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, c)
			},
			http.StatusForbidden,
			[]string{"C"},
			"A=new C=old D=new", job.BadCredentials,
		},
		"all of them": {
			func(r *http.Request, _ string) bool { return r.Method == http.MethodDelete },
			http.StatusInternalServerError,
			[]string{"B", "C"},
			"A=new B=old C=old D=new", job.TimedOut,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var isLive atomic.Bool
				var s *stage
				s = newPruning(t, func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
					if isWrite(r, "/Deployments") {
						isLive.Store(true)
					}
					if !isLive.Load() || !test.refuses(r, s.sidOf("C")) {
						// The other removal is under way when this one is refused.
						return false
					}
					time.Sleep(100 * time.Millisecond)
					w.WriteHeader(test.status)
					return true
				})
				outcome, err := s.deployer.Apply(t.Context(), s.plan)
				failed, ok := errors.AsType[*deploy.RemovalError](err)
				if !ok || !slices.Equal(failed.Keys, test.kept) || !slices.Equal(outcome.VariablesKept, test.kept) || outcome.Live != deploy.LiveIsThis || outcome.DeploymentSID == "" {
					t.Errorf("ended with %+v, %v; want %v kept", outcome, err, test.kept)
				}
				if reason := deploy.Explain(err).Reason; reason != test.reason {
					t.Errorf("the reason is %s, want %s", reason, test.reason)
				}
				if build, variables := s.live(); build != outcome.BuildSID || variables != test.left {
					t.Errorf("live is %s with %s, want this run's with %s", build, variables, test.left)
				}
			})
		})
	}
}

// TestInterruptedRemovalTellsTheTruth ends the run while variables are removed, or
// just before: what was sent still counts, and nothing more begins.
func TestInterruptedRemovalTellsTheTruth(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		during string // method and part of the path
		kept   []string
		left   string
	}{
		"while the Build goes live": {"POST /Deployments", []string{"B", "C"}, "A=new B=old C=old D=new"},
		"while they are listed":     {"GET /Variables", []string{"B", "C"}, "A=new B=old C=old D=new"},
		"while they are removed":    {"DELETE /Variables/", nil, "A=new D=new"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var isLive atomic.Bool
				method, part, _ := strings.Cut(test.during, " ")
				s := newPruning(t, func(w http.ResponseWriter, r *http.Request, world http.Handler) bool {
					if isWrite(r, "/Deployments") {
						isLive.Store(true)
					}
					if !isLive.Load() || r.Method != method || !strings.Contains(r.URL.Path, part) {
						return false
					}
					time.Sleep(time.Second)
					cancel()
					time.Sleep(time.Second)
					world.ServeHTTP(w, r)
					return true
				})
				outcome, err := s.deployer.Apply(ctx, s.plan)
				time.Sleep(5 * time.Second) // what was cut off takes effect, if it does
				synctest.Wait()
				build, variables := s.live()
				if build != outcome.BuildSID || variables != test.left || outcome.Live != deploy.LiveIsThis || !slices.Equal(outcome.VariablesKept, test.kept) {
					t.Errorf("ended with %+v, %v; live is %s with %s, want this run's with %s", outcome, err, build, variables, test.left)
				}
				if (err == nil) != (test.kept == nil) || err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("ended with %v, want it interrupted: %v", err, test.kept != nil)
				}
			})
		})
	}
}

// TestNoRemovalBeginsBehindAnEnd has more keys than are removed at once, and an
// interrupt or a refusal at the first of them.
func TestNoRemovalBeginsBehindAnEnd(t *testing.T) {
	t.Parallel()
	for name, isRefused := range map[string]bool{"interrupted": false, "refused": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNeighbours(t)
			before := deployed(t, n.client, small())
			for key := byte('a'); key <= 'z'; key++ {
				n.set(t, before.EnvironmentSID, string(key), "old")
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var tried atomic.Int64
			ended := make(chan struct{})
			n.deployer.Client = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method != http.MethodDelete:
				case tried.Add(1) > 1:
					<-ended // the first one is over when another ends
				case isRefused:
					defer time.AfterFunc(500*time.Millisecond, func() { close(ended) })
					w.WriteHeader(http.StatusForbidden)
					return
				default:
					cancel()
					close(ended)
				}
				n.world.ServeHTTP(w, r)
			}))
			n.asked.Like, n.asked.PruneVariables = deploy.Environment{}, true
			plan, err := n.deployer.Plan(t.Context(), n.asked)
			if err != nil || len(plan.Variables.Removed) != 26 {
				t.Fatalf("the Plan is %+v, %v", plan, err)
			}
			outcome, err := n.deployer.Apply(ctx, plan)
			left := len(strings.Fields(n.variables())) - 1 // KEY stays
			if errors.Is(err, context.Canceled) == isRefused || len(outcome.VariablesKept) != left || left < 26-8 {
				t.Errorf("ended with %v; %d are said to be kept, and %d are", err, len(outcome.VariablesKept), left)
			}
			if err != nil && strings.Contains(err.Error(), "not tried") {
				t.Errorf("error %v tells what was not tried", err)
			}
			again, err := n.deployer.Plan(t.Context(), n.asked)
			if err != nil || !slices.Equal(again.Variables.Removed, outcome.VariablesKept) || again.Build == deploy.BuildNew {
				t.Errorf("the next Plan is %+v, %v", again, err)
			}
		})
	}
}

// TestOnlyWhatWasPlannedIsRemoved lets somebody else add a variable and remove
// one between the Plan and the activation.
func TestOnlyWhatWasPlannedIsRemoved(t *testing.T) {
	t.Parallel()
	n := newNeighbours(t)
	before := deployed(t, n.client, small())
	n.set(t, before.EnvironmentSID, "OLD", "1", "GONE", "1")
	n.asked.Like, n.asked.PruneVariables = deploy.Environment{}, true
	plan, err := n.deployer.Plan(t.Context(), n.asked)
	if err != nil || !slices.Equal(plan.Variables.Removed, []string{"GONE", "OLD"}) {
		t.Fatalf("the Plan is %+v, %v", plan, err)
	}
	n.remove(t, "GONE")
	n.set(t, before.EnvironmentSID, "THEIRS", "1")
	if _, err := n.deployer.Apply(t.Context(), plan); err != nil || n.variables() != "KEY=value THEIRS=1" {
		t.Errorf("ended with %v; the variables are %s", err, n.variables())
	}
}

// TestRemovalIsRunAgain cuts a run off between its activation and the removal, and
// runs it again with what was stored, and without.
func TestRemovalIsRunAgain(t *testing.T) {
	t.Parallel()
	for name, keeps := range map[string]bool{"stored": true, "forgotten": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNeighbours(t)
			before := deployed(t, n.client, small())
			n.set(t, before.EnvironmentSID, "OLD", "1")
			store := &notebook{results: make(map[string][]byte), dieAt: "remove-variables"}
			n.deployer.Steps = store
			n.asked.Like, n.asked.PruneVariables, n.asked.Wanted, n.asked.Manifest = deploy.Environment{}, true, other(), true
			run := func() (deploy.Outcome, error) {
				plan, err := n.deployer.Plan(t.Context(), n.asked)
				if err != nil {
					t.Fatal(err)
				}
				return n.deployer.Apply(t.Context(), plan)
			}
			first, err := run()
			if !errors.Is(err, errKilled) || first.Live != deploy.LiveIsThis || !slices.Equal(first.VariablesKept, []string{"OLD"}) {
				t.Fatalf("the first run ended with %+v, %v", first, err)
			}
			if store.dieAt = ""; !keeps {
				clear(store.results)
			}
			second, err := run()
			if err != nil || second.BuildSID != first.BuildSID || n.variables() != "KEY=value" {
				t.Errorf("the second run ended with %+v, %v and the variables %s", second, err, n.variables())
			}
			if count := len(n.world.Snapshot().Deployments); count != 2 {
				t.Errorf("there are %d Deployments, want one for each Build", count)
			}
		})
	}
}

// TestAPanicOfARemovalLeavesTheBuildLive breaks where variables are listed, and
// where they are removed.
func TestAPanicOfARemovalLeavesTheBuildLive(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"list variables", "delete variable"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var isLive atomic.Bool
				s := newPruning(t, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
					isLive.CompareAndSwap(false, isWrite(r, "/Deployments"))
					return false
				})
				s.deployer.Client = s.deployer.Client.Observed(func(call twilio.Call) {
					if isLive.Load() && call.Operation == operation {
						panic("a bug")
					}
				})
				outcome, err := s.deployer.Apply(t.Context(), s.plan)
				if _, ok := errors.AsType[*problem.PanicError](err); !ok || outcome.Live != deploy.LiveIsThis || len(outcome.VariablesKept) == 0 {
					t.Errorf("ended with %+v, %v", outcome, err)
				}
			})
		})
	}
}
