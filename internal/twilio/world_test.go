package twilio_test

import (
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	user     = "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
	password = "p4ssw0rd-of-the-account"

	helloSource = "exports.handler = (context, event, done) => done(null, \"„hello“\");\n"
)

// quick is the default policy with its waits scaled 1:100.
func quick() retry.Policy { return retry.Default().Scaled(0.01) }

// newWorld serves a sandbox and returns it with a client of its account.
func newWorld(t *testing.T, options sandbox.Options, change ...func(*twilio.Config)) (*twilio.Client, *sandbox.Sandbox) {
	t.Helper()
	options.Accounts = []sandbox.Account{{SID: user, AuthToken: password}}
	world, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, world, change...), world
}

// newClient returns a client of whatever the handler is.
func newClient(t *testing.T, handler http.Handler, change ...func(*twilio.Config)) *twilio.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	cfg := twilio.Config{
		APIURL:      server.URL,
		Credentials: twilio.Credentials{User: user, Password: secret.New(password)},
		Retry:       quick(),
		Polling:     retry.Polling{Every: time.Millisecond, Steady: time.Second, Max: time.Millisecond, Budget: 10 * time.Second},
	}
	for _, apply := range change {
		apply(&cfg)
	}
	client, err := twilio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// asset and function are uploads of a text.
func asset(path, content string) twilio.Upload { return upload(path, "text/plain", content) }

func function(path, content string) twilio.Upload {
	return upload(path, "application/javascript", content)
}

func upload(path, contentType, content string) twilio.Upload {
	return twilio.Upload{
		Path: path, Visibility: "public", ContentType: contentType, Size: int64(len(content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

// site is a Service with one of everything, made without faults.
type site struct {
	service     twilio.Service
	environment twilio.Environment
	variable    twilio.Variable
	function    twilio.Function
	asset       twilio.Asset
	versions    [2]twilio.Version // of the Function and of the Asset
	build       twilio.Build      // completed and live
	deployment  twilio.Deployment
	log         twilio.Log   // of the Function
	next        twilio.Build // completed, not live
	// These have no Versions, so that they can be deleted.
	idleFunction twilio.Function
	idleAsset    twilio.Asset
}

func newSite(t *testing.T, client *twilio.Client, world *sandbox.Sandbox) site {
	t.Helper()
	ctx := t.Context()
	var s site
	var err error
	must := func(step string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	s.service, err = client.CreateService(ctx, twilio.NewService{UniqueName: "site", FriendlyName: "Site", IncludeCredentials: true})
	must("service")
	s.environment, err = client.CreateEnvironment(ctx, s.service.SID, "dev-environment", "dev")
	must("environment")
	s.variable, err = client.CreateVariable(ctx, s.service.SID, s.environment.SID, "KEY", secret.New("value"))
	must("variable")
	s.function, err = client.CreateFunction(ctx, s.service.SID, "/hello")
	must("function")
	s.asset, err = client.CreateAsset(ctx, s.service.SID, "/a.txt")
	must("asset")
	s.versions[0], err = client.CreateFunctionVersion(ctx, s.service.SID, s.function.SID, function("/hello", helloSource))
	must("function version")
	s.versions[1], err = client.CreateAssetVersion(ctx, s.service.SID, s.asset.SID, asset("/a.txt", "text"))
	must("asset version")
	for _, build := range []*twilio.Build{&s.build, &s.next} {
		*build, err = client.CreateBuild(ctx, s.service.SID, newBuild(s))
		must("build")
		_, err = client.WaitForBuild(ctx, s.service.SID, build.SID)
		must("wait for build")
	}
	s.deployment, err = client.CreateDeployment(ctx, s.service.SID, s.environment.SID, s.build.SID)
	must("deployment")
	browse(t, world, s.environment, "/hello")
	s.log, _, err = first(client.Logs(ctx, s.service.SID, s.environment.SID, twilio.LogQuery{}))
	must("log")
	s.idleFunction, err = client.CreateFunction(ctx, s.service.SID, "/idle")
	must("idle function")
	s.idleAsset, err = client.CreateAsset(ctx, s.service.SID, "/idle.txt")
	must("idle asset")
	return s
}

// browse opens what is live at a path.
func browse(t *testing.T, world *sandbox.Sandbox, environment twilio.Environment, path string) {
	t.Helper()
	opened := httptest.NewRecorder()
	world.ServeHTTP(opened, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+environment.DomainName+path, nil))
	if opened.Code != http.StatusOK {
		t.Fatalf("%s answered %d %s", path, opened.Code, opened.Body)
	}
}

// first returns the first item of a listing.
func first[T any](items iter.Seq2[T, error]) (item T, ok bool, err error) {
	for item, err := range items {
		return item, err == nil, err
	}
	return item, false, nil
}

func newBuild(s site) twilio.NewBuild {
	return twilio.NewBuild{
		FunctionVersions: []twilio.VersionSID{s.versions[0].SID},
		AssetVersions:    []twilio.VersionSID{s.versions[1].SID},
		Dependencies:     []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}},
		Runtime:          "node22",
	}
}
