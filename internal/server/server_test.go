package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/metrics"
	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	twilio "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/server"
)

// world is a server between both sandboxes.
type world struct {
	t      *testing.T
	github *github.Sandbox
	twilio *twilio.Sandbox
	queue  *queue.Queue
	server *server.Server
	intake *httptest.Server
	admin  *httptest.Server
	grants *grants.Holder
	config string // the path of server.yml
	stop   func() // ends its work
	log    safeBuffer
	sent   int

	text string // of server.yml, at first
	env  safeEnv
}

// setup is what a world differs in.
type setup struct {
	twilio twilio.Options
	github github.Options
	// services are those of server.yml; empty means voice, with stage, production and
	// previews, and chat with stage.
	services string
	change   func(*server.Config)
	// env is added to the server's environment.
	env map[string]string
	// app is what the server acts as; zero means by a token.
	app gh.App
	// watch stands in front of both sandboxes.
	watch func(http.Handler) http.Handler
}

// safeEnv is an environment that changes.
type safeEnv struct {
	mu     sync.Mutex
	values map[string]string
}

func (e *safeEnv) get(name string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.values[name]
}

func (e *safeEnv) set(name, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.values[name] = value
}

type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// project is the tree of a repository with one service.
func project(more ...string) map[string]string {
	files := map[string]string{
		"slipway.yml": `version: 1
services:
  voice:
    variables: [DSN]
    environments:
      stage: {on: {branch: main}}
    previews: {}
`,
		"package.json":       `{"name": "voice", "engines": {"node": "22.x"}}`,
		"functions/hello.js": "exports.handler = (context, event, callback) => callback(null, 'hello');",
	}
	for i := 0; i+1 < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, setup{})
}

