package deploy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func sampleManifest() Manifest {
	made := Manifest{
		Files: []ManifestFile{
			{project.KindFunction, "/hello", project.Public, "application/javascript", strings.Repeat("ab", 32), "ZN" + twilio.VersionSID(strings.Repeat("0f", 16))},
			{project.KindFunction, "/in", project.Protected, "application/javascript", strings.Repeat("cd", 32), "ZN" + twilio.VersionSID(strings.Repeat("1F", 16))},
			{project.KindAsset, "/ü \"quoted\".png", project.Private, "image/png", strings.Repeat("ef", 32), "ZN1"},
		},
		Dependencies: []twilio.Dependency{{Name: "lodash", Version: ">=4 <5"}},
		Runtime:      "node22", Commit: "c0ffee", Tool: "slipway/1.0",
	}
	made.Digest = made.digest()
	return made
}

func sourceOf(t *testing.T, manifest Manifest) string {
	t.Helper()
	source, err := manifest.Source()
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestManifestIsReadBack(t *testing.T) {
	t.Parallel()
	bare := Manifest{Runtime: "node22"}
	bare.Digest = bare.digest()
	for name, want := range map[string]Manifest{"of files": sampleManifest(), "of nothing": bare} {
		got, err := ParseManifest(sourceOf(t, want))
		if err != nil {
			t.Fatal(err)
		}
		if len(want.Dependencies) == 0 {
			want.Dependencies = []twilio.Dependency{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestManifestIsSmall holds a Manifest to its bound: a Service of 2,500 files must
// fit in.
func TestManifestIsSmall(t *testing.T) {
	t.Parallel()
	var large Manifest
	for i := range 2500 {
		large.Files = append(large.Files, ManifestFile{
			project.KindFunction, fmt.Sprintf("/folder-%d/f%04d", i%50, i), project.Public, "application/javascript",
			fmt.Sprintf("%064x", i), twilio.VersionSID(fmt.Sprintf("ZN%032x", i)),
		})
	}
	if size := len(sourceOf(t, large)); size > maxManifest {
		t.Errorf("2,500 files take %d bytes, more than %d", size, maxManifest)
	}
}

// TestManifestIsNotTrusted damages a Manifest.
func TestManifestIsNotTrusted(t *testing.T) {
	t.Parallel()
	source := sourceOf(t, sampleManifest())
	replaced := func(old, by string) string {
		if !strings.Contains(source, old) {
			t.Fatalf("%q is not in %s", old, source)
		}
		return strings.Replace(source, old, by, 1)
	}
	for name, test := range map[string]struct{ source, want string }{
		"nothing":                  {"", "no Manifest in it"},
		"other code":               {"exports.handler = () => {};", "no Manifest in it"},
		"cut off":                  {source[:len(source)/2], "cannot be read"},
		"a newer version":          {replaced(`"version":1`, `"version":2`), "version 2, not 1"},
		"another runtime":          {replaced(`"node22"`, `"node24"`), "digest"},
		"another path":             {replaced(`"/hello"`, `"/hallo"`), "digest"},
		"another visibility":       {replaced(`"f+"`, `"f-"`), "digest"},
		"an unknown visibility":    {replaced(`"f+"`, `"f?"`), "/hello"},
		"a content type too many":  {replaced(`"/hello",0`, `"/hello",9`), "/hello"},
		"a content type before":    {replaced(`"/hello",0`, `"/hello",-1`), "/hello"},
		"no hash":                  {replaced(`"/hello",0,"q`, `"/hello",0,"!`), "/hello"},
		"a short hash":             {replaced(`"/hello",0,"q6ur`, `"/hello",0,"`), "/hello"},
		"a part too few":           {replaced(`["f+",`, `[`), "cannot be read"},
		"a part too many":          {replaced(`["f+",`, `["f+","f+",`), "cannot be read"},
		"a digest that is another": {replaced(`"digest":"`, `"digest":"0`), "digest"},
		"a huge one":               {source + strings.Repeat(" ", maxManifest), "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseManifest(test.source); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// builtOf is a Build that holds what a Manifest says.
func builtOf(manifest Manifest) (twilio.Build, twilio.Version) {
	own := twilio.Version{SID: "ZN9", FunctionSID: "ZH9", Path: manifestPath + manifest.Digest, Visibility: "private"}
	build := twilio.Build{
		SID: "ZB1", Runtime: manifest.Runtime, FunctionVersions: []twilio.Version{own},
		Dependencies: []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}, {Name: "twilio", Version: "5.0.3"}, {Name: twilio.HandlerPackage, Version: "2.0.1"}},
	}
	for _, file := range manifest.Files {
		version := twilio.Version{SID: file.VersionSID, Path: file.Path, Visibility: string(file.Visibility)}
		if file.Kind == project.KindFunction {
			build.FunctionVersions = append(build.FunctionVersions, version)
		} else {
			build.AssetVersions = append(build.AssetVersions, version)
		}
	}
	return build, own
}

// TestBuildIsBelievedNotItsManifest has Builds that are not what the Manifest in
// them says.
func TestBuildIsBelievedNotItsManifest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*twilio.Build, *twilio.Version)
		files  int
		doubt  string
	}{
		"it is the same":            {func(*twilio.Build, *twilio.Version) {}, 3, ""},
		"another Version at a path": {func(b *twilio.Build, _ *twilio.Version) { b.FunctionVersions[1].SID = "ZN7" }, 2, "files"},
		"another visibility":        {func(b *twilio.Build, _ *twilio.Version) { b.AssetVersions[0].Visibility = "public" }, 2, "files"},
		"a path less":               {func(b *twilio.Build, _ *twilio.Version) { b.AssetVersions = nil }, 2, "files"},
		"a path more": {func(b *twilio.Build, _ *twilio.Version) {
			b.AssetVersions = append(b.AssetVersions, twilio.Version{SID: "ZN8", Path: "/new"})
		}, 3, "files"},
		"a second Manifest": {func(b *twilio.Build, own *twilio.Version) {
			second := *own
			second.SID, second.Path = "ZN8", manifestPath+"1"
			b.FunctionVersions = append(b.FunctionVersions, second)
		}, 3, "files"},
		"an Asset beside the Manifest": {func(b *twilio.Build, own *twilio.Version) {
			b.AssetVersions = append(b.AssetVersions, twilio.Version{SID: "ZN8", AssetSID: "ZH8", Path: manifestPath + "1", Visibility: "private"})
		}, 3, "files"},
		"one path twice": {func(b *twilio.Build, _ *twilio.Version) {
			b.FunctionVersions = append([]twilio.Version{{SID: "ZN8", Path: "/hello", Visibility: "public"}}, b.FunctionVersions...)
		}, 3, "files"},
		"an Asset for a Function": {func(b *twilio.Build, _ *twilio.Version) {
			b.AssetVersions = append(b.AssetVersions, b.FunctionVersions[1])
			b.FunctionVersions = slices.Delete(b.FunctionVersions, 1, 2)
		}, 2, "files"},
		"a dependency out of its range": {func(b *twilio.Build, _ *twilio.Version) { b.Dependencies[0].Version = "3.10.1" }, 3, "dependencies"},
		"a dependency of another range": {func(b *twilio.Build, _ *twilio.Version) { b.Dependencies[0].Version = "^4.0.0" }, 3, "dependencies"},
		"another runtime":               {func(b *twilio.Build, _ *twilio.Version) { b.Runtime = "node24" }, 3, "runtime"},
		"a dependency less":             {func(b *twilio.Build, _ *twilio.Version) { b.Dependencies = b.Dependencies[1:] }, 3, "dependencies"},
		"a dependency more": {func(b *twilio.Build, _ *twilio.Version) {
			b.Dependencies = append(b.Dependencies, twilio.Dependency{Name: "got"})
		}, 3, "dependencies"},
		"the Manifest of another":    {func(_ *twilio.Build, own *twilio.Version) { own.Path = manifestPath + "0" }, 3, "another Build"},
		"a range that was not moved": {func(b *twilio.Build, _ *twilio.Version) { b.Dependencies[0].Version = ">=4 <5" }, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			manifest := sampleManifest()
			build, own := builtOf(manifest)
			test.change(&build, &own)
			known := manifest.against(build, own)
			if len(known.Files) != test.files || !strings.Contains(known.Doubt, test.doubt) || (known.Doubt == "") != (test.doubt == "") {
				t.Errorf("%d files are known, with the doubt %q; want %d and %q", len(known.Files), known.Doubt, test.files, test.doubt)
			}
			if isSure := known.Digest == manifest.Digest && known.Commit != ""; isSure != (test.doubt == "") {
				t.Errorf("the digest is %q, the commit %q", known.Digest, known.Commit)
			}
		})
	}
}

func TestDependenciesAsInstalled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		asked, installed string
		want             bool
	}{
		{"4.17.21", "4.17.21", true},
		{"4.17.21", "4.17.20", false},
		{"1.0.0-beta.1", "1.0.0-beta.2", false},
		{"4", "4.17.21", true}, // a range, although there are only digits
		{"4.17", "4.16.0", false},
		{"^4.0.0", "^4.0.0", true},
		{"^4.0.0", "5.0.0", false},
		{"*", "9.9.9", true},
		{"latest", "9.9.9", true},
	} {
		asked, installed := []twilio.Dependency{{Name: "a", Version: test.asked}}, []twilio.Dependency{{Name: "a", Version: test.installed}}
		if got := isInstalled(asked, installed); got != test.want {
			t.Errorf("%s for %s: %t, want %t", test.installed, test.asked, got, test.want)
		}
	}
	if !isInstalled([]twilio.Dependency{{Name: twilio.HandlerPackage, Version: "1.2.0"}}, []twilio.Dependency{{Name: twilio.HandlerPackage, Version: "2.1.2"}}) {
		t.Error("a handler that Twilio raised was taken for another")
	}
}

