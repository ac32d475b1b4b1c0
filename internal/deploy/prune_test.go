package deploy_test

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestPrune(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{
		"plainly": {}, "shuffled": {ShuffledBuilds: true, ShuffledLists: true}, "guarded with 400": {FileGuardIs400: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttic(t, switches)
			client := serve(t, later(a.world))
			pruner := &deploy.Pruner{Client: client, Service: "site", Environments: "*"}
			before := a.world.Snapshot()
			planned, err := pruner.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, a.world.Snapshot()); diff != "" {
				t.Errorf("a plan changed things:\n%s", diff)
			}
			want := [][]string{
				{"/empty to-remove", "/old to-remove", "/uploaded to-remove"},
				{"/old.txt to-remove"},
				{"dev kept: a Build is live in it", "pr-1 to-remove, 2 variables", "pr-2 kept: a Build is live in it", "production kept: production", "stage to-remove, 2 variables"},
			}
			if diff := cmp.Diff(want, [][]string{told(planned.Functions), told(planned.Assets), told(planned.Environments)}); diff != "" {
				t.Errorf("planned (-want +got):\n%s", diff)
			}
			if planned.Status != job.Planned || planned.Changed || planned.FunctionsInBuilds != 2 || planned.AssetsInBuilds != 1 {
				t.Errorf("planned %+v", planned)
			}

			pruned, err := pruner.Remove(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				for j := range want[i] {
					want[i][j] = strings.Replace(want[i][j], "to-remove", "removed", 1)
				}
			}
			if diff := cmp.Diff(want, [][]string{told(pruned.Functions), told(pruned.Assets), told(pruned.Environments)}); diff != "" {
				t.Errorf("pruned (-want +got):\n%s", diff)
			}
			left := map[string][]string{
				"functions": {"/a", "/before", deploy.ManifestFunction}, "assets": {"/c.txt"}, "environments": {"", "dev", "pr-2"},
			}
			if diff := cmp.Diff(left, a.names()); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			if pruned.Status != job.Pruned || !pruned.Changed {
				t.Errorf("pruned %+v", pruned)
			}

			again, err := pruner.Remove(t.Context())
			if err != nil || again.Status != job.Unchanged || again.Changed || len(again.Functions)+len(again.Assets) != 0 {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

// TestPruneSparesEnvironmentsThatAreNotNamed has no pattern, and one that fits some.
func TestPruneSparesEnvironmentsThatAreNotNamed(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string][]string{"": {}, "pr-*": {"pr-1 to-remove, 2 variables", "pr-2 kept: a Build is live in it"}, "production": {"production kept: production"}, "other": {}} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			a := newAttic(t, sandbox.Switches{})
			planned, err := (&deploy.Pruner{Client: serve(t, later(a.world)), Service: "site", Environments: pattern}).Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, told(planned.Environments)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if err := deploy.CheckPattern("pr-[0-"); err == nil || deploy.Explain(err).Reason != job.BadInput {
		t.Errorf("error %v, want bad input", err)
	}
}

// TestPruneSparesWhatIsYoung prunes right away, and what a deploy uploads that is
// under way.
func TestPruneSparesWhatIsYoung(t *testing.T) {
	t.Parallel()
	t.Run("everything", func(t *testing.T) {
		t.Parallel()
		a := newAttic(t, sandbox.Switches{})
		before := a.world.Snapshot()
		pruned, err := (&deploy.Pruner{Client: serve(t, a.world), Service: "site", Environments: "pr-1"}).Remove(t.Context())
		if err != nil || pruned.Status != job.Unchanged {
			t.Fatalf("%+v, %v", pruned, err)
		}
		if got := slices.Concat(told(pruned.Functions), told(pruned.Environments)); !slices.Equal(got, []string{
			"/empty kept: younger than an hour", "/old kept: younger than an hour", "/uploaded kept: younger than an hour",
			"pr-1 kept: changed within an hour, 2 variables",
		}) {
			t.Errorf("got %q", got)
		}
		if diff := cmp.Diff(before, a.world.Snapshot()); diff != "" {
			t.Errorf("something changed:\n%s", diff)
		}
	})
	dated := regexp.MustCompile(`"date_(created|updated)":"[^"]*"`)
	now := func(name string) func([]byte) []byte {
		return func(body []byte) []byte {
			return dated.ReplaceAllFunc(body, func(field []byte) []byte {
				if !bytes.Contains(field, []byte(name)) {
					return field
				}
				return fmt.Appendf(nil, `"%s":"%s"`, name, time.Now().Add(2*time.Hour-time.Minute).UTC().Format(time.RFC3339))
			})
		}
	}
	for name, test := range map[string]struct {
		rewrite func(http.Handler) http.Handler
		want    string
	}{
		"an old Function with a new Version": {func(h http.Handler) http.Handler { return rewriting(h, "/Versions", now("date_created")) }, "/uploaded kept: uploaded within an hour"},
		"without an age": {func(h http.Handler) http.Handler {
			return rewriting(h, "/Functions", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("date_created"), []byte("date_made")) })
		}, "/uploaded kept: its age is not known"},
		"variables that are new": {func(h http.Handler) http.Handler { return rewriting(h, "/Variables", now("date_updated")) }, "pr-1 kept: changed within an hour, 2 variables"},
		"an Environment that was changed": {func(h http.Handler) http.Handler {
			changed, one := rewriting(h, "", now("date_updated")), regexp.MustCompile("/Environments/ZE[0-9a-f]{32}$")
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if one.MatchString(r.URL.Path) {
					changed.ServeHTTP(w, r)
					return
				}
				h.ServeHTTP(w, r)
			})
		}, "pr-1 kept: changed within an hour, 2 variables"},
		"a Build that went live meanwhile": {func(h http.Handler) http.Handler {
			return rewriting(h, "/Environments", func(b []byte) []byte {
				return regexp.MustCompile(`"build_sid":"ZB[0-9a-f]{32}"`).ReplaceAll(b, []byte(`"build_sid":null`))
			})
		}, "pr-2 kept: a Build is live in it, 2 variables"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttic(t, sandbox.Switches{})
			pruned, err := (&deploy.Pruner{Client: serve(t, later(test.rewrite(a.world))), Service: "site", Environments: "pr-*"}).Remove(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			lines := slices.Concat(told(pruned.Functions), told(pruned.Environments))
			if !slices.Contains(lines, test.want) {
				t.Errorf("got %q, want %q among them", lines, test.want)
			}
			name, _, _ := strings.Cut(test.want, " ")
			if there := a.names(); !slices.Contains(slices.Concat(there["functions"], there["environments"]), name) {
				t.Errorf("%s is gone: %v", name, there)
			}
		})
	}
}

