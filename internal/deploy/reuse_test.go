package deploy_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// deployed takes a project live, with a Manifest.
func deployed(t *testing.T, client *twilio.Client, wanted *project.Project) deploy.Outcome {
	t.Helper()
	deployer := newDeployer(client, deploy.InMemory{})
	outcome, err := deployer.Apply(t.Context(), planned(t, deployer, wanted))
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

func planned(t *testing.T, deployer *deploy.Deployer, wanted *project.Project) deploy.Plan {
	t.Helper()
	asked := question(dev(t), wanted)
	asked.Manifest = true
	plan, err := deployer.Plan(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// other is small of another runtime.
func other() *project.Project {
	changed := small()
	changed.Runtime = "node24"
	return changed
}

// TestStoredStepsOfABuildThatIsGone runs a deploy again whose Plan reuses a Build
// that Twilio removes right before it is activated, cut off before each step that
// comes then and after all.
func TestStoredStepsOfABuildThatIsGone(t *testing.T) {
	t.Parallel()
	for _, dieAt := range []string{"activate-reused-build", "plan-anew", "service", "upload", "create-build", "await-build", "activate", ""} {
		t.Run("before "+dieAt, func(t *testing.T) {
			t.Parallel()
			calm, world := newWorld(t)
			first := deployed(t, calm, small())
			second := deployed(t, calm, other())
			remove := sync.OnceFunc(func() {
				if err := calm.DeleteBuild(t.Context(), first.ServiceSID, first.BuildSID); err != nil {
					t.Error(err)
				}
			})
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Deployments") {
					remove()
				}
				world.ServeHTTP(w, r)
			}))
			store := &notebook{results: make(map[string][]byte), dieAt: dieAt}
			deployer := newDeployer(client, store)
			plan := planned(t, deployer, small())
			if plan.Build != deploy.BuildReused || plan.ReusedBuildSID != first.BuildSID {
				t.Fatalf("the Plan is to take %s %s live, want %s", plan.Build, plan.ReusedBuildSID, first.BuildSID)
			}
			if _, err := deployer.Apply(t.Context(), plan); dieAt != "" && !errors.Is(err, errKilled) {
				t.Fatalf("the first run ended with %v", err)
			}
			store.dieAt = ""
			outcome, err := deployer.Apply(t.Context(), plan)
			if err != nil || outcome.Live != deploy.LiveIsThis || outcome.Plan.Build != deploy.BuildNew {
				t.Fatalf("the second run ended with %+v, %v", outcome, err)
			}
			live := world.Snapshot().Environments[0].BuildSID
			if string(outcome.BuildSID) != live || outcome.BuildSID == first.BuildSID || outcome.BuildSID == second.BuildSID {
				t.Errorf("it tells of Build %s, and %s is live", outcome.BuildSID, live)
			}
			if builds := len(world.Snapshot().Builds); builds != 2 {
				t.Errorf("there are %d Builds, want the second and one more", builds)
			}
			unique := slices.Compact(slices.Sorted(slices.Values(store.ran)))
			for _, name := range []string{"upload", "create-build", "await-build", "plan-anew"} {
				if count := len(slices.DeleteFunc(slices.Clone(store.ran), func(ran string) bool { return ran != name })); count != 1 {
					t.Errorf("step %s ran %d times, of %v", name, count, unique)
				}
			}
		})
	}
}

