package pipeline_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// tagged makes a deploy that of a tag, at a commit of its own.
func tagged(from, to string) func(*job.Job) {
	return func(asked *job.Job) {
		asked.Verb, asked.Release.From, asked.Target.Environment, asked.Commit = job.Tag, from, to, "7a99ed0"
	}
}

// staged is a site with a Build that stage runs, and of which production knows nothing.
func staged(t *testing.T) (*site, job.Result) {
	t.Helper()
	s := newSite(t, sandbox.Options{})
	return s, s.deploy(tree(), of("c0ffee0", "stage"))
}

// TestTagOfWhatStageRuns promotes the Build of another commit, sets the variables as a
// deploy does, and does nothing the second time.
func TestTagOfWhatStageRuns(t *testing.T) {
	t.Parallel()
	s, stage := staged(t)
	got := s.deploy(tree(".env", "GREETING=released"), tagged("stage", "production"))
	s.wantCalls(12, 0, 0, 0)
	if got.Status != job.Promoted || got.BuildSID != stage.BuildSID || got.PromotedFrom != "stage" || got.NotPromoted != "" || got.Commit != "7a99ed0" || got.UploadedBytes != 0 {
		t.Errorf("got %+v", got)
	}
	if s.plan.Tag.Commit != "c0ffee0" {
		t.Errorf("the Build is said to be made from %q", s.plan.Tag.Commit)
	}
	if _, variables := live(s.world); !slices.Equal(variables, []string{"GREETING=hello", "GREETING=released"}) {
		t.Errorf("the variables are %v", variables)
	}
	status, err := deploy.ReadStatus(t.Context(), s.client, deploy.StatusQuestion{Service: "site"})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range status.Environments {
		if one.Commit != "c0ffee0" { // what the Build was made from, and not the tag's
			t.Errorf("the commit of %s is %q", one.Environment, one.Commit)
		}
	}
	again := s.deploy(tree(".env", "GREETING=released"), tagged("stage", "production"))
	s.wantCalls(5, 0, 0, 0)
	if again.Status != job.Unchanged || again.Changed || again.BuildSID != stage.BuildSID || again.PromotedFrom+again.NotPromoted != "" {
		t.Errorf("the second event got %+v", again)
	}
	moved := s.deploy(tree(".env", "GREETING=changed"), tagged("stage", "production"))
	if moved.Status != job.Deployed || moved.BuildSID != stage.BuildSID || moved.NotPromoted != "" {
		t.Errorf("variables alone got %+v", moved)
	}
}

// TestTagIsPlanned says where the Build would come from, and changes nothing.
func TestTagIsPlanned(t *testing.T) {
	t.Parallel()
	s, stage := staged(t)
	planned := func(tree fstest.MapFS) job.Result {
		asked := deployment()
		tagged("stage", "production")(&asked)
		asked.Options.DryRun = true
		outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{Client: s.client, Source: tree})
		if err != nil || outcome.Result.Status != job.Planned {
			t.Fatalf("%+v, %v", outcome.Result, err)
		}
		return outcome.Result
	}
	if got := planned(tree()); got.PromotedFrom != "stage" || got.BuildSID != stage.BuildSID || got.Plan.Build != "reused" {
		t.Errorf("got %+v", got)
	}
	if got := planned(version(2)); got.PromotedFrom != "" || !strings.Contains(got.NotPromoted, "Function /hello updated") || got.Plan.Build != "new" {
		t.Errorf("got %+v", got)
	}
	if count := len(s.world.Snapshot().Environments); count != 1 {
		t.Errorf("there are %d Environments", count)
	}
}

