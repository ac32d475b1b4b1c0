package cli_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// sandboxServer is a sandbox that a script can spoil answers of.
type sandboxServer struct {
	*sandbox.Sandbox
	spoiled
	url        string
	remembered string
	ahead      atomic.Int64 // of what it has made, in nanoseconds
}

// ServeHTTP answers the API, and what is deployed.
func (s *sandboxServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if ahead := s.ahead.Load(); ahead != 0 {
		w.Header().Set("Date", time.Now().Add(time.Duration(ahead)).UTC().Format(http.TimeFormat))
	}
	if strings.HasPrefix(r.URL.Path, sandbox.LivePrefix) {
		s.Sandbox.ServeHTTP(w, r)
		return
	}
	s.answer(w, r, s.Sandbox)
}

// startSandbox starts a sandbox and points slipway at it. With -tls it answers
// in the name of Twilio's own hosts, whose certificate $SSL_CERT_FILE trusts,
// and nothing points at it.
func startSandbox(ts *testscript.TestScript, on *stage, args []string) {
	var options sandbox.Options
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.DurationVar(&options.BuildTime, "build-time", 0, "")
	flags.BoolVar(&options.FailBuilds, "fail-builds", false, "")
	flags.IntVar(&options.PageSize, "page-size", 0, "")
	flags.Float64Var(&options.FaultRate, "fault-rate", 0, "")
	flags.Uint64Var(&options.Seed, "seed", 1, "")
	isTLS := flags.Bool("tls", false, "")
	ts.Check(flags.Parse(args))
	// Clients repeat a slow answer's call no sooner than they have it.
	options.SlowAnswer = 50 * time.Millisecond

	served, err := sandbox.New(options)
	ts.Check(err)
	on.sandbox = &sandboxServer{Sandbox: served, spoiled: spoiled{changed: make(chan struct{})}}
	server := httptest.NewUnstartedServer(on.sandbox)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that go are what is tested
	if *isTLS {
		certificate, authority, err := newCertificate("serverless.twilio.com", "serverless-upload.twilio.com", "0.0.0.0")
		ts.Check(err)
		server.TLS = certificate
		server.StartTLS()
		trusted := ts.MkAbs("trusted.pem")
		ts.Check(os.WriteFile(trusted, authority, 0o666))
		ts.Setenv("SSL_CERT_FILE", trusted)
		_, port, err := net.SplitHostPort(server.Listener.Addr().String())
		ts.Check(err)
		ts.Setenv("SANDBOX_PORT", port)
	} else {
		server.Start()
		ts.Setenv("SLIPWAY_API_URL", server.URL)
		ts.Setenv("SLIPWAY_LIVE_URL", server.URL+"/_live/{domain}")
	}
	on.sandbox.url = server.URL
	ts.Setenv("SANDBOX_ADDRESS", server.Listener.Addr().String())
	account := sandbox.DefaultAccount()
	ts.Setenv("TWILIO_API_KEY", account.KeySID)
	ts.Setenv("TWILIO_API_SECRET", account.KeySecret)
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
		ts.Check(served.Close()) // reports the sandbox's own bugs
	})
}

// environment finds an Environment by the name of its Service and the name a
// deploy has for it.
func (s *sandboxServer) environment(service, name string) (sandbox.Environment, error) {
	world := s.Snapshot()
	suffix := name
	if name == "production" {
		suffix = ""
	}
	var found []sandbox.Environment
	for _, environment := range world.Environments {
		parent := world.Services[slices.IndexFunc(world.Services, func(one sandbox.Service) bool { return one.SID == environment.ServiceSID })]
		if environment.DomainSuffix == suffix && (service == "" || parent.UniqueName == service) {
			found = append(found, environment)
		}
	}
	if len(found) != 1 {
		return sandbox.Environment{}, fmt.Errorf("%d Environments are called %s", len(found), name)
	}
	return found[0], nil
}

// fetch asks a deployed domain for a path and writes the answer to stdout:
// fetch -type text/html dev /index.html. With -status other than 200 the answer
// only has to have that status.
func fetch(ts *testscript.TestScript, on *stage, args []string) {
	flags := flag.NewFlagSet("fetch", flag.ContinueOnError)
	status := flags.Int("status", http.StatusOK, "")
	contentType := flags.String("type", "", "")
	service := flags.String("service", "", "")
	ts.Check(flags.Parse(args))
	if args = flags.Args(); len(args) != 2 {
		ts.Fatalf("usage: fetch [-status code] [-type type] [-service name] environment /path")
	}
	environment, err := on.sandbox.environment(*service, args[0])
	ts.Check(err)
	response, err := http.Get(on.sandbox.url + sandbox.LivePrefix + environment.DomainName + args[1])
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	if response.StatusCode != *status {
		ts.Fatalf("%s answered %d, want %d: %s", args[1], response.StatusCode, *status, body)
	}
	if got := response.Header.Get("Content-Type"); *contentType != "" && got != *contentType {
		ts.Fatalf("%s has the type %q, want %q", args[1], got, *contentType)
	}
	_, _ = ts.Stdout().Write(body)
}

