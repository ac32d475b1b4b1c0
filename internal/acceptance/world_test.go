package acceptance_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/slipway-dev/slipway/internal/publish"
	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// world is what a workflow runs in: a repository that was pushed to, secrets, and
// the sandboxes of both platforms on loopback.
type world struct {
	repository string // its folder
	sha        string // of its first commit, on main
	secrets    map[string]string
	tokens     map[string]string // of workflows, by their files
	label      string            // of its containers
	runs       int
	github     *github.Sandbox
	twilio     *twilio.Sandbox
	githubURL  string
	twilioURL  string
	treesURL   string // where checkouts come from
	action     string // folder with the action.yml that names the image under test
	home       string // act's

	mu      sync.Mutex
	changed chan struct{} // closed when a platform has been called
	calls   []string      // operations of Twilio's API
	fetched int           // trees that were checked out
}

// newWorld makes a world in which only the test's own workflows run. The options
// are Twilio's; the account that its secrets lead to comes first.
func newWorld(t *testing.T, options twilio.Options) *world {
	t.Helper()
	needsEngine(t)
	named := image(t)
	if _, err := buildAct(); err != nil {
		t.Fatalf("build act: %v", err)
	}
	account := twilio.DefaultAccount()
	account.KeySecret = "Zq7+Lw/9=Xv&4%Tb~2#kd" // different in each encoding
	w := &world{
		home: t.TempDir(), action: t.TempDir(), repository: t.TempDir(), changed: make(chan struct{}),
		label: mark + "-" + strings.ToLower(rand.Text()[:10]),
		secrets: map[string]string{
			"TWILIO_API_KEY":    account.KeySID,
			"TWILIO_API_SECRET": account.KeySecret,
			"SENTRY_DSN":        "https://8f0e@sentry.example/7?a=b&c=%2F+",
		},
		tokens: make(map[string]string),
	}
	tokens := w.writeRepository(t)
	w.writeAction(t, named)

	options.Accounts = append([]twilio.Account{account}, options.Accounts...)
	w.serve(t, options, tokens)
	w.sha = w.push(t, "main")
	return w
}

// serve starts the sandboxes, and ends them with the test.
func (w *world) serve(t *testing.T, options twilio.Options, tokens []github.Token) {
	t.Helper()
	var err error
	options.Observe = func(call twilio.Call) { w.note(call.Operation) }
	if w.twilio, err = twilio.New(options); err != nil {
		t.Fatal(err)
	}
	w.github, err = github.New(github.Options{
		Repositories: []github.Repository{{Owner: "acme", Name: "hello", Private: true}},
		Tokens:       tokens,
		Observe:      func(github.Call) { w.note("") },
	})
	if err != nil {
		t.Fatal(err)
	}
	twilioServer, githubServer := httptest.NewServer(w.twilio), httptest.NewServer(w.github)
	trees := httptest.NewServer(http.HandlerFunc(w.serveTree))
	w.twilioURL, w.githubURL, w.treesURL = twilioServer.URL, githubServer.URL, trees.URL
	t.Cleanup(func() {
		twilioServer.Close()
		githubServer.Close()
		trees.Close()
		for _, sandbox := range []interface{ Close() error }{w.twilio, w.github} {
			if err := sandbox.Close(); err != nil { // reports the sandbox's own bugs
				t.Error(err)
			}
		}
	})
}

