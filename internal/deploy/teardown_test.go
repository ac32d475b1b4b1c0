package deploy_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func tornDown(t *testing.T, client *twilio.Client, asked deploy.Teardown) (deploy.Plan, deploy.Outcome, error) {
	t.Helper()
	deployer := newDeployer(client, deploy.InMemory{})
	plan, err := deployer.PlanTeardown(t.Context(), asked)
	if err != nil {
		return plan, deploy.Outcome{}, err
	}
	outcome, err := deployer.TearDown(t.Context(), plan)
	return plan, outcome, err
}

func named(t *testing.T, name string) deploy.Environment {
	t.Helper()
	environment, err := deploy.ParseEnvironment(name)
	if err != nil {
		t.Fatal(err)
	}
	return environment
}

func TestTeardown(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{"plainly": {}, "Builds vanish": {UndeployedBuildsVanish: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, err := sandbox.New(sandbox.Options{Switches: switches})
			if err != nil {
				t.Fatal(err)
			}
			client := serve(t, world)
			live := deployed(t, client, small())
			asked := deploy.Teardown{Service: "site", Environment: dev(t)}
			plan, outcome, err := tornDown(t, client, asked)
			if err != nil {
				t.Fatal(err)
			}
			if plan.IsNothing() || plan.LiveBuildSID != live.BuildSID || !slices.Equal(plan.Variables.Removed, []string{"KEY"}) || plan.Domain == "" {
				t.Errorf("the Plan is %+v", plan)
			}
			if outcome.Live != deploy.LiveGone || outcome.LiveBefore != live.BuildSID || outcome.DeploymentSID == "" {
				t.Errorf("the outcome is %+v", outcome)
			}
			left := world.Snapshot()
			if len(left.Environments)+len(left.Variables) != 0 || len(left.Services) != 1 || len(left.Functions) == 0 {
				t.Errorf("left are %+v", left)
			}
			// Again, also by the SID that it had, and without a Service.
			for _, gone := range []deploy.Teardown{
				asked,
				{Service: "site", Environment: named(t, string(plan.EnvironmentSID))},
				{Service: "nothing", Environment: dev(t)},
				{Service: "ZS0123456789abcdef0123456789abcdef", Environment: dev(t)},
			} {
				plan, _, err := tornDown(t, client, gone)
				if err != nil || !plan.IsNothing() || len(plan.Notes) != 1 {
					t.Errorf("%+v: the Plan is %+v, error %v", gone, plan, err)
				}
			}
			// The next deploy begins anew.
			if next := deployed(t, client, small()); next.EnvironmentSID == plan.EnvironmentSID || next.Live != deploy.LiveIsThis {
				t.Errorf("the next deploy: %+v", next)
			}
		})
	}
}

func TestTeardownOfProductionHasToBeAllowed(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t)
	service := deployed(t, client, small()).ServiceSID
	// It has another unique name, and the name of production is another's suffix.
	bare, err := client.CreateEnvironment(t.Context(), service, "main", "")
	if err != nil {
		t.Fatal(err)
	}
	suffixed, err := client.CreateEnvironment(t.Context(), service, "production", "production")
	if err != nil {
		t.Fatal(err)
	}
	before := world.Snapshot()
	for _, name := range []string{"production", string(bare.SID)} {
		_, _, err := tornDown(t, client, deploy.Teardown{Service: "site", Environment: named(t, name)})
		if _, ok := errors.AsType[*problem.Problem](err); !ok || !strings.Contains(err.Error(), "give allow-production") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if diff := cmp.Diff(before, world.Snapshot()); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
	for _, asked := range []deploy.Teardown{
		{Service: "site", Environment: named(t, string(suffixed.SID))}, {Service: "site", Environment: named(t, "production"), AllowProduction: true},
	} {
		if _, outcome, err := tornDown(t, client, asked); err != nil || outcome.Live != deploy.LiveGone {
			t.Errorf("%+v: %+v, %v", asked, outcome, err)
		}
	}
	if left := world.Snapshot().Environments; len(left) != 1 || left[0].DomainSuffix != "dev" {
		t.Errorf("left are %+v", left)
	}
}

