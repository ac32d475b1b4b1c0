package foreign_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/action"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// own are the events whose commit is the repository's own: only who may write to it can
// cause them. None of their payloads tells of a fork, but for a deployment that the run
// for a fork's pull request has made.
var own = []string{
	gh.EventPush, gh.EventWorkflowDispatch, gh.EventRelease, gh.EventCreate, gh.EventDelete, gh.EventDeployment, gh.EventMergeGroup,
	gh.EventRepositoryDispatch, gh.EventSchedule,
}

// withoutExamples are the events on which workflows run that the package has no payload of
// (docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows,
// read 2026-11), and some that are none.
var withoutExamples = []string{
	"pull_request_target", "pull_request_comment", "workflow_call", "registry_package", "image_version", "dynamic", "PULL_REQUEST", "pull_request ", "unheard_of",
}

var everyCommand = []string{"auto", "deploy", "plan", "promote", "rollback", "teardown", "sweep"}

// example is a payload as GitHub has sent it.
type example struct {
	event   string
	number  int
	payload map[string]any
}

// examples are those of @octokit/webhooks-examples.
func examples(t *testing.T) []example {
	t.Helper()
	needs(t, "npm")
	modules, err := installNode()
	if err != nil {
		t.Fatalf("install testdata/node: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(modules, "@octokit", "webhooks-examples", "api.github.com", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read []struct {
		Name     string            `json:"name"`
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, event := range read {
		for i, raw := range event.Examples {
			one := example{event: event.Name, number: i}
			if err := json.Unmarshal(raw, &one.payload); err != nil {
				t.Fatal(err)
			}
			all = append(all, one)
		}
	}
	if len(read) < 50 || len(all) < 300 {
		t.Fatalf("%d events with %d examples are not all", len(read), len(all))
	}
	return all
}

// heads are the repositories that a fork's head is in, as payloads tell of them. A nil one
// is null.
func heads(base map[string]any) map[string]any {
	owner, _ := base["owner"].(map[string]any)
	login, _ := owner["login"].(string)
	fork := func(login, name string) map[string]any {
		return map[string]any{"id": 7, "name": name, "full_name": login + "/" + name, "fork": true, "owner": map[string]any{"login": login}}
	}
	name, _ := base["name"].(string)
	return map[string]any{
		"another owner's":                    fork("eve", name),
		"another owner's, in capitals":       fork("EVE", strings.ToUpper(name)),
		"an owner's who is called nearly so": fork(login+"-", name),
		"the same owner's, of another name":  fork(login, name+"-fork"),
		"that says that it is none":          map[string]any{"name": name, "full_name": login + "/" + name, "fork": false, "owner": map[string]any{"login": "eve"}},
		"without an owner":                   map[string]any{"name": name, "full_name": login + "/" + name, "fork": true},
		"without anything":                   map[string]any{},
		"deleted":                            nil,
	}
}

// forked returns the payload with its heads in another repository, and whether there is
// one to put there.
func forked(payload map[string]any, head any) (map[string]any, bool) {
	text, err := json.Marshal(payload)
	if err != nil {
		return nil, false
	}
	var changed map[string]any
	if json.Unmarshal(text, &changed) != nil {
		return nil, false
	}
	isChanged := false
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, one := range value {
				walk(one)
			}
		case map[string]any:
			for key, inner := range value {
				side, isObject := inner.(map[string]any)
				switch {
				case key == "head" && isObject && side["sha"] != nil:
					side["repo"] = head
					isChanged = true
				case key == "head_repository":
					value[key] = head
					isChanged = true
				default:
					walk(inner)
				}
			}
		}
	}
	walk(changed)
	return changed, isChanged
}

