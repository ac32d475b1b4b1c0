package pipeline_test

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// checked is a Service whose deploys are checked, on a world that also serves what
// is live.
type checked struct {
	t      *testing.T
	world  *sandbox.Sandbox
	client *twilio.Client
	base   string // of deployed domains
	steps  deploy.Steps

	mu     sync.Mutex
	before func(*http.Request) int                                    // answers a call itself, unless it is 0; may be nil
	around func(w http.ResponseWriter, r *http.Request, serve func()) // may be nil
	scale  float64                                                    // of the pace of looks; 0 means 0.002
	writes []string
}

func newChecked(t *testing.T) *checked {
	t.Helper()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &checked{t: t, world: world}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		before, around := c.before, c.around
		if r.Method != http.MethodGet {
			c.writes = append(c.writes, r.Method+" "+r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
		}
		c.mu.Unlock()
		if before != nil {
			if code := before(r); code != 0 {
				status(code, `{"code":20000,"message":"no"}`)(w, r)
				return
			}
		}
		if around != nil {
			around(w, r, func() { world.ServeHTTP(w, r) })
			return
		}
		world.ServeHTTP(w, r)
	})
	c.client = newClient(t, handler)
	live := httptest.NewServer(handler)
	t.Cleanup(live.Close)
	c.base = live.URL + sandbox.LivePrefix + "{domain}"
	return c
}

func (c *checked) meet(before func(*http.Request) int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = before
}

// run does a Job with a health check of /health.
func (c *checked) run(ctx context.Context, asked job.Job, tree fstest.MapFS) (job.Result, error) {
	c.writes = nil
	outcome, err := pipeline.Run(ctx, asked, pipeline.Config{
		Client: c.client, Source: tree, LiveURL: c.base, Steps: c.steps,
		CheckScale: cmp.Or(c.scale, 0.002),
	})
	return outcome.Result, err
}

// asked is a deploy that is checked. Where the check fails, it takes all of its
// Timeout, which is long enough for a busy machine.
func asked(change ...func(*job.Job)) job.Job {
	asked := deployment()
	asked.Options.HealthCheck = job.HealthCheck{Path: "/health", Timeout: time.Second}
	for _, apply := range change {
		apply(&asked)
	}
	return asked
}

// healthy answers /health, and sick does not.
func healthy(more ...string) fstest.MapFS {
	return tree(append([]string{"functions/health.js", "exports.handler = 1;", ".env", "GREETING=hello\nKEPT=1"}, more...)...)
}

func sick() fstest.MapFS {
	return tree("functions/health.js", "// sandbox: throw TypeError: x is not a function", ".env", "GREETING=goodbye\nKEPT=1\nNEW=1")
}

// must does a Job whose check, if it has one, holds sooner or later.
func (c *checked) must(asked job.Job, tree fstest.MapFS) job.Result {
	c.t.Helper()
	if asked.Options.HealthCheck.Path != "" {
		asked.Options.HealthCheck.Timeout = time.Minute
	}
	result, err := c.run(c.t.Context(), asked, tree)
	if err != nil {
		c.t.Fatal(err)
	}
	return result
}

// wantFailure holds a Result to how it ended.
func (c *checked) wantFailure(result job.Result, err error, reason job.Reason, isRolledBack bool, parts ...string) {
	c.t.Helper()
	if err == nil || result.Error == nil || result.Error.Reason != reason || result.RolledBack != isRolledBack {
		c.t.Fatalf("got error %v and the Result %+v with %+v, want %s, rolled back %t", err, result, result.Error, reason, isRolledBack)
	}
	told := result.Error.Message + "\n" + result.Error.Hint + "\n" + result.Error.State
	for _, part := range parts {
		if !strings.Contains(told, part) {
			c.t.Errorf("the failure does not say %q:\n%s", part, told)
		}
	}
}

func TestCheckThatHolds(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	if result := c.must(asked(), healthy()); result.Status != job.Deployed || result.RolledBack {
		t.Errorf("got %+v", result)
	}
}

// TestFailedCheckBringsBackWhatWasLive and its variables, which are put back before
// its Build.
func TestFailedCheckBringsBackWhatWasLive(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	first := c.must(asked(), healthy())
	builds, variables := live(c.world)
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.CheckFailed, true, "500 Internal Server Error", "x is not a function",
		"Rolled back: in dev Build "+first.BuildSID+" is live again, with the variables as they were.", "slipway logs")
	if result.Error.Reason.ExitCode() != 6 || result.PreviousBuildSID != first.BuildSID || result.BuildSID == first.BuildSID {
		t.Errorf("the Result is %+v", result)
	}
	gotBuilds, gotVariables := live(c.world)
	if !slices.Equal(gotBuilds, builds) || !slices.Equal(gotVariables, variables) {
		t.Errorf("live is %v with %v, want %v with %v", gotBuilds, gotVariables, builds, variables)
	}
	last := c.writes[len(c.writes)-1]
	if last != "POST Deployments" {
		t.Errorf("the last write is %s, want the Deployment behind the variables: %v", last, c.writes)
	}
	// Variables alone are taken back as well.
	healthyButOther := healthy(".env", "GREETING=other\nKEPT=1")
	impossible := asked(func(j *job.Job) { j.Options.HealthCheck.Text = "never" })
	result, err = c.run(t.Context(), impossible, healthyButOther)
	c.wantFailure(result, err, job.CheckFailed, true, `does not hold "never"`)
	if _, got := live(c.world); !slices.Equal(got, variables) {
		t.Errorf("variables are %v, want %v", got, variables)
	}
}