// TestReuseOfABuildUnderWay has two deploys of the same at once: the second waits
// for the first one's Build, and shows it.
func TestReuseOfABuildUnderWay(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]bool{"it completes": false, "it fails": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, err := sandbox.New(sandbox.Options{BuildTime: 2 * time.Second, FailBuilds: fails})
			if err != nil {
				t.Fatal(err)
			}
			client := serve(t, world)
			slow := newDeployer(client, &notebook{results: make(map[string][]byte), dieAt: "await-build"})
			under, err := slow.Apply(t.Context(), planned(t, slow, small()))
			if !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			deployer := newDeployer(client, deploy.InMemory{})
			var told []string
			deployer.Progress = func(event job.Event) {
				if event.Phase == job.PhaseBuild {
					told = append(told, string(event.Kind)+" "+event.Message)
				}
			}
			plan := planned(t, deployer, small())
			if plan.Build != deploy.BuildReused || plan.ReusedBuildSID != under.BuildSID {
				t.Fatalf("the Plan is to take %s %s live", plan.Build, plan.ReusedBuildSID)
			}
			outcome, err := deployer.Apply(t.Context(), plan)
			want := []string{
				"noted Build " + string(under.BuildSID) + " was made of the same before: nothing is uploaded or built",
				"started " + string(under.BuildSID),
			}
			if !fails {
				want = append(want, "finished "+string(under.BuildSID))
			}
			if _, failed := errors.AsType[*deploy.BuildError](err); failed != fails || !fails && (err != nil || outcome.Live != deploy.LiveIsThis) {
				t.Errorf("ended with %+v, %v", outcome, err)
			}
			if !slices.Equal(told, want) {
				t.Errorf("told was %q, want %q", told, want)
			}
			if again := planned(t, deployer, small()); fails != (again.Build == deploy.BuildNew) {
				t.Errorf("the next Plan has the Build %s", again.Build)
			}
		})
	}
}

// TestVariablesAloneOfABuildThatWasReplaced has another deploy go live between
// the Plan and the variables.
func TestVariablesAloneOfABuildThatWasReplaced(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t)
	first := deployed(t, client, small())
	deployer := newDeployer(client, deploy.InMemory{})
	deployer.Variables = func() (map[string]secret.String, error) { return secrets("KEY", "new"), nil }
	var warnings []string
	deployer.Progress = func(event job.Event) {
		if event.Kind == job.Warned {
			warnings = append(warnings, event.Message)
		}
	}
	plan := planned(t, deployer, small())
	if plan.Build != deploy.BuildLive || plan.IsNothing() {
		t.Fatalf("the Plan is %+v", plan)
	}
	deployed(t, client, other())
	outcome, err := deployer.Apply(t.Context(), plan)
	if err != nil || outcome.DeploymentSID == "" || len(warnings) != 1 || !strings.Contains(warnings[0], "goes live again") {
		t.Errorf("ended with %+v, %v and the warnings %q", outcome, err, warnings)
	}
	if live := world.Snapshot().Environments[0].BuildSID; live != string(first.BuildSID) {
		t.Errorf("Build %s is live, and %s was told", live, outcome.BuildSID)
	}
}

// TestLiveBuildThatGoesWhileItIsRead has another deploy replace the live Build, and
// Twilio remove it, between the look at the Environment and that at the Build.
func TestLiveBuildThatGoesWhileItIsRead(t *testing.T) {
	t.Parallel()
	for name, isReplaced := range map[string]bool{"replaced": true, "gone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calm, world := newWorld(t)
			first := deployed(t, calm, small())
			replaced := first
			replace := func() {
				replaced = deployed(t, calm, other())
				if err := calm.DeleteBuild(t.Context(), first.ServiceSID, first.BuildSID); err != nil {
					t.Error(err)
				}
			}
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Builds/"+string(first.BuildSID)) {
					if isReplaced && replaced.BuildSID == first.BuildSID {
						replace()
					}
					w.WriteHeader(http.StatusNotFound)
					_, _ = w.Write([]byte(`{"code":20404,"message":"not found","status":404}`))
					return
				}
				world.ServeHTTP(w, r)
			}))
			plan := planned(t, newDeployer(client, deploy.InMemory{}), small())
			if plan.LiveBuildSID != replaced.BuildSID {
				t.Errorf("the Plan takes %s for live, want %s", plan.LiveBuildSID, replaced.BuildSID)
			}
			kept := slices.ContainsFunc(plan.Functions, func(f deploy.FilePlan) bool { return f.Change == deploy.Unchanged })
			if kept != isReplaced || !isReplaced && !strings.Contains(strings.Join(plan.Notes, " "), "is gone") {
				t.Errorf("the Plan is %+v", plan)
			}
		})
	}
}
