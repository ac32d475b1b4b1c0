package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// releases is a Service of which two Builds were live in dev, the second one now,
// and an Environment stage with variables in which nothing is live.
func releases(t *testing.T) (n *neighbours, first, second deploy.Outcome) {
	t.Helper()
	n = newNeighbours(t)
	n.deployer.Variables = nil
	return n, deployed(t, n.client, small()), deployed(t, n.client, other())
}

// promotion asks for dev's Build in a new Environment, with the variables of stage.
func promotion(t *testing.T) deploy.Promotion {
	t.Helper()
	return deploy.Promotion{
		Service: "site", From: dev(t), Environment: named(t, "next"), Like: named(t, "stage"), CreateEnvironment: true,
	}
}

// TestStoredStepsOfAPromote cuts a promote off before each of its steps, and behind
// them all, and runs it again with what was stored.
func TestStoredStepsOfAPromote(t *testing.T) {
	t.Parallel()
	steps := []string{"plan", "environment", "await-reused-build", "activate-reused-build", "confirm"}
	for _, dieAt := range append(steps, "") {
		t.Run("before "+dieAt, func(t *testing.T) {
			t.Parallel()
			n, _, second := releases(t)
			store := &notebook{results: make(map[string][]byte), dieAt: dieAt}
			n.deployer.Steps = store
			run := func() (deploy.Outcome, error) {
				plan, err := n.deployer.PlanPromotion(t.Context(), promotion(t))
				if err != nil {
					return deploy.Outcome{}, err
				}
				return n.deployer.MakeLive(t.Context(), plan)
			}
			if _, err := run(); dieAt != "" && !errors.Is(err, errKilled) {
				t.Fatalf("the first run ended with %v", err)
			}
			store.dieAt = ""
			outcome, err := run()
			if err != nil || outcome.BuildSID != second.BuildSID || outcome.DeploymentSID == "" || outcome.Live != deploy.LiveIsThis {
				t.Fatalf("the second run ended with %+v, %v", outcome, err)
			}
			if !slices.Equal(store.ran, steps) {
				t.Errorf("the steps that ran are %v, want each once: %v", store.ran, steps)
			}
			if got := n.variables(); got != "A=theirs B=theirs KEY=theirs KEY=value" {
				t.Errorf("the variables are %s", got)
			}
			for step, result := range store.results {
				if strings.Contains(string(result), "theirs") {
					t.Errorf("the result of step %s holds a variable's value: %s", step, result)
				}
			}
			if count := len(n.world.Snapshot().Deployments); count != 3 {
				t.Errorf("there are %d Deployments, want 3", count)
			}
		})
	}
}

// TestStoredStepsOfARollback runs a roll-back again: it must not take the first run
// back.
func TestStoredStepsOfARollback(t *testing.T) {
	t.Parallel()
	n, first, second := releases(t)
	n.deployer.Steps = &notebook{results: make(map[string][]byte)}
	for range 2 {
		plan, err := n.deployer.PlanRollback(t.Context(), deploy.Rollback{Service: "site", Environment: dev(t)})
		if err != nil {
			t.Fatal(err)
		}
		outcome, err := n.deployer.MakeLive(t.Context(), plan)
		if err != nil || outcome.BuildSID != first.BuildSID || outcome.LiveBefore != second.BuildSID {
			t.Errorf("ended with %+v, %v", outcome, err)
		}
	}
	if count := len(n.world.Snapshot().Deployments); count != 3 {
		t.Errorf("there are %d Deployments, want 3", count)
	}
}

// TestReleaseOfABuildThatVanishes has Twilio remove the Build right before it goes
// live: the variables that were written for it are taken back.
func TestReleaseOfABuildThatVanishes(t *testing.T) {
	t.Parallel()
	n, first, second := releases(t)
	remove := sync.OnceFunc(func() {
		if err := n.client.DeleteBuild(t.Context(), first.ServiceSID, first.BuildSID); err != nil {
			t.Error(err)
		}
	})
	before := n.variables()
	n.deployer.Client = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Deployments") {
			remove()
		}
		n.world.ServeHTTP(w, r)
	}))
	asked := promotion(t)
	asked.Build = first.BuildSID
	plan, err := n.deployer.PlanPromotion(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := n.deployer.MakeLive(t.Context(), plan)
	if _, ok := errors.AsType[*problem.Problem](err); !ok || !strings.Contains(err.Error(), string(first.BuildSID)+" is not there") {
		t.Errorf("ended with %v", err)
	}
	if outcome.Live != deploy.LiveAsBefore || outcome.VariablesLeft != nil || n.variables() != before {
		t.Errorf("ended with %+v; the variables are %s, were %s", outcome, n.variables(), before)
	}
	for _, one := range n.world.Snapshot().Environments {
		if want := map[string]twilio.BuildSID{"dev": second.BuildSID}[one.DomainSuffix]; one.BuildSID != string(want) {
			t.Errorf("%q is live in %s, want %q", one.BuildSID, one.DomainSuffix, want)
		}
	}
}

