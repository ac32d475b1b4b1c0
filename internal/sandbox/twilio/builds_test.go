package twilio_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func TestBuildRules(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs, other := b.service("voice"), b.service("other")
	_, hello := b.function(zs, "/hello", "public")
	_, twin := b.function(zs, "hello", "private")
	_, clash := b.asset(zs, "/hello", "public", "text/plain", "x")
	_, logo := b.asset(zs, "/logo.svg", "public", "image/svg+xml", "x")
	_, foreign := b.function(other, "/hello", "public")
	tests := map[string]struct {
		form []string
		gist string // empty: accepted
	}{
		"a Function":             {[]string{"FunctionVersions", hello}, ""},
		"an Asset":               {[]string{"AssetVersions", logo}, ""},
		"empty dependencies":     {[]string{"AssetVersions", logo, "Dependencies", "", "Dependencies", ""}, ""},
		"nothing":                {nil, "At least one Function Version or Asset Version is required for Build"},
		"only dependencies":      {[]string{"Dependencies", `[]`}, "At least one Function Version or Asset Version is required for Build"},
		"unknown version":        {[]string{"FunctionVersions", "ZN" + strings.Repeat("0", 32)}, "was not found in Service"},
		"another service's":      {[]string{"FunctionVersions", foreign}, "was not found in Service"},
		"an Asset as a Function": {[]string{"FunctionVersions", logo}, "was not found in Service"},
		"duplicate path":         {[]string{"FunctionVersions", hello, "FunctionVersions", twin}, "Duplicate path /hello"},
		"duplicate across kinds": {[]string{"FunctionVersions", hello, "AssetVersions", clash}, "Duplicate path /hello"},
		"the same twice":         {[]string{"FunctionVersions", hello, "FunctionVersions", hello}, "Duplicate path /hello"},
		"empty version":          {[]string{"FunctionVersions", ""}, "FunctionVersions is empty"},
		"bad dependencies":       {[]string{"FunctionVersions", hello, "Dependencies", "lodash"}, "not a JSON array"},
		"node10":                 {[]string{"FunctionVersions", hello, "Runtime", "node10"}, "unsupported runtime: node10"},
		"node18":                 {[]string{"FunctionVersions", hello, "Runtime", "node18"}, "unsupported runtime: node18"},
		"unknown runtime":        {[]string{"FunctionVersions", hello, "Runtime", "deno"}, "unsupported runtime: deno"},
		"node20":                 {[]string{"FunctionVersions", hello, "Runtime", "node20"}, ""},
		"latest":                 {[]string{"FunctionVersions", hello, "Runtime", "latest"}, ""},
		"handler too old": {[]string{
			"FunctionVersions", hello, "Runtime", "node24",
			"Dependencies", `[{"name":"@twilio/runtime-handler","version":"1.1.3"}]`,
		}, "needs @twilio/runtime-handler 2.1.2 or later"},
		"handler as a range": {[]string{
			"FunctionVersions", hello,
			"Dependencies", `[{"name":"@twilio/runtime-handler","version":"^2.0.1"}]`,
		}, "No matching version found for @twilio/runtime-handler@^2.0.1. See https://www.twilio.com/docs/serverless/functions-assets/handler"},
		"not on npm": {[]string{
			"FunctionVersions", hello,
			"Dependencies", `[{"name":"slipway-sandbox-not-on-npm","version":"1.0.0"},{"name":"a","version":"file:../a"}]`,
		}, "Some dependencies could not be validated. No matching version found for slipway-sandbox-not-on-npm@1.0.0. No matching version found for a@file:../a."},
		"wrong engine": {[]string{
			"FunctionVersions", hello,
			"Dependencies", `[{"name":"slipway-sandbox-wrong-engine","version":"1.0.0"}]`,
		}, "The node version for slipway-sandbox-wrong-engine package is incompatible"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.post(service(zs)+"/Builds", test.form...)
			if test.gist == "" {
				wantStatus(t, got, http.StatusCreated)
				return
			}
			wantError(t, got, 400, 20001, test.gist)
		})
	}
}

