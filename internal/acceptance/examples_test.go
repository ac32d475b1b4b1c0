package acceptance_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/cli"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// examples returns the workflows of examples/workflows by their names.
func examples(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(project, "examples", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	found := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(file)] = string(text)
	}
	return found
}

// TestEveryExampleIsRun looks for a run of each example in this package. That of
// push.yml is the README's first workflow, word for word.
func TestEveryExampleIsRun(t *testing.T) {
	t.Parallel()
	tests, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range tests {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	for name, workflow := range examples(t) {
		if name == "push.yml" {
			if workflow != documented(t, "README.md", "## Usage") {
				t.Error("push.yml is not the README's first workflow")
			}
			name = "deploy.yml"
		}
		if !strings.Contains(source.String(), `file: "`+name+`"`) {
			t.Errorf("no test runs the example %s", name)
		}
	}
}

// newExample makes a world with another project in its repository: a folder, from the
// root of Slipway's own repository.
func newExample(t *testing.T, folder string, options twilio.Options) *world {
	t.Helper()
	w := newWorld(t, options)
	for _, name := range []string{"assets", "functions", "package.json"} { // those of hello
		if err := os.RemoveAll(filepath.Join(w.repository, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(w.repository, os.DirFS(filepath.Join(project, filepath.FromSlash(folder)))); err != nil {
		t.Fatal(err)
	}
	return w
}

// slipway runs a command on the repository's folder as a person at a terminal does.
func (w *world) slipway(t *testing.T, args ...string) {
	t.Helper()
	var printed bytes.Buffer
	environment := map[string]string{
		"TWILIO_API_KEY": w.secrets["TWILIO_API_KEY"], "TWILIO_API_SECRET": w.secrets["TWILIO_API_SECRET"], "SLIPWAY_API_URL": w.twilioURL,
	}
	code := cli.Main(t.Context(), cli.Env{
		Args:   append(args, "--working-directory", w.repository),
		Getenv: func(name string) string { return environment[name] }, Stdout: &printed, Stderr: &printed,
	})
	if code != 0 {
		t.Fatalf("slipway %s: exit code %d:\n%s", strings.Join(args, " "), code, printed.String())
	}
}

// liveBuilds returns what is live: for each Service and Environment, such as
// "hello stage", a Build.
func (w *world) liveBuilds() map[string]string {
	there := w.twilio.Snapshot()
	live := make(map[string]string)
	for _, one := range there.Environments {
		at := slices.IndexFunc(there.Services, func(service twilio.Service) bool { return service.SID == one.ServiceSID })
		live[there.Services[at].UniqueName+" "+cmp.Or(one.DomainSuffix, "production")] = one.BuildSID
	}
	return live
}

// builds is how many Builds Twilio was asked for.
func (w *world) builds() int {
	return len(slices.DeleteFunc(w.called(), func(one string) bool { return one != "CreateBuild" }))
}

// lastStates returns the last state of each context of a commit's statuses.
func (w *world) lastStates(sha string) map[string]string {
	states := make(map[string]string)
	for _, status := range w.github.Snapshot().Repositories[0].Statuses {
		if status.SHA == sha {
			states[status.Context] = status.State
		}
	}
	return states
}

// environmentsShown returns the GitHub environments of all GitHub Deployments, each with
// its last state.
func (w *world) environmentsShown() []string {
	var shown []string
	for _, made := range w.github.Snapshot().Repositories[0].Deployments {
		shown = append(shown, made.Environment+" "+made.Statuses[len(made.Statuses)-1].State)
	}
	return shown
}

// same compares what there is with what should be.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := gocmp.Diff(got, want); diff != "" {
		t.Errorf("%s: got (-), want (+):\n%s", what, diff)
	}
}

// green wants a run of an example to be green and without a warning: its permissions
// are enough. Its secrets are nowhere.
func (w *world) green(t *testing.T, run finished) {
	t.Helper()
	if !run.green {
		t.Fatal("the workflow is red")
	}
	for _, read := range run.log {
		if read.Command == "warning" || read.Command == "error" {
			t.Errorf("%s: %s", read.Command, read.Message)
		}
	}
	w.checkSecrets(t, run)
}

// live is where deployed domains answer, as an argument for act.
func (w *world) live() []string {
	return []string{"--env", "SLIPWAY_LIVE_URL=" + w.twilioURL + "/_live/{domain}"}
}

// makesDeployment does what GitHub does for a job with an environment: it makes a GitHub
// Deployment of the commit that leads to the run, which is the one that act starts next
// or has just started.
func (w *world) makesDeployment(t *testing.T, environment string, run int) {
	t.Helper()
	call := func(path string, body map[string]any) (id int64) {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.githubURL+"/repos/"+repositoryName+path, bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+w.tokens["preview.yml"]) // which may
		request.Header.Set("Accept", "application/vnd.github+json")
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("User-Agent", "GitHub itself")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var made struct {
			ID int64 `json:"id"`
		}
		if err := json.NewDecoder(response.Body).Decode(&made); err != nil || response.StatusCode != http.StatusCreated {
			t.Fatalf("POST %s: %s, %v", path, response.Status, err)
		}
		return made.ID
	}
	id := call("/deployments", map[string]any{
		"ref": w.sha, "environment": environment, "auto_merge": false, "required_contexts": []string{},
	})
	call("/deployments/"+strconv.FormatInt(id, 10)+"/statuses", map[string]any{
		"state": "in_progress", "log_url": repositoryPage + "/actions/runs/" + strconv.Itoa(run) + "/job/1", "auto_inactive": false,
	})
}

// TestExampleRelease publishes what stage runs: production gets that Build, and nothing
// is uploaded.
func TestExampleRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	w.slipway(t, "deploy", "--environment", "stage")
	tested := w.liveBuilds()["hello stage"]
	run := w.act(t, invocation{event: "release", file: "release.yml", payload: w.publishes(t, "v1.0.0")})
	w.green(t, run)
	isPromotion := slices.ContainsFunc(run.log, func(read entry) bool { return read.Name == "status" && read.Arg == "promoted" })
	same(t, "whether it was a promotion", isPromotion, true)
	same(t, "live", w.liveBuilds(), map[string]string{"hello stage": tested, "hello production": tested})
	same(t, "Builds", w.builds(), 1)
	same(t, "statuses", w.lastStates(w.sha), map[string]string{"slipway/hello/production": "success"})
	same(t, "GitHub Deployments", w.environmentsShown(), []string{"production success"})
}

