package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"testing"
	"time"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestOperations(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{})
	s := newSite(t, client)
	ctx, service, environment := t.Context(), s.service.SID, s.environment.SID

	checks := map[string]func() (got, want any, err error){
		"service by sid": func() (any, any, error) {
			got, err := client.FetchService(ctx, string(service))
			return got.UniqueName, "site", err
		},
		"service by name": func() (any, any, error) {
			got, err := client.FetchService(ctx, "site")
			return got.SID, service, err
		},
		"service as the Toolkit makes it": func() (any, any, error) {
			got, err := client.FetchService(ctx, "site")
			return [2]bool{got.IncludeCredentials, got.UIEditable}, [2]bool{true, false}, err
		},
		"environment": func() (any, any, error) {
			got, err := client.FetchEnvironment(ctx, service, environment)
			return []any{got.UniqueName, got.DomainSuffix, got.DomainName, got.BuildSID},
				[]any{"dev-environment", "dev", s.service.DomainBase + "-dev.twil.io", s.build.SID}, err
		},
		"variable": func() (any, any, error) {
			got, err := client.FetchVariable(ctx, service, environment, s.variable.SID)
			return got.Key + "=" + got.Value.Reveal(), "KEY=value", err
		},
		"function": func() (any, any, error) {
			got, err := client.FetchFunction(ctx, service, s.function.SID)
			return got.FriendlyName, "/hello", err
		},
		"asset": func() (any, any, error) {
			got, err := client.FetchAsset(ctx, service, s.asset.SID)
			return got.FriendlyName, "/a.txt", err
		},
		"build": func() (any, any, error) {
			got, err := client.FetchBuild(ctx, service, s.build.SID)
			version := got.FunctionVersions[0]
			return []any{got.Status, got.Runtime, got.VersionSIDs(), version.Path, version.Visibility, version.FunctionSID},
				[]any{twilio.BuildCompleted, "node22", sorted(s.versions[0].SID, s.versions[1].SID), "/hello", "public", s.function.SID}, err
		},
		"deployment": func() (any, any, error) {
			got, err := client.FetchDeployment(ctx, service, environment, s.deployment.SID)
			return got.BuildSID, s.build.SID, err
		},
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, want, err := check()
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %v with error %v, want %v", got, err, want)
			}
		})
	}
}

func sorted(sids ...twilio.VersionSID) []twilio.VersionSID {
	slices.Sort(sids)
	return sids
}

func TestListingsReadEveryPage(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{PageSize: 2})
	s := newSite(t, client)
	ctx, service := t.Context(), s.service.SID
	for i := range 4 {
		name := fmt.Sprintf("more-%d", i)
		_, err1 := client.CreateFunction(ctx, service, "/"+name)
		_, err2 := client.CreateAsset(ctx, service, "/"+name)
		environment, err3 := client.CreateEnvironment(ctx, service, name, name)
		_, err4 := client.CreateVariable(ctx, service, s.environment.SID, fmt.Sprintf("KEY_%d", i), secret.New("x"))
		_, err5 := client.CreateDeployment(ctx, service, s.environment.SID, []twilio.BuildSID{s.next.SID, s.build.SID}[i%2])
		_, err6 := client.CreateService(ctx, twilio.NewService{UniqueName: name, FriendlyName: name})
		build, err7 := client.CreateBuild(ctx, service, newBuild(s))
		_, _ = environment, build
		if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
			t.Fatal(err)
		}
	}
	want := 5
	for name, count := range map[string]func() (int, error){
		"services":     func() (int, error) { return length(client.Services(ctx)) },
		"environments": func() (int, error) { return length(client.Environments(ctx, service)) },
		"variables":    func() (int, error) { return length(client.Variables(ctx, service, s.environment.SID)) },
		"functions":    func() (int, error) { return length(client.Functions(ctx, service)) },
		"assets":       func() (int, error) { return length(client.Assets(ctx, service)) },
		"deployments":  func() (int, error) { return length(client.Deployments(ctx, service, s.environment.SID)) },
	} {
		if got, err := count(); err != nil || got != want {
			t.Errorf("%s: %d with error %v, want %d", name, got, err, want)
		}
	}
	if got, err := length(client.Builds(ctx, service)); err != nil || got != 6 {
		t.Errorf("builds: %d with error %v, want 6", got, err)
	}
}

func TestListingStopsWhenItsReaderDoes(t *testing.T) {
	t.Parallel()
	calls := 0
	client, _ := newWorld(t, sandbox.Options{PageSize: 1, Observe: func(call sandbox.Call) {
		if call.Method == http.MethodGet {
			calls++
		}
	}})
	s := newSite(t, client)
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

// length counts a listing.
func length[T any](items iter.Seq2[T, error]) (int, error) {
	n := 0
	for _, err := range items {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestCreatesEndWellWhenTheStateIsThere(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{"409": {}, "400": {ConflictsAre400: true}} {
		t.Run("a name that is taken is a "+name, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t, sandbox.Options{Switches: switches})
			s := newSite(t, client)
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
	client, _ := newWorld(t, sandbox.Options{})
	s := newSite(t, client)
	_, err := client.CreateEnvironment(t.Context(), s.service.SID, "other", "dev")
	reply, ok := errors.AsType[*twilio.Error](err)
	if !ok || reply.Status != http.StatusConflict || reply.Op != twilio.OpCreateEnvironment {
		t.Errorf("error %v, want the conflict", err)
	}
}

func TestEmptyDeployment(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{})
	s := newSite(t, client)
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
	client, _ := newWorld(t, sandbox.Options{})
	s := newSite(t, client)
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
