package pipeline_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// planOf plans without a deploy.
func (s *site) planOf(tree fstest.MapFS) *deploy.Plan {
	s.t.Helper()
	asked := deployment()
	asked.Options.DryRun = true
	outcome, err := pipeline.Run(s.t.Context(), asked, pipeline.Config{Client: s.client, Source: tree})
	if err != nil {
		s.t.Fatal(err)
	}
	return &outcome.Plan
}

// TestSavedPlanIsCarriedOut from another folder than it was made in.
func TestSavedPlanIsCarriedOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	s.deploy(tree())
	moved := fstest.MapFS{}
	files := tree("functions/hello.js", "2")
	for name, file := range files {
		moved["services/site/"+name] = file
	}
	plan := s.planOf(files)
	asked := deployment()
	asked.Folder = "services/site"
	outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{Client: s.client, Source: moved, Saved: plan, Tool: "slipway/test"})
	if err != nil || outcome.Result.Status != job.Deployed || outcome.Result.Digest != plan.Digest {
		t.Fatalf("ended with %+v, %v", outcome.Result, err)
	}
	s.isRight(files, outcome.Result)
}

// TestSavedPlanOrNothing lets what is live move while a saved Plan is carried out.
func TestSavedPlanOrNothing(t *testing.T) {
	t.Parallel()
	isLook := func(r *http.Request) bool { // right before the activation
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/Environments/ZE") && strings.Count(r.URL.Path, "/") == 5
	}
	for name, test := range map[string]struct {
		tree   fstest.MapFS
		when   func(*http.Request) bool
		meddle func(s *site, service twilio.ServiceSID, environment twilio.EnvironmentSID, first, live twilio.BuildSID) error
		moved  string
		isNow  func(first, live string) string // which Build is live in the end
		state  string
	}{
		"another Build goes live": {
			tree("functions/hello.js", "3", ".env", "GREETING=changed"), isLook,
			func(s *site, service twilio.ServiceSID, environment twilio.EnvironmentSID, first, _ twilio.BuildSID) error {
				_, err := s.client.CreateDeployment(t.Context(), service, environment, first)
				return err
			},
			"Build LIVE was live in dev when it was made, and Build FIRST is now",
			func(first, _ string) string { return first },
			"Build FIRST is live in dev; it went live while this ran. Build THIS of this run is complete, but not live.",
		},
		"another Build goes live where variables alone change": {
			tree("functions/hello.js", "2", ".env", "GREETING=changed"), isLook,
			func(s *site, service twilio.ServiceSID, environment twilio.EnvironmentSID, first, _ twilio.BuildSID) error {
				_, err := s.client.CreateDeployment(t.Context(), service, environment, first)
				return err
			},
			"Build LIVE was live in dev when it was made, and Build FIRST is now",
			func(first, _ string) string { return first },
			"Build FIRST is live in dev; it went live while this ran. Only variables were to change.",
		},
		"what is live is taken away": {
			tree("functions/hello.js", "3", ".env", "GREETING=changed"), isLook,
			func(s *site, service twilio.ServiceSID, environment twilio.EnvironmentSID, _, _ twilio.BuildSID) error {
				_, err := s.client.CreateDeployment(t.Context(), service, environment, "")
				return err
			},
			"Build LIVE was live in dev when it was made, and none is now",
			func(string, string) string { return "" },
			"Nothing is live in dev; it was taken away while this ran. Build THIS of this run is complete, but not live.",
		},
		"the Build to go live again goes": {
			tree(".env", "GREETING=changed"), on(http.MethodPost, "/Deployments"),
			func(s *site, service twilio.ServiceSID, _ twilio.EnvironmentSID, first, _ twilio.BuildSID) error {
				return s.client.DeleteBuild(t.Context(), service, first)
			},
			"Build FIRST, which was to go live again, is gone",
			func(_, live string) string { return live },
			"Build LIVE is live in dev, as before. Build FIRST, which was made of the same before, did not go live.",
		},
		"the files to use again go": {
			tree("functions/hello.js", "3", ".env", "GREETING=changed"), on(http.MethodPost, "/Builds"),
			func(s *site, service twilio.ServiceSID, environment twilio.EnvironmentSID, first, live twilio.BuildSID) error {
				_, err := s.client.CreateDeployment(t.Context(), service, environment, "")
				_, swept := s.world.ExpireUnused()
				return errors.Join(err, swept)
			},
			"Build LIVE is gone, and the files that were to be used again with it",
			func(string, string) string { return "" },
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{})
			first, live := s.deploy(tree()), s.deploy(tree("functions/hello.js", "2"))
			plan := s.planOf(test.tree)
			s.once(test.when, func() {
				err := test.meddle(s, twilio.ServiceSID(first.ServiceSID), twilio.EnvironmentSID(first.EnvironmentSID), twilio.BuildSID(first.BuildSID), twilio.BuildSID(live.BuildSID))
				if err != nil {
					t.Error(err)
				}
			})
			outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: s.client, Source: test.tree, Saved: plan})
			named := strings.NewReplacer("FIRST", first.BuildSID, "LIVE", live.BuildSID, "THIS", outcome.Result.BuildSID)
			stale, ok := errors.AsType[*deploy.StaleError](err)
			if !ok || !slices.Equal(stale.Moved, []string{named.Replace(test.moved)}) || outcome.Result.Error.Reason != job.StalePlan {
				t.Fatalf("ended with %v, want %s", err, named.Replace(test.moved))
			}
			if want := named.Replace(test.state); test.state != "" && outcome.Result.Error.State != want {
				t.Errorf("the state is %q, want %q", outcome.Result.Error.State, want)
			}
			world := s.world.Snapshot()
			if got, want := world.Environments[0].BuildSID, test.isNow(first.BuildSID, live.BuildSID); got != want {
				t.Errorf("Build %q is live, want %q", got, want)
			}
			if len(world.Variables) != 1 || world.Variables[0].Value != "hello" {
				t.Errorf("the variables are %+v", world.Variables)
			}
		})
	}
}