func TestFailedCheckOfAFirstRelease(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.CheckFailed, true, "Rolled back: in dev nothing is live, as before")
	builds, variables := live(c.world)
	if !slices.Equal(builds, []string{"dev-environment="}) || len(variables) > 0 {
		t.Errorf("live is %v with %v", builds, variables)
	}
}

func TestFailedCheckThatIsKept(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	c.must(asked(), healthy())
	result, err := c.run(t.Context(), asked(func(j *job.Job) { j.Options.KeepFailed = true }), sick())
	c.wantFailure(result, err, job.CheckFailed, false, "rollback-on-failure is false", "Build "+result.BuildSID+" is live in dev.")
	if builds, _ := live(c.world); !slices.Equal(builds, []string{"dev-environment=" + result.BuildSID}) {
		t.Errorf("live is %v", builds)
	}
}

// TestRollbackThatFails leaves what does not work, and says so.
func TestRollbackThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refuses func(*http.Request) bool
		want    []string
	}{
		"the Deployment": {on(http.MethodPost, "/Deployments"), []string{"the roll-back failed, too", "slipway rollback --environment dev --to ZB", "is live in dev. The variables are as they were."}},
		"a variable": {
			func(r *http.Request) bool {
				return r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/Variables/")
			},
			[]string{"the variables GREETING, NEW could not be put back", "These variables may still have this run's values: GREETING, NEW."},
		},
		"the look": {func(r *http.Request) bool {
			return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/Environments/ZE") && strings.Count(r.URL.Path, "/") == 5
		}, []string{"the roll-back failed, too"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChecked(t)
			c.must(asked(), healthy())
			var isLive atomic.Bool
			c.meet(func(r *http.Request) int {
				if strings.HasPrefix(r.URL.Path, sandbox.LivePrefix) {
					isLive.Store(true)
				}
				if isLive.Load() && test.refuses(r) {
					return http.StatusForbidden
				}
				return 0
			})
			result, err := c.run(t.Context(), asked(), sick())
			c.wantFailure(result, err, job.RollbackFailed, false, append(test.want, "deploy what works.")...)
			if result.Error.Reason.ExitCode() != 7 {
				t.Errorf("exit code %d", result.Error.Reason.ExitCode())
			}
		})
	}
}

// TestCheckLeavesWhatOthersMadeLive while it was under way, whatever it finds.
func TestCheckLeavesWhatOthersMadeLive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		isTakenAway bool
		tree        fstest.MapFS
		isWarned    bool
		isKept      bool // where the check fails
		isUnchanged bool // it was live before the run
	}{
		"a failed check, and nothing is live":       {isTakenAway: true, tree: sick()},
		"a failed check, and another Build is":      {tree: sick(), isWarned: true},
		"the same, and what fails is kept":          {tree: sick(), isWarned: true, isKept: true},
		"a failed check of what was live before it": {tree: sick(), isWarned: true, isUnchanged: true},
		"a check that holds":                        {tree: healthy("functions/hello.js", "exports.handler = 2;")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChecked(t)
			first := c.must(asked(), healthy())
			theirs := first.BuildSID
			if test.isTakenAway {
				theirs = ""
			}
			if test.isUnchanged {
				c.must(asked(func(j *job.Job) { j.Options.HealthCheck = job.HealthCheck{} }), test.tree)
			}
			var once sync.Once
			c.meet(func(r *http.Request) int {
				if strings.HasPrefix(r.URL.Path, sandbox.LivePrefix) {
					once.Do(func() {
						_, err := c.client.CreateDeployment(t.Context(), twilio.ServiceSID(first.ServiceSID), twilio.EnvironmentSID(first.EnvironmentSID), twilio.BuildSID(theirs))
						if err != nil {
							t.Error(err)
						}
					})
				}
				return 0
			})
			result, err := c.run(t.Context(), asked(func(j *job.Job) {
				j.Options.KeepFailed = test.isKept
				if test.isWarned { // theirs answers, too
					j.Options.HealthCheck.Text = "never"
				}
			}), test.tree)
			if test.isTakenAway {
				c.wantFailure(result, err, job.CheckFailed, false, "it was taken away meanwhile")
			} else if err != nil || result.Status != job.Superseded || result.SupersededBy != theirs || result.Changed == test.isUnchanged {
				t.Errorf("got %v and %+v", err, result)
			}
			if got := strings.Contains(strings.Join(result.Warnings, "\n"), "what the check found: "); got != test.isWarned {
				t.Errorf("the warnings are %q", result.Warnings)
			}
			if builds, _ := live(c.world); !slices.Equal(builds, []string{"dev-environment=" + theirs}) {
				t.Errorf("live is %v", builds)
			}
		})
	}
}

