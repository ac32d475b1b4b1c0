package twilio_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// deployed is a Service with a live Build of one public Function and one Asset.
type deployed struct {
	*box
	serviceSID, environmentSID, buildSID     string
	functionSID, functionVersion             string
	assetSID, assetVersion                   string
	domain                                   string
	environmentPath, deploymentsPath, builds string
}

func deploy(t *testing.T, options twilio.Options) *deployed {
	t.Helper()
	return deployTo(newBox(t, options))
}

func deployTo(b *box) *deployed {
	b.t.Helper()
	d := &deployed{box: b}
	d.serviceSID = d.service("voice")
	d.environmentSID = d.environment(d.serviceSID)
	d.functionSID, d.functionVersion = d.function(d.serviceSID, "/hello", "public")
	d.assetSID, d.assetVersion = d.asset(d.serviceSID, "/logo.svg", "public", "image/svg+xml", "<svg/>")
	d.builds = service(d.serviceSID) + "/Builds"
	d.environmentPath = service(d.serviceSID) + "/Environments/" + d.environmentSID
	d.deploymentsPath = d.environmentPath + "/Deployments"
	d.buildSID = d.make(d.builds, "FunctionVersions", d.functionVersion, "AssetVersions", d.assetVersion)
	d.make(d.deploymentsPath, "BuildSid", d.buildSID)
	d.domain = d.get(d.environmentPath).text("domain_name")
	return d
}

func (d *deployed) live() any { d.t.Helper(); return d.get(d.environmentPath).json["build_sid"] }

func TestDeployments(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{})
	const already = "Environment already has requested deployment"
	wantError(t, d.post(d.deploymentsPath, "BuildSid", d.buildSID), 409, 20409, already)

	second := d.make(d.builds, "AssetVersions", d.assetVersion)
	d.make(d.deploymentsPath, "BuildSid", second)
	if got := d.live(); got != second {
		t.Errorf("live is %v, want %s", got, second)
	}

	got := d.post(d.deploymentsPath)
	wantStatus(t, got, http.StatusCreated)
	if got.json["build_sid"] != nil || d.live() != nil {
		t.Errorf("emptying: %s, live %v", got.raw, d.live())
	}
	wantError(t, d.post(d.deploymentsPath), 409, 20409, already)
	wantError(t, d.post(d.environmentPath+"/Deployments", "BuildSid", "ZB"+strings.Repeat("0", 32)), 404, 20404, "/Builds/ZB000")

	history := d.get(d.deploymentsPath).list("deployments")
	var builds []any
	for _, one := range history {
		builds = append(builds, one["build_sid"])
	}
	if len(builds) != 3 || builds[0] != nil || builds[1] != second || builds[2] != d.buildSID {
		t.Errorf("history is %v, want the newest first", builds)
	}
	newest := text(history[0], "sid")
	if got := d.get(d.deploymentsPath + "/" + newest); got.text("sid") != newest {
		t.Errorf("fetch: %d %s", got.status, got.raw)
	}
}

func TestWhatIsLiveIsGuarded(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{})
	function := service(d.serviceSID) + "/Functions/" + d.functionSID
	asset := service(d.serviceSID) + "/Assets/" + d.assetSID
	wantError(t, d.del(d.builds+"/"+d.buildSID), 409, 20409, "part of an active Deployment")
	wantError(t, d.del(function), 409, 20409, "referenced by an active Build")
	wantError(t, d.del(asset), 409, 20409, "referenced by an active Build")

	// In another Build the Function may go, and the Build it was in can go live
	// all the same: it is a package of its own.
	assetOnly := d.make(d.builds, "AssetVersions", d.assetVersion)
	d.make(d.deploymentsPath, "BuildSid", assetOnly)
	wantStatus(t, d.del(function), http.StatusNoContent)
	wantError(t, d.get(function+"/Versions/"+d.functionVersion), 404, 20404, "")
	wantError(t, d.post(d.builds, "FunctionVersions", d.functionVersion), 400, 20001, "was not found in Service")
	d.make(d.deploymentsPath, "BuildSid", d.buildSID)
	if got := d.get("/_live/" + d.domain + "/hello"); got.text("version_sid") != d.functionVersion {
		t.Errorf("live: %d %s", got.status, got.raw)
	}
	wantStatus(t, d.del(d.builds+"/"+assetOnly), http.StatusNoContent)

	// An Environment goes with what is live in it; then the Build can go.
	wantStatus(t, d.del(d.environmentPath), http.StatusNoContent)
	wantError(t, d.get(d.environmentPath), 404, 20404, "")
	wantStatus(t, d.del(d.builds+"/"+d.buildSID), http.StatusNoContent)
	wantStatus(t, d.get("/_live/"+d.domain+"/hello"), http.StatusNotFound)
}

func TestSnapshotAndRetention(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{})
	_, orphan := d.asset(d.serviceSID, "/old.txt", "public", "text/plain", "old")
	unused := d.make(d.builds, "AssetVersions", d.assetVersion)
	// A second Version with the bytes of the first.
	got := d.upload(service(d.serviceSID)+"/Assets/"+d.assetSID+"/Versions", fileParts("/logo.svg", "public", "image/svg+xml", "<svg/>"))
	wantStatus(t, got, http.StatusCreated)

	before := d.Snapshot()
	counts := []int{
		len(before.Services), len(before.Environments), len(before.Functions), len(before.Assets),
		len(before.Versions), len(before.Builds), len(before.Deployments), before.Blobs,
	}
	for i, want := range []int{1, 1, 1, 2, 4, 2, 1, 3} {
		if counts[i] != want {
			t.Errorf("counts are %v; number %d should be %d", counts, i, want)
		}
	}
	if env := before.Environments[0]; env.BuildSID != d.buildSID || env.DomainName != d.domain {
		t.Errorf("Environment: %+v", env)
	}
	if one := before.Builds[0]; one.Dependencies["twilio"] == "" || len(one.VersionSIDs) != 2 || one.Status != "completed" {
		t.Errorf("Build: %+v", one)
	}

	expired, err := d.ExpireUnused()
	if want := (twilio.Expired{Builds: 1, Versions: 2, Assets: 1}); err != nil || expired != want {
		t.Errorf("got %+v %v, want %+v", expired, err, want)
	}
	wantError(t, d.get(d.builds+"/"+unused), 404, 20404, "")
	wantError(t, d.post(d.builds, "AssetVersions", orphan), 400, 20001, "was not found")
	wantError(t, d.post(d.deploymentsPath, "BuildSid", unused), 404, 20404, unused)
	wantStatus(t, d.get("/_live/"+d.domain+"/logo.svg"), http.StatusOK)
	after := d.Snapshot()
	if len(after.Builds) != 1 || len(after.Versions) != 2 || len(after.Deployments) != 1 || after.Blobs != 2 {
		t.Errorf("after the sweep: %+v", after)
	}
	if again, err := d.ExpireUnused(); err != nil || again != (twilio.Expired{}) {
		t.Errorf("a second sweep removes %+v %v", again, err)
	}
}
