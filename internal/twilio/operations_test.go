package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestOperations(t *testing.T) {
	t.Parallel()
	for _, call := range calls() {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t, sandbox.Options{})
			s := newSite(t, client, world)
			before := count(world)
			if err := call.do(t.Context(), client, s); err != nil {
				t.Fatal(err)
			}
			if got, want := count(world), plus(before, call.adds); got != want {
				t.Errorf("afterwards there are %+v, want %+v", got, want)
			}
		})
	}
}

func TestWhatRepliesTell(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{})
	s := newSite(t, client, world)
	ctx, service := t.Context(), s.service.SID
	for name, check := range map[string]func() (got, want any, err error){
		"service by name": func() (any, any, error) {
			got, err := client.FetchService(ctx, "site")
			return got.SID, service, err
		},
		"service as the Toolkit makes it": func() (any, any, error) {
			got, err := client.FetchService(ctx, "site")
			return [2]bool{got.IncludeCredentials, got.UIEditable}, [2]bool{true, false}, err
		},
		"service after an update of nothing": func() (any, any, error) {
			got, err := client.UpdateService(ctx, service, twilio.ServiceChanges{})
			return got.FriendlyName, "Site", err
		},
		"environment": func() (any, any, error) {
			got, err := client.FetchEnvironment(ctx, service, s.environment.SID)
			return []any{got.UniqueName, got.DomainSuffix, got.DomainName, got.BuildSID},
				[]any{"dev-environment", "dev", s.service.DomainBase + "-dev.twil.io", s.build.SID}, err
		},
		"build": func() (any, any, error) {
			got, err := client.FetchBuild(ctx, service, s.build.SID)
			version := got.FunctionVersions[0]
			return []any{got.Status, got.Runtime, version.Path, version.Visibility, version.FunctionSID},
				[]any{twilio.BuildCompleted, "node22", "/hello", "public", s.function.SID}, err
		},
		"log": func() (any, any, error) {
			got, err := client.FetchLog(ctx, service, s.environment.SID, s.log.SID)
			return []any{got.BuildSID, got.DeploymentSID, strings.HasPrefix(got.Message, "GET /hello "), twilio.IsSID("RQ", got.RequestSID)},
				[]any{s.build.SID, s.deployment.SID, true, true}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, want, err := check()
			if err := expect(got, want, err); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestListingsReadEveryPage(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{PageSize: 2})
	s := newSite(t, client, world)
	ctx, service, environment := t.Context(), s.service.SID, s.environment.SID
	for i := range 4 {
		browse(t, world, s.environment, "/hello")
		name := fmt.Sprintf("more-%d", i)
		_, err1 := client.CreateFunction(ctx, service, "/"+name)
		_, err2 := client.CreateAsset(ctx, service, "/"+name)
		_, err3 := client.CreateEnvironment(ctx, service, name, name)
		_, err4 := client.CreateVariable(ctx, service, environment, fmt.Sprintf("KEY_%d", i), secret.New("x"))
		_, err5 := client.CreateDeployment(ctx, service, environment, []twilio.BuildSID{s.next.SID, s.build.SID}[i%2])
		_, err6 := client.CreateService(ctx, twilio.NewService{UniqueName: name, FriendlyName: name})
		_, err7 := client.CreateBuild(ctx, service, newBuild(s))
		_, err8 := client.CreateFunctionVersion(ctx, service, s.function.SID, function("/hello", helloSource))
		_, err9 := client.CreateAssetVersion(ctx, service, s.asset.SID, asset("/a.txt", "text"))
		if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9); err != nil {
			t.Fatal(err)
		}
	}
	for name, count := range map[string]func() (got, want int, err error){
		"services":          counted(client.Services(ctx), 5),
		"environments":      counted(client.Environments(ctx, service), 5),
		"variables":         counted(client.Variables(ctx, service, environment), 5),
		"functions":         counted(client.Functions(ctx, service), 6),
		"function versions": counted(client.FunctionVersions(ctx, service, s.function.SID), 5),
		"assets":            counted(client.Assets(ctx, service), 6),
		"asset versions":    counted(client.AssetVersions(ctx, service, s.asset.SID), 5),
		"builds":            counted(client.Builds(ctx, service), 6),
		"deployments":       counted(client.Deployments(ctx, service, environment), 5),
		"logs":              counted(client.Logs(ctx, service, environment, twilio.LogQuery{FunctionSID: s.function.SID}), 5),
	} {
		if got, want, err := count(); err != nil || got != want {
			t.Errorf("%s: %d with error %v, want %d", name, got, err, want)
		}
	}
}

