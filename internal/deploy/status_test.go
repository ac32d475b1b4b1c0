package deploy_test

import (
	"errors"
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

func TestReadStatus(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t)
	environment := dev(t)
	deployer := newDeployer(client, deploy.InMemory{})
	outcome, err := deployer.Apply(t.Context(), deploy.Diff(question(environment, small()), nil, deploy.Live{}))
	if err != nil {
		t.Fatal(err)
	}
	for name, suffix := range map[string]string{"stage-environment": "stage", "production": "", "odd": "production"} {
		if _, err := client.CreateEnvironment(t.Context(), outcome.ServiceSID, name, suffix); err != nil {
			t.Fatal(err)
		}
	}
	status, err := deploy.ReadStatus(t.Context(), client, deploy.StatusQuestion{Service: "site"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, environment := range status.Environments {
		if strings.HasPrefix(environment.Environment, "ZE") {
			environment.Environment = "by SID"
		}
		names = append(names, environment.Environment)
	}
	if !slices.Equal(names, []string{"production", "by SID", "dev", "stage"}) {
		t.Errorf("the Environments are %v", names)
	}
	dev := status.Environments[2]
	if dev.BuildSID != outcome.BuildSID || dev.DeploymentSID != outcome.DeploymentSID || dev.Since == nil || dev.Runtime != "node22" ||
		!slices.Equal(dev.Functions, []string{"/a"}) || !slices.Equal(dev.Assets, []string{"/c.txt"}) {
		t.Errorf("dev is %+v", dev)
	}
	if _, err := deploy.ReadStatus(t.Context(), client, deploy.StatusQuestion{Service: "nothing"}); err == nil || deploy.Explain(err).Reason != job.BadInput {
		t.Errorf("error %v, want bad input", err)
	}
}

// TestReadStatusTellsTheHistory takes Builds live in two Environments, with and
// without a Manifest, takes one away, and removes another.
func TestReadStatusTellsTheHistory(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t)
	deployer := newDeployer(client, deploy.InMemory{})
	deployer.Commit = "8be12e862100532d3729633c800b9aa76bdacc46"
	first, err := deployer.Apply(t.Context(), planned(t, deployer, small()))
	if err != nil {
		t.Fatal(err)
	}
	// Another client's.
	service, environment := first.ServiceSID, first.EnvironmentSID
	build := func() twilio.BuildSID {
		made, err := client.CreateBuild(t.Context(), service, twilio.NewBuild{AssetVersions: []twilio.VersionSID{assetVersion(world)}})
		if err != nil {
			t.Fatal(err)
		}
		return made.SID
	}
	bare, gone := build(), build()
	stage, err := client.CreateEnvironment(t.Context(), service, "stage-environment", "stage")
	if err != nil {
		t.Fatal(err)
	}
	release := func(environment twilio.EnvironmentSID, builds ...twilio.BuildSID) {
		for _, sid := range builds {
			if _, err := client.CreateDeployment(t.Context(), service, environment, sid); err != nil {
				t.Fatal(err)
			}
		}
	}
	release(environment, bare, first.BuildSID, gone, "", bare)
	release(stage.SID, first.BuildSID, bare, gone, "")
	if err := client.DeleteBuild(t.Context(), service, gone); err != nil {
		t.Fatal(err)
	}

	var mu sync.Mutex
	asked := map[string]int{}
	counting := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		mu.Unlock()
		world.ServeHTTP(w, r)
	}))
	status, err := deploy.ReadStatus(t.Context(), counting, deploy.StatusQuestion{Service: "site", History: 4})
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		BuildSID     twilio.BuildSID
		Commit       string
		Exists, Live bool
	}
	var got [][]entry
	for _, one := range status.Environments {
		var entries []entry
		for _, e := range one.History {
			entries = append(entries, entry{e.BuildSID, e.Commit, e.Exists, e.Live})
			if e.DeploymentSID == "" || e.Created == nil {
				t.Errorf("half an entry: %+v", e)
			}
		}
		got = append(got, entries)
	}
	want := [][]entry{
		{{bare, "", true, true}, {}, {gone, "", false, false}, {first.BuildSID, deployer.Commit, true, false}},
		{{}, {gone, "", false, false}, {bare, "", true, false}, {first.BuildSID, deployer.Commit, true, false}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the history (-want +got):\n%s", diff)
	}
	stocked, empty := status.Environments[0], status.Environments[1]
	if !stocked.HasOlder || stocked.BuildSID != bare || stocked.DeploymentSID != stocked.History[0].DeploymentSID || stocked.Commit != "" || stocked.Digest != "" || !stocked.Exists {
		t.Errorf("dev is %+v", stocked)
	}
	if empty.HasOlder || empty.BuildSID != "" || empty.Since != nil || empty.Exists {
		t.Errorf("stage is %+v", empty)
	}
	for path, count := range asked {
		if count > 1 {
			t.Errorf("%s was asked for %d times", path, count)
		}
	}
	// The Service, its Environments, their Deployments, three Builds and a Manifest.
	if len(asked) != 8 {
		t.Errorf("%d calls: %v", len(asked), asked)
	}

	one, err := deploy.ReadStatus(t.Context(), client, deploy.StatusQuestion{Service: "site", Environment: dev(t), History: 1})
	if err != nil || len(one.Environments) != 1 || len(one.Environments[0].History) != 1 || !one.Environments[0].HasOlder || one.Environments[0].Since == nil {
		t.Errorf("dev alone is %+v, %v", one, err)
	}
	missing, err := deploy.ParseEnvironment("missing")
	if err != nil {
		t.Fatal(err)
	}
	_, err = deploy.ReadStatus(t.Context(), client, deploy.StatusQuestion{Service: "site", Environment: missing})
	if _, ok := errors.AsType[*problem.Problem](err); !ok || !strings.Contains(err.Error(), "It has dev, stage.") {
		t.Errorf("error %v, want a Problem", err)
	}
}

