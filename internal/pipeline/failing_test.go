package pipeline_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// failing answers the calls that match in its own way.
type failing struct {
	http.Handler
	matches func(*http.Request) bool
	answer  http.HandlerFunc
	met     atomic.Int64
}

func (f *failing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.matches(r) {
		f.met.Add(1)
		f.answer(w, r)
		return
	}
	f.Handler.ServeHTTP(w, r)
}

func on(method, pathEnd string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == method && strings.HasSuffix(r.URL.Path, pathEnd) }
}

// anHourLater lets what is there already be an hour old.
func anHourLater(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		handler.ServeHTTP(w, r)
	})
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = fmt.Fprint(w, body)
	}
}

// TestRunFailsWithoutTouchingWhatIsLive makes redeploys with changed variables
// fail at each call that they make, in each way, and looks at what is live.
func TestRunFailsWithoutTouchingWhatIsLive(t *testing.T) {
	t.Parallel()
	const variables = "GREETING=goodbye\nOTHER=x"
	below := func(method, part string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Method == method && strings.Contains(r.URL.Path, part) }
	}
	fetchEnvironment := func(r *http.Request) bool {
		return below(http.MethodGet, "/Environments/ZE")(r) && strings.Count(r.URL.Path, "/") == 5
	}
	redeploys := map[string]struct {
		before []fstest.MapFS // deployed in turn
		tree   fstest.MapFS
		calls  map[string]func(*http.Request) bool
	}{
		"new files": {[]fstest.MapFS{tree()}, tree("functions/new.js", "1", "assets/new.txt", "new", ".env", variables), map[string]func(*http.Request) bool{
			"fetch service":     func(r *http.Request) bool { return r.Method == http.MethodGet && strings.Count(r.URL.Path, "/") == 3 },
			"list environments": on(http.MethodGet, "/Environments"),
			"fetch build": func(r *http.Request) bool {
				return below(http.MethodGet, "/Builds/")(r) && !on(http.MethodGet, "/Status")(r)
			},
			"fetch function version content": on(http.MethodGet, "/Content"),
			"list builds":                    on(http.MethodGet, "/Builds"),
			"list functions":                 on(http.MethodGet, "/Functions"),
			"list assets":                    on(http.MethodGet, "/Assets"),
			"list variables":                 on(http.MethodGet, "/Variables"),
			"create function":                on(http.MethodPost, "/Functions"),
			"create asset":                   on(http.MethodPost, "/Assets"),
			"upload function version":        below(http.MethodPost, "/Functions/"),
			"upload asset version":           below(http.MethodPost, "/Assets/"),
			"create build":                   on(http.MethodPost, "/Builds"),
			"fetch build status":             on(http.MethodGet, "/Status"),
			"fetch environment":              fetchEnvironment,
			"create variable":                on(http.MethodPost, "/Variables"),
			"update variable":                below(http.MethodPost, "/Variables/"),
			"create deployment":              on(http.MethodPost, "/Deployments"),
		}},
		"a Build of before": {[]fstest.MapFS{tree(), tree("functions/new.js", "1")}, tree(".env", variables), map[string]func(*http.Request) bool{
			"list builds":        on(http.MethodGet, "/Builds"),
			"fetch build status": on(http.MethodGet, "/Status"),
			"fetch environment":  fetchEnvironment,
			"list variables":     on(http.MethodGet, "/Variables"),
			"create variable":    on(http.MethodPost, "/Variables"),
			"update variable":    below(http.MethodPost, "/Variables/"),
			"create deployment":  on(http.MethodPost, "/Deployments"),
		}},
		"variables alone": {[]fstest.MapFS{tree()}, tree(".env", variables), map[string]func(*http.Request) bool{
			"fetch environment": fetchEnvironment,
			"list variables":    on(http.MethodGet, "/Variables"),
			"create variable":   on(http.MethodPost, "/Variables"),
			"update variable":   below(http.MethodPost, "/Variables/"),
		}},
	}
	// What is gone is no failure: it is made again.
	survived := map[string]bool{"fetch build/404": true, "fetch function version content/404": true}
	answers := map[string]struct {
		answer http.HandlerFunc
		reason job.Reason // when it is the same for every call
	}{
		"400":            {status(400, `{"code":20001,"message":"no"}`), ""},
		"401":            {status(401, `{"code":20003,"message":"no"}`), job.BadCredentials},
		"403":            {status(403, `{"code":20403,"message":"no"}`), job.BadCredentials},
		"404":            {status(404, `{"code":20404,"message":"no"}`), ""},
		"409":            {status(409, `{"code":20409,"message":"no"}`), ""},
		"413":            {status(413, "Request Entity Too Large"), job.LimitReached},
		"endless 429":    {status(429, `{"code":20429,"message":"Too many requests"}`), job.LimitReached},
		"endless 500":    {status(500, `{"message":"An error occurred","status":500}`), job.TimedOut},
		"endless HTML":   {status(502, "<html>"), job.TimedOut},
		"truncated body": {status(200, `{"sid":"Z`), job.TimedOut},
	}
	for redeployName, redeploy := range redeploys {
		for callName, matches := range redeploy.calls {
			for answerName, answer := range answers {
				t.Run(redeployName+"/"+callName+"/"+answerName, func(t *testing.T) {
					t.Parallel()
					client, world := newWorld(t, sandbox.Options{})
					for _, files := range redeploy.before {
						if _, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: files}); err != nil {
							t.Fatal(err)
						}
					}
					buildsBefore, variablesBefore := live(world)

					broken := &failing{Handler: world, matches: matches, answer: answer.answer}
					faulty := newClient(t, anHourLater(broken), func(cfg *twilio.Config) {
						cfg.Retry = retry.Policy{Initial: time.Millisecond, Max: time.Millisecond, MaxAttempts: 2}
					})
					outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: faulty, Source: redeploy.tree})
					if broken.met.Load() == 0 {
						t.Fatal("the call was never made")
					}
					if survived[callName+"/"+answerName] {
						if err != nil || outcome.Result.Status != job.Deployed {
							t.Errorf("the deploy ended with %v: %+v", err, outcome.Result)
						}
						return
					}
					if err == nil {
						t.Fatalf("the deploy succeeded: %+v", outcome.Result)
					}
					failure := outcome.Result.Error
					named := callName
					if callName == "fetch service" && answerName == "404" {
						named = "create service" // a Service that is not there is made
					}
					if outcome.Result.Status != job.Failed || failure == nil || !strings.Contains(failure.Message, named) {
						t.Errorf("the failure does not name the call: %+v", failure)
					}
					if answer.reason != "" && failure.Reason != answer.reason {
						t.Errorf("the reason is %s, want %s (%s)", failure.Reason, answer.reason, failure.Message)
					}
					if failure.State == "" {
						t.Error("the failure does not tell what it left behind")
					}
					builds, variables := live(world)
					if !slices.Equal(builds, buildsBefore) || !slices.Equal(variables, variablesBefore) {
						t.Errorf("live were %v with %v, and are %v with %v", buildsBefore, variablesBefore, builds, variables)
					}
				})
			}
		}
	}
}