func newWorldOf(t *testing.T, given setup) *world {
	t.Helper()
	w := &world{t: t}
	var err error
	if given.twilio.BuildTime == 0 {
		given.twilio.BuildTime = 10 * time.Millisecond
	}
	if w.twilio, err = twilio.New(given.twilio); err != nil {
		t.Fatal(err)
	}
	if w.github, err = github.New(given.github); err != nil {
		t.Fatal(err)
	}
	if given.watch == nil {
		given.watch = func(sandbox http.Handler) http.Handler { return sandbox }
	}
	platform, hub := httptest.NewServer(given.watch(w.twilio)), httptest.NewServer(given.watch(w.github))
	t.Cleanup(platform.Close)
	t.Cleanup(hub.Close)
	if err := w.github.AddRepository(github.Repository{Owner: "acme", Name: "voice", Private: true}); err != nil {
		t.Fatal(err)
	}

	dir, account := t.TempDir(), twilio.DefaultAccount()
	w.env.values = map[string]string{"KEY": account.KeySID, "SECRET": account.KeySecret, "VOICE_DSN": "dsn-of-voice"}
	maps.Copy(w.env.values, given.env)
	if given.services == "" {
		given.services = "{voice: {environments: [stage, production], previews: true, variables: {DSN: {env: VOICE_DSN}}}, chat: {environments: [stage]}}"
	}
	w.config, w.text = filepath.Join(dir, "server.yml"), fmt.Sprintf(`version: 1
repositories:
  acme/voice:
    accounts: {main: {api-key: {env: KEY}, api-secret: {env: SECRET}, api-url: %q, live-url: %q}}
    services: %s
`, platform.URL, platform.URL+"/_live/{domain}", given.services)
	if err := os.WriteFile(w.config, []byte(w.text), 0o600); err != nil {
		t.Fatal(err)
	}
	if w.grants, _, err = grants.Hold(w.config, w.env.get); err != nil {
		t.Fatal(err)
	}
	counted := metrics.New(metrics.Config{Labels: metrics.Labels(server.WordsCounted()), Logger: slog.New(slog.DiscardHandler)})
	toGitHub := gh.Config{APIURL: hub.URL, Observe: counted.GitHubCalled}
	if given.app == (gh.App{}) {
		toGitHub.Token = secret.New(github.DefaultToken().Value)
	}
	clients, err := gh.NewClients(toGitHub, given.app)
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := gh.NewWebhookSecrets(key)
	if err != nil {
		t.Fatal(err)
	}
	if w.queue, err = queue.Open(t.Context(), queue.Config{Dir: filepath.Join(dir, "data"), Hooks: counted.OfQueue()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.queue.Close() })
	counted.Watch(w.queue, w.grants.Kept)
	cfg := server.Config{
		Queue: w.queue, Grants: w.grants, Clients: clients, Secrets: secrets, Data: filepath.Join(dir, "data"), Getenv: w.env.get,
		RetryAfter: 5 * time.Millisecond, SweepEvery: time.Hour,
		UserAgent: "test", Metrics: counted.Handler(), Called: counted.TwilioCalled,
		Told:   func(event string, verdict server.Verdict) { counted.Delivered(event, string(verdict)) },
		Logger: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if given.change != nil {
		given.change(&cfg)
	}
	made, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.server = made
	w.intake = httptest.NewServer(made.Intake())
	t.Cleanup(w.intake.Close)
	w.admin = httptest.NewServer(made.Admin())
	t.Cleanup(w.admin.Close)
	w.work()
	t.Cleanup(func() { w.stop() })
	return w
}

// work has the server begin.
func (w *world) work() {
	ctx, stop := context.WithCancel(w.t.Context())
	worked := make(chan struct{})
	go func() { defer close(worked); w.server.Work(ctx) }()
	w.stop = func() { stop(); <-worked }
}

// push pushes files to a branch, and delivers the event.
func (w *world) push(branch string, files map[string]string) string {
	w.t.Helper()
	pushed, err := w.github.Push("acme/voice", github.Push{Branch: branch, Files: files, Message: fmt.Sprint("commit ", w.sent), Login: "ada"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.deliver("push", pushed.Payload)
	return pushed.SHA
}

// deliver sends a payload as GitHub does.
func (w *world) deliver(event string, payload []byte) {
	w.t.Helper()
	w.sent++
	request := delivery(w.t, w.intake.URL, string(payload))
	request.Header.Set("X-GitHub-Event", event)
	request.Header.Set("X-GitHub-Delivery", fmt.Sprintf("%08d-cc78-11e3-81ab-4c9367dc0958", w.sent))
	if status, answer := send(w.t, request); status != http.StatusAccepted {
		w.t.Fatalf("answered %d %s", status, answer)
	}
}

// settle waits until nothing is left to do.
func (w *world) settle() {
	w.t.Helper()
	for {
		counts, err := w.queue.Counts(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if len(counts) == 0 {
			return
		}
		w.pause()
	}
}

// pause waits for a moment, in which the server goes on.
func (w *world) pause() {
	w.t.Helper()
	select {
	case <-w.t.Context().Done():
		w.t.Fatal("it did not come to an end\n", w.log.String())
	case <-time.After(10 * time.Millisecond):
	}
}

// nextSecond waits until the clock shows another second.
func (w *world) nextSecond() {
	w.t.Helper()
	for second := time.Now().Unix(); time.Now().Unix() == second; {
		w.pause()
	}
}

// carriedOut counts the deploys and the like that have ended.
func (w *world) carriedOut() int {
	w.t.Helper()
	const most = 100
	jobs, err := w.queue.EndedJobs(w.t.Context(), "run", queue.Job{}, most)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(jobs)
}

func TestPushIsDeployed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sha := w.push("main", project())
	w.settle()

	deliveries, err := w.queue.Deliveries(t.Context(), 0, 10)
	if err != nil || len(deliveries) != 1 || deliveries[0].Verdict != "queued" || deliveries[0].Reason != "deploy voice to stage" {
		t.Errorf("the Delivery is %+v, %v", deliveries, err)
	}
	snapshot := w.twilio.Snapshot()
	if len(snapshot.Environments) != 1 || snapshot.Environments[0].UniqueName != "stage-environment" || snapshot.Environments[0].BuildSID == "" {
		t.Fatalf("live is %+v\n%s", snapshot.Environments, w.log.String())
	}
	if len(snapshot.Variables) != 1 || snapshot.Variables[0].Value != "dsn-of-voice" {
		t.Errorf("the variables are %+v", snapshot.Variables)
	}
	told := w.github.Snapshot().Repositories[0]
	var statuses []string
	for _, one := range told.Statuses {
		statuses = append(statuses, fmt.Sprint(one.SHA == sha, " ", one.Context, " ", one.State))
	}
	if got, want := strings.Join(statuses, "; "), "true slipway/voice/stage pending; true slipway/voice/stage success"; got != want {
		t.Errorf("the commit's statuses are %s, want %s", got, want)
	}
	if len(told.Deployments) != 1 || told.Deployments[0].Environment != "stage" {
		t.Errorf("the GitHub Deployments are %+v", told.Deployments)
	}
	for _, value := range []string{"dsn-of-voice", twilio.DefaultAccount().KeySecret, github.DefaultToken().Value, key.Reveal()} {
		if strings.Contains(w.log.String(), value) {
			t.Errorf("the log has %q", value)
		}
	}
}
