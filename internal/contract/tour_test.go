package contract_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
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

// world is a Sandbox that is served under the names of Twilio's hosts, and a
// recorder in front of it.
type world struct {
	*recorder
	account   sandbox.Account
	address   string // where it really is: host and port
	transport http.RoundTripper
}

func newWorld(t *testing.T, options sandbox.Options) *world {
	t.Helper()
	served, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	record := &recorder{sandbox: served}
	server := httptest.NewTLSServer(record)
	t.Cleanup(func() {
		server.Close()
		if err := served.Close(); err != nil {
			t.Error(err)
		}
	})
	trusting, ok := server.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the server's client has another transport")
	}
	// Whatever the name, it is that server, whose certificate is for example.com.
	transport := trusting.Clone()
	transport.TLSClientConfig.ServerName = "example.com"
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &world{recorder: record, account: sandbox.DefaultAccount(), address: server.Listener.Addr().String(), transport: transport}
}

// client is ours, with Twilio's own addresses.
func (w *world) client(t *testing.T, change ...func(*twilio.Config)) *twilio.Client {
	t.Helper()
	cfg := twilio.Config{
		Credentials: twilio.Credentials{User: w.account.SID, Password: secret.New(w.account.AuthToken)},
		Transport:   w.transport,
		Retry:       retry.Default().Scaled(0.01),
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

// browse opens what is live at a domain.
func (w *world) browse(t *testing.T, domain, path string) {
	t.Helper()
	opened := httptest.NewRecorder()
	w.ServeHTTP(opened, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+domain+path, nil))
	if opened.Code != http.StatusOK {
		t.Fatalf("%s%s answered %d %s", domain, path, opened.Code, opened.Body)
	}
}

// tour is what a client makes and finds on its way through every operation. Of
// each resource there are two, so that listings have two pages of one.
type tour struct {
	services     [2]twilio.Service
	environments [2]twilio.Environment
	variables    [2]twilio.Variable
	functions    [2]twilio.Function
	assets       [2]twilio.Asset
	sources      [2]twilio.Version // of the first Function
	files        [2]twilio.Version // of the first Asset
	builds       [2]twilio.Build
	deployments  [2]twilio.Deployment
	logs         []twilio.Log
}

// fill creates everything.
func (s *tour) fill(t *testing.T, w *world, client *twilio.Client) {
	t.Helper()
	ctx := t.Context()
	var err error
	must := func(what string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for i := range 2 {
		s.services[i], err = client.CreateService(ctx, twilio.NewService{
			UniqueName: fmt.Sprintf("tour-%d", i), FriendlyName: "A tour „1“", IncludeCredentials: i == 0, UIEditable: i == 1,
		})
		must("service")
		service := s.services[0].SID
		s.environments[i], err = client.CreateEnvironment(ctx, service, fmt.Sprintf("env-%d", i), []string{"", "dev"}[i])
		must("environment")
		s.variables[i], err = client.CreateVariable(ctx, service, s.environments[0].SID, fmt.Sprintf("KEY_%d", i), secret.New("a=b&c"))
		must("variable")
		s.functions[i], err = client.CreateFunction(ctx, service, fmt.Sprintf("/function-%d", i))
		must("function")
		s.assets[i], err = client.CreateAsset(ctx, service, fmt.Sprintf("/asset-%d.svg", i))
		must("asset")
		s.sources[i], err = client.CreateFunctionVersion(ctx, service, s.functions[0].SID,
			upload("/function", "application/javascript", "public", fmt.Sprintf("exports.handler = () => %d\n", i)))
		must("function version")
		s.files[i], err = client.CreateAssetVersion(ctx, service, s.assets[0].SID,
			upload("/asset.svg", "image/svg+xml", []string{"protected", "private"}[i], "<svg/>"))
		must("asset version")
		s.builds[i], err = client.CreateBuild(ctx, service, twilio.NewBuild{
			FunctionVersions: []twilio.VersionSID{s.sources[i].SID}, AssetVersions: []twilio.VersionSID{s.files[i].SID},
			Dependencies: []twilio.Dependency{{Name: "lodash", Version: ">=4 <5"}}, Runtime: []string{"node22", "node24"}[i],
		})
		must("build")
		_, err = client.WaitForBuild(ctx, service, s.builds[i].SID)
		must("build status")
		var options []twilio.DeploymentOption
		if i == 0 {
			options = append(options, twilio.AsPlugin())
		}
		s.deployments[i], err = client.CreateDeployment(ctx, service, s.environments[0].SID, s.builds[i].SID, options...)
		must("deployment")
		w.browse(t, s.environments[0].DomainName, "/function")
	}
}

func upload(path, contentType, visibility, content string) twilio.Upload {
	return twilio.Upload{
		Path: path, Visibility: visibility, ContentType: contentType, Size: int64(len(content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

// look lists and fetches everything.
func (s *tour) look(t *testing.T, client *twilio.Client) {
	t.Helper()
	ctx, service, environment := t.Context(), s.services[0].SID, s.environments[0].SID
	function, asset := s.functions[0].SID, s.assets[0].SID
	hour := time.Hour
	query := twilio.LogQuery{FunctionSID: function, After: time.Now().Add(-hour), Before: time.Now().Add(hour)}
	s.logs = twoOf(t, "logs", client.Logs(ctx, service, environment, query))
	twoOf(t, "services", client.Services(ctx))
	twoOf(t, "environments", client.Environments(ctx, service))
	twoOf(t, "variables", client.Variables(ctx, service, environment))
	twoOf(t, "functions", client.Functions(ctx, service))
	twoOf(t, "function versions", client.FunctionVersions(ctx, service, function))
	twoOf(t, "assets", client.Assets(ctx, service))
	twoOf(t, "asset versions", client.AssetVersions(ctx, service, asset))
	twoOf(t, "builds", client.Builds(ctx, service))
	twoOf(t, "deployments", client.Deployments(ctx, service, environment))

	_, err1 := client.FetchService(ctx, string(service))
	_, err2 := client.FetchEnvironment(ctx, service, environment)
	_, err3 := client.FetchVariable(ctx, service, environment, s.variables[0].SID)
	_, err4 := client.FetchFunction(ctx, service, function)
	_, err5 := client.FetchFunctionVersion(ctx, service, function, s.sources[0].SID)
	_, err6 := client.FetchFunctionVersionContent(ctx, service, function, s.sources[0].SID)
	_, err7 := client.FetchAsset(ctx, service, asset)
	_, err8 := client.FetchAssetVersion(ctx, service, asset, s.files[0].SID)
	_, err9 := client.FetchBuild(ctx, service, s.builds[0].SID)
	_, err10 := client.FetchBuildStatus(ctx, service, s.builds[0].SID)
	_, err11 := client.FetchDeployment(ctx, service, environment, s.deployments[0].SID)
	_, err12 := client.FetchLog(ctx, service, environment, s.logs[0].SID)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12); err != nil {
		t.Fatal(err)
	}
}

// twoOf reads a listing of two.
func twoOf[T any](t *testing.T, what string, items iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for item, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item)
	}
	if len(all) != 2 {
		t.Fatalf("%d %s, want 2", len(all), what)
	}
	return all
}

// change updates what can be.
func (s *tour) change(t *testing.T, client *twilio.Client) {
	t.Helper()
	ctx, service, environment := t.Context(), s.services[0].SID, s.environments[0].SID
	_, err1 := client.UpdateService(ctx, service, twilio.ServiceChanges{
		FriendlyName: new("Another"), IncludeCredentials: new(false), UIEditable: new(true),
	})
	_, err2 := client.UpdateVariable(ctx, service, environment, s.variables[0].SID, "OTHER", secret.New("value"))
	_, err3 := client.UpdateFunction(ctx, service, s.functions[0].SID, "/other")
	_, err4 := client.UpdateAsset(ctx, service, s.assets[0].SID, "/other.svg")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
}

// offend does what is refused.
func (s *tour) offend(t *testing.T, w *world, client *twilio.Client) {
	t.Helper()
	ctx, service := t.Context(), s.services[0].SID
	stranger := w.client(t, func(cfg *twilio.Config) { cfg.Credentials.Password = secret.New("wrong") })
	_, err1 := stranger.FetchService(ctx, string(service))
	_, err2 := client.FetchService(ctx, "nobody")
	_, err3 := client.CreateEnvironment(ctx, service, "other", "dev")
	_, err4 := client.CreateBuild(ctx, service, twilio.NewBuild{})
	err5 := client.DeleteBuild(ctx, service, s.builds[1].SID)
	nobodys := twilio.FunctionSID("ZH" + strings.Repeat("0", 32))
	_, err6 := client.CreateFunctionVersion(ctx, service, nobodys, upload("/lost", "application/javascript", "public", "x"))
	for i, err := range []error{err1, err2, err3, err4, err5, err6} {
		if _, ok := errors.AsType[*twilio.Error](err); !ok {
			t.Errorf("offence %d ended with %v, want a refusal", i, err)
		}
	}
}

// clear empties an Environment and deletes everything.
func (s *tour) clear(t *testing.T, client *twilio.Client) {
	t.Helper()
	ctx, service, environment := t.Context(), s.services[0].SID, s.environments[0].SID
	_, err1 := client.CreateDeployment(ctx, service, environment, "")
	_, err2 := client.FetchEnvironment(ctx, service, environment)
	err3 := client.DeleteBuild(ctx, service, s.builds[0].SID)
	err4 := client.DeleteFunction(ctx, service, s.functions[0].SID)
	err5 := client.DeleteAsset(ctx, service, s.assets[0].SID)
	err6 := client.DeleteVariable(ctx, service, environment, s.variables[0].SID)
	err7 := client.DeleteEnvironment(ctx, service, environment)
	err8 := client.DeleteService(ctx, service)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8); err != nil {
		t.Fatal(err)
	}
}