// TestEveryEventOfAForkDeploysNothing puts each payload that GitHub is known to send into
// a fork, and has it decided with every command, and carried out with the sandboxes.
func TestEveryEventOfAForkDeploysNothing(t *testing.T) {
	t.Parallel()
	all := examples(t)
	step := newWorkflow(t)
	ofFork, withoutHead := make(map[string]int), make(map[string]int)
	decided, ran := 0, 0
	try := func(what, event string, payload map[string]any) {
		parsed, err := gh.ParseEvent(event, mustMarshal(t, payload))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		for _, command := range everyCommand {
			asked := trigger.Asked{Command: command, Environment: "production", Ref: "refs/heads/main", PromoteFrom: "stage", HasCredentials: true}
			decision, err := trigger.Decide(parsed, nil, asked)
			if decided++; err != nil || len(decision.Requests) > 0 || decision.Skip == "" {
				t.Errorf("%s with command: %s: %+v, %v", what, command, decision, err)
			}
		}
		result, log := step.run(t, event, payload, everyCommand[ran%2])
		if ran++; result.Status != job.Skipped || result.SkipReason == "" || !strings.Contains(log, "::notice title=Slipway%3A skipped::") {
			t.Errorf("%s: %+v\n%s", what, result, log)
		}
	}
	for _, one := range all {
		base, _ := one.payload["repository"].(map[string]any)
		isChanged := false
		if run, isObject := one.payload["workflow_run"].(map[string]any); isObject && one.event == gh.EventDeployment {
			run["head_repository"] = base // which no example has
		}
		for name, head := range heads(base) {
			payload, isForked := forked(one.payload, head)
			if !isForked {
				break
			}
			isChanged = true
			ofFork[one.event]++
			what := fmt.Sprintf("%s %d, head %s", one.event, one.number, name)
			try(what, one.event, payload)
			if one.event == gh.EventPullRequest {
				try(what+" as pull_request_target", gh.EventPullRequestTarget, payload)
			}
		}
		if !isChanged {
			withoutHead[one.event]++
			if !slices.Contains(own, one.event) {
				try(fmt.Sprintf("%s %d", one.event, one.number), one.event, one.payload)
			}
		}
	}
	for _, event := range withoutExamples {
		payload, _ := forked(all[slices.IndexFunc(all, func(one example) bool { return one.event == gh.EventPullRequest })].payload, nil)
		if event == gh.EventPullRequestTarget {
			continue // whose payloads are those of pull_request, and were tried
		}
		try(event, event, payload)
	}
	for _, event := range []string{"pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread", "workflow_run", "check_run", "check_suite", "deployment", "deployment_review"} {
		if ofFork[event] == 0 {
			t.Errorf("no payload of %s was put into a fork", event)
		}
	}
	for _, event := range own {
		if event != gh.EventDeployment && ofFork[event] > 0 {
			t.Errorf("%s tells of a head in another repository", event)
		}
	}
	if calls := step.calls.Load(); calls > 0 {
		t.Errorf("Twilio was called %d times", calls)
	}
	t.Logf("%d decisions, %d runs, of %d events of forks and %d others", decided, ran, len(ofFork), len(withoutHead))
}