// TestSavedPlanGivesEverySetting fails for an option of a Job that a saved Plan
// would not hand back.
func TestSavedPlanGivesEverySetting(t *testing.T) {
	t.Parallel()
	nothing := func(string) (string, bool) { return "", false }
	given := func(asked job.Job) map[string]string {
		var problems problem.List
		texts := make(map[string]string)
		look := pipeline.FromSaved(deploy.Saved{Job: asked}, nothing, func(string) string { return "" }, &problems)
		for _, setting := range config.Settings() {
			if text, ok := look(setting.Name); ok {
				texts[setting.Name] = text
			}
		}
		return texts
	}
	// These decide nothing that goes live.
	anyway := []string{"DryRun", "BuildTimeout", "HealthCheck", "Watch", "WatchErrors", "KeepFailed"}
	before := given(job.Job{})
	for _, part := range []func(*job.Job) reflect.Value{
		func(asked *job.Job) reflect.Value { return reflect.ValueOf(&asked.Target).Elem() },
		func(asked *job.Job) reflect.Value { return reflect.ValueOf(&asked.Options).Elem() },
	} {
		for i := range part(&job.Job{}).NumField() {
			var asked job.Job
			field, name := part(&asked).Field(i), part(&asked).Type().Field(i).Name
			switch field.Kind() {
			case reflect.String:
				field.SetString("x")
			case reflect.Bool:
				field.SetBool(true)
			case reflect.Struct:
				field.Field(0).SetString("x")
			default:
				field.SetInt(1)
			}
			if isGiven := !maps.Equal(given(asked), before); isGiven == slices.Contains(anyway, name) {
				t.Errorf("a saved Plan's %s is given: %t", name, isGiven)
			}
		}
	}
}

func TestFromSaved(t *testing.T) {
	t.Parallel()
	saved := deploy.Saved{
		Job: job.Job{
			Target:  job.Target{Service: "site", Environment: "dev"},
			Options: job.Options{Runtime: "node22", NoManifest: true},
		},
		Plan: deploy.Plan{Service: "the-real-name", ServiceSID: "ZS1", EnvironmentSID: "ZE1"},
	}
	for name, test := range map[string]struct{ setting, flag, environment, want string }{
		"nothing":                      {config.Service, "", "", ""},
		"the same":                     {config.Service, " site ", "", ""},
		"the Service's unique name":    {config.Service, "the-real-name", "", ""},
		"the Service by SID":           {config.Service, "ZS1", "", ""},
		"another Service":              {config.Service, "other", "site", `service is "other", and the plan was made with "site"`},
		"another by the environment":   {config.Service, "", "other", `SLIPWAY_SERVICE is "other", and the plan was made with "site"`},
		"a flag beats the environment": {config.Service, "site", "other", ""},
		"the Environment by SID":       {config.Environment, "ZE1", "", ""},
		"another Environment":          {config.Environment, "production", "", `environment is "production", and the plan was made with "dev"`},
		"another word for false":       {config.Manifest, "FALSE", "", ""},
		"a Manifest":                   {config.Manifest, "true", "", `manifest is "true", and the plan was made with "false"`},
		"a word for nothing":           {config.Manifest, "perhaps", "", ""}, // which is told when it is read
		"what was left to the project": {config.AssetsFolder, "public", "", `assets-folder is "public", and the plan was made with none`},
		"what decides nothing":         {config.BuildTimeout, "1m", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var problems problem.List
			look := pipeline.FromSaved(saved,
				func(name string) (string, bool) {
					if name != test.setting || test.flag == "" {
						return "", false
					}
					return test.flag, true
				},
				func(name string) string {
					if setting, _ := config.Lookup(test.setting); name == setting.Env {
						return test.environment
					}
					return ""
				}, &problems)
			got := ""
			if len(problems) > 0 {
				got = problems[0].Message
			}
			if got != test.want || len(problems) > 1 {
				t.Errorf("got %v, want %q", problems, test.want)
			}
			if text, ok := look(config.Service); text != "site" || !ok {
				t.Errorf("the Service is %q", text)
			}
			if text, ok := look(config.AssetsFolder); text != "" || ok {
				t.Errorf("the folder of the Assets is %q", text)
			}
			if text, ok := look(config.BuildTimeout); test.setting == config.BuildTimeout && (text != "1m" || !ok) {
				t.Errorf("build-timeout is %q", text)
			}
		})
	}
}

// TestPlanAloneLooksForHeadroom has a deploy save the call.
func TestPlanAloneLooksForHeadroom(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	for i := range 45 {
		name := fmt.Sprintf("s%d", i)
		if _, err := s.client.CreateService(t.Context(), twilio.NewService{UniqueName: name, FriendlyName: name}); err != nil {
			t.Fatal(err)
		}
	}
	plan := s.planOf(tree())
	want := []string{"the account has 45 Services of 50, and this makes another"}
	if s.count("ListService") != 1 || !slices.Equal(plan.Notes, want) {
		t.Errorf("the plan made the calls %v and notes %q", s.calls, plan.Notes)
	}
	s.deploy(tree())
	s.calls = nil
	if plan := s.planOf(tree()); len(s.calls) != 5 || plan.Notes != nil {
		t.Errorf("a plan of nothing made the calls %v and notes %q", s.calls, plan.Notes)
	}
	if s.deploy(tree()); s.count("ListService") != 0 {
		t.Errorf("a deploy made the calls %v", s.calls)
	}
}
