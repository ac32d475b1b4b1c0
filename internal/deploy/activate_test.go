package deploy_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// memory carries requests without a socket, so that time can be the test's. As
// a server does, the handler goes on when its client has left.
type memory struct{ http.Handler }

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	received := r.Clone(context.WithoutCancel(r.Context()))
	received.Host = r.URL.Host
	if received.Body == nil {
		received.Body = http.NoBody
	}
	answered := make(chan *http.Response, 1)
	go func() {
		recorder := httptest.NewRecorder()
		m.ServeHTTP(recorder, received)
		answered <- recorder.Result()
	}()
	select {
	case response := <-answered:
		return response, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// stage is a world where a Build with KEY=value and OTHER=value is live, and a
// deployer of the next Build, which wants other values.
type stage struct {
	world    *sandbox.Sandbox
	deployer *deploy.Deployer
	plan     deploy.Plan
	before   twilio.BuildSID
}

// newStage calls meddle for every request of the second deploy; what it returns
// false for goes to the sandbox.
func newStage(t *testing.T, meddle func(w http.ResponseWriter, r *http.Request, world http.Handler) bool) *stage {
	t.Helper()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var isSecond atomic.Bool
	account := sandbox.DefaultAccount()
	client, err := twilio.New(twilio.Config{
		APIURL: "http://127.0.0.1", Credentials: twilio.Credentials{User: account.KeySID, Password: secret.New(account.KeySecret)},
		Transport: memory{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isSecond.Load() || !meddle(w, r, world) {
				world.ServeHTTP(w, r)
			}
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{world: world, deployer: newDeployer(client, deploy.InMemory{})}
	s.deployer.Variables = func() (map[string]secret.String, error) {
		return secrets("A", "old", "B", "old", "C", "old"), nil
	}
	environment := dev(t)
	if s.plan, err = s.deployer.Plan(t.Context(), question(environment, small())); err != nil {
		t.Fatal(err)
	}
	first, err := s.deployer.Apply(t.Context(), s.plan)
	if err != nil {
		t.Fatal(err)
	}
	s.before = first.BuildSID
	s.deployer.Variables = func() (map[string]secret.String, error) {
		return secrets("A", "new", "B", "new", "C", "new", "D", "new"), nil
	}
	if s.plan, err = s.deployer.Plan(t.Context(), question(environment, small())); err != nil {
		t.Fatal(err)
	}
	isSecond.Store(true)
	return s
}

// live returns the live Build and the variables.
func (s *stage) live() (build twilio.BuildSID, variables string) {
	snapshot := s.world.Snapshot()
	var pairs []string
	for _, variable := range snapshot.Variables {
		pairs = append(pairs, variable.Key+"="+variable.Value)
	}
	slices.Sort(pairs)
	return twilio.BuildSID(snapshot.Environments[0].BuildSID), strings.Join(pairs, " ")
}

// sidOf returns the SID of the variable with the key.
func (s *stage) sidOf(key string) string {
	for _, variable := range s.world.Snapshot().Variables {
		if variable.Key == key {
			return variable.SID
		}
	}
	return ""
}

const (
	oldVariables = "A=old B=old C=old"
	newVariables = "A=new B=new C=new D=new"
)

func isWrite(r *http.Request, pathPart string) bool {
	return r.Method == http.MethodPost && strings.Contains(r.URL.Path, pathPart)
}

// TestInterruptedActivationTellsTheTruth ends the run while a write is under
// way, which the platform then carries out all the same.
func TestInterruptedActivationTellsTheTruth(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		during string
		isLive bool
		want   string
	}{
		"while a variable is created": {"/Variables", false, oldVariables},
		"while variables are changed": {"/Variables/", false, oldVariables},
		"while the Build goes live":   {"/Deployments", true, newVariables},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := newStage(t, func(w http.ResponseWriter, r *http.Request, world http.Handler) bool {
					if !isWrite(r, test.during) || ctx.Err() != nil {
						return false
					}
					cancel()
					time.Sleep(1500 * time.Millisecond)
					world.ServeHTTP(w, r)
					return true
				})
				began := time.Now()
				outcome, err := s.deployer.Apply(ctx, s.plan)
				if took := time.Since(began); took > 7*time.Second {
					t.Errorf("took %s after the signal, longer than a runner waits", took)
				}
				synctest.Wait()
				build, variables := s.live()
				if (build == outcome.BuildSID) != test.isLive || variables != test.want {
					t.Errorf("Build %s is live with %s, want this run's: %v, with %s", build, variables, test.isLive, test.want)
				}
				if test.isLive && (err != nil || outcome.Live != deploy.LiveIsThis) {
					t.Errorf("ended with %+v, %v; want success", outcome, err)
				}
				if !test.isLive && (!errors.Is(err, context.Canceled) || outcome.Live != deploy.LiveAsBefore || build != s.before) {
					t.Errorf("ended with %+v, %v; want Build %s live as before", outcome, err, s.before)
				}
			})
		})
	}
}

