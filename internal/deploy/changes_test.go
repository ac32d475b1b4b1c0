package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestDependencyChanges compares with a Build whose dependencies were asked for,
// and with one of which only Twilio tells.
func TestDependencyChanges(t *testing.T) {
	t.Parallel()
	lodash := func(version string) deploy.DependencyChange {
		return deploy.DependencyChange{Name: "lodash", From: version, To: "^4.17.0"}
	}
	handler := twilio.Dependency{Name: twilio.HandlerPackage, Version: "2.0.1"}
	for name, test := range map[string]struct {
		wanted []npm.Dependency
		live   deploy.Live
		want   []deploy.DependencyChange
	}{
		"nothing is live": {[]npm.Dependency{{Name: "lodash", Version: "^4.17.0"}}, deploy.Live{}, nil},
		"as it was asked for": {
			[]npm.Dependency{{Name: "lodash", Version: "^4.17.0"}},
			deploy.Live{Known: deploy.Known{Digest: "x", Dependencies: []twilio.Dependency{{Name: "lodash", Version: "^4.17.0"}}}},
			nil,
		},
		"asked for otherwise, though it may be the same": {
			[]npm.Dependency{{Name: "lodash", Version: "^4.17.0"}},
			deploy.Live{Known: deploy.Known{Digest: "x", Dependencies: []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}}}},
			[]deploy.DependencyChange{lodash("4.17.21")},
		},
		"what a range may have become": {
			[]npm.Dependency{{Name: "lodash", Version: "^4.17.0"}},
			deploy.Live{Build: twilio.Build{Dependencies: []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}, handler}}},
			nil,
		},
		"what it may not": {
			[]npm.Dependency{{Name: "lodash", Version: "^4.17.0"}},
			deploy.Live{Build: twilio.Build{Dependencies: []twilio.Dependency{{Name: "lodash", Version: "3.10.1"}, handler}}},
			[]deploy.DependencyChange{lodash("3.10.1")},
		},
		"one that comes, one that goes": {
			[]npm.Dependency{{Name: "got", Version: "11.0.0"}},
			deploy.Live{Build: twilio.Build{Dependencies: []twilio.Dependency{{Name: "zod", Version: "4.0.0"}, handler}}},
			[]deploy.DependencyChange{{Name: "got", To: "11.0.0"}, {Name: "zod", From: "4.0.0"}},
		},
		"the handler, which Twilio has raised": {
			[]npm.Dependency{{Name: twilio.HandlerPackage, Version: "2.0.0"}},
			deploy.Live{Build: twilio.Build{Dependencies: []twilio.Dependency{handler}}},
			nil,
		},
		"a newer handler": {
			[]npm.Dependency{{Name: twilio.HandlerPackage, Version: "2.1.0"}},
			deploy.Live{Build: twilio.Build{Dependencies: []twilio.Dependency{handler}}},
			[]deploy.DependencyChange{{Name: twilio.HandlerPackage, From: "2.0.1", To: "2.1.0"}},
		},
		"what Twilio adds where none are asked for": {
			nil,
			deploy.Live{Build: twilio.Build{Dependencies: []twilio.Dependency{{Name: "xmldom", Version: "0.1.27"}, handler}}},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.live.Known.Digest != "" || test.live.Build.Dependencies != nil {
				test.live.Environment.BuildSID = "ZB1"
			}
			plan := deploy.Diff(question(dev(t), &project.Project{Dependencies: test.wanted, Runtime: "node22"}), nil, test.live)
			got := plan.DependencyChanges()
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPlanWarnsOfTheConsole has every Plan that makes another Build live say what
// that takes from people who edit in the Console.
func TestPlanWarnsOfTheConsole(t *testing.T) {
	t.Parallel()
	wanted := &project.Project{Runtime: "node22"}
	digest := deploy.Diff(question(dev(t), wanted), nil, deploy.Live{}).Digest
	for name, test := range map[string]struct {
		live deploy.Live
		want bool
	}{
		"a new Build":       {deploy.Live{}, true},
		"a Build of before": {deploy.Live{Twin: deploy.Twin{SID: "ZB2"}}, true},
		"the live Build":    {deploy.Live{Known: deploy.Known{Digest: digest}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.live.Service = twilio.Service{SID: "ZS1", UniqueName: "voice", UIEditable: true}
			notes := deploy.Diff(question(dev(t), wanted), nil, test.live).Notes
			got := slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, "Twilio Console") })
			if got != test.want {
				t.Errorf("got notes %q, want one of the Console: %t", notes, test.want)
			}
		})
	}
}

// TestPlanSaysWhyItBuildsTheSame has a Plan in which nothing changes say why it
// needs a Build.
func TestPlanSaysWhyItBuildsTheSame(t *testing.T) {
	t.Parallel()
	live := deploy.Live{Build: twilio.Build{SID: "ZB1", Runtime: "node22"}}
	live.Environment.BuildSID = "ZB1"
	for name, test := range map[string]struct {
		runtime string
		want    bool
	}{
		"nothing changes":  {"node22", true},
		"the runtime does": {"node24", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := deploy.Diff(question(dev(t), &project.Project{Runtime: test.runtime}), nil, live)
			got := slices.ContainsFunc(plan.Notes, func(note string) bool { return strings.Contains(note, "has no Manifest") })
			if plan.Build != deploy.BuildNew || got != test.want {
				t.Errorf("got Build %s and notes %q, want a new one and a note: %t", plan.Build, plan.Notes, test.want)
			}
		})
	}
}