// TestInterruptedReleaseTellsTheTruth ends the run while the Build goes live: it was
// sent, so its answer is awaited.
func TestInterruptedReleaseTellsTheTruth(t *testing.T) {
	t.Parallel()
	for name, isLost := range map[string]bool{"answered": false, "its answer is lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, first, _ := releases(t)
			plan, err := n.deployer.PlanRollback(t.Context(), deploy.Rollback{Service: "site", Environment: dev(t)})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var looks atomic.Int64
			n.deployer.Client = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !isWrite(r, "/Deployments") {
					looks.Add(1)
					n.world.ServeHTTP(w, r)
					return
				}
				cancel()
				if n.world.ServeHTTP(w, r); isLost {
					panic(http.ErrAbortHandler)
				}
			}))
			outcome, err := n.deployer.MakeLive(ctx, plan)
			if err != nil || outcome.Live != deploy.LiveIsThis || outcome.BuildSID != first.BuildSID || outcome.DeploymentSID == "" {
				t.Errorf("ended with %+v, %v", outcome, err)
			}
			if (looks.Load() > 0) != isLost {
				t.Errorf("%d looks at what took effect, want some where the answer is lost: %v", looks.Load(), isLost)
			}
		})
	}
}

// TestRollbackBehindAListingThatLags does not take a Deployment that is not listed
// yet for somebody else's.
func TestRollbackBehindAListingThatLags(t *testing.T) {
	t.Parallel()
	n, first, second := releases(t)
	n.deployer.Client = serve(t, rewriting(n.world, "/Deployments", func(body []byte) []byte {
		var page map[string]any
		if err := json.Unmarshal(body, &page); err != nil {
			t.Error(err)
		}
		listed, _ := page["deployments"].([]any)
		page["deployments"] = listed[1:]
		body, err := json.Marshal(page)
		if err != nil {
			t.Error(err)
		}
		return body
	}))
	plan, err := n.deployer.PlanRollback(t.Context(), deploy.Rollback{Service: "site", Environment: dev(t)})
	if err != nil || plan.ReusedBuildSID != first.BuildSID || plan.LiveBuildSID != second.BuildSID {
		t.Errorf("the Plan is %+v, %v", plan, err)
	}
}

// TestReleaseOverABuildThatIsLost replaces a Build that the platform tells nothing
// of: there is nothing to compare, and nothing seems to be new.
func TestReleaseOverABuildThatIsLost(t *testing.T) {
	t.Parallel()
	n, first, second := releases(t)
	n.deployer.Client = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/"+string(second.BuildSID)) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"code":20404,"message":"gone","status":404}`))
			return
		}
		n.world.ServeHTTP(w, r)
	}))
	for name, plan := range map[string]func() (deploy.Plan, error){
		"promote": func() (deploy.Plan, error) {
			return n.deployer.PlanPromotion(t.Context(), deploy.Promotion{Service: "site", Build: first.BuildSID, Environment: dev(t)})
		},
		"roll-back": func() (deploy.Plan, error) {
			return n.deployer.PlanRollback(t.Context(), deploy.Rollback{Service: "site", Environment: dev(t), IsCompared: true})
		},
	} {
		planned, err := plan()
		if err != nil {
			t.Fatal(name, err)
		}
		if planned.Release.IsCompared || len(planned.Functions)+len(planned.Assets)+len(planned.DependencyChanges()) > 0 || planned.ReusedBuildSID != first.BuildSID {
			t.Errorf("%s: the Plan is %+v", name, planned)
		}
	}
}

// TestRollbackEndsSomewhere looks at no more than so many Builds.
func TestRollbackEndsSomewhere(t *testing.T) {
	t.Parallel()
	n, first, _ := releases(t)
	build, err := n.client.FetchBuild(t.Context(), n.service, first.BuildSID)
	if err != nil {
		t.Fatal(err)
	}
	for range 51 {
		made, err := n.client.CreateBuild(t.Context(), n.service, twilio.NewBuild{AssetVersions: []twilio.VersionSID{build.AssetVersions[0].SID}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.client.CreateDeployment(t.Context(), n.service, first.EnvironmentSID, made.SID); err != nil {
			t.Fatal(err)
		}
	}
	var calls atomic.Int64
	n.deployer.Client = n.client.Observed(func(twilio.Call) { calls.Add(1) })
	_, err = n.deployer.PlanRollback(t.Context(), deploy.Rollback{Service: "site", Environment: dev(t), To: deploy.RollbackTo{Commit: "c0ffee0"}})
	if _, ok := errors.AsType[*problem.Problem](err); !ok || !strings.Contains(err.Error(), "none of the newest 50 Builds") || calls.Load() > 55 {
		t.Errorf("ended with %v after %d calls", err, calls.Load())
	}
}