// variables writes an Environment's variables to stdout: variables dev.
func variables(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: variables environment")
	}
	environment, err := on.sandbox.environment("", args[0])
	ts.Check(err)
	found := slices.DeleteFunc(on.sandbox.Snapshot().Variables, func(one sandbox.Variable) bool { return one.EnvironmentSID != environment.SID })
	slices.SortFunc(found, func(a, b sandbox.Variable) int { return cmp.Compare(a.Key, b.Key) })
	for _, one := range found {
		fmt.Fprintf(ts.Stdout(), "%s=%s\n", one.Key, one.Value)
	}
}

// live renders all that a visitor of the deployed domains can notice.
func (s *sandboxServer) live() (string, error) {
	world := s.Snapshot()
	text, err := json.MarshalIndent(map[string]any{
		"environments": world.Environments, "variables": world.Variables, "deployments": world.Deployments,
	}, "", "  ")
	return string(text), err
}

// remember keeps what is live now, for untouched to compare with.
func remember(ts *testscript.TestScript, on *stage, _ []string) {
	var err error
	on.sandbox.remembered, err = on.sandbox.live()
	ts.Check(err)
}

// untouched checks that what is live is what remember saw.
func untouched(ts *testscript.TestScript, on *stage, _ []string) {
	if on.sandbox.remembered == "" {
		ts.Fatalf("remember comes first")
	}
	now, err := on.sandbox.live()
	ts.Check(err)
	if now != on.sandbox.remembered {
		ts.Fatalf("what is live has changed, from\n%s\nto\n%s", on.sandbox.remembered, now)
	}
}

// single checks that nothing is there twice.
func single(ts *testscript.TestScript, on *stage, _ []string) {
	world := on.sandbox.Snapshot()
	seen := map[string]bool{}
	once := func(parts ...string) {
		name := strings.Join(parts, " ")
		if seen[name] {
			ts.Fatalf("there are two of %s", name)
		}
		seen[name] = true
	}
	for _, one := range world.Services {
		once("Service", one.UniqueName)
	}
	for _, one := range world.Environments {
		once("Environment", one.ServiceSID, one.UniqueName)
	}
	for _, one := range world.Functions {
		once("Function", one.ServiceSID, one.FriendlyName)
	}
	for _, one := range world.Assets {
		once("Asset", one.ServiceSID, one.FriendlyName)
	}
	for _, one := range world.Variables {
		once("Variable", one.EnvironmentSID, one.Key)
	}
	for _, one := range world.Builds {
		once("Build", one.ServiceSID, strings.Join(one.VersionSIDs, " "))
	}
	for _, one := range world.Deployments {
		once("Deployment", one.EnvironmentSID, one.BuildSID)
	}
}

// environmentSID sets a variable to an Environment's SID:
// environment voice dev SID.
func environmentSID(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: environment service name variable")
	}
	environment, err := on.sandbox.environment(args[0], args[1])
	ts.Check(err)
	ts.Setenv(args[2], environment.SID)
}

// post makes something in the sandbox as another client would:
// post /v1/Services/voice/Environments UniqueName=x. The Service is found by
// its name.
func post(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: post path [name=value...]")
	}
	path := args[0]
	for _, service := range on.sandbox.Snapshot().Services {
		path = strings.Replace(path, "/"+service.UniqueName+"/", "/"+service.SID+"/", 1)
	}
	form := url.Values{}
	for _, pair := range args[1:] {
		name, value, _ := strings.Cut(pair, "=")
		form.Add(name, value)
	}
	request, err := http.NewRequest(http.MethodPost, on.sandbox.url+path, strings.NewReader(form.Encode()))
	ts.Check(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	account := sandbox.DefaultAccount()
	request.SetBasicAuth(account.KeySID, account.KeySecret)
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	if response.StatusCode != http.StatusCreated {
		ts.Fatalf("%s answered %d: %s", path, response.StatusCode, body)
	}
}

// expire has the platform remove what is not live, as it does after a week.
func expire(ts *testscript.TestScript, on *stage, _ []string) {
	_, err := on.sandbox.ExpireUnused()
	ts.Check(err)
}

// later puts the platform's clock forward: later 2h.
func later(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: later time")
	}
	by, err := time.ParseDuration(args[0])
	ts.Check(err)
	on.sandbox.ahead.Add(int64(by))
}
