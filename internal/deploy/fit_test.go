package deploy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func sid(prefix string, number int) string { return fmt.Sprintf("%s%032x", prefix, number) }

// liveSite is what a Plan is made from.
func liveSite() deploy.Live {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return deploy.Live{
		Service:     twilio.Service{SID: twilio.ServiceSID(sid("ZS", 1)), UniqueName: "site", AccountSID: twilio.AccountSID(sid("AC", 1))},
		Environment: twilio.Environment{SID: twilio.EnvironmentSID(sid("ZE", 1)), BuildSID: twilio.BuildSID(sid("ZB", 1)), DomainName: "site-1-dev.twil.io"},
		Build: twilio.Build{
			SID: twilio.BuildSID(sid("ZB", 1)), Runtime: "node22",
			FunctionVersions: []twilio.Version{{SID: "ZN1", Path: "/a", FunctionSID: "ZH1", Visibility: "public"}, {SID: "ZN3", Path: "/z"}},
		},
		Functions: map[string]twilio.FunctionSID{"/b": "ZH2"},
		Variables: map[string]twilio.Variable{"KEY": {SID: "ZV1", Key: "KEY", Value: secret.New("old"), DateUpdated: &at}},
	}
}

// kept is a Plan as it comes back from a file.
func kept(t *testing.T, asked deploy.Question, values map[string]secret.String, live deploy.Live) *deploy.Plan {
	t.Helper()
	target := job.Target{Service: asked.Service, Environment: asked.Environment.Name}
	document, err := json.Marshal(deploy.Save("slipway/test", job.Job{Verb: job.Deploy, Target: target}, deploy.Diff(asked, values, live)))
	if err != nil {
		t.Fatal(err)
	}
	saved, err := deploy.ParseSaved(document)
	if err != nil {
		t.Fatal(err)
	}
	return &saved.Plan
}

