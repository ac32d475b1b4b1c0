package deploy_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func file(kind project.Kind, path, sum string) project.File {
	return project.File{Kind: kind, Path: path, Visibility: project.Public, Name: "x" + path, ContentType: "text/plain", Size: 3, SHA256: sum}
}

func wanted() *project.Project {
	return &project.Project{
		Folder: ".", Name: "site", Runtime: "node22",
		Functions:    []project.File{file(project.KindFunction, "/a", "1"), file(project.KindFunction, "/b", "2")},
		Assets:       []project.File{file(project.KindAsset, "/c.txt", "3")},
		Dependencies: []npm.Dependency{{Name: "lodash", Version: "4.17.21"}},
	}
}

func secrets(pairs ...string) map[string]secret.String {
	values := make(map[string]secret.String)
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = secret.New(pairs[i+1])
	}
	return values
}

// question asks for a project in an Environment of the Service "site", without a
// Manifest.
func question(environment deploy.Environment, wanted *project.Project) deploy.Question {
	return deploy.Question{Service: "site", Environment: environment, Wanted: wanted}
}

// dev is the Environment that most tests deploy to.
func dev(t *testing.T) deploy.Environment {
	t.Helper()
	environment, err := deploy.ParseEnvironment("dev")
	if err != nil {
		t.Fatal(err)
	}
	return environment
}

func TestDiffAgainstNothing(t *testing.T) {
	t.Parallel()
	environment := dev(t)
	got := deploy.Diff(question(environment, wanted()), secrets("KEY", "hidden-value"), deploy.Live{})
	read := wanted()
	want := deploy.Plan{
		Service: "site", Environment: environment, Fingerprint: got.Fingerprint, Digest: got.Digest, Build: deploy.BuildNew,
		Functions:    []deploy.FilePlan{{File: read.Functions[0], Change: deploy.Created}, {File: read.Functions[1], Change: deploy.Created}},
		Assets:       []deploy.FilePlan{{File: read.Assets[0], Change: deploy.Created}},
		Dependencies: []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}}, Runtime: "node22",
		Variables: job.Changes{Created: []string{"KEY"}, Updated: []string{}, Unchanged: []string{}, Removed: []string{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the Plan differs (-want +got):\n%s", diff)
	}
	encoded, err := json.Marshal(got)
	if err != nil || strings.Contains(string(encoded), "hidden-value") {
		t.Errorf("the Plan encodes as %s, %v", encoded, err)
	}
	var decoded deploy.Plan
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, decoded); diff != "" {
		t.Errorf("the Plan does not survive JSON (-want +got):\n%s", diff)
	}
}