// TestReadStatusReadsOnToWhatIsLive has the live Build's Deployment behind more
// Releases than are shown, on a page of its own, as when others deploy meanwhile.
func TestReadStatusReadsOnToWhatIsLive(t *testing.T) {
	t.Parallel()
	world, err := sandbox.New(sandbox.Options{PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	calm := serve(t, world)
	outcome := deployed(t, calm, small())
	var pages, late int
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		world.ServeHTTP(w, r)
		switch {
		case strings.HasSuffix(r.URL.Path, "/Environments"):
			for late = range 5 {
				sid := []twilio.BuildSID{"", outcome.BuildSID}[late%2]
				if late%2 == 1 {
					made, err := calm.CreateBuild(r.Context(), outcome.ServiceSID, twilio.NewBuild{AssetVersions: []twilio.VersionSID{assetVersion(world)}})
					if err != nil {
						t.Error(err)
					}
					sid = made.SID
				}
				if _, err := calm.CreateDeployment(r.Context(), outcome.ServiceSID, outcome.EnvironmentSID, sid); err != nil {
					t.Error(err)
				}
			}
		case strings.HasSuffix(r.URL.Path, "/Deployments"):
			pages++
		}
	}))
	status, err := deploy.ReadStatus(t.Context(), client, deploy.StatusQuestion{Service: "site", History: 3})
	if err != nil {
		t.Fatal(err)
	}
	one := status.Environments[0]
	isLive := func(e deploy.HistoryEntry) bool { return e.Live }
	if one.BuildSID != outcome.BuildSID || one.DeploymentSID != outcome.DeploymentSID || one.Since == nil || len(one.History) != 3 || slices.ContainsFunc(one.History, isLive) {
		t.Errorf("dev is %+v", one)
	}
	if pages != 3 {
		t.Errorf("%d pages of Deployments were read, want 3", pages)
	}
}

// assetVersion is the Version of an Asset that is there.
func assetVersion(world *sandbox.Sandbox) twilio.VersionSID {
	versions := world.Snapshot().Versions
	at := slices.IndexFunc(versions, func(one sandbox.Version) bool { return !one.IsFunction })
	return twilio.VersionSID(versions[at].SID)
}

// TestReadStatusWhileAnEnvironmentGoes tears one down when all were listed.
func TestReadStatusWhileAnEnvironmentGoes(t *testing.T) {
	t.Parallel()
	calm, world := newWorld(t)
	service := deployed(t, calm, small()).ServiceSID
	preview, err := calm.CreateEnvironment(t.Context(), service, "pr-1-environment", "pr-1")
	if err != nil {
		t.Fatal(err)
	}
	meanwhile := sync.OnceFunc(func() {
		if err := calm.DeleteEnvironment(t.Context(), service, preview.SID); err != nil {
			t.Error(err)
		}
	})
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/Deployments") {
			meanwhile()
		}
		world.ServeHTTP(w, r)
	}))
	status, err := deploy.ReadStatus(t.Context(), client, deploy.StatusQuestion{Service: "site", History: 5})
	if err != nil || len(status.Environments) != 1 || status.Environments[0].Environment != "dev" {
		t.Errorf("got %+v, %v", status, err)
	}
}