// note keeps a call of Twilio's API, and wakes those who wait for any.
func (w *world) note(call string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if call != "" {
		w.calls = append(w.calls, call)
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// waitFor waits until what it looks at is there; it looks again whenever a
// platform was called.
func (w *world) waitFor(t *testing.T, what string, there func() bool) {
	t.Helper()
	timeout := time.After(runPatience)
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if there() {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("%s has not come within %s", what, runPatience)
		}
	}
}

// called returns the operations of its API that Twilio has seen.
func (w *world) called() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

// writeRepository makes the repository, with the example project, the README's first
// workflow and the examples, word for word, and those of these tests. It returns the tokens of the
// workflows: each may do what its workflow says.
func (w *world) writeRepository(t *testing.T) []github.Token {
	t.Helper()
	if err := os.CopyFS(w.repository, os.DirFS(filepath.Join(project, "testdata", "projects", "hello"))); err != nil {
		t.Fatal(err)
	}
	workflows := examples(t)
	workflows["deploy.yml"] = documented(t, "README.md", "## Usage")
	workflows["from-twilio-run.yml"] = documented(t, filepath.Join("docs", "from-twilio-run.md"), "## Both workflows")
	workflows["tags.yml"] = documented(t, filepath.Join("docs", "releases.md"), "## The workflow")
	for _, name := range []string{"outputs.yml", "releases.yml", "services.yml", "hostile.yml"} {
		workflow, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		workflows[name] = string(workflow)
	}
	var tokens []github.Token
	for name, workflow := range workflows {
		w.write(t, filepath.Join(".github", "workflows", name), workflow)
		w.tokens[name] = "ghs_Acceptance0" + rand.Text()
		tokens = append(tokens, github.Token{Value: w.tokens[name], Permissions: permissions(t, workflow)})
	}
	w.git(t, "init", "--quiet", "--initial-branch=main")
	w.git(t, "remote", "add", "origin", repositoryPage+".git")
	return tokens
}

// permissions returns those of a workflow in the words of the API.
func permissions(t *testing.T, workflow string) map[string]string {
	t.Helper()
	var read struct {
		Permissions map[string]string `yaml:"permissions"`
	}
	if err := yaml.Unmarshal([]byte(workflow), &read); err != nil || len(read.Permissions) == 0 {
		t.Fatalf("a workflow has no permissions (%v):\n%s", err, workflow)
	}
	given := make(map[string]string)
	for name, level := range read.Permissions {
		given[strings.ReplaceAll(name, "-", "_")] = level
	}
	return given
}

func (w *world) write(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join(w.repository, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (w *world) git(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", args...)
	command.Dir = w.repository
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	text, err := output(command)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// writeAction writes action.yml as a release publishes it, which names an image by its
// digest; only that name is replaced by the one of the image under test, which no
// registry has.
func (w *world) writeAction(t *testing.T, named string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	published := "ghcr.io/slipway-dev/slipway@sha256:" + strings.Repeat("0123456789abcdef", 4)
	released, err := publish.Action(string(text), published)
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(released, published)
	if !found || strings.Contains(after, published) {
		t.Fatalf("the released action.yml does not name its image once:\n%s", released)
	}
	if err := os.WriteFile(filepath.Join(w.action, "action.yml"), []byte(before+named+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// documented returns the workflow that users are told to copy, under a heading.
func documented(t *testing.T, file, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, file))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n"+heading+"\n")
	for {
		_, behind, found := strings.Cut(section, "```yaml\n")
		if !found {
			t.Fatalf(`%s has no workflow with "uses: slipway-dev/slipway@v1" under %q`, file, heading)
		}
		block, rest, _ := strings.Cut(behind, "```\n")
		if strings.Contains(block, "uses: slipway-dev/slipway@v1") && strings.Contains(block, "runs-on:") {
			return block
		}
		section = rest
	}
}

// statuses returns what was written to the pushed commit, oldest first.
func (w *world) statuses() []github.Status {
	var all []github.Status
	for _, status := range w.github.Snapshot().Repositories[0].Statuses {
		if status.SHA == w.sha {
			all = append(all, status)
		}
	}
	return all
}

// checkStates compares the states that the pushed commit has gone through in a
// context, and wants no other context.
func (w *world) checkStates(t *testing.T, context string, want ...string) {
	t.Helper()
	var got []string
	for _, status := range w.statuses() {
		if status.Context != context {
			t.Errorf("got a status in the context %q, want only %q", status.Context, context)
		}
		got = append(got, status.State)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("states of %s: got (-), want (+):\n%s", context, diff)
	}
}
