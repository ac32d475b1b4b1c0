package deploy_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func newWorld(t *testing.T) (*twilio.Client, *sandbox.Sandbox) {
	t.Helper()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, world), world
}

// serve returns a client of whatever the handler is.
func serve(t *testing.T, handler http.Handler) *twilio.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	account := sandbox.DefaultAccount()
	client, err := twilio.New(twilio.Config{
		APIURL: server.URL, Credentials: twilio.Credentials{User: account.KeySID, Password: secret.New(account.KeySecret)},
		Retry: retry.Default().Scaled(0.01), Polling: retry.Polling{Every: time.Millisecond, Steady: time.Minute, Max: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// notebook is a store of step results that can be cut off before a step.
type notebook struct {
	results map[string][]byte
	ran     []string
	dieAt   string
}

var errKilled = errors.New("killed")

func (n *notebook) Do(ctx context.Context, name string, step func(context.Context) ([]byte, error)) ([]byte, error) {
	if result, ok := n.results[name]; ok {
		return result, nil
	}
	if name == n.dieAt {
		return nil, errKilled
	}
	n.ran = append(n.ran, name)
	result, err := step(ctx)
	if err == nil {
		n.results[name] = result
	}
	return result, err
}

// TestStoredStepsAreNotRunAgain cuts a deploy off before each of its steps and
// runs it again with the results that were stored.
func TestStoredStepsAreNotRunAgain(t *testing.T) {
	t.Parallel()
	steps := []string{"service", "upload", "create-build", "environment", "await-build", "activate", "confirm"}
	for _, dieAt := range steps {
		t.Run(dieAt, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t)
			environment := dev(t)
			plan := deploy.Diff(question(environment, small()), secrets("KEY", "value"), deploy.Live{})
			store := &notebook{results: make(map[string][]byte), dieAt: dieAt}
			deployer := newDeployer(client, store)
			if _, err := deployer.Apply(t.Context(), plan); !errors.Is(err, errKilled) {
				t.Fatalf("the first run ended with %v", err)
			}
			store.dieAt = ""
			outcome, err := deployer.Apply(t.Context(), plan)
			if err != nil || outcome.Live != deploy.LiveIsThis || outcome.Uploaded != 2 {
				t.Fatalf("the second run ended with %+v, %v", outcome, err)
			}
			if !slices.Equal(store.ran, steps) {
				t.Errorf("the steps that ran are %v, want each once: %v", store.ran, steps)
			}
			snapshot := world.Snapshot()
			if len(snapshot.Services) != 1 || len(snapshot.Builds) != 1 || len(snapshot.Versions) != 2 || snapshot.Environments[0].BuildSID != string(outcome.BuildSID) {
				t.Errorf("the world is %+v", snapshot)
			}
			for name, result := range store.results {
				if strings.Contains(string(result), "value") {
					t.Errorf("the result of step %s holds a variable's value: %s", name, result)
				}
			}
		})
	}
}

func newDeployer(client *twilio.Client, steps deploy.Steps) *deploy.Deployer {
	return &deploy.Deployer{
		Client: client, Steps: steps,
		Source:    fstest.MapFS{"x/a": {Data: []byte("one")}, "x/c.txt": {Data: []byte("two")}},
		Variables: func() (map[string]secret.String, error) { return secrets("KEY", "value"), nil },
	}
}

// TestVariablesThatCannotBePutBackAreNamed refuses the activation, and from
// then on every write of a variable.
func TestVariablesThatCannotBePutBackAreNamed(t *testing.T) {
	t.Parallel()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var broken atomic.Bool
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isActivation := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Deployments")
		isVariable := r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/Variables")
		if broken.Load() && isVariable || isActivation {
			broken.Store(true)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		world.ServeHTTP(w, r)
	}))
	environment := dev(t)
	_, err = newDeployer(client, deploy.InMemory{}).Apply(t.Context(), deploy.Diff(question(environment, small()), nil, deploy.Live{}))
	failed, ok := errors.AsType[*deploy.ActivationError](err)
	if !ok || failed.Left == nil || !slices.Equal(failed.Left.Keys, []string{"KEY"}) || !strings.Contains(err.Error(), "variable KEY") || !strings.Contains(err.Error(), "create deployment") {
		t.Errorf("error %v, want the activation's and a VariablesLeftError that names KEY", err)
	}
}

func TestReadLiveAndAmong(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t)
	ctx := t.Context()
	service, err := client.CreateService(ctx, twilio.NewService{UniqueName: "site", FriendlyName: "site"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := client.CreateService(ctx, twilio.NewService{UniqueName: "other", FriendlyName: "other"})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := client.CreateEnvironment(ctx, other.SID, "dev-environment", "dev")
	if err != nil {
		t.Fatal(err)
	}
	suffixed, err := client.CreateEnvironment(ctx, service.SID, "live", "production")
	if err != nil {
		t.Fatal(err)
	}
	const missing = "ZS0123456789abcdef0123456789abcdef"
	for name, test := range map[string]struct {
		service, environment string
		want                 string // of the error
		sid                  twilio.EnvironmentSID
	}{
		"a Service that is not there":        {"new", "dev", "", ""},
		"a Service's SID that is not there":  {missing, "dev", "there is no Service " + missing, ""},
		"an Environment of another Service":  {"site", string(foreign.SID), "is not one of this Service's", ""},
		"an Environment without its Service": {"new", string(foreign.SID), "there is no Service \"new\"", ""},
		"an Environment by SID":              {string(service.SID), string(suffixed.SID), "", suffixed.SID},
		"production as a suffix":             {"site", "production", "for which this Service has no Environment", ""},
		"a suffix that is not there":         {"site", "dev", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environment, err := deploy.ParseEnvironment(test.environment)
			if err != nil {
				t.Fatal(err)
			}
			live, err := deploy.ReadLive(ctx, client, deploy.Question{Service: test.service, Environment: environment, Wanted: small()})
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if _, ok := errors.AsType[*problem.Problem](err); err != nil && !ok {
				t.Errorf("error %v is no Problem of the input", err)
			}
			if live.Environment.SID != test.sid {
				t.Errorf("found Environment %q, want %q", live.Environment.SID, test.sid)
			}
		})
	}
}