// TestTeardownsThatFail refuse or lose one write after the other: what is left is
// told, and another run finishes.
func TestTeardownsThatFail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method string
		meet   func(w http.ResponseWriter, r *http.Request, world http.Handler, cancel context.CancelFunc)
		live   deploy.Liveness
		isOver bool // by then it is done all the same
	}{
		"emptying is refused": {http.MethodPost, func(w http.ResponseWriter, _ *http.Request, _ http.Handler, _ context.CancelFunc) {
			w.WriteHeader(http.StatusForbidden)
		}, deploy.LiveAsBefore, false},
		"deleting is refused": {http.MethodDelete, func(w http.ResponseWriter, _ *http.Request, _ http.Handler, _ context.CancelFunc) {
			w.WriteHeader(http.StatusForbidden)
		}, deploy.LiveNothing, false},
		"interrupted before it is emptied": {http.MethodPost, func(_ http.ResponseWriter, _ *http.Request, _ http.Handler, cancel context.CancelFunc) {
			cancel()
			panic(http.ErrAbortHandler)
		}, deploy.LiveAsBefore, false},
		"interrupted while it is emptied": {http.MethodPost, func(w http.ResponseWriter, r *http.Request, world http.Handler, cancel context.CancelFunc) {
			cancel()
			world.ServeHTTP(w, r)
		}, deploy.LiveNothing, false},
		"interrupted while it is deleted": {http.MethodDelete, func(w http.ResponseWriter, r *http.Request, world http.Handler, cancel context.CancelFunc) {
			cancel()
			world.ServeHTTP(w, r)
		}, deploy.LiveGone, true},
		"the answer to the deletion is lost": {http.MethodDelete, func(_ http.ResponseWriter, r *http.Request, world http.Handler, cancel context.CancelFunc) {
			world.ServeHTTP(discarded{}, r)
			cancel()
			panic(http.ErrAbortHandler)
		}, deploy.LiveGone, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calm, world := newWorld(t)
			live := deployed(t, calm, small())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == test.method {
					test.meet(w, r, world, cancel)
					return
				}
				world.ServeHTTP(w, r)
			}))
			deployer := newDeployer(client, deploy.InMemory{})
			asked := deploy.Teardown{Service: "site", Environment: dev(t)}
			plan, err := deployer.PlanTeardown(ctx, asked)
			if err != nil {
				t.Fatal(err)
			}
			outcome, err := deployer.TearDown(ctx, plan)
			if (err == nil) != test.isOver || outcome.Live != test.live {
				t.Errorf("got %s, %v, want %s", outcome.Live, err, test.live)
			}
			left := world.Snapshot().Environments
			switch test.live {
			case deploy.LiveAsBefore:
				if len(left) != 1 || left[0].BuildSID != string(live.BuildSID) {
					t.Errorf("left are %+v", left)
				}
			case deploy.LiveNothing:
				if len(left) != 1 || left[0].BuildSID != "" {
					t.Errorf("left are %+v", left)
				}
			default:
				if len(left) != 0 {
					t.Errorf("left are %+v", left)
				}
			}
			if _, outcome, err := tornDown(t, calm, asked); err != nil || outcome.Live == deploy.LiveUnknown || len(world.Snapshot().Environments) != 0 {
				t.Errorf("another run: %+v, %v", outcome, err)
			}
		})
	}
	t.Run("something goes live before it is deleted", func(t *testing.T) {
		t.Parallel()
		calm, world := newWorld(t)
		live := deployed(t, calm, small())
		meanwhile := sync.OnceFunc(func() {
			if _, err := calm.CreateDeployment(t.Context(), live.ServiceSID, live.EnvironmentSID, live.BuildSID); err != nil {
				t.Error(err)
			}
		})
		client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete {
				meanwhile()
				w.WriteHeader(http.StatusForbidden)
				return
			}
			world.ServeHTTP(w, r)
		}))
		// It is live, but not as before.
		if _, outcome, err := tornDown(t, client, deploy.Teardown{Service: "site", Environment: dev(t)}); err == nil || outcome.Live != deploy.LiveUnknown {
			t.Errorf("got %+v, %v", outcome, err)
		}
	})
	t.Run("nobody answers", func(t *testing.T) {
		t.Parallel()
		calm, world := newWorld(t)
		deployed(t, calm, small())
		isDown := false
		client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isDown = isDown || r.Method == http.MethodDelete; isDown {
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, "a proxy's")
				return
			}
			world.ServeHTTP(w, r)
		}))
		_, outcome, err := tornDown(t, client, deploy.Teardown{Service: "site", Environment: dev(t)})
		if outcome.Live != deploy.LiveUnknown || deploy.Explain(err).Reason != job.BadCredentials {
			t.Errorf("got %+v, %v", outcome, err)
		}
	})
}

// discarded is an answer that nobody reads.
type discarded struct{}

func (discarded) Header() http.Header            { return http.Header{} }
func (discarded) Write(body []byte) (int, error) { return len(body), nil }
func (discarded) WriteHeader(int)                {}

// TestStoredStepsOfATeardown cuts one off before each of its steps.
func TestStoredStepsOfATeardown(t *testing.T) {
	t.Parallel()
	steps := []string{"plan", "empty", "delete-environment"}
	for _, dieAt := range steps[1:] {
		t.Run(dieAt, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t)
			deployed(t, client, small())
			store := &notebook{results: make(map[string][]byte), dieAt: dieAt}
			deployer := newDeployer(client, store)
			for range 2 {
				plan, err := deployer.PlanTeardown(t.Context(), deploy.Teardown{Service: "site", Environment: dev(t)})
				if err != nil {
					t.Fatal(err)
				}
				outcome, err := deployer.TearDown(t.Context(), plan)
				if errors.Is(err, errKilled) == (store.dieAt == "") || err == nil && outcome.DeploymentSID == "" {
					t.Fatalf("%+v, %v", outcome, err)
				}
				store.dieAt = ""
			}
			if !slices.Equal(store.ran, steps) || len(world.Snapshot().Environments) != 0 {
				t.Errorf("ran %v, left %+v", store.ran, world.Snapshot().Environments)
			}
		})
	}
}

// TestTeardownsAtOnce have another one take the Environment away right before each
// call.
func TestTeardownsAtOnce(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"GET /Environments", "GET /Variables", "POST /Deployments", "DELETE "} {
		t.Run(before, func(t *testing.T) {
			t.Parallel()
			calm, world := newWorld(t)
			deployed(t, calm, small())
			asked := deploy.Teardown{Service: "site", Environment: dev(t)}
			method, ending, _ := strings.Cut(before, " ")
			meanwhile := sync.OnceFunc(func() {
				if _, _, err := tornDown(t, calm, asked); err != nil {
					t.Error(err)
				}
			})
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == method && strings.HasSuffix(r.URL.Path, ending) {
					meanwhile()
				}
				world.ServeHTTP(w, r)
			}))
			plan, outcome, err := tornDown(t, client, asked)
			if err != nil || !plan.IsNothing() && outcome.Live != deploy.LiveGone {
				t.Errorf("got %+v, %+v, %v", plan, outcome, err)
			}
			if left := world.Snapshot().Environments; len(left) != 0 {
				t.Errorf("left are %+v", left)
			}
		})
	}
}
