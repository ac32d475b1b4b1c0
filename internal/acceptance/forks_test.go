package acceptance_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestForks takes the pull request of a fork through the workflows of docs/forks.md: it is
// told what it asks for, refused while nobody has approved it, and deployed then.
func TestForks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	w.createService(t, "hello-forks", false)
	w.write(t, filepath.Join("functions", "more.js"), "exports.handler = (context, event, callback) => callback(null, 'more');\n")
	w.write(t, ".env", "GREETING=eve\n")
	head := w.push(t, "patch")
	commits := map[string]string{w.sha: "MAIN", head: "HEAD"}
	event := w.proposedByFork(t, head)
	before := len(w.called())

	planned := w.act(t, invocation{event: "pull_request", file: "fork-plan.yml", payload: event})
	if !planned.green {
		t.Fatal("the plan of a fork is red")
	}
	if calls := w.called()[before:]; len(calls) > 0 {
		t.Errorf("Twilio was called for a fork: %q", calls)
	}
	checkGolden(t, filepath.Join("forks", "planned.md"), w.told(planned, commits))

	inputs := map[string]any{"number": "8", "sha": head}
	if err := w.github.SetEnvironment(repositoryName, github.Environment{Name: "forks", Reviewers: []string{"ada"}}); err != nil {
		t.Fatal(err)
	}
	refused := w.act(t, invocation{event: "workflow_dispatch", file: "fork-preview.yml", payload: w.startedByHand(t, "fork-preview.yml", inputs)})
	if refused.green || refused.exitCode() != "2" {
		t.Errorf("without an approval the run is green, or exits with %s", refused.exitCode())
	}
	if log := refused.text(); !strings.Contains(log, `nobody has approved this run for the GitHub environment "forks"`) {
		t.Error("the log does not say that nobody has approved the run")
	}
	if calls := w.called()[before:]; len(calls) > 0 {
		t.Errorf("Twilio was called without an approval: %q", calls)
	}

	next := int64(100 + w.runs + 1)
	if err := w.github.ReviewRun(repositoryName, github.RunReview{Run: next, User: "ada", Environments: []string{"forks"}}); err != nil {
		t.Fatal(err)
	}
	deployed := w.act(t, invocation{event: "workflow_dispatch", file: "fork-preview.yml", payload: w.startedByHand(t, "fork-preview.yml", inputs)})
	if !deployed.green {
		t.Fatal("with an approval the run is red")
	}
	w.checkEnvironments(t, "pr-8 GREETING=eve")
	if live := w.liveBuilds(); len(live) != 1 || live["hello-forks pr-8"] == "" {
		t.Errorf("live is %v", live)
	}
	if got := w.lastStates(head); len(got) != 1 || got["slipway/hello-forks/preview"] != "success" {
		t.Errorf("the head's statuses are %v", got)
	}
	if got := w.lastStates(w.sha); len(got) != 0 {
		t.Errorf("main's statuses are %v", got)
	}
	checkGolden(t, filepath.Join("forks", "deployed.md"), w.told(deployed, commits))
	w.checkSecrets(t, planned)
	w.checkSecrets(t, deployed, "TWILIO_API_SECRET", "GITHUB_TOKEN")

	// It has moved on: what was approved is not what would be deployed.
	if err := os.Remove(filepath.Join(w.repository, ".env")); err != nil {
		t.Fatal(err)
	}
	w.proposedByFork(t, w.push(t, "patch"))
	if err := w.github.ReviewRun(repositoryName, github.RunReview{Run: next + 1, User: "ada", Environments: []string{"forks"}}); err != nil {
		t.Fatal(err)
	}
	moved := w.act(t, invocation{event: "workflow_dispatch", file: "fork-preview.yml", payload: w.startedByHand(t, "fork-preview.yml", inputs)})
	if moved.green || !strings.Contains(moved.text(), "has moved on") {
		t.Error("a head that was replaced is deployed")
	}
}

// proposedByFork opens pull request 8 of eve's fork, and writes the event as GitHub sends
// it.
func (w *world) proposedByFork(t *testing.T, head string) string {
	t.Helper()
	if err := w.github.SetPullRequest(repositoryName, github.PullRequest{
		Number: 8, Title: "Say more", Author: "eve", HeadSHA: head, HeadRef: "patch", HeadRepository: "eve/hello", BaseSHA: w.sha, BaseRef: "main",
	}); err != nil {
		t.Fatal(err)
	}
	eve := map[string]any{"login": "eve", "id": 9, "type": "User"}
	fork := map[string]any{"id": 10, "name": "hello", "full_name": "eve/hello", "fork": true, "private": false, "owner": eve, "default_branch": "main"}
	return w.writeEvent(t, map[string]any{
		"action": "opened", "number": 8,
		"pull_request": map[string]any{
			"number": 8, "state": "open", "title": "Say more", "draft": false, "merged": false, "user": eve, "html_url": repositoryPage + "/pull/8",
			"head": map[string]any{"label": "eve:patch", "ref": "patch", "sha": head, "user": eve, "repo": fork},
			"base": map[string]any{"label": "acme:main", "ref": "main", "sha": w.sha, "repo": repositoryOfEvents},
		},
	})
}

// createService makes a Service as docs/forks.md has people do it.
func (w *world) createService(t *testing.T, name string, includesCredentials bool) {
	t.Helper()
	form := url.Values{"UniqueName": {name}, "FriendlyName": {name}}
	if !includesCredentials {
		form.Set("IncludeCredentials", "false")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.twilioURL+"/v1/Services", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(w.secrets["TWILIO_API_KEY"], w.secrets["TWILIO_API_SECRET"])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("create the Service: %s", response.Status)
	}
}