// publishes writes the event of a GitHub Release as GitHub sends it.
func (w *world) publishes(t *testing.T, tag string) string {
	t.Helper()
	return w.writeEvent(t, map[string]any{
		"action": "published",
		"release": map[string]any{
			"id": 1, "tag_name": tag, "target_commitish": "main", "name": tag, "body": "What is new", "draft": false, "prerelease": false,
			"html_url": repositoryPage + "/releases/tag/" + tag, "author": map[string]any{"login": "ada", "id": 2, "type": "User"},
		},
	})
}

// TestExampleRollback goes back by one, and then to a commit that is named.
func TestExampleRollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	w.slipway(t, "deploy", "--environment", "production")
	first := w.liveBuilds()["hello production"]
	w.write(t, filepath.Join("functions", "more.js"), "exports.handler = (context, event, callback) => callback(null, 'more');\n")
	w.sha = w.push(t, "main")
	w.slipway(t, "deploy", "--environment", "production")
	second := w.liveBuilds()["hello production"]

	back := func(to string) invocation {
		return invocation{
			event: "workflow_dispatch", file: "rollback.yml",
			payload: w.startedByHand(t, "rollback.yml", map[string]any{"environment": "production", "to": to}),
		}
	}
	w.green(t, w.act(t, back("")))
	same(t, "live", w.liveBuilds(), map[string]string{"hello production": first})
	w.green(t, w.act(t, back(w.sha)))
	same(t, "live", w.liveBuilds(), map[string]string{"hello production": second})
	same(t, "Builds", w.builds(), 2)
	same(t, "trees that were checked out", w.checkouts(), 0)
	same(t, "statuses", w.lastStates(w.sha), map[string]string{"slipway/hello/production": "success"})
}

