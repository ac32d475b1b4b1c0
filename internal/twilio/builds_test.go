package twilio

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"testing"
)

func TestBuildDecodesEveryShapeThatTwilioShows(t *testing.T) {
	t.Parallel()
	const sid, function, asset = "ZB00000000000000000000000000000000", "ZN00000000000000000000000000000001", "ZN00000000000000000000000000000000"
	tests := map[string]string{
		"as the API answers": `{"sid":"` + sid + `","status":"completed","runtime":"node22",
			"function_versions":[{"sid":"` + function + `","path":"/f","visibility":"PUBLIC"}],
			"asset_versions":[{"sid":"` + asset + `","path":"a","visibility":"Private"}],
			"dependencies":[{"name":"lodash","version":"4.17.11"},{"name":"twilio","version":"3.29.2"}]}`,
		"bare SIDs, capitals, dependencies in a string": `{"sid":"` + sid + `","status":"Completed","runtime":"node22",
			"function_versions":["` + function + `"],"asset_versions":["` + asset + `"],
			"dependencies":"[{\"name\":\"lodash\",\"version\":\"4.17.11\"},{\"name\":\"twilio\",\"version\":\"3.29.2\"}]"}`,
		"dependencies with numbers for keys": `{"sid":"` + sid + `","status":"COMPLETED","runtime":"node22",
			"function_versions":["` + function + `"],"asset_versions":["` + asset + `"],
			"dependencies":{"1":{"name":"twilio","version":"3.29.2"},"0":{"name":"lodash","version":"4.17.11"}}}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var build Build
			if err := json.Unmarshal([]byte(body), &build); err != nil {
				t.Fatal(err)
			}
			want := dependencies{{"lodash", "4.17.11"}, {"twilio", "3.29.2"}}
			if build.Status != BuildCompleted || !slices.Equal(build.Dependencies, want) ||
				!slices.Equal(build.VersionSIDs(), []VersionSID{asset, function}) {
				t.Errorf("got %+v", build)
			}
			if version := build.AssetVersions[0]; version.Path != "" && (version.Path != "/a" || version.Visibility != "private") {
				t.Errorf("the Asset Version is %+v, want it normalised", version)
			}
		})
	}
	for _, body := range []string{`{"dependencies":7}`, `{"function_versions":[7]}`, `{"function_versions":{}}`, `{"status":[]}`, `{"dependencies":"{"}`} {
		var build Build
		if err := json.Unmarshal([]byte(body), &build); err == nil {
			t.Errorf("%s decodes as %+v", body, build)
		}
	}
	for _, body := range []string{`{"dependencies":null,"function_versions":null}`, `{"dependencies":""}`, `{}`} {
		var build Build
		if err := json.Unmarshal([]byte(body), &build); err != nil || len(build.Dependencies) != 0 {
			t.Errorf("%s: %+v, %v", body, build, err)
		}
	}
}

func TestNewBuildForm(t *testing.T) {
	t.Parallel()
	form, err := NewBuild{
		FunctionVersions: []VersionSID{"ZN2", "ZN1"}, AssetVersions: []VersionSID{"ZN3"}, Runtime: "node22",
		Dependencies: []Dependency{{"a", ">=1 <2 & more"}, {"b", "2.0.0"}},
	}.form()
	want := url.Values{
		"FunctionVersions": {"ZN2", "ZN1"}, "AssetVersions": {"ZN3"}, "Runtime": {"node22"},
		"Dependencies": {`[{"name":"a","version":">=1 <2 & more"},{"name":"b","version":"2.0.0"}]`},
	}
	if err != nil || !reflect.DeepEqual(form, want) {
		t.Errorf("got  %v with error %v\nwant %v", form, err, want)
	}
	if form, err := (NewBuild{AssetVersions: []VersionSID{"ZN3"}}).form(); err != nil || len(form) != 1 {
		t.Errorf("a Build without dependencies sends %v, %v", form, err)
	}
}

func TestNewBuildIsMadeInto(t *testing.T) {
	t.Parallel()
	asked := NewBuild{
		FunctionVersions: []VersionSID{"ZN2"}, AssetVersions: []VersionSID{"ZN1"}, Runtime: "node22",
		Dependencies: []Dependency{{"lodash", "4.17.21"}, {"got", "^12.0.0"}, {"@twilio/runtime-handler", "2.0.1"}},
	}
	made := func(change func(*Build)) Build {
		build := Build{
			Status: BuildBuilding, Runtime: "node22",
			FunctionVersions: []Version{{SID: "ZN2"}}, AssetVersions: []Version{{SID: "ZN1"}},
			Dependencies: dependencies{{"lodash", "4.17.21"}, {"got", "12.6.1"}, {"@twilio/runtime-handler", "2.1.2"}, {"twilio", "5.0.0"}},
		}
		change(&build)
		return build
	}
	tests := map[string]struct {
		build Build
		want  bool
	}{
		"as asked":              {made(func(*Build) {}), true},
		"completed":             {made(func(b *Build) { b.Status = BuildCompleted }), true},
		"failed":                {made(func(b *Build) { b.Status = BuildFailed }), false},
		"another runtime":       {made(func(b *Build) { b.Runtime = "node20" }), false},
		"a Version less":        {made(func(b *Build) { b.AssetVersions = nil }), false},
		"a Version more":        {made(func(b *Build) { b.AssetVersions = append(b.AssetVersions, Version{SID: "ZN3"}) }), false},
		"another exact version": {made(func(b *Build) { b.Dependencies[0].Version = "4.17.20" }), false},
		"a dependency less":     {made(func(b *Build) { b.Dependencies = b.Dependencies[:1] }), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := asked.isMadeInto(test.build); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