// TestTagSaysWhyItWasNotPromoted has trees that differ from what stage runs, and stages
// that cannot be told from.
func TestTagSaysWhyItWasNotPromoted(t *testing.T) {
	t.Parallel()
	const noOther = "; none of the newest Builds was made of the same files, dependencies and runtime"
	without := func(files fstest.MapFS, names ...string) fstest.MapFS {
		files = maps.Clone(files)
		for _, name := range names {
			delete(files, name)
		}
		return files
	}
	assets := without(tree(), "functions/hello.js", "functions/calls/in.private.js")
	noManifest := func(asked *job.Job) { asked.Options.NoManifest = true }
	for name, test := range map[string]struct {
		stage   fstest.MapFS // nil for no Service at all
		staging func(*job.Job)
		from    string
		tag     fstest.MapFS
		tagging func(*job.Job)
		why     string
		warning string
	}{
		"a file": {stage: tree(), from: "stage", tag: version(2), why: "stage runs Build ZB of commit c0ffee0, and differs: Function /hello updated" + noOther},
		"a commit that is none": {
			stage: tree(), staging: func(asked *job.Job) { asked.Commit = "größte Fassung" }, from: "stage", tag: version(2),
			why: "stage runs Build ZB of commit größte Fassung, and differs: Function /hello updated" + noOther,
		},
		"everything": {
			stage: tree(), from: "stage",
			tag: without(tree("functions/hello.protected.js", string(tree()["functions/hello.js"].Data), "assets/new.txt", "n", "assets/menu.protected.json", "[]",
				"package.json", `{"name":"site","dependencies":{"got":"12.0.0"},"engines":{"node":"24.x"}}`), "functions/hello.js", "assets/index.html"),
			why: "stage runs Build ZB of commit c0ffee0, and differs: Function /hello public becomes protected, Asset /menu.json updated, Asset /new.txt created, " +
				"Asset /index.html removed, got 12.0.0 created, and 2 more" + noOther,
		},
		"a dependency": {
			stage: tree(), from: "stage", tag: tree("package.json", `{"name":"site","dependencies":{"lodash":"4.17.20"},"engines":{"node":"24.x"}}`),
			why: "stage runs Build ZB of commit c0ffee0, and differs: lodash 4.17.21 becomes 4.17.20, runtime node22 becomes node24" + noOther,
		},
		"a dependency less": {
			stage: tree("package.json", `{"name":"site","dependencies":{"twilio":"5.3.0"}}`), from: "stage", tag: tree("package.json", `{"name":"site"}`),
			why: "stage runs Build ZB of commit c0ffee0, and differs: in dependencies that Twilio adds by itself" + noOther,
		},
		"nothing asked for": {stage: tree(), tag: version(2), why: noOther[2:]},
		"no such environment": {
			stage: tree(), from: "qa", tag: version(2), why: "the Service site has no Environment qa" + noOther,
			warning: "promote-from: the Service site has no Environment qa. It has stage.",
		},
		"no Service": {from: "stage", tag: tree(), why: "the Service site is new, and has no Builds"},
		"no Manifest": {
			stage: tree(), staging: noManifest, from: "stage", tag: tree(),
			why: "stage runs Build ZB, which has no Manifest that tells what it was made of" + noOther,
		},
		"Assets alone": {
			stage: assets, from: "stage", tag: assets,
			why: "stage runs Build ZB, which has no Manifest that tells what it was made of; Builds of Assets alone have no Manifest that tells what they were made of",
		},
		"manifest is false": {
			stage: tree(), from: "stage", tag: version(2), tagging: noManifest,
			why: "stage runs Build ZB of commit c0ffee0, and differs: Function /hello updated; other Builds are not looked at, since manifest is false",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{})
			asNothing := func(*job.Job) {}
			change := func(asked func(*job.Job)) func(*job.Job) {
				if asked == nil {
					return asNothing
				}
				return asked
			}
			stage := job.Result{BuildSID: "ZB"}
			if test.stage != nil {
				stage = s.deploy(test.stage, of("c0ffee0", "stage"), change(test.staging))
			}
			got := s.deploy(test.tag, tagged(test.from, "production"), change(test.tagging))
			if got.Status != job.Deployed || got.PromotedFrom != "" || s.count("CreateBuild") != 1 {
				t.Errorf("got %+v", got)
			}
			if diff := cmp.Diff(test.why, strings.Replace(got.NotPromoted, stage.BuildSID, "ZB", 1)); diff != "" {
				t.Errorf("why it was not promoted (-want +got):\n%s", diff)
			}
			if isTold := slices.Contains(got.Warnings, test.warning); isTold != (test.warning != "") {
				t.Errorf("the warnings are %q, want %q", got.Warnings, test.warning)
			}
		})
	}
}

// TestTagOfAnEmptyStage says that nothing is live there.
func TestTagOfAnEmptyStage(t *testing.T) {
	t.Parallel()
	s, stage := staged(t)
	if _, err := s.client.CreateDeployment(t.Context(), twilio.ServiceSID(stage.ServiceSID), twilio.EnvironmentSID(stage.EnvironmentSID), ""); err != nil {
		t.Fatal(err)
	}
	if got := s.deploy(version(2), tagged("stage", "production")); !strings.HasPrefix(got.NotPromoted, "nothing is live in stage; ") {
		t.Errorf("got %+v", got)
	}
	// Its Build is there, all the same.
	if got := s.deploy(tree(), tagged("stage", "production")); got.Status != job.Promoted || got.BuildSID != stage.BuildSID || got.PromotedFrom != "" {
		t.Errorf("got %+v", got)
	}
}