// TestExamplePlan plans the merge of a pull request, and changes nothing.
func TestExamplePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	w.slipway(t, "deploy", "--environment", "production")
	before, calls := w.liveBuilds(), len(w.called())
	asked := proposal{number: 7, base: w.sha, branch: "feature", title: "Say more"}
	w.write(t, filepath.Join("functions", "more.js"), "exports.handler = (context, event, callback) => callback(null, 'more');\n")
	asked.head = w.push(t, asked.branch)
	w.git(t, "checkout", "--quiet", "-B", "merge", asked.base)
	w.git(t, "merge", "--quiet", "--no-ff", "--message=Merge", asked.head)

	run := w.act(t, invocation{event: "pull_request", file: "plan.yml", payload: w.proposed(t, "opened", asked)})
	w.green(t, run)
	if summary := run.summary(); !strings.Contains(summary, "/more") || !strings.Contains(summary, "to create") {
		t.Errorf("the summary does not have the plan:\n%s", summary)
	}
	if strings.Contains(run.text(), "Slipway: commit") {
		t.Error("a notice says that the merge is planned, which is what should be")
	}
	same(t, "live", w.liveBuilds(), before)
	for _, operation := range w.called()[calls:] {
		if !strings.HasPrefix(operation, "List") && !strings.HasPrefix(operation, "Fetch") {
			t.Errorf("a plan called %s", operation)
		}
	}
	shown := w.github.Snapshot().Repositories[0]
	same(t, "what was written at GitHub", len(shown.Statuses)+len(shown.Deployments)+len(shown.Comments), 0)
}

// TestExampleEnvironments deploys to two accounts. act has no secrets of GitHub
// environments: each run is given those that GitHub would give its job.
func TestExampleEnvironments(t *testing.T) {
	t.Parallel()
	other := twilio.Account{
		SID: "AC" + strings.Repeat("6b", 16), AuthToken: strings.Repeat("b6", 16),
		KeySID: "SK" + strings.Repeat("6c", 16), KeySecret: "Production/9=Xv&4%Tb~2#kd",
	}
	w := newWorld(t, twilio.Options{Accounts: []twilio.Account{other}})
	w.makesDeployment(t, "stage", 101)
	w.green(t, w.act(t, invocation{
		event: "push", file: "environments.yml", payload: w.pushed(t), args: []string{"--var", "GREETING=Hi"},
	}))
	w.secrets["TWILIO_API_KEY"], w.secrets["TWILIO_API_SECRET"] = other.KeySID, other.KeySecret
	w.makesDeployment(t, "production", 102)
	w.green(t, w.act(t, invocation{
		event: "workflow_dispatch", file: "environments.yml", args: []string{"--var", "GREETING=Good day"},
		payload: w.startedByHand(t, "environments.yml", map[string]any{"environment": "production"}),
	}))

	there := w.twilio.Snapshot()
	var got []string
	for _, one := range there.Environments {
		service := there.Services[slices.IndexFunc(there.Services, func(service twilio.Service) bool { return service.SID == one.ServiceSID })]
		words := []string{service.AccountSID, cmp.Or(one.DomainSuffix, "production")}
		for _, variable := range there.Variables {
			if variable.EnvironmentSID == one.SID && variable.Key == "GREETING" {
				words = append(words, variable.Value)
			}
		}
		got = append(got, strings.Join(words, " "))
	}
	slices.Sort(got)
	same(t, "Environments", got, []string{twilio.DefaultAccount().SID + " stage Hi", other.SID + " production Good day"})
	same(t, "GitHub Deployments, which are GitHub's own", w.environmentsShown(), []string{"stage in_progress", "production in_progress"})
}
