package deploy_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/secret"
)

// theirs sends a form of somebody else to a world.
func theirs(t *testing.T, r *http.Request, world http.Handler, path string, form url.Values) {
	t.Helper()
	service, _, _ := strings.Cut(r.URL.Path, "/Environments")
	request := httptest.NewRequest(http.MethodPost, "http://127.0.0.1"+service+path, strings.NewReader(form.Encode()))
	request.Header = r.Header.Clone()
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	if world.ServeHTTP(recorder, request); recorder.Code >= http.StatusBadRequest {
		t.Errorf("%s was answered %d: %s", path, recorder.Code, recorder.Body)
	}
}

// behind is a stage that meddles with what comes behind the Deployment of the second
// deploy; s is set when it is called.
func behind(t *testing.T, meddle func(s *stage, w http.ResponseWriter, r *http.Request, world http.Handler) bool) *stage {
	t.Helper()
	var s *stage
	var isLive atomic.Bool
	s = newStage(t, func(w http.ResponseWriter, r *http.Request, world http.Handler) bool {
		if isWrite(r, "/Deployments") {
			defer isLive.Store(true)
		}
		return isLive.Load() && meddle(s, w, r, world)
	})
	return s
}

func (s *stage) environmentPath() string {
	return "/Environments/" + s.world.Snapshot().Environments[0].SID
}

// TestVariablesOfAnotherDeployAreSetAgain changes one behind the Deployment: once,
// again and again, or so that it cannot be set again.
func TestVariablesOfAnotherDeployAreSetAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		times     int32 // that it is changed
		isRefused bool
		want      string // of the error; empty for success
		variables string
	}{
		"once":                     {1, false, "", newVariables},
		"three times":              {3, false, "", newVariables},
		"for ever":                 {1000, false, "they are changed again and again", "A=theirs B=new C=new D=new"},
		"and it cannot be written": {1, true, "answered 403", "A=theirs B=new C=new D=new"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var changed atomic.Int32
				s := behind(t, func(s *stage, w http.ResponseWriter, r *http.Request, world http.Handler) bool {
					switch {
					case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Variables") && changed.Add(1) <= test.times:
						theirs(t, r, world, s.environmentPath()+"/Variables/"+s.sidOf("A"), url.Values{"Value": {"theirs"}})
					case isWrite(r, "/Variables/") && test.isRefused:
						w.WriteHeader(http.StatusForbidden)
						return true
					}
					return false
				})
				outcome, err := s.deployer.Apply(t.Context(), s.plan)
				if build, variables := s.live(); build != outcome.BuildSID || variables != test.variables || outcome.Live != deploy.LiveIsThis {
					t.Errorf("live is %s with %s: %+v", build, variables, outcome)
				}
				mixed, ok := errors.AsType[*deploy.MixedError](err)
				if ok != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
					t.Fatalf("ended with %v, want %q", err, test.want)
				}
				if ok && (!slices.Equal(mixed.Keys, []string{"A"}) || !slices.Equal(outcome.VariablesMixed, mixed.Keys) || deploy.Explain(err).Hint == "") {
					t.Errorf("the error names %v, the outcome %v", mixed.Keys, outcome.VariablesMixed)
				}
			})
		})
	}
}

// TestLooksThatFailAreWarnings when all that was asked for is done.
func TestLooksThatFailAreWarnings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := behind(t, func(_ *stage, w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
			if r.Method == http.MethodGet {
				w.WriteHeader(http.StatusForbidden)
				return true
			}
			return false
		})
		var warned []string
		s.deployer.Progress = func(event job.Event) {
			if event.Kind == job.Warned {
				warned = append(warned, event.Message)
			}
		}
		outcome, err := s.deployer.Apply(t.Context(), s.plan)
		if build, variables := s.live(); err != nil || build != outcome.BuildSID || variables != newVariables {
			t.Errorf("ended with %v; live is %s with %s", err, build, variables)
		}
		if len(warned) != 1 || !strings.HasPrefix(warned[0], "whether another deploy came between could not be looked up: ") {
			t.Errorf("the warnings are %q", warned)
		}
	})
}