func TestDiffAgainstWhatIsLive(t *testing.T) {
	t.Parallel()
	environment := dev(t)
	live := deploy.Live{
		Service:     twilio.Service{SID: "ZS1", UniqueName: "the-real-name"},
		Environment: twilio.Environment{SID: "ZE1", BuildSID: "ZB1", DomainName: "site-1-dev.twil.io"},
		Build: twilio.Build{
			SID:              "ZB1",
			FunctionVersions: []twilio.Version{{SID: "ZN1", Path: "/a"}, {SID: "ZN3", Path: "/z"}, {SID: "ZN2", Path: "/y"}, {SID: "ZN5", Path: "/c.txt", FunctionSID: "ZH5"}},
			AssetVersions:    []twilio.Version{{SID: "ZN4", Path: "/old.txt", Visibility: "private"}},
		},
		Functions: map[string]twilio.FunctionSID{"/a": "ZH1", "/b": "ZH2"},
		Assets:    map[string]twilio.AssetSID{},
		Variables: map[string]twilio.Variable{
			"SAME": {Key: "SAME", Value: secret.New("1")}, "OTHER": {Key: "OTHER", Value: secret.New("2")}, "FOREIGN": {Key: "FOREIGN"},
		},
	}
	got := deploy.Diff(question(environment, wanted()), secrets("SAME", "1", "OTHER", "changed", "NEW", "3"), live)
	var functions, assets []string
	for _, file := range got.Functions {
		functions = append(functions, file.Path+" "+string(file.Change)+" "+file.ParentSID)
	}
	for _, file := range got.Assets {
		assets = append(assets, file.Path+" "+string(file.Change)+" "+string(file.Visibility))
	}
	if diff := cmp.Diff([]string{"/a updated ZH1", "/b created ZH2", "/c.txt removed ", "/y removed ", "/z removed "}, functions); diff != "" {
		t.Errorf("Functions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/c.txt created public", "/old.txt removed private"}, assets); diff != "" {
		t.Errorf("Assets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(job.Changes{Created: []string{"NEW"}, Updated: []string{"OTHER"}, Unchanged: []string{"SAME"}, Removed: []string{}}, got.Variables); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if got.Service != "the-real-name" || got.ServiceSID != "ZS1" || got.EnvironmentSID != "ZE1" || got.LiveBuildSID != "ZB1" || got.Domain != "site-1-dev.twil.io" {
		t.Errorf("the Plan is for %+v", got)
	}
	if uploads := got.Uploads(); len(uploads) != 3 {
		t.Errorf("%d files go up, want 3: %v", len(uploads), uploads)
	}
}

func TestDigestNamesTheContent(t *testing.T) {
	t.Parallel()
	environment := dev(t)
	digestOf := func(change func(*project.Project)) string {
		read := wanted()
		change(read)
		return deploy.Diff(question(environment, read), nil, deploy.Live{}).Digest
	}
	same := digestOf(func(*project.Project) {})
	for name, change := range map[string]func(*project.Project){
		"name": func(p *project.Project) { p.Name = "other" }, "folder": func(p *project.Project) { p.Folder = "x" },
		"file name": func(p *project.Project) { p.Functions[0].Name = "elsewhere/a.js" }, "variables": func(p *project.Project) { p.Variables = []string{"K"} },
	} {
		if digestOf(change) != same {
			t.Errorf("the digest depends on the %s, which is in no Build", name)
		}
	}
	for name, change := range map[string]func(*project.Project){
		"content": func(p *project.Project) { p.Functions[0].SHA256 = "9" }, "path": func(p *project.Project) { p.Functions[0].Path = "/x" },
		"visibility": func(p *project.Project) { p.Assets[0].Visibility = project.Private }, "content type": func(p *project.Project) { p.Assets[0].ContentType = "a/b" },
		"kind": func(p *project.Project) { p.Assets[0].Kind = project.KindFunction }, "runtime": func(p *project.Project) { p.Runtime = "node24" },
		"dependency": func(p *project.Project) { p.Dependencies[0].Version = "4.17.20" }, "a file less": func(p *project.Project) { p.Assets = nil },
	} {
		if digestOf(change) == same {
			t.Errorf("the digest does not depend on the %s", name)
		}
	}
}

func TestFingerprintNamesTheLiveState(t *testing.T) {
	t.Parallel()
	environment := dev(t)
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	live := func(change func(*deploy.Live)) string {
		state := deploy.Live{
			Service: twilio.Service{SID: "ZS1"}, Environment: twilio.Environment{SID: "ZE1", BuildSID: "ZB1"},
			Variables: map[string]twilio.Variable{"A": {SID: "ZV1", Value: secret.New("a"), DateUpdated: &day}, "B": {SID: "ZV2"}},
		}
		change(&state)
		return deploy.Diff(question(environment, wanted()), nil, state).Fingerprint
	}
	same := live(func(*deploy.Live) {})
	later := day.Add(time.Second)
	for name, change := range map[string]func(*deploy.Live){
		"another Build":      func(l *deploy.Live) { l.Environment.BuildSID = "ZB2" },
		"another variable":   func(l *deploy.Live) { l.Variables["C"] = twilio.Variable{SID: "ZV3"} },
		"a changed variable": func(l *deploy.Live) { l.Variables["A"] = twilio.Variable{SID: "ZV1", DateUpdated: &later} },
	} {
		if live(change) == same {
			t.Errorf("the fingerprint does not notice %s", name)
		}
	}
	for range 20 { // the order of a map must not show
		if live(func(*deploy.Live) {}) != same {
			t.Fatal("the fingerprint of one state differs")
		}
	}
}

func TestParseEnvironment(t *testing.T) {
	t.Parallel()
	const sid = "ZE0123456789abcdef0123456789abcdef"
	for name, want := range map[string]deploy.Environment{
		"dev":              {Name: "dev", UniqueName: "dev-environment", DomainSuffix: "dev"},
		"pr-12":            {Name: "pr-12", UniqueName: "pr-12-environment", DomainSuffix: "pr-12"},
		"production":       {Name: "production", UniqueName: "production"},
		sid:                {Name: sid, SID: sid},
		"sixteen-chars-ok": {Name: "sixteen-chars-ok", UniqueName: "sixteen-chars-ok-environment", DomainSuffix: "sixteen-chars-ok"},
	} {
		if got, err := deploy.ParseEnvironment(name); err != nil || got != want {
			t.Errorf("ParseEnvironment(%q) = %+v, %v, want %+v", name, got, err, want)
		}
	}
	for name, want := range map[string]string{
		"": "has no name", "seventeen-chars-x": "has 17 characters", "-dev": "cannot be part of a domain", "dev-": "cannot be part",
		"a b": "cannot be part", "ä": "cannot be part", "a.b": "cannot be part", "a/b": "cannot be part",
	} {
		if _, err := deploy.ParseEnvironment(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseEnvironment(%q): error %v, want %q", name, err, want)
		}
	}
}

// small is a Project whose files newDeployer's Source has.
func small() *project.Project {
	function := file(project.KindFunction, "/a", sum("one"))
	function.ContentType = "application/javascript"
	return &project.Project{
		Runtime: "node22", Functions: []project.File{function}, Assets: []project.File{file(project.KindAsset, "/c.txt", sum("two"))},
	}
}

func sum(content string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }
