package twilio_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestLifeCycle walks a project from nothing to live and away again, and holds
// each reply to the fields that the OpenAPI file declares.
func TestLifeCycle(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	account := twilio.DefaultAccount().SID

	got := b.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "Voice", "UiEditable", "true")
	wantStatus(t, got, http.StatusCreated)
	wantFields(t, got.json, "sid account_sid friendly_name unique_name include_credentials ui_editable domain_base date_created date_updated url links")
	wantFields(t, got.json["links"], "environments functions assets builds")
	if got.json["include_credentials"] != true || got.json["ui_editable"] != true || got.text("account_sid") != account {
		t.Errorf("Service: %s", got.raw)
	}
	if base := got.text("domain_base"); !regexp.MustCompile(`^voice-\d{4}$`).MatchString(base) {
		t.Errorf("domain_base is %q", base)
	}
	zs, base := got.text("sid"), got.text("domain_base")
	if url := got.text("url"); url != b.url+"/v1/Services/"+zs {
		t.Errorf("url is %q", url)
	}
	if byName := b.get(service("voice")); byName.text("sid") != zs {
		t.Errorf("fetch by unique name: %d %s", byName.status, byName.raw)
	}

	got = b.post(service(zs)+"/Environments", "UniqueName", "stage-environment", "DomainSuffix", "stage", "FriendlyName", "as the toolkit sends")
	wantStatus(t, got, http.StatusCreated)
	wantFields(t, got.json, "sid account_sid service_sid build_sid unique_name domain_suffix domain_name date_created date_updated url links")
	wantFields(t, got.json["links"], "variables deployments logs")
	ze, domain := got.text("sid"), got.text("domain_name")
	if got.json["build_sid"] != nil || domain != base+"-stage.twil.io" {
		t.Errorf("Environment: %s", got.raw)
	}
	bare := b.post(service(zs)+"/Environments", "UniqueName", "production")
	if bare.json["domain_suffix"] != nil || bare.text("domain_name") != base+".twil.io" {
		t.Errorf("production: %s", bare.raw)
	}

	got = b.post(service(zs)+"/Environments/"+ze+"/Variables", "Key", "GREETING", "Value", "hello")
	wantStatus(t, got, http.StatusCreated)
	wantFields(t, got.json, "sid account_sid service_sid environment_sid key value date_created date_updated url")
	variable := service(zs) + "/Environments/" + ze + "/Variables/" + got.text("sid")
	got = b.post(variable, "Value", "good day")
	if got.status != http.StatusOK || got.text("value") != "good day" || got.text("key") != "GREETING" {
		t.Errorf("update: %d %s", got.status, got.raw)
	}

	got = b.post(service(zs)+"/Functions", "FriendlyName", "/hello")
	wantStatus(t, got, http.StatusCreated)
	wantFields(t, got.json, "sid account_sid service_sid friendly_name date_created date_updated url links")
	wantFields(t, got.json["links"], "function_versions")
	function := service(zs) + "/Functions/" + got.text("sid")
	source := "exports.handler = (c, e, done) => done(null, 'ä');"
	got = b.upload(function+"/Versions", fileParts("hello", "Protected", "application/javascript", source))
	wantStatus(t, got, http.StatusCreated)
	wantFields(t, got.json, "sid account_sid service_sid function_sid path visibility date_created url links")
	wantFields(t, got.json["links"], "function_version_content")
	functionVersion := got.text("sid")
	if got.text("path") != "/hello" || got.text("visibility") != "protected" {
		t.Errorf("Version: %s", got.raw)
	}
	got = b.get(function + "/Versions/" + functionVersion + "/Content")
	wantFields(t, got.json, "sid account_sid service_sid function_sid content url")
	if got.text("content") != source {
		t.Errorf("Content is %q", got.text("content"))
	}

	asset, assetVersion := b.asset(zs, "/logo.svg", "public", "image/svg+xml", "<svg/>")
	got = b.get(service(zs) + "/Assets/" + asset + "/Versions/" + assetVersion)
	wantFields(t, got.json, "sid account_sid service_sid asset_sid path visibility date_created url")

	got = b.post(service(zs)+"/Builds", "FunctionVersions", functionVersion, "AssetVersions", assetVersion,
		"Dependencies", `[{"name":"lodash","version":"4.17.11"}]`, "Runtime", "node22")
	wantStatus(t, got, http.StatusCreated)
	wantFields(t, got.json, "sid account_sid service_sid status asset_versions function_versions dependencies runtime date_created date_updated url links")
	wantFields(t, got.list("function_versions")[0], "sid account_sid service_sid function_sid path visibility date_created")
	wantFields(t, got.list("asset_versions")[0], "sid account_sid service_sid asset_sid path visibility date_created")
	if got.text("status") != "building" || got.list("function_versions")[0]["visibility"] != "PROTECTED" {
		t.Errorf("Build: %s", got.raw)
	}
	zb := got.text("sid")
	got = b.get(service(zs) + "/Builds/" + zb + "/Status")
	wantFields(t, got.json, "sid account_sid service_sid status url")
	if got.text("status") != "completed" {
		t.Errorf("status is %q", got.text("status"))
	}

	deployments := service(zs) + "/Environments/" + ze + "/Deployments"
	got = b.post(deployments, "BuildSid", zb, "IsPlugin", "false")
	wantStatus(t, got, http.StatusCreated)
	wantFields(t, got.json, "sid account_sid service_sid environment_sid build_sid date_created date_updated url")
	if live := b.get(service(zs) + "/Environments/" + ze).text("build_sid"); live != zb {
		t.Errorf("live is %q, want %q", live, zb)
	}
	if page := b.get("/_live/" + domain + "/logo.svg"); page.raw != "<svg/>" || page.header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("live: %d %q %v", page.status, page.raw, page.header)
	}

	wantStatus(t, b.del(service("voice")), http.StatusNoContent)
	wantError(t, b.get(deployments), 404, 20404, "The requested resource /Services/"+zs+"/Environments/"+ze+"/Deployments was not found")
	if diff := cmp.Diff(b.Snapshot(), twilio.Snapshot{}); diff != "" {
		t.Errorf("after the Service's deletion something is left:\n%s", diff)
	}
}