// TestSupersededTouchesNothingMore has somebody make the Build of before live again,
// before or while variables are removed.
func TestSupersededTouchesNothingMore(t *testing.T) {
	t.Parallel()
	isLook := func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/Environments/") && !strings.HasSuffix(r.URL.Path, "/Variables")
	}
	for name, test := range map[string]struct {
		when   func(*http.Request) bool
		isGone bool // nothing is live, in place of the Build of before
		want   string
		// passes counts the requests like that one which come before it.
		passes  int32
		removes bool
	}{
		"before the look":          {func(r *http.Request) bool { return r.Method == http.MethodGet }, false, "A=new B=old C=old D=new", 0, false},
		"between look and removal": {isLook, false, "A=new B=old C=old D=new", 1, false},
		"while they are removed":   {func(r *http.Request) bool { return r.Method == http.MethodDelete }, false, "A=new B=old C=old D=new", 0, true},
		"taken away before it":     {func(r *http.Request) bool { return r.Method == http.MethodGet }, true, "A=new B=old C=old D=new", 0, false},
		"taken away while removed": {func(r *http.Request) bool { return r.Method == http.MethodDelete }, true, "A=new D=new", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var s *stage
				var isLive, removes atomic.Bool
				var met atomic.Int32
				s = newPruning(t, func(_ http.ResponseWriter, r *http.Request, world http.Handler) bool {
					if r.Method == http.MethodDelete {
						removes.Store(true)
					}
					if isWrite(r, "/Deployments") {
						isLive.Store(true)
					} else if isLive.Load() && test.when(r) && met.Add(1) == test.passes+1 {
						form := url.Values{"BuildSid": {string(s.before)}}
						if test.isGone {
							form = nil
						}
						theirs(t, r, world, s.environmentPath()+"/Deployments", form)
					}
					return false
				})
				outcome, err := s.deployer.Apply(t.Context(), s.plan)
				want := s.before
				if test.isGone {
					want = ""
				}
				build, variables := s.live()
				if err != nil || build != want || variables != test.want {
					t.Errorf("ended with %v; live is %q with %s", err, build, variables)
				}
				if removes.Load() != test.removes {
					t.Errorf("removes: %t", removes.Load())
				}
				if !outcome.IsSuperseded || outcome.SupersededBy != want || outcome.Live != deploy.LiveOther || outcome.BuildSID == want {
					t.Errorf("the outcome is %+v", outcome)
				}
			})
		})
	}
}

// TestSupersededWhileVariablesAreSetAgain fails a write that takes effect, as another
// Build goes live.
func TestSupersededWhileVariablesAreSetAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var isChanged, isTaken atomic.Bool
		s := behind(t, func(s *stage, w http.ResponseWriter, r *http.Request, world http.Handler) bool {
			switch {
			case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Variables") && isChanged.CompareAndSwap(false, true):
				theirs(t, r, world, s.environmentPath()+"/Variables/"+s.sidOf("A"), url.Values{"Value": {"theirs"}})
			case isWrite(r, "/Variables/") && isTaken.CompareAndSwap(false, true):
				world.ServeHTTP(httptest.NewRecorder(), r)
				theirs(t, r, world, s.environmentPath()+"/Deployments", url.Values{"BuildSid": {string(s.before)}})
				w.WriteHeader(http.StatusForbidden)
				return true
			}
			return false
		})
		outcome, err := s.deployer.Apply(t.Context(), s.plan)
		if build, variables := s.live(); build != s.before || variables != "A=theirs B=new C=new D=new" {
			t.Errorf("live is %s with %s", build, variables)
		}
		if err != nil || !outcome.IsSuperseded || outcome.SupersededBy != s.before || outcome.VariablesMixed != nil {
			t.Errorf("ended with %v: %+v", err, outcome)
		}
	})
}

// TestVariablesOfABuildThatCannotGoLiveAgain are left where another one has taken its
// place, and they cannot be put back either.
func TestVariablesOfABuildThatCannotGoLiveAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var begins, isBehind, isTaken atomic.Bool
		var s *stage
		s = newStage(t, func(w http.ResponseWriter, r *http.Request, world http.Handler) bool {
			switch {
			case !begins.Load():
			case isBehind.Load() && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, s.environmentPath()) && isTaken.CompareAndSwap(false, true):
				theirs(t, r, world, s.environmentPath()+"/Deployments", nil)
			case isTaken.Load() && isWrite(r, ""):
				w.WriteHeader(http.StatusForbidden)
				return true
			case isWrite(r, "/Variables/"):
				isBehind.Store(true)
			}
			return false
		})
		if _, err := s.deployer.Apply(t.Context(), planned(t, s.deployer, small())); err != nil {
			t.Fatal(err)
		}
		s.deployer.Variables = func() (map[string]secret.String, error) { return secrets("A", "newer"), nil }
		s.plan = planned(t, s.deployer, small())
		begins.Store(true)
		outcome, err := s.deployer.Apply(t.Context(), s.plan)
		if build, variables := s.live(); s.plan.Build != deploy.BuildLive || build != "" || variables != "A=newer B=new C=new D=new" {
			t.Errorf("live is %q with %s", build, variables)
		}
		if err == nil || outcome.Live != deploy.LiveAsBefore || outcome.LiveBefore != "" || !slices.Equal(outcome.VariablesLeft, []string{"A"}) {
			t.Errorf("ended with %v: %+v", err, outcome)
		}
	})
}

// TestVariableThatIsRemovedAtTheTime of its change is made again.
func TestVariableThatIsRemovedAtTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var isGone atomic.Bool
		s := newStage(t, func(_ http.ResponseWriter, r *http.Request, world http.Handler) bool {
			if isWrite(r, "/Variables/") && isGone.CompareAndSwap(false, true) {
				request := httptest.NewRequest(http.MethodDelete, "http://127.0.0.1"+r.URL.Path, nil)
				request.Header = r.Header.Clone()
				request.Header.Del("Content-Type")
				world.ServeHTTP(httptest.NewRecorder(), request)
			}
			return false
		})
		outcome, err := s.deployer.Apply(t.Context(), s.plan)
		if build, variables := s.live(); err != nil || build != outcome.BuildSID || variables != newVariables {
			t.Errorf("ended with %v; live is %s with %s", err, build, variables)
		}
	})
}