// TestOneRefusedVariableLeavesNoneChanged refuses one change while others are
// under way.
func TestOneRefusedVariableLeavesNoneChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var refused atomic.Bool
		s := newStage(t, func(w http.ResponseWriter, r *http.Request, world http.Handler) bool {
			if !isWrite(r, "/Variables/") {
				return false
			}
			if refused.CompareAndSwap(false, true) {
				w.WriteHeader(http.StatusBadRequest)
				return true
			}
			time.Sleep(100 * time.Millisecond)
			return false
		})
		outcome, err := s.deployer.Apply(t.Context(), s.plan)
		build, variables := s.live()
		if err == nil || outcome.VariablesLeft != nil || build != s.before || variables != oldVariables {
			t.Errorf("ended with %+v, %v; live is %s with %s", outcome, err, build, variables)
		}
	})
}

// TestPuttingBackGoesOn refuses the activation and then, of what is put back,
// one variable for good and another at first.
func TestPuttingBackGoesOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer func(w http.ResponseWriter)
		forB   int // how often it is given
		left   []string
		want   string
	}{
		"past one that is refused": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadRequest) }, 1 << 30, []string{"B"}, "A=old B=new C=old"},
		"after the platform's pause": {func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "20")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 1, nil, oldVariables},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var isPuttingBack atomic.Bool
				var given atomic.Int64
				var s *stage
				s = newStage(t, func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
					if isWrite(r, "/Deployments") {
						isPuttingBack.Store(true)
						w.WriteHeader(http.StatusBadRequest)
						return true
					}
					if isPuttingBack.Load() && isWrite(r, "/Variables/"+s.sidOf("B")) && given.Add(1) <= int64(test.forB) {
						test.answer(w)
						return true
					}
					return false
				})
				outcome, err := s.deployer.Apply(t.Context(), s.plan)
				build, variables := s.live()
				if err == nil || !slices.Equal(outcome.VariablesLeft, test.left) || build != s.before || variables != test.want {
					t.Errorf("ended with %+v, %v; live is %s with %s", outcome, err, build, variables)
				}
				if reason := deploy.Explain(err).Reason; reason != job.Internal {
					t.Errorf("the reason is %s, want that of the refused activation", reason)
				}
			})
		})
	}
}

// TestUnknownIsSaid loses the answer to an activation that took effect, and
// every look after it.
func TestUnknownIsSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var isLost atomic.Bool
		s := newStage(t, func(w http.ResponseWriter, r *http.Request, world http.Handler) bool {
			if isWrite(r, "/Deployments") && !isLost.Load() {
				isLost.Store(true)
				world.ServeHTTP(httptest.NewRecorder(), r)
			}
			if isLost.Load() {
				w.WriteHeader(http.StatusInternalServerError)
			}
			return isLost.Load()
		})
		outcome, err := s.deployer.Apply(t.Context(), s.plan)
		build, variables := s.live()
		if err == nil || outcome.Live != deploy.LiveUnknown {
			t.Errorf("ended with %+v, %v", outcome, err)
		}
		if build != outcome.BuildSID || variables != newVariables {
			t.Errorf("Build %s is live with %s, want this run's with its own variables", build, variables)
		}
	})
}

// TestPuttingBackLeavesWhatIsOthers lets somebody else change a variable during
// the activation that is refused.
func TestPuttingBackLeavesWhatIsOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s *stage
		s = newStage(t, func(w http.ResponseWriter, r *http.Request, world http.Handler) bool {
			if !isWrite(r, "/Deployments") {
				return false
			}
			for _, key := range []string{"A", "D"} {
				path := strings.TrimSuffix(r.URL.Path, "Deployments") + "Variables/" + s.sidOf(key)
				theirs := httptest.NewRequest(http.MethodPost, "http://127.0.0.1"+path, strings.NewReader("Value=theirs"))
				theirs.Header = r.Header
				world.ServeHTTP(httptest.NewRecorder(), theirs)
			}
			w.WriteHeader(http.StatusBadRequest)
			return true
		})
		outcome, err := s.deployer.Apply(t.Context(), s.plan)
		if _, variables := s.live(); err == nil || outcome.VariablesLeft != nil || variables != "A=theirs B=old C=old D=theirs" {
			t.Errorf("ended with %+v, %v; the variables are %s", outcome, err, variables)
		}
	})
}

// TestAStoredPlanIsKept runs a Job again after its last step: the Plan is the
// one that it began with, not one made from its own result.
func TestAStoredPlanIsKept(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t)
	store := &notebook{results: make(map[string][]byte)}
	deployer := newDeployer(client, store)
	environment := dev(t)
	first, err := deployer.Plan(t.Context(), question(environment, small()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deployer.Apply(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	again, err := deployer.Plan(t.Context(), question(environment, small()))
	if err != nil || again.Fingerprint != first.Fingerprint || again.LiveBuildSID != "" || again.Functions[0].Change != deploy.Created {
		t.Errorf("the Plan of the second run is %+v, %v", again, err)
	}
	other := small()
	other.Functions[0].Path = "/never-uploaded"
	delete(store.results, "create-build")
	if _, err := deployer.Apply(t.Context(), deploy.Diff(question(environment, other), nil, deploy.Live{})); err == nil || !strings.Contains(err.Error(), "was not uploaded by this run") {
		t.Errorf("error %v, want the file that the stored upload lacks", err)
	}
}