// TestPruneReadsBuildsAsTheyCome has Builds that tell the SIDs of their Versions
// alone, or nothing.
func TestPruneReadsBuildsAsTheyCome(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`\{[^{}]*"sid":"(ZN[0-9a-f]{32})"[^{}]*\}`)
	all := []string{"/a", "/before", "/empty", "/old", "/uploaded", deploy.ManifestFunction}
	for name, test := range map[string]struct {
		change func([]byte) []byte
		left   []string
	}{
		"bare SIDs": {func(body []byte) []byte { return version.ReplaceAll(body, []byte(`"$1"`)) }, []string{"/a", "/before", deploy.ManifestFunction}},
		"no parents": {func(body []byte) []byte {
			return regexp.MustCompile(`"(function|asset)_sid":"[^"]*"`).ReplaceAll(body, []byte(`"$1_sid":null`))
		}, []string{"/a", "/before", deploy.ManifestFunction}},
		"no SIDs": {func(body []byte) []byte { return version.ReplaceAll(body, []byte(`{"path":"/a"}`)) }, all},
		"no Versions": {func(body []byte) []byte {
			return regexp.MustCompile(`"(function|asset)_versions":\[[^]]*\]`).ReplaceAll(body, []byte(`"$1_versions":[]`))
		}, all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttic(t, sandbox.Switches{})
			pruned, err := (&deploy.Pruner{Client: serve(t, later(rewriting(a.world, "/Builds", test.change))), Service: "site"}).Remove(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := a.names()["functions"]; !slices.Equal(got, test.left) {
				t.Errorf("left are %q, want %q: %q", got, test.left, told(pruned.Functions))
			}
			if isUntold := len(test.left) == len(all); isUntold != (len(pruned.Notes) == 1 && strings.Contains(pruned.Notes[0], "does not tell")) {
				t.Errorf("notes: %q", pruned.Notes)
			}
		})
	}
}

// TestPruneKeepsWhatTwilioRefusesToDelete does not see the Builds: only the API
// knows of those that are live.
func TestPruneKeepsWhatTwilioRefusesToDelete(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{"409": {}, "400": {FileGuardIs400: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttic(t, switches)
			client := serve(t, later(rewriting(a.world, "/Builds", func([]byte) []byte { return []byte(`{"builds":[],"meta":{"key":"builds"}}`) })))
			pruned, err := (&deploy.Pruner{Client: client, Service: "site"}).Remove(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := told(pruned.Functions); !slices.Equal(got, []string{
				"/a kept: Twilio says that a Build holds it", "/before removed", "/empty removed", "/old removed", "/uploaded removed", "_slipway kept: Twilio says that a Build holds it",
			}) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestPruneLeavesDeploysWhole removes what is left behind a deploy, and deploys
// again.
func TestPruneLeavesDeploysWhole(t *testing.T) {
	t.Parallel()
	a := newAttic(t, sandbox.Switches{})
	pruner := &deploy.Pruner{Client: serve(t, later(a.world)), Service: "site", Environments: "*"}
	if _, err := pruner.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := deployed(t, a.calm, longAgo())
	if back.Plan.Build != deploy.BuildReused {
		t.Errorf("the Build of before was not used again: %s", back.Plan.Build)
	}
	// Without a Build that holds it, the keeper of Manifests goes like any other.
	for _, environment := range a.world.Snapshot().Environments {
		if err := a.calm.DeleteEnvironment(t.Context(), a.service, twilio.EnvironmentSID(environment.SID)); err != nil {
			t.Fatal(err)
		}
	}
	for _, build := range a.world.Snapshot().Builds {
		if err := a.calm.DeleteBuild(t.Context(), a.service, twilio.BuildSID(build.SID)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pruner.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := a.names(); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
	deployed(t, a.calm, small())
}
