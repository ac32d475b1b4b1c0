package twilio_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestSwitches flips each switch and looks at both positions.
func TestSwitches(t *testing.T) {
	t.Parallel()
	const handler = `[{"name":"@twilio/runtime-handler","version":"1.1.0"}]`
	tests := map[string]struct {
		on      twilio.Switches
		off     int // status with the zero value
		flipped int
		ask     func(*deployed) answer
	}{
		"NestedServiceNames": {twilio.Switches{NestedServiceNames: true}, 404, 200, func(d *deployed) answer {
			return d.get(service("voice") + "/Functions")
		}},
		"LargePagesRefused": {twilio.Switches{LargePagesRefused: true}, 200, 400, func(d *deployed) answer {
			return d.get("/v1/Services?PageSize=1001")
		}},
		"ServiceConflictsAre400": {twilio.Switches{ServiceConflictsAre400: true}, 409, 400, func(d *deployed) answer {
			return d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "x")
		}},
		"VariableConflictsAre400": {twilio.Switches{VariableConflictsAre400: true}, 409, 400, func(d *deployed) answer {
			d.make(d.environmentPath+"/Variables", "Key", "A", "Value", "1")
			return d.post(d.environmentPath+"/Variables", "Key", "A", "Value", "1")
		}},
		"BuildGuardIs400": {twilio.Switches{BuildGuardIs400: true}, 409, 400, func(d *deployed) answer {
			return d.del(d.builds + "/" + d.buildSID)
		}},
		"FileGuardIs400": {twilio.Switches{FileGuardIs400: true}, 409, 400, func(d *deployed) answer {
			return d.del(service(d.serviceSID) + "/Assets/" + d.assetSID)
		}},
		"StaleBuildIs400": {twilio.Switches{StaleBuildIs400: true}, 404, 400, func(d *deployed) answer {
			return d.post(d.deploymentsPath, "BuildSid", "ZB1")
		}},
		"UploadAnswers200": {twilio.Switches{UploadAnswers200: true}, 201, 200, func(d *deployed) answer {
			return d.upload(service(d.serviceSID)+"/Assets/"+d.assetSID+"/Versions", fileParts("/a", "public", "text/plain", "x"))
		}},
		"LateRuntimeErrors, node18": {twilio.Switches{LateRuntimeErrors: true}, 400, 201, func(d *deployed) answer {
			return d.post(d.builds, "AssetVersions", d.assetVersion, "Runtime", "node18")
		}},
		"LateRuntimeErrors, handler": {twilio.Switches{LateRuntimeErrors: true}, 400, 201, func(d *deployed) answer {
			return d.post(d.builds, "AssetVersions", d.assetVersion, "Runtime", "node24", "Dependencies", handler)
		}},
		"LateRuntimeErrors leaves node10": {twilio.Switches{LateRuntimeErrors: true}, 400, 400, func(d *deployed) answer {
			return d.post(d.builds, "AssetVersions", d.assetVersion, "Runtime", "node10")
		}},
		"RootServesIndex": {twilio.Switches{RootServesIndex: true}, 404, 200, func(d *deployed) answer {
			_, index := d.asset(d.serviceSID, "/index.html", "public", "text/html", "x")
			d.make(d.deploymentsPath, "BuildSid", d.make(d.builds, "AssetVersions", index))
			return d.get("/_live/" + d.domain + "/")
		}},
		"ProtectedFunctions403": {twilio.Switches{ProtectedFunctions403: true}, 400, 403, func(d *deployed) answer {
			_, function := d.function(d.serviceSID, "/p", "protected")
			d.make(d.deploymentsPath, "BuildSid", d.make(d.builds, "FunctionVersions", function))
			return d.get("/_live/" + d.domain + "/p")
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantStatus(t, test.ask(deploy(t, twilio.Options{})), test.off)
			wantStatus(t, test.ask(deploy(t, twilio.Options{Switches: test.on})), test.flipped)
		})
	}
}

func TestLateRuntimeErrorsEndInAFailedBuild(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{Switches: twilio.Switches{LateRuntimeErrors: true}})
	zb := d.make(d.builds, "AssetVersions", d.assetVersion, "Runtime", "node18")
	got := d.get(d.builds + "/" + zb)
	if got.text("status") != "failed" || got.text("runtime") != "node18" {
		t.Errorf("got %s", got.raw)
	}
}

func TestRangesResolved(t *testing.T) {
	t.Parallel()
	const dependencies = `[{"name":"a","version":"^4.17.11"},{"name":"b","version":"latest"},{"name":"c","version":"1.2.3"}]`
	for isOn, want := range map[bool][]string{false: {"^4.17.11", "latest", "1.2.3"}, true: {"4.17.11", "1.0.0", "1.2.3"}} {
		d := deploy(t, twilio.Options{Switches: twilio.Switches{RangesResolved: isOn}})
		var got []string
		for _, one := range d.post(d.builds, "AssetVersions", d.assetVersion, "Dependencies", dependencies).list("dependencies")[:3] {
			got = append(got, text(one, "version"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestUpperCaseLevels(t *testing.T) {
	t.Parallel()
	for isOn, want := range map[bool]string{false: "info", true: "INFO"} {
		d := deploy(t, twilio.Options{Switches: twilio.Switches{UpperCaseLevels: isOn}})
		d.call(http.MethodGet, "/hello")
		if got := d.get(d.environmentPath + "/Logs").list("logs"); len(got) != 1 || got[0]["level"] != want {
			t.Errorf("got %v, want the level %s", got, want)
		}
	}
}

func TestShuffledBuildsStillPage(t *testing.T) {
	t.Parallel()
	for _, isOn := range []bool{false, true} {
		d := deploy(t, twilio.Options{PageSize: 7, Switches: twilio.Switches{ShuffledBuilds: isOn}})
		want := []string{d.buildSID}
		for i := range 24 {
			_, version := d.asset(d.serviceSID, "/"+strconv.Itoa(i), "public", "text/plain", "x")
			want = append(want, d.make(d.builds, "AssetVersions", version))
		}
		slices.Reverse(want)
		got, last := d.walk(d.builds, "builds", func(int) {})
		wantStatus(t, last, http.StatusOK)
		if inOrder := slices.Equal(got, want); inOrder == isOn {
			t.Errorf("shuffled %t: newest first is %t", isOn, inOrder)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("shuffled %t: got %v, want %v", isOn, got, want)
		}
	}
}
