package deploy_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// inMemory answers requests without a socket, so that time can be the test's.
type inMemory struct{ http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	received := r.Clone(r.Context())
	received.Host = r.URL.Host
	if received.Body == nil {
		received.Body = http.NoBody
	}
	defer received.Body.Close()
	recorder := httptest.NewRecorder()
	m.ServeHTTP(recorder, received)
	return recorder.Result(), nil
}

// TestVariablesAreReadAheadUnlessTheBuildTakesLong counts the reads, and holds
// the time of a first deploy against the calls that cannot go out together.
func TestVariablesAreReadAheadUnlessTheBuildTakesLong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		buildTime time.Duration
		wantReads int64
	}{
		{"a short Build", 20 * time.Second, 1},
		{"a long Build", 40 * time.Second, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world, err := sandbox.New(sandbox.Options{BuildTime: test.buildTime, Latency: 80 * time.Millisecond})
				if err != nil {
					t.Fatal(err)
				}
				var reads atomic.Int64
				account := sandbox.DefaultAccount()
				client, err := twilio.New(twilio.Config{
					APIURL:      "http://localhost",
					Credentials: twilio.Credentials{User: account.KeySID, Password: secret.New(account.KeySecret)},
					Transport: inMemory{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Variables") {
							reads.Add(1)
						}
						world.ServeHTTP(w, r)
					})},
				})
				if err != nil {
					t.Fatal(err)
				}
				where, environment := target(t)
				started := time.Now()
				plan := deploy.Diff(where, environment, small(), nil, deploy.Live{})
				outcome, err := newDeployer(client, deploy.InMemory{}).Apply(t.Context(), plan)
				if err != nil || !outcome.Activated {
					t.Fatalf("ended with %+v, %v", outcome, err)
				}
				if got := reads.Load(); got != test.wantReads {
					t.Errorf("the variables were read %d times, want %d", got, test.wantReads)
				}
				if got := world.Snapshot().Variables; len(got) != 1 || got[0].Value != "value" {
					t.Errorf("the variables are %+v, want KEY=value", got)
				}
				// Beside the Build: the Service, two calls a file, the Build, the
				// last look, a variable, the activation; and up to half a second,
				// or a sixteenth of a long Build, until that look.
				const calls = 7
				slack := max(500*time.Millisecond, test.buildTime/16)
				if got := time.Since(started) - test.buildTime; got > calls*80*time.Millisecond+slack {
					t.Errorf("took %s beside the Build", got)
				}
			})
		})
	}
}

// TestARefusedBuildLeavesNoEnvironment asks for a runtime that is gone.
func TestARefusedBuildLeavesNoEnvironment(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t)
	where, environment := target(t)
	project := small()
	project.Runtime = "node8"
	outcome, err := newDeployer(client, deploy.InMemory{}).Apply(t.Context(), deploy.Diff(where, environment, project, nil, deploy.Live{}))
	if err == nil || outcome.EnvironmentSID != "" || outcome.ServiceSID == "" || outcome.Uploaded != 2 {
		t.Fatalf("ended with %+v, %v", outcome, err)
	}
	if got := world.Snapshot().Environments; len(got) != 0 {
		t.Errorf("the refused Build left %+v", got)
	}
}

// TestAFailedUploadNamesWhatWasThere deploys to an Environment that exists.
func TestAFailedUploadNamesWhatWasThere(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t)
	where, environment := target(t)
	deployer := newDeployer(client, deploy.InMemory{})
	before, err := deployer.Apply(t.Context(), deploy.Diff(where, environment, small(), nil, deploy.Live{}))
	if err != nil {
		t.Fatal(err)
	}
	live, err := deploy.ReadLive(t.Context(), client, "site", environment)
	if err != nil {
		t.Fatal(err)
	}
	project := small()
	project.Assets[0].Name = "x/missing"
	got, err := deployer.Apply(t.Context(), deploy.Diff(where, environment, project, nil, live))
	if err == nil || got.EnvironmentSID != before.EnvironmentSID || got.Domain != before.Domain || got.ServiceSID != before.ServiceSID {
		t.Errorf("ended with %+v, %v; want the Environment of %+v", got, err, before)
	}
}
