package server_test

import (
	"os"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// TestRefusalsAreTold has the people of the repository see why nothing is deployed, and
// nothing of the server.
func TestRefusalsAreTold(t *testing.T) {
	t.Parallel()
	const oneOfTwo = `version: 1
services:
  voice: {path: ., environments: {stage: {on: {branch: main}}}}
  billing: {path: billing, environments: {stage: {on: {branch: main}}}}
`
	tests := map[string]struct {
		files map[string]string
		want  string // the status "slipway"; empty means none
		live  string // the status of stage
	}{
		"as it should be": {project(), "", "success Deployed"},
		"no slipway.yml":  {map[string]string{"package.json": "{}"}, "", ""},
		"broken":          {project("slipway.yml", "version: 1\nservices: [x]\n"), "failure slipway.yml:2:", ""},
		"not allowed":     {project("slipway.yml", "version: 1\nservices: {voice: {environments: {qa: {on: {branch: main}}}}}"), "failure slipway.yml:2: server.yml does not let acme/voice deploy voice to qa", ""},
		"twice wrong":     {project("slipway.yml", "version: 1\nservices: {voice: {variables: [A, B], environments: {stage: {on: {branch: main}}}}}"), "failure 2 problems, first: slipway.yml:2:", ""},
		"one of two":      {project("slipway.yml", oneOfTwo), "failure slipway.yml:4: server.yml lets acme/voice the services voice, chat", "success Deployed"},
		"too long":        {project("slipway.yml", strings.Repeat("#", 1<<20+1)), "error What is to be done could not be found out", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			sha := w.push("main", test.files)
			w.settle()
			got := w.statuses()
			if status := got[sha[:7]+" slipway"]; !strings.HasPrefix(status, test.want) || test.want == "" && status != "" {
				t.Errorf("the status is %q, want %q", status, test.want)
			}
			if status := got[sha[:7]+" slipway/voice/stage"]; !strings.HasPrefix(status, test.live) || test.live == "" && status != "" {
				t.Errorf("that of stage is %q, want %q", status, test.live)
			}
			for _, status := range got {
				if strings.Contains(status, w.config) || strings.Contains(status, "127.0.0.1") {
					t.Errorf("a status tells of the server: %s", status)
				}
			}
		})
	}
}

// TestForkIsToldNothing: what a stranger proposes is neither read nor answered.
func TestForkIsToldNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.push("main", map[string]string{"slipway.yml": "version: 1\nservices: [x]\n"})
	w.settle()
	before := len(w.statuses())
	head := strings.Repeat("a", 40)
	w.pullOf(github.PullRequest{Number: 8, HeadSHA: head, HeadRef: "main", HeadRepository: "mallory/voice", BaseSHA: base}, "opened")
	w.settle()
	if got := w.statuses(); len(got) != before {
		t.Errorf("the statuses are %v", got)
	}
	if comments := w.github.Snapshot().Repositories[0].Comments; len(comments) > 0 {
		t.Errorf("the comments are %v", comments)
	}
}

// TestRefusalIsTakenBack decides a Delivery anew once server.yml allows what it asks for.
func TestRefusalIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sha := w.push("main", project("slipway.yml", "version: 1\nservices: {voice: {environments: {qa: {on: {branch: main}}}}}"))
	w.settle()
	w.wantStatus(sha, "slipway", "failure")
	if err := os.WriteFile(w.config, []byte(strings.Replace(w.text, "[stage,", "[stage, qa,", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.grants.Reload(); err != nil {
		t.Fatal(err)
	}
	decided, err := w.queue.EndedJobs(t.Context(), "decide", queue.Job{}, 1)
	if err != nil || len(decided) != 1 {
		t.Fatal(decided, err)
	}
	if _, err := w.queue.Retry(t.Context(), decided[0].Number); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.wantStatus(sha, "slipway", "success queued: deploy voice to qa")
	w.wantStatus(sha, "slipway/voice/qa", "success Deployed voice to qa")
}

// TestFailureBeforeTheTarget has the commit told of what fails before anything is asked
// of Twilio.
func TestFailureBeforeTheTarget(t *testing.T) {
	t.Parallel()
	t.Run("project", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		sha := w.push("main", project("package.json", "{"))
		w.settle()
		w.wantStatus(sha, "slipway/voice/stage", "failure Problem in the input: package.json")
	})
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.env.set("SECRET", "")
		sha := w.push("main", project())
		w.settle()
		w.wantStatus(sha, "slipway/voice/stage", "failure Problem in the input: the server cannot read the credentials")
		for _, status := range w.statuses() {
			if strings.Contains(status, "SECRET") {
				t.Errorf("the status tells of the server: %s", status)
			}
		}
	})
}

// TestMissingPermission leaves what GitHub refuses, and does not try it for hours.
func TestMissingPermission(t *testing.T) {
	t.Parallel()
	token := github.DefaultToken()
	delete(token.Permissions, "deployments")
	w := newWorldOf(t, setup{github: github.Options{Tokens: []github.Token{token}}})
	sha := w.push("main", project())
	w.settle()
	w.wantStatus(sha, "slipway/voice/stage", "success Deployed")
	told, err := w.queue.EndedJobs(t.Context(), "tell", queue.Job{}, 10)
	if err != nil || len(told) != 1 || told[0].Attempts != 1 {
		t.Errorf("told by %+v, %v", told, err)
	}
	if !strings.Contains(w.log.String(), "deployments: write") {
		t.Errorf("the log does not name the permission:\n%s", w.log.String())
	}
}

// TestMissingTag gives a Delivery up whose tag is gone, and goes on with the next.
func TestMissingTag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.github.AddRelease("acme/voice", github.Release{Tag: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	w.release(id, "published")
	sha := w.push("main", project())
	w.settle()
	w.wantStatus(sha, "slipway/voice/stage", "success Deployed")
	deliveries, err := w.queue.Deliveries(t.Context(), 0, 2)
	if err != nil || deliveries[1].Verdict != "failed" || !strings.Contains(deliveries[1].Reason, `read tag "v1"`) {
		t.Errorf("decided %+v, %v", deliveries, err)
	}
}