// TestTagPrefersWhatItIsToComeFrom has two Builds of the same digest.
func TestTagPrefersWhatItIsToComeFrom(t *testing.T) {
	t.Parallel()
	s, stage := staged(t)
	own, err := s.client.FetchBuild(t.Context(), twilio.ServiceSID(stage.ServiceSID), twilio.BuildSID(stage.BuildSID))
	if err != nil {
		t.Fatal(err)
	}
	versions := func(all []twilio.Version) (sids []twilio.VersionSID) {
		for _, one := range all {
			sids = append(sids, one.SID)
		}
		return sids
	}
	copied, err := s.client.CreateBuild(t.Context(), twilio.ServiceSID(stage.ServiceSID), twilio.NewBuild{
		FunctionVersions: versions(own.FunctionVersions), AssetVersions: versions(own.AssetVersions),
		Dependencies: []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}}, Runtime: "node22",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.WaitForBuild(t.Context(), twilio.ServiceSID(stage.ServiceSID), copied.SID); err != nil {
		t.Fatal(err)
	}
	qa := promotion("", "qa")
	qa.Release.BuildSID = string(copied.SID)
	s.must(qa)
	for from, want := range map[string]string{"stage": stage.BuildSID, "qa": string(copied.SID)} {
		if got := s.deploy(tree(), tagged(from, "for-"+from)); got.BuildSID != want || got.PromotedFrom != from {
			t.Errorf("Build %s of %q went live, want %s of %s", got.BuildSID, got.PromotedFrom, want, from)
		}
	}
}

// TestTagFindsWhatRunsElsewhere has the Build fall out of the newest while environments
// run it.
func TestTagFindsWhatRunsElsewhere(t *testing.T) {
	t.Parallel()
	s, stage := staged(t)
	s.must(promotion("stage", "qa"))
	service := twilio.ServiceSID(stage.ServiceSID)
	for n := range 21 {
		s.deploy(version(n), of("c0ffee0", "dev"))
	}
	if got := s.deploy(tree(), of("c0ffee0", "usual")); got.BuildSID == stage.BuildSID {
		t.Error("a usual deploy looked further than the newest Builds")
	} else if err := s.client.DeleteEnvironment(t.Context(), service, twilio.EnvironmentSID(got.EnvironmentSID)); err != nil {
		t.Fatal(err)
	} else if err := s.client.DeleteBuild(t.Context(), service, twilio.BuildSID(got.BuildSID)); err != nil {
		t.Fatal(err)
	}
	got := s.deploy(tree(), tagged("dev", "production"))
	s.wantCalls(15, 0, 0, 0)
	if got.Status != job.Promoted || got.BuildSID != stage.BuildSID || got.PromotedFrom != "qa" {
		t.Errorf("got %+v", got)
	}
}

// TestTagLooksAtFewBuilds has many environments of Builds that are not among the newest.
func TestTagLooksAtFewBuilds(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	for n := range 9 {
		s.deploy(version(n), of("c0ffee0", "env-"+strconv.Itoa(n)))
	}
	for n := range 20 {
		s.deploy(version(100+n), of("c0ffee0", "dev"))
	}
	s.deploy(version(1000), tagged("dev", "production"))
	if looks := s.count("FetchBuild"); looks > 8 { // five, that of dev, and two at the end
		t.Errorf("%d Builds were looked at: %v", looks, s.calls)
	}
}

// TestTagCannotComeFromItself is found before the first request.
func TestTagCannotComeFromItself(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	for _, from := range []string{"production", "no suffix"} {
		asked := deployment()
		tagged(from, "production")(&asked)
		outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{Client: s.client, Source: tree()})
		if err == nil || outcome.Result.Error.Reason != job.BadInput || outcome.Result.APICalls != 0 {
			t.Errorf("%s: %+v", from, outcome.Result)
		}
	}
}

// TestTagFromItsOwnSID is a warning, as an Environment that is not there is.
func TestTagFromItsOwnSID(t *testing.T) {
	t.Parallel()
	s, stage := staged(t)
	got := s.deploy(version(2), tagged(stage.EnvironmentSID, "stage"))
	if got.Status != job.Deployed || !slices.ContainsFunc(got.Warnings, func(warning string) bool { return strings.Contains(warning, "would be promoted to itself") }) {
		t.Errorf("got %+v", got)
	}
}
