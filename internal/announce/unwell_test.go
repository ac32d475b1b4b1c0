package announce_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// finals are what has to be shown of a preview that was deployed.
var finals = []string{"slipway/voice/preview success: Deployed", "  success: Build", "  voice pr-7 deployed"}

// TestUnwell has GitHub fail at each single call: for good it costs no more than the
// one thing that the call was for, and the end comes in time; once it costs nothing.
func TestUnwell(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(http.ResponseWriter, *http.Request){
		"hangs": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"cuts":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"fails": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<html>bad gateway</html>", http.StatusBadGateway)
		},
		"lies":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("[]")) },
		"panics": func(http.ResponseWriter, *http.Request) { panic("a bug of ours") },
	}
	calls := callsOf(t)
	for name, unwell := range kinds {
		for at := range calls {
			for _, isOnce := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s at call %d, once %t", name, at, isOnce), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						world := newHub(t, sandbox.Options{})
						var count atomic.Int64
						handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							number := int(count.Add(1)) - 1
							if number == at || number > at && !isOnce {
								unwell(w, r)
								return
							}
							world.ServeHTTP(w, r)
						})
						a := newAnnouncer(t, handler, onPull(), all())
						asked := deployOf("voice", "pr-7")
						a.Begin(t.Context(), asked)
						time.Sleep(20 * time.Second)
						began := time.Now()
						warnings := a.End(t.Context(), resultOf(asked, job.Deployed), deploy.Plan{})
						if took := time.Since(began); took > announce.Budget+5*time.Second {
							t.Errorf("the end took %s", took)
						}
						for _, one := range warnings {
							if one.Place == "" || one.Text == "" {
								t.Errorf("warned: %+v", one)
							}
						}
						got := shown(world)
						for _, want := range finals {
							if isOnce && name != "panics" && !strings.Contains(got, want) {
								t.Errorf("there is no %q in %s; warned %+v", want, got, warnings)
							}
						}
						if isOnce && name != "panics" && (len(warnings) > 0 || strings.Count(got, "deployment ") != 1 || strings.Count(got, "comment on") != 1) {
							t.Errorf("warned %+v, and there is %s", warnings, got)
						}
						if !isOnce && !hasAll(got) && len(warnings) == 0 {
							t.Errorf("nobody was told what is missing of %s", got)
						}
					})
				})
			}
		}
	}
}

func hasAll(got string) bool {
	for _, want := range finals {
		if !strings.Contains(got, want) {
			return false
		}
	}
	return true
}

// callsOf counts the calls of a run that all goes well in.
func callsOf(t *testing.T) (calls int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		var count atomic.Int64
		a := newAnnouncer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			world.ServeHTTP(w, r)
		}), onPull(), all())
		asked := deployOf("voice", "pr-7")
		a.Begin(t.Context(), asked)
		time.Sleep(20 * time.Second)
		a.End(t.Context(), resultOf(asked, job.Deployed), deploy.Plan{})
		calls = int(count.Load())
	})
	return calls
}

// TestCancelledAtEachMoment tells of it within 5 s, and ends within 7 s, with GitHub
// taking its time.
func TestCancelledAtEachMoment(t *testing.T) {
	t.Parallel()
	for moment := range 30 {
		at := time.Duration(moment) * 100 * time.Millisecond
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newHub(t, sandbox.Options{})
				a := newAnnouncer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(250 * time.Millisecond)
					world.ServeHTTP(w, r)
				}), onPull(), all())
				ctx, cancel := context.WithCancel(t.Context())
				asked := deployOf("voice", "pr-7")
				a.Begin(ctx, asked)
				time.Sleep(at)
				cancel()
				began := time.Now()
				time.Sleep(time.Second) // as the Job takes to end
				result := resultOf(asked, job.Failed)
				result.Error.Reason = job.Cancelled
				if warnings := a.End(ctx, result, deploy.Plan{}); len(warnings) > 0 {
					t.Errorf("warned: %+v", warnings)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("it took %s", took)
				}
				got := shown(world)
				for _, want := range []string{"preview error: Cancelled", "  voice pr-7 failed Cancelled"} {
					if !strings.Contains(got, want) {
						t.Errorf("there is no %q in %s", want, got)
					}
				}
				if isPending := strings.Contains(got, "deployment ") && !strings.Contains(got, "  error: Cancelled"); isPending {
					t.Errorf("the GitHub Deployment is left as it was: %s", got)
				}
			})
		})
	}
}