func TestBuildsHaveTheirDependencies(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	_, hello := b.function(zs, "/hello", "public")
	tests := map[string]struct {
		runtime, dependencies string
		want                  string
	}{
		"none":            {"node22", "", "node22 twilio@5.0.3 @twilio/runtime-handler@2.0.1"},
		"no runtime":      {"", "[]", "node22 twilio@5.0.3 @twilio/runtime-handler@2.0.1"},
		"some":            {"node20", `[{"name":"twilio","version":"^4"},{"name":"got","version":"latest"}]`, "node20 twilio@^4 got@latest @twilio/runtime-handler@2.0.1"},
		"node24":          {"node24", "", "node24 twilio@5.0.3 @twilio/runtime-handler@2.1.2"},
		"raised":          {"node24", `[{"name":"@twilio/runtime-handler","version":"1.2.0"}]`, "node24 @twilio/runtime-handler@2.1.2 twilio@5.0.3"},
		"not raised":      {"node22", `[{"name":"@twilio/runtime-handler","version":"1.2.0"}]`, "node22 @twilio/runtime-handler@1.2.0 twilio@5.0.3"},
		"toolkit's shape": {"node22", `"[{"name":"lodash","version":"4.17.11"}]"`, "node22 lodash@4.17.11 twilio@5.0.3 @twilio/runtime-handler@2.0.1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form := []string{"FunctionVersions", hello, "Dependencies", test.dependencies}
			if test.runtime != "" {
				form = append(form, "Runtime", test.runtime)
			}
			got := b.post(service(zs)+"/Builds", form...)
			wantStatus(t, got, http.StatusCreated)
			shown := []string{got.text("runtime")}
			for _, one := range got.list("dependencies") {
				shown = append(shown, text(one, "name")+"@"+text(one, "version"))
			}
			if got := strings.Join(shown, " "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestVersionsInABuildAreInNoOrderButTheSameOne(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	var asked []string
	form := []string{}
	for i := range 20 {
		_, sid := b.function(zs, "/f"+string(rune('a'+i)), "public")
		asked = append(asked, sid)
		form = append(form, "FunctionVersions", sid)
	}
	got := b.post(service(zs)+"/Builds", form...)
	sids := func(a answer) (all []string) {
		for _, one := range a.list("function_versions") {
			all = append(all, text(one, "sid"))
		}
		return all
	}
	first := sids(got)
	if slices.Equal(first, asked) {
		t.Error("Versions come in the order they were asked for; 20! orders make that no chance")
	}
	if again := sids(b.get(service(zs) + "/Builds/" + got.text("sid"))); !slices.Equal(first, again) {
		t.Errorf("the order changes: %v, then %v", first, again)
	}
	slices.Sort(asked)
	slices.Sort(first)
	if !slices.Equal(first, asked) {
		t.Errorf("got %v, want %v", first, asked)
	}
}

// direct talks to a Sandbox without a server, as a synctest bubble needs it.
type direct struct {
	t       *testing.T
	handler http.Handler
}

func (d direct) do(method, path, contentType, body string) answer {
	d.t.Helper()
	request := httptest.NewRequestWithContext(d.t.Context(), method, "http://sandbox.test"+path, strings.NewReader(body))
	account := twilio.DefaultAccount()
	request.SetBasicAuth(account.KeySID, account.KeySecret)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	recorder := httptest.NewRecorder()
	d.handler.ServeHTTP(recorder, request)
	return decode(recorder)
}

func (d direct) get(path string) answer { d.t.Helper(); return d.do(http.MethodGet, path, "", "") }

func (d direct) post(path string, pairs ...string) answer {
	d.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return d.do(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

// readyToBuild makes a Service with a Function, and returns the path of its
// Builds and the Version's SID.
func (d direct) readyToBuild() (builds, versionSID string) {
	d.t.Helper()
	zs := d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "voice").text("sid")
	zh := d.post(service(zs)+"/Functions", "FriendlyName", "/a").text("sid")
	contentType, body := multipartBody(d.t, fileParts("/a", "public", "application/javascript", "x"))
	zn := d.do(http.MethodPost, service(zs)+"/Functions/"+zh+"/Versions", contentType, body.String()).text("sid")
	return service(zs) + "/Builds", zn
}

func TestBuildsTakeTheirTime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options           twilio.Options
		dependency        string
		shortest, longest time.Duration
		want              string
	}{
		"completed":      {twilio.Options{BuildTime: 9 * time.Second}, "lodash", 9 * time.Second, 9 * time.Second, "completed"},
		"drawn":          {twilio.Options{BuildTime: time.Second, BuildTimeMax: time.Minute, Seed: 3}, "lodash", time.Second, time.Minute, "completed"},
		"all fail":       {twilio.Options{BuildTime: 5 * time.Second, FailBuilds: true}, "lodash", 5 * time.Second, 5 * time.Second, "failed"},
		"made to fail":   {twilio.Options{BuildTime: 5 * time.Second}, twilio.FailsBuild, 5 * time.Second, 5 * time.Second, "failed"},
		"at the soonest": {twilio.Options{}, "lodash", 0, 0, "completed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told time.Duration
				test.options.Observe = func(call twilio.Call) { told += call.BuildTime }
				sandbox, err := twilio.New(test.options)
				if err != nil {
					t.Fatal(err)
				}
				d := direct{t, sandbox}
				builds, version := d.readyToBuild()
				start := time.Now()
				got := d.post(builds, "FunctionVersions", version, "Dependencies", `[{"name":"`+test.dependency+`","version":"1.0.0"}]`)
				if got.text("status") != "building" {
					t.Fatalf("a new Build is %s", got.raw)
				}
				status := func() string {
					return d.do(http.MethodGet, builds+"/"+got.text("sid")+"/Status", "", "").text("status")
				}
				for status() == "building" {
					time.Sleep(100 * time.Millisecond)
				}
				took := time.Since(start)
				if told > took || took > told+100*time.Millisecond {
					t.Errorf("Observe was told of a Build of %v, which took %v", told, took)
				}
				if took < test.shortest || took > test.longest+100*time.Millisecond {
					t.Errorf("took %v, want %v to %v", took, test.shortest, test.longest)
				}
				time.Sleep(time.Hour)
				if got := status(); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestUnfinishedBuildsAreNotDeployed(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{BuildTime: time.Hour})
	zs := b.service("voice")
	deployments := service(zs) + "/Environments/" + b.environment(zs) + "/Deployments"
	_, version := b.function(zs, "/a", "public")
	slow := b.make(service(zs)+"/Builds", "FunctionVersions", version)
	wantError(t, b.post(deployments, "BuildSid", slow), 400, 20001, "its status is building")

	b = newBox(t, twilio.Options{FailBuilds: true})
	zs = b.service("voice")
	deployments = service(zs) + "/Environments/" + b.environment(zs) + "/Deployments"
	_, version = b.function(zs, "/a", "public")
	failed := b.make(service(zs)+"/Builds", "FunctionVersions", version)
	wantError(t, b.post(deployments, "BuildSid", failed), 400, 20001, "its status is failed")
}