func TestCheckInput(t *testing.T) {
	t.Parallel()
	const differs = "the project is not what it was when the plan was made. Plan again, or take the changes back."
	for name, test := range map[string]struct {
		change func(*deploy.Question)
		keys   []string
		want   []string
	}{
		"the same":             {func(*deploy.Question) {}, []string{"KEY", "NEW"}, nil},
		"from another folder":  {func(q *deploy.Question) { q.Wanted.Functions[0].Name = "elsewhere/a.js" }, nil, nil},
		"the account is known": {func(q *deploy.Question) { q.Account.SID = sid("AC", 1) }, nil, nil},
		"the default region":   {func(q *deploy.Question) { q.Account.Region = "us1" }, nil, nil},
		"another account": {
			func(q *deploy.Question) { q.Account.SID = sid("AC", 2) }, nil,
			[]string{"the plan was made for the account " + sid("AC", 1) + ", and account-sid is " + sid("AC", 2) + ". Give the credentials of that account, or plan again."},
		},
		"another region": {
			func(q *deploy.Question) { q.Account.Region = "ie1" }, nil,
			[]string{"the plan was made in the region us1, and region is ie1. Give the same region, or plan again."},
		},
		"other content": {func(q *deploy.Question) { q.Wanted.Functions[0].SHA256 = "9" }, nil, []string{differs, "x/a: changed since the plan was made"}},
		"another visibility": {
			func(q *deploy.Question) { q.Wanted.Functions[0].Visibility = project.Private }, nil,
			[]string{differs, "x/a: is private since the plan was made; it was public"},
		},
		"another type": {
			func(q *deploy.Question) { q.Wanted.Assets[0].ContentType = "text/html" }, nil,
			[]string{differs, "x/c.txt: is of the type text/html since the plan was made; it was text/plain"},
		},
		"another kind": {
			func(q *deploy.Question) { q.Wanted.Assets[0].Kind = project.KindFunction }, nil,
			[]string{differs, "x/c.txt: is a Function since the plan was made; it was an Asset"},
		},
		"came and went": {
			func(q *deploy.Question) { q.Wanted.Functions[1] = file(project.KindFunction, "/new", "2") }, nil,
			[]string{differs, "x/b: is gone since the plan was made", "x/new: is new since the plan was made"},
		},
		"another runtime": {func(q *deploy.Question) { q.Wanted.Runtime = "node24" }, nil, []string{differs, "the runtime is node24, and node22 in the plan"}},
		"other dependencies": {
			func(q *deploy.Question) {
				q.Wanted.Dependencies = []npm.Dependency{{Name: "got", Version: "1"}}
			}, nil,
			[]string{differs, "the dependency got is new since the plan was made", "the dependency lodash is gone since the plan was made"},
		},
		"another version": {
			func(q *deploy.Question) { q.Wanted.Dependencies[0].Version = "5" }, nil,
			[]string{differs, "the dependency lodash is 5, and 4.17.21 in the plan"},
		},
		"another variable": {
			func(*deploy.Question) {},
			[]string{"KEY", "MORE"},
			[]string{differs, "the variable MORE is set now, and was not when the plan was made"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := kept(t, question(dev(t), wanted()), secrets("KEY", "new", "NEW", "1"), liveSite())
			asked := question(dev(t), wanted())
			test.change(&asked)
			var got []string
			if err := plan.CheckInput(asked, test.keys); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestCheckInputIsBounded has every file of a large project differ.
func TestCheckInputIsBounded(t *testing.T) {
	t.Parallel()
	many := wanted()
	for i := range 100 {
		many.Functions = append(many.Functions, file(project.KindFunction, fmt.Sprintf("/f%d", i), "1"))
	}
	plan := kept(t, question(dev(t), wanted()), nil, liveSite())
	list, ok := errors.AsType[problem.List](plan.CheckInput(question(dev(t), many), nil))
	if !ok || len(list) != 42 || !strings.Contains(list.Error(), "60 more differences are not listed") {
		t.Errorf("%d problems: %v", len(list), list)
	}
}

func TestCheckLive(t *testing.T) {
	t.Parallel()
	old, other := sid("ZB", 1), sid("ZB", 2)
	const stale = "the plan does not fit what is live any more: "
	for name, test := range map[string]struct {
		was, is func(*deploy.Live) // what is live when the plan is made, and when it is carried out
		values  map[string]secret.String
		want    string
		reason  job.Reason
	}{
		"as it was": {},
		"noted otherwise": {
			is: func(l *deploy.Live) { l.Service.UIEditable = true },
		},
		"another Build is live": {
			is:   func(l *deploy.Live) { l.Environment.BuildSID = twilio.BuildSID(other) },
			want: stale + "Build " + old + " was live in dev when it was made, and Build " + other + " is now", reason: job.StalePlan,
		},
		"nothing is live": {
			is:   func(l *deploy.Live) { l.Environment.BuildSID, l.Build = "", twilio.Build{} },
			want: stale + "Build " + old + " was live in dev when it was made, and none is now", reason: job.StalePlan,
		},
		"something is live": {
			was:  func(l *deploy.Live) { l.Environment.BuildSID, l.Build = "", twilio.Build{} },
			want: stale + "none was live in dev when it was made, and Build " + old + " is now", reason: job.StalePlan,
		},
		"a variable was changed": {
			is: func(l *deploy.Live) {
				later := time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
				l.Variables["KEY"] = twilio.Variable{SID: "ZV1", Key: "KEY", Value: secret.New("other"), DateUpdated: &later}
			},
			want: stale + "variables of dev have been changed", reason: job.StalePlan,
		},
		"the Service went": {
			is:   func(l *deploy.Live) { *l = deploy.Live{} },
			want: stale + "the Service site was there when it was made, and is not now", reason: job.StalePlan,
		},
		"the Service came": {
			was:  func(l *deploy.Live) { *l = deploy.Live{} },
			want: stale + "the Service site was not there when it was made, and is now", reason: job.StalePlan,
		},
		"the Service was made again": {
			is:   func(l *deploy.Live) { l.Service.SID = twilio.ServiceSID(sid("ZS", 2)) },
			want: stale + "the Service site is another one than when it was made", reason: job.StalePlan,
		},
		"the Environment went": {
			is:   func(l *deploy.Live) { l.Environment, l.Build, l.Variables = twilio.Environment{}, twilio.Build{}, nil },
			want: stale + "the Environment dev was there when it was made, and is not now", reason: job.StalePlan,
		},
		"a Build of the same came": {
			is:   func(l *deploy.Live) { l.Twin.SID = twilio.BuildSID(other) },
			want: stale + "Build " + other + ", which is made of the same, has come since it was made", reason: job.StalePlan,
		},
		"a Build of the same went": {
			was:  func(l *deploy.Live) { l.Twin.SID = twilio.BuildSID(other) },
			want: stale + "Build " + other + ", which was to go live again, is gone", reason: job.StalePlan,
		},
		"a Function without a Version was deleted": {
			is: func(l *deploy.Live) { l.Functions = nil },
		},
		"an Asset was made, and the Manifest's Function": {
			is: func(l *deploy.Live) {
				l.Functions[deploy.ManifestFunction] = "ZH3"
				l.Assets = map[string]twilio.AssetSID{"/c.txt": "ZH4"}
			},
		},
		"the Manifest of what is live went": {
			was: func(l *deploy.Live) {
				one := file(project.KindFunction, "/a", "1")
				l.Known.Files = map[string]deploy.ManifestFile{"/a": {
					Kind: one.Kind, Path: one.Path, Visibility: one.Visibility, ContentType: one.ContentType, SHA256: one.SHA256, VersionSID: "ZN1",
				}}
			},
			want: stale + "what Twilio tells of the live Build is not what it was when it was made", reason: job.StalePlan,
		},
		"another account": {
			is:     func(l *deploy.Live) { l.Service.AccountSID = twilio.AccountSID(sid("AC", 2)) },
			want:   "the plan was made for the account " + sid("AC", 1) + ", and the credentials are those of " + sid("AC", 2) + ". Give the credentials of that account, or plan again.",
			reason: job.BadInput,
		},
		"another value": {
			values: secrets("KEY", "old"),
			want:   "what happens to these variables is not what was planned, although none of them was changed in dev: KEY, NEW. Give the variables that the plan was made with, or plan again.",
			reason: job.BadInput,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was, is := liveSite(), liveSite()
			if test.was != nil {
				test.was(&was)
			}
			if test.is != nil {
				test.is(&is)
			}
			values := secrets("KEY", "new", "NEW", "1")
			plan := kept(t, question(dev(t), wanted()), values, was)
			if test.values != nil {
				values = test.values
			}
			err := plan.CheckLive(deploy.Diff(question(dev(t), wanted()), values, is))
			if test.want == "" {
				if err != nil {
					t.Errorf("the error is %v, want none", err)
				}
				return
			}
			if err == nil || err.Error() != test.want || deploy.Explain(err).Reason != test.reason {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