// TestOnlyThePrivateFunctionIsAManifest so that nothing can hide by its path.
func TestOnlyThePrivateFunctionIsAManifest(t *testing.T) {
	t.Parallel()
	path := manifestPath + "1"
	hidden := twilio.Version{SID: "ZN1", FunctionSID: "ZH1", Path: path, Visibility: "private"}
	open := twilio.Version{SID: "ZN2", FunctionSID: "ZH2", Path: path, Visibility: "public"}
	got := WithoutManifest(twilio.Build{FunctionVersions: []twilio.Version{hidden, open}})
	if len(got.FunctionVersions) != 1 || got.FunctionVersions[0].SID != "ZN2" {
		t.Errorf("left are %v, want the public Function", got.FunctionVersions)
	}
}

func FuzzParseManifest(f *testing.F) {
	made := sampleManifest()
	source, err := made.Source()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(source)
	f.Add("exports.manifest = {};")
	f.Add(`exports.manifest = {"version":1,"files":[["f+","/a",0,"",""]],"content_types":[""]};`)
	f.Fuzz(func(t *testing.T, source string) {
		manifest, err := ParseManifest(source)
		if err != nil {
			return
		}
		again, err := manifest.Source()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		read, err := ParseManifest(again)
		if len(again) > maxManifest {
			return
		}
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, again)
		}
		if diff := cmp.Diff(manifest, read); diff != "" {
			t.Errorf("it changed on its way (-before +after):\n%s", diff)
		}
	})
}