// TestCheckOfWhatIsLiveAlready is for a run that was killed before it knew.
func TestCheckOfWhatIsLiveAlready(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	unchecked := asked(func(j *job.Job) { j.Options.HealthCheck = job.HealthCheck{} })
	first := c.must(unchecked, sick())
	c.writes = nil
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.CheckFailed, false, "it was live before this run", "Build "+first.BuildSID+" is live in dev.")
	if len(c.writes) > 0 || result.Changed {
		t.Errorf("writes %v, changed %t", c.writes, result.Changed)
	}
	c.must(unchecked, healthy())
	if result := c.must(asked(), healthy()); result.Status != job.Unchanged || result.APICalls != 5 {
		t.Errorf("got %s with %d calls", result.Status, result.APICalls)
	}
}

func TestFailedCheckOfAPromote(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	toStage := promotion("dev", "stage")
	toStage.Options.HealthCheck = asked().Options.HealthCheck
	first := c.must(asked(), healthy())
	c.must(toStage, nil)
	c.must(asked(func(j *job.Job) { j.Options.HealthCheck = job.HealthCheck{} }), sick())
	result, err := c.run(t.Context(), toStage, nil)
	c.wantFailure(result, err, job.CheckFailed, true, "Build "+first.BuildSID+" is live again.")
}

// TestCheckThatIsCancelled leaves what went live, and says that nobody knows.
func TestCheckThatIsCancelled(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	c.must(asked(), healthy())
	ctx, cancel := context.WithCancel(t.Context())
	c.meet(func(r *http.Request) int {
		if strings.HasPrefix(r.URL.Path, sandbox.LivePrefix) {
			cancel()
		}
		return 0
	})
	result, err := c.run(ctx, asked(func(j *job.Job) { j.Options.HealthCheck.Timeout = time.Hour }), sick())
	c.wantFailure(result, err, job.Cancelled, false, "is live in dev; whether it works was not found out.")
}

// stored is a store of step results, as a durable queue has one.
type stored map[string][]byte

func (s stored) Do(ctx context.Context, name string, step func(context.Context) ([]byte, error)) ([]byte, error) {
	if result, ok := s[name]; ok {
		return result, nil
	}
	result, err := step(ctx)
	if err == nil {
		s[name] = result
	}
	return result, err
}

// TestFailedCheckOfAnotherRun brings the Build of before back, and says that the
// variables of before are not known any more.
func TestFailedCheckOfAnotherRun(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	first := c.must(asked(), healthy())
	c.steps = stored{}
	ctx, cancel := context.WithCancel(t.Context())
	c.meet(func(r *http.Request) int {
		if strings.HasPrefix(r.URL.Path, sandbox.LivePrefix) {
			cancel()
		}
		return 0
	})
	_, _ = c.run(ctx, asked(), sick())
	c.meet(nil)
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.RollbackFailed, false, "an earlier run of this Job changed them", "GREETING, NEW",
		"Build "+first.BuildSID+" is live in dev")
	if builds, _ := live(c.world); !slices.Equal(builds, []string{"dev-environment=" + first.BuildSID}) {
		t.Errorf("live is %v", builds)
	}
}

// TestWatch follows the logs of what went live.
func TestWatch(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	watched := func(errors int) job.Job {
		asked := deployment()
		asked.Options.Watch, asked.Options.WatchErrors = 500*time.Millisecond, errors
		return asked
	}
	first := c.must(watched(1), healthy())
	called := make(chan struct{}, 1)
	c.meet(func(r *http.Request) int { // somebody calls what is sick as soon as it is live
		if on(http.MethodGet, "/Logs")(r) && c.world.Snapshot().Environments[0].BuildSID != first.BuildSID {
			select {
			case called <- struct{}{}:
				environment := c.world.Snapshot().Environments[0]
				response, err := http.Get(strings.ReplaceAll(c.base, "{domain}", environment.DomainName) + "/health")
				if err != nil {
					t.Error(err)
					return 0
				}
				response.Body.Close()
			default:
			}
		}
		return 0
	})
	result, err := c.run(t.Context(), watched(1), sick())
	c.wantFailure(result, err, job.CheckFailed, true, "its Functions wrote 1 error within", `"TypeError: x is not a function"`)
	<-called
	if result := c.must(watched(2), sick()); result.Status != job.Deployed {
		t.Errorf("one error of two: %+v", result)
	}
}
