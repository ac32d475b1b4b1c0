package action

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	twilio "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// scene is what a step of a workflow has around it: a checkout, an event, and the
// sandboxes of both platforms over HTTP.
type scene struct {
	workspace string
	folder    string // of the runner's files
	github    *github.Sandbox
	twilio    *twilio.Sandbox
	env       map[string]string

	// instead may answer a call of GitHub's API in place of the sandbox.
	instead func(http.ResponseWriter, *http.Request) bool

	mu    sync.Mutex
	calls []string // operations of Twilio's API
}

// Commits of scenes: main's, and the heads of pull request 8, which eve proposes from a
// fork.
var mainSHA, eveSHA, eveNextSHA = sha("a"), sha("e"), sha("f")

// newScene has a small project checked out at a commit, whose pull request 8 comes from a
// fork. There are credentials.
func newScene(t *testing.T, commit string) *scene {
	t.Helper()
	s := &scene{workspace: t.TempDir(), folder: t.TempDir()}
	for name, content := range map[string]string{
		"package.json": `{"name": "hello"}`, "functions/hello.js": "exports.handler = (c, e, cb) => cb(null, 'hi');",
		".git/HEAD": commit + "\n",
	} {
		s.write(t, name, content)
	}
	account := twilio.DefaultAccount()
	var err error
	if s.twilio, err = twilio.New(twilio.Options{Accounts: []twilio.Account{account}, Observe: func(call twilio.Call) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = append(s.calls, call.Operation)
	}}); err != nil {
		t.Fatal(err)
	}
	if s.github, err = github.New(github.Options{Repositories: []github.Repository{{
		Owner: acme.Owner, Name: acme.Name, Commits: []github.Commit{{SHA: mainSHA, Branch: "main"}},
		PullRequests: []github.PullRequest{forkedPull(eveSHA)},
	}}}); err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(s.twilio)
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.instead == nil || !s.instead(w, r) {
			s.github.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		api.Close()
		hub.Close()
		for _, sandbox := range []interface{ Close() error }{s.twilio, s.github} {
			if err := sandbox.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	s.env = map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": s.workspace, "GITHUB_REPOSITORY": acme.String(), "GITHUB_API_URL": hub.URL,
		"GITHUB_EVENT_PATH": filepath.Join(s.folder, "event.json"), "GITHUB_OUTPUT": filepath.Join(s.folder, "output"),
		"GITHUB_STEP_SUMMARY": filepath.Join(s.folder, "summary.md"), "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1",
		"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": mainSHA, "GITHUB_ACTOR": "ann",
		"INPUT_GITHUB-TOKEN": github.DefaultToken().Value, "INPUT_API-URL": api.URL, "INPUT_TIMEOUT": "1m", "INPUT_COMMENT": "false",
		"INPUT_API-KEY": account.KeySID, "INPUT_API-SECRET": account.KeySecret,
	}
	return s
}

// forkedPull is pull request 8 with that head.
func forkedPull(head string) github.PullRequest {
	return github.PullRequest{Number: 8, Author: "eve", HeadSHA: head, HeadRef: "patch", HeadRepository: "eve/hello", BaseSHA: mainSHA, BaseRef: "main"}
}

func (s *scene) write(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join(s.workspace, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the Action on an event, with further variables of its environment.
func (s *scene) run(t *testing.T, event string, payload any, more map[string]string) (job.Result, string) {
	t.Helper()
	text, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"event.json": string(text), "output": "", "summary.md": ""} {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := maps.Clone(s.env)
	env["GITHUB_EVENT_NAME"] = event
	maps.Copy(env, more)
	environ := make([]string, 0, len(env))
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	var stdout bytes.Buffer
	result := Run(t.Context(), Env{Getenv: func(name string) string { return env[name] }, Environ: environ, Stdout: &stdout, Version: "dev"})
	return result, strings.Join(watch(stdout.Bytes()).log, "\n")
}

// called returns the operations of its API that Twilio has seen, and forgets them.
func (s *scene) called() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// dispatch is the payload of a workflow that was started by hand.
func dispatch() map[string]any {
	return map[string]any{
		"ref": "refs/heads/main", "workflow": ".github/workflows/forks.yml", "inputs": map[string]any{},
		"repository": repositoryPayload(acme.Owner, acme.Name), "sender": map[string]any{"login": "ann"},
	}
}

func repositoryPayload(owner, name string) map[string]any {
	return map[string]any{"name": name, "full_name": fmt.Sprintf("%s/%s", owner, name), "default_branch": "main", "owner": map[string]any{"login": owner}}
}

// pullPayload is that of the fork's pull request.
func pullPayload(action, head string) map[string]any {
	side := func(owner, ref, sha string) map[string]any {
		return map[string]any{"ref": ref, "sha": sha, "repo": repositoryPayload(owner, acme.Name)}
	}
	return map[string]any{
		"action": action, "number": 8, "repository": repositoryPayload(acme.Owner, acme.Name), "sender": map[string]any{"login": "eve"},
		"pull_request": map[string]any{
			"number": 8, "state": "open", "merged": false, "draft": false, "head": side("eve", "patch", head), "base": side(acme.Owner, "main", mainSHA),
		},
	}
}