// counted reads a listing of which so many are wanted.
func counted[T any](items iter.Seq2[T, error], want int) func() (got, want int, err error) {
	return func() (int, int, error) {
		got, err := length(items)
		return got, want, err
	}
}

func TestListingStopsWhenItsReaderDoes(t *testing.T) {
	t.Parallel()
	calls := 0
	client, world := newWorld(t, sandbox.Options{PageSize: 1, Observe: func(call sandbox.Call) {
		if call.Method == http.MethodGet {
			calls++
		}
	}})
	s := newSite(t, client, world)
	for i := range 5 {
		if _, err := client.CreateFunction(t.Context(), s.service.SID, fmt.Sprintf("/f%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	calls = 0
	for _, err := range client.Functions(t.Context(), s.service.SID) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if calls != 1 {
		t.Errorf("%d pages were read for one item, want 1", calls)
	}
}

func TestCreatesEndWellWhenTheStateIsThere(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{"409": {}, "400": {ServiceConflictsAre400: true, VariableConflictsAre400: true}} {
		t.Run("a name that is taken is a "+name, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t, sandbox.Options{Switches: switches})
			s := newSite(t, client, world)
			ctx := t.Context()
			service, err := client.CreateService(ctx, twilio.NewService{UniqueName: "site", FriendlyName: "again"})
			if err != nil || service.SID != s.service.SID {
				t.Errorf("service: got %s with error %v, want %s", service.SID, err, s.service.SID)
			}
			environment, err := client.CreateEnvironment(ctx, s.service.SID, "dev-environment", "dev")
			if err != nil || environment.SID != s.environment.SID {
				t.Errorf("environment: got %s with error %v, want %s", environment.SID, err, s.environment.SID)
			}
			variable, err := client.CreateVariable(ctx, s.service.SID, s.environment.SID, "KEY", secret.New("other"))
			if err != nil || variable.SID != s.variable.SID {
				t.Errorf("variable: got %s with error %v, want %s", variable.SID, err, s.variable.SID)
			}
			if got := world.Snapshot().Variables; len(got) != 1 || got[0].Value != "other" {
				t.Errorf("variables are %v, want KEY=other alone", got)
			}
			deployment, err := client.CreateDeployment(ctx, s.service.SID, s.environment.SID, s.build.SID)
			if err != nil || deployment.SID != s.deployment.SID {
				t.Errorf("deployment: got %s with error %v, want %s", deployment.SID, err, s.deployment.SID)
			}
		})
	}
}

func TestCreateEnvironmentKeepsConflictsThatAreNoSuccess(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{})
	s := newSite(t, client, world)
	_, err := client.CreateEnvironment(t.Context(), s.service.SID, "other", "dev")
	reply, ok := errors.AsType[*twilio.Error](err)
	if !ok || reply.Status != http.StatusConflict || reply.Op != twilio.OpCreateEnvironment {
		t.Errorf("error %v, want the conflict", err)
	}
}

func TestEmptyDeployment(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{})
	s := newSite(t, client, world)
	for range 2 { // the second finds the state as it should be
		if _, err := client.CreateDeployment(t.Context(), s.service.SID, s.environment.SID, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := world.Snapshot().Environments[0].BuildSID; got != "" {
		t.Errorf("Build %s is live, want none", got)
	}
}

func TestWaitForBuildFailed(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{})
	s := newSite(t, client, world)
	wanted := newBuild(s)
	wanted.Dependencies = []twilio.Dependency{{Name: "slipway-sandbox-fails-build", Version: "1.0.0"}}
	build, err := client.CreateBuild(t.Context(), s.service.SID, wanted)
	if err != nil {
		t.Fatal(err)
	}
	status, err := client.WaitForBuild(t.Context(), s.service.SID, build.SID)
	if err != nil || status != twilio.BuildFailed {
		t.Errorf("status %q with error %v, want failed", status, err)
	}
}

func TestCallsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{Latency: time.Minute})
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(cause)
	if _, err := client.FetchService(ctx, "site"); !errors.Is(err, cause) {
		t.Errorf("error %v, want the context's cause", err)
	}
}