// wantFields checks that an object has exactly these fields.
func wantFields(t *testing.T, object any, fields string) {
	t.Helper()
	from, isObject := object.(map[string]any)
	if !isObject {
		t.Fatalf("%v is no object", object)
	}
	want := strings.Fields(fields)
	slices.Sort(want)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(from)), want); diff != "" {
		t.Errorf("fields (-got +want):\n%s", diff)
	}
}

func TestAnswersCarryThePlatformsHeaders(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	got := b.get("/v1/Services")
	for name, want := range map[string]string{
		"Content-Type":                     `^application/json$`,
		"Twilio-Request-Id":                `^RQ[0-9a-f]{32}$`,
		"Twilio-Request-Duration":          `^\d+\.\d{3}$`,
		"Twilio-Concurrent-Requests":       `^1$`,
		"Access-Control-Allow-Origin":      `^\*$`,
		"Access-Control-Allow-Headers":     `If-None-Match`,
		"Access-Control-Allow-Methods":     `DELETE`,
		"Access-Control-Allow-Credentials": `^true$`,
		"Access-Control-Expose-Headers":    `^ETag$`,
	} {
		if value := got.header.Get(name); !regexp.MustCompile(want).MatchString(value) {
			t.Errorf("%s is %q, want a match of %s", name, value, want)
		}
	}
	zs := b.service("gone")
	got = b.del(service(zs))
	if got.raw != "" || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("204 has a body or CORS headers: %q %v", got.raw, got.header)
	}
}

// TestBooleansAsPythonWritesThem: twilio-python 7 sends what str makes of them.
func TestBooleansAsPythonWritesThem(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	got := b.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "Voice", "UiEditable", "True", "IncludeCredentials", "False")
	wantStatus(t, got, http.StatusCreated)
	if got.json["ui_editable"] != true || got.json["include_credentials"] != false {
		t.Errorf("Service: %s", got.raw)
	}
	wantStatus(t, b.post(service("voice"), "UiEditable", "TRUE!"), http.StatusBadRequest)
}

func TestUpdatesKeepWhatTheyDoNotName(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	got := b.post(service(zs), "UiEditable", "true")
	if got.json["ui_editable"] != true || got.json["include_credentials"] != true || got.text("friendly_name") != "voice" {
		t.Errorf("update of a Service: %s", got.raw)
	}
	got = b.post(service("voice"), "FriendlyName", "new", "IncludeCredentials", "false")
	if got.json["include_credentials"] != false || got.text("friendly_name") != "new" || got.json["ui_editable"] != true {
		t.Errorf("update of a Service: %s", got.raw)
	}
	// An update of nothing is accepted, with and without a content type.
	wantStatus(t, b.post(service(zs)), http.StatusOK)
	wantStatus(t, b.send(b.request(http.MethodPost, service(zs), "", nil)), http.StatusOK)

	for _, kind := range []string{"Functions", "Assets"} {
		path := service(zs) + "/" + kind
		zh := b.make(path, "FriendlyName", "old")
		if got := b.post(path+"/"+zh, "FriendlyName", "new"); got.text("friendly_name") != "new" || got.text("sid") != zh {
			t.Errorf("update of %s: %s", kind, got.raw)
		}
		if got := b.get(path).list(strings.ToLower(kind)); len(got) != 1 || got[0]["friendly_name"] != "new" {
			t.Errorf("%s: %v", kind, got)
		}
		wantStatus(t, b.del(path+"/"+zh), http.StatusNoContent)
		wantError(t, b.get(path+"/"+zh), 404, 20404, zh)
	}
}