// TestOddShapesOfForks are payloads that no example has: none is deployed, whether it is
// understood or not.
func TestOddShapesOfForks(t *testing.T) {
	t.Parallel()
	step := newWorkflow(t)
	payload := func(change func(pull, head map[string]any)) map[string]any {
		base := map[string]any{"name": "hello", "full_name": "acme/hello", "owner": map[string]any{"login": "acme"}}
		head := map[string]any{"ref": "main", "sha": strings.Repeat("e", 40), "repo": map[string]any{"name": "hello", "full_name": "eve/hello", "fork": true, "owner": map[string]any{"login": "eve"}}}
		pull := map[string]any{
			"number": 7, "state": "open", "head": head, "base": map[string]any{"ref": "main", "sha": strings.Repeat("a", 40), "repo": base},
		}
		change(pull, head)
		return map[string]any{"action": "opened", "number": 7, "repository": base, "pull_request": pull, "sender": map[string]any{"login": "eve"}}
	}
	repo := func(owner, name any) func(pull, head map[string]any) {
		return func(_, head map[string]any) {
			head["repo"] = map[string]any{"name": name, "owner": map[string]any{"login": owner}}
		}
	}
	for name, test := range map[string]struct {
		payload map[string]any
		status  job.Status
	}{
		"as it is":                                     {payload(func(_, _ map[string]any) {}), job.Skipped},
		"of the base's own branch name":                {payload(func(_, head map[string]any) { head["label"] = "acme:main" }), job.Skipped},
		"the head's repository is not told":            {payload(func(_, head map[string]any) { delete(head, "repo") }), job.Skipped},
		"merged already":                               {payload(func(pull, _ map[string]any) { pull["merged"], pull["state"] = true, "closed" }), job.Skipped},
		"an owner with a letter that folds to another": {payload(repo("ac\u212Ame", "hello")), job.Failed},
		"an owner of another script":                   {payload(repo("\u0430cme", "hello")), job.Failed},
		"an owner with a space":                        {payload(repo("acme ", "hello")), job.Failed},
		"an owner with a path":                         {payload(repo("acme/hello/..", "hello")), job.Failed},
		"an owner of another kind":                     {payload(repo(7, "hello")), job.Failed},
		"no head":                                      {payload(func(pull, _ map[string]any) { delete(pull, "head") }), job.Failed},
		"a number of another kind":                     {payload(func(pull, _ map[string]any) { pull["number"] = "7" }), job.Failed},
		"no number":                                    {payload(func(pull, _ map[string]any) { delete(pull, "number") }), job.Failed},
		"a list of heads":                              {payload(func(pull, head map[string]any) { pull["head"] = []any{head} }), job.Failed},
	} {
		result, log := step.run(t, gh.EventPullRequest, test.payload, "auto")
		if result.Status != test.status || test.status == job.Failed && result.Error.Reason != job.BadInput {
			t.Errorf("%s: %+v\n%s", name, result, log)
		}
	}
	if calls := step.calls.Load(); calls > 0 {
		t.Errorf("Twilio was called %d times", calls)
	}
}

func mustMarshal(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// workflow is a step of a workflow with a project checked out, all credentials, and the
// sandboxes of both platforms, of which GitHub's knows every repository.
type workflow struct {
	env   map[string]string
	event string // its file
	calls atomic.Int64
}

func newWorkflow(t *testing.T) *workflow {
	t.Helper()
	s := &workflow{}
	folder, workspace := t.TempDir(), t.TempDir()
	if err := os.CopyFS(workspace, os.DirFS(filepath.Join("..", "..", "testdata", "projects", "hello"))); err != nil {
		t.Fatal(err)
	}
	account := twilio.DefaultAccount()
	platform, err := twilio.New(twilio.Options{Accounts: []twilio.Account{account}, Observe: func(twilio.Call) { s.calls.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	hub, err := github.New(github.Options{AssumePushed: true, RateLimit: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	api, hubAPI := httptest.NewServer(platform), httptest.NewServer(http.Handler(hub))
	t.Cleanup(func() {
		api.Close()
		hubAPI.Close()
		for _, sandbox := range []io.Closer{platform, hub} {
			if err := sandbox.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	s.event = filepath.Join(folder, "event.json")
	s.env = map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": workspace, "GITHUB_REPOSITORY": "acme/hello", "GITHUB_EVENT_PATH": s.event,
		"GITHUB_API_URL": hubAPI.URL, "GITHUB_RUN_ID": "42", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": strings.Repeat("a", 40), "GITHUB_ACTOR": "eve",
		"INPUT_API-KEY": account.KeySID, "INPUT_API-SECRET": account.KeySecret, "INPUT_API-URL": api.URL,
		"INPUT_GITHUB-TOKEN": github.DefaultToken().Value,
	}
	return s
}

// run runs the Action on an event.
func (s *workflow) run(t *testing.T, event string, payload map[string]any, command string) (job.Result, string) {
	t.Helper()
	if err := os.WriteFile(s.event, mustMarshal(t, payload), 0o600); err != nil {
		t.Fatal(err)
	}
	env := maps.Clone(s.env)
	env["GITHUB_EVENT_NAME"], env["INPUT_COMMAND"] = event, command
	var log strings.Builder
	result := action.Run(t.Context(), action.Env{Getenv: func(name string) string { return env[name] }, Stdout: &log, Version: "dev"})
	return result, log.String()
}
