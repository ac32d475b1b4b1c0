package cli_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// sandboxServer is a sandbox that a script can spoil answers of.
type sandboxServer struct {
	*sandbox.Sandbox
	url        string
	remembered string

	mu      sync.Mutex
	changed chan struct{} // closed when a call comes
	calls   []string      // "METHOD /path"
	answers []*cannedAnswer
}

// cannedAnswer stands in for the sandbox's own.
type cannedAnswer struct {
	asked  *regexp.Regexp // "METHOD /path"
	left   int            // how many more times; negative for ever
	status int
	header http.Header
	body   string
	hangs  bool // no answer until the client goes
	cut    bool // half of the body, then nothing
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
	on.sandbox = &sandboxServer{Sandbox: served, changed: make(chan struct{})}
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

// ServeHTTP notes each call of the API and answers it.
func (s *sandboxServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, sandbox.LivePrefix) {
		s.Sandbox.ServeHTTP(w, r)
		return
	}
	if canned := s.note(r.Method + " " + r.URL.Path); canned != nil {
		canned.ServeHTTP(w, r)
		return
	}
	s.Sandbox.ServeHTTP(w, r)
}

func (s *sandboxServer) note(asked string) *cannedAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, asked)
	close(s.changed)
	s.changed = make(chan struct{})
	for _, canned := range s.answers {
		if canned.left != 0 && canned.asked.MatchString(asked) {
			canned.left--
			return canned
		}
	}
	return nil
}

// count returns how many calls match, of those behind the first so many, and
// what is closed when another comes.
func (s *sandboxServer) count(asked *regexp.Regexp, after int) (int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := 0
	for _, call := range s.calls[after:] {
		if asked.MatchString(call) {
			found++
		}
	}
	return found, s.changed
}

func (a *cannedAnswer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.hangs {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices that a client goes once it has its body
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if !a.cut {
		_, _ = io.WriteString(w, a.body)
		return
	}
	_, _ = io.WriteString(w, a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// answer lets calls be answered with a status and the content of a file, in
// which $VARIABLES are replaced: answer 'POST .*/Builds' 403 forbidden.json.
func answer(ts *testscript.TestScript, on *stage, args []string) {
	canned := &cannedAnswer{left: -1, header: http.Header{"Content-Type": {"application/json"}}}
	flags := flag.NewFlagSet("answer", flag.ContinueOnError)
	flags.IntVar(&canned.left, "times", -1, "")
	flags.BoolVar(&canned.cut, "cut", false, "")
	flags.BoolVar(&canned.hangs, "hang", false, "")
	flags.Func("header", "", func(line string) error {
		name, value, _ := strings.Cut(line, ":")
		canned.header.Set(name, strings.TrimSpace(value))
		return nil
	})
	ts.Check(flags.Parse(args))
	args = flags.Args()
	wanted := 2
	if canned.hangs {
		wanted = 1
	}
	if len(args) < wanted || len(args) > wanted+1 {
		ts.Fatalf("usage: answer [-times n] [-cut] [-hang] [-header 'name: value'] 'METHOD path' [status [file]]")
	}
	var err error
	canned.asked, err = regexp.Compile(`^(?:` + args[0] + `)$`)
	ts.Check(err)
	if !canned.hangs {
		canned.status, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	if len(args) == 3 {
		canned.body = os.Expand(ts.ReadFile(args[2]), ts.Getenv)
	}
	on.sandbox.mu.Lock()
	defer on.sandbox.mu.Unlock()
	on.sandbox.answers = append([]*cannedAnswer{canned}, on.sandbox.answers...)
}

// calls checks how many calls the sandbox has seen, of all or of those that
// match: calls 0; calls 1 'POST .*/Builds'.
func calls(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: calls number ['METHOD path']")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	asked := regexp.MustCompile(``)
	if len(args) == 2 {
		asked, err = regexp.Compile(`^(?:` + args[1] + `)$`)
		ts.Check(err)
	}
	if got, _ := on.sandbox.count(asked, 0); got != want {
		on.sandbox.mu.Lock()
		defer on.sandbox.mu.Unlock()
		ts.Fatalf("the sandbox has seen %d calls, want %d:\n%s", got, want, strings.Join(on.sandbox.calls, "\n"))
	}
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
	if len(args) < 2 {
		ts.Fatalf("usage: post path name=value...")
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
