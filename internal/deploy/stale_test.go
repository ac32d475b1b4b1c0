package deploy_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
)

// TestExactlyOrNotAtAll takes what is live away while the next Build is made.
func TestExactlyOrNotAtAll(t *testing.T) {
	t.Parallel()
	for _, exactly := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var once sync.Once
			var s *stage
			s = newStage(t, func(_ http.ResponseWriter, r *http.Request, world http.Handler) bool {
				if !strings.HasSuffix(r.URL.Path, "/Status") {
					return false
				}
				once.Do(func() {
					service, _, _ := strings.Cut(r.URL.Path, "/Builds")
					path := service + "/Environments/" + s.world.Snapshot().Environments[0].SID + "/Deployments"
					theirs := httptest.NewRequest(http.MethodPost, "http://127.0.0.1"+path, http.NoBody)
					theirs.Header = r.Header.Clone()
					theirs.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					recorder := httptest.NewRecorder()
					if world.ServeHTTP(recorder, theirs); recorder.Code != http.StatusCreated {
						t.Errorf("taking away was answered %d: %s", recorder.Code, recorder.Body)
					}
				})
				return false
			})
			s.deployer.Exactly = exactly
			outcome, err := s.deployer.Apply(t.Context(), s.plan)
			build, variables := s.live()
			if !exactly {
				if err != nil || build != outcome.BuildSID || variables != newVariables || outcome.WasLive != "" {
					t.Errorf("ended with %+v, %v; live is %s with %s", outcome, err, build, variables)
				}
				return
			}
			stale, ok := errors.AsType[*deploy.StaleError](err)
			if !ok || build != "" || variables != oldVariables || outcome.Live != deploy.LiveAsBefore || outcome.WasLive != "" {
				t.Fatalf("ended with %+v, %v; live is %s with %s", outcome, err, build, variables)
			}
			want := "Build " + string(s.before) + " was live in dev when it was made, and none is now"
			if len(stale.Moved) != 1 || stale.Moved[0] != want || deploy.Explain(err).Reason != job.StalePlan {
				t.Errorf("the error is %v, want %q", err, want)
			}
		})
	}
}
