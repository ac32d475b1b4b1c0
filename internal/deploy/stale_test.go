package deploy_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
)

// meanwhile is a stage on which somebody else sends a request while the next Build
// is made. {environment} and {A} stand for SIDs in its path.
func meanwhile(t *testing.T, method, path string, form url.Values) *stage {
	t.Helper()
	var once sync.Once
	var s *stage
	s = newStage(t, func(_ http.ResponseWriter, r *http.Request, world http.Handler) bool {
		if !strings.HasSuffix(r.URL.Path, "/Status") {
			return false
		}
		once.Do(func() {
			time.Sleep(time.Second) // the API's times have no parts of one
			service, _, _ := strings.Cut(r.URL.Path, "/Builds")
			fill := strings.NewReplacer("{environment}", s.world.Snapshot().Environments[0].SID, "{A}", s.sidOf("A"))
			theirs := httptest.NewRequest(method, "http://127.0.0.1"+service+fill.Replace(path), strings.NewReader(form.Encode()))
			theirs.Header = r.Header.Clone()
			theirs.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			recorder := httptest.NewRecorder()
			if world.ServeHTTP(recorder, theirs); recorder.Code >= http.StatusBadRequest {
				t.Errorf("%s %s was answered %d: %s", method, path, recorder.Code, recorder.Body)
			}
		})
		return false
	})
	return s
}

// TestExactlyOrNotAtAll moves what is live while the next Build is made.
func TestExactlyOrNotAtAll(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path      string
		form      url.Values
		variables string // behind it
		isBuild   bool   // it takes the Build away
		want      string
	}{
		"the Build is taken away": {
			"/Environments/{environment}/Deployments", nil, oldVariables, true, "Build {before} was live in dev when it was made, and none is now",
		},
		"a variable is changed": {
			"/Environments/{environment}/Variables/{A}", url.Values{"Value": {"theirs"}}, "A=theirs B=old C=old", false, "variables of dev have been changed",
		},
		"a variable is added": {
			"/Environments/{environment}/Variables", url.Values{"Key": {"D"}, "Value": {"theirs"}}, oldVariables + " D=theirs", false, "variables of dev have been changed",
		},
	} {
		for _, exactly := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				s := meanwhile(t, http.MethodPost, test.path, test.form)
				s.deployer.Exactly = exactly
				outcome, err := s.deployer.Apply(t.Context(), s.plan)
				build, variables := s.live()
				over := s.before
				if test.isBuild {
					over = ""
				}
				if outcome.LiveBefore != over {
					t.Errorf("%s: Build %q was live", name, outcome.LiveBefore)
				}
				if !exactly {
					if err != nil || build != outcome.BuildSID || variables != newVariables {
						t.Errorf("%s: ended with %+v, %v; live is %s with %s", name, outcome, err, build, variables)
					}
					return
				}
				stale, ok := errors.AsType[*deploy.StaleError](err)
				if !ok || build != over || variables != test.variables || outcome.Live != deploy.LiveAsBefore {
					t.Fatalf("%s: ended with %+v, %v; live is %s with %s", name, outcome, err, build, variables)
				}
				want := strings.ReplaceAll(test.want, "{before}", string(s.before))
				if len(stale.Moved) != 1 || stale.Moved[0] != want || deploy.Explain(err).Reason != job.StalePlan {
					t.Errorf("%s: the error is %v, want %q", name, err, want)
				}
			})
		}
	}
}

// TestEnvironmentThatGoesMeanwhile tears it down while the next Build is made.
func TestEnvironmentThatGoesMeanwhile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exactly, hasVariables bool
		reason                job.Reason
	}{
		"exactly":         {true, true, job.StalePlan},
		"a deploy":        {false, true, job.Internal},
		"the Build alone": {false, false, job.Internal},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := meanwhile(t, http.MethodDelete, "/Environments/{environment}", nil)
			s.deployer.Exactly = test.exactly
			if !test.hasVariables {
				s.deployer.Variables = nil
			}
			outcome, err := s.deployer.Apply(t.Context(), s.plan)
			failure := deploy.Explain(err)
			if outcome.Live != deploy.LiveGone || failure.Reason != test.reason || !strings.Contains(failure.Message, "the Environment dev was taken away while this ran") {
				t.Errorf("%s: ended with %+v, %v: %+v", name, outcome, err, failure)
			}
			if len(outcome.VariablesLeft) > 0 || len(s.world.Snapshot().Environments) > 0 {
				t.Errorf("%s: left are %+v, %v", name, s.world.Snapshot().Environments, outcome.VariablesLeft)
			}
		})
	}
}
