package acceptance_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// ruled is slipway.yml with a Service that previews of voice go to.
func ruled(previews string) string {
	return fmt.Sprintf(`version: 1
services:
  voice:
    path: services/voice
    environments:
      stage: {on: {branch: main}}
    previews: {service: %s, variables-like: stage}
  messaging:
    path: services/messaging
    environments:
      stage: {on: {branch: main}}
    previews: true
`, previews)
}

// TestServices deploys two services of slipway.yml by one step, and makes their
// previews by two jobs at once, by the rules of the base.
func TestServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	for _, service := range []string{"voice", "messaging"} {
		w.write(t, filepath.Join("services", service, "package.json"), `{"name": "`+service+`"}`)
		w.write(t, filepath.Join("services", service, "functions", "hello.js"), "exports.handler = (context, event, callback) => callback();\n")
	}
	w.write(t, "slipway.yml", ruled("voice-previews"))
	w.sha = w.push(t, "main")
	run := w.act(t, invocation{event: "push", file: "services.yml", payload: w.pushed(t)})
	want := map[string]string{"services": "voice messaging", "status": "deployed deployed", "url": ""}
	if diff := cmp.Diff(run.shown(), want); diff != "" {
		t.Errorf("outputs of a step with two services: got (-), want (+):\n%s", diff)
	}

	// What it proposes must not choose where it goes.
	asked := proposal{number: 7, base: w.sha, branch: "feature", title: "Elsewhere"}
	w.write(t, "slipway.yml", ruled("somebody-elses"))
	const times = 3
	for i := range times {
		w.write(t, filepath.Join("services", "voice", "functions", "count.js"), fmt.Sprintf("exports.handler = () => %d;\n", i))
		w.write(t, filepath.Join("services", "messaging", "functions", "count.js"), fmt.Sprintf("exports.handler = () => %d;\n", i))
		asked.head = w.push(t, asked.branch)
		action := "synchronize"
		if i == 0 {
			action = "opened"
		}
		run := w.act(t, invocation{event: "pull_request", file: "services.yml", payload: w.proposed(t, action, asked)})
		w.checkComment(t, run, action+".md", asked.head)
	}
	w.checkServices(t, "messaging pr-7", "messaging stage", "voice stage", "voice-previews pr-7")

	run = w.act(t, invocation{event: "pull_request", file: "services.yml", payload: w.proposed(t, "closed", asked)})
	w.checkComment(t, run, "closed.md", asked.head)
	w.checkServices(t, "messaging stage", "voice stage")
	for _, made := range w.github.Snapshot().Repositories[0].Deployments {
		last := made.Statuses[len(made.Statuses)-1].State
		if wanted := map[bool]string{true: "inactive", false: "success"}[made.IsTransient]; last != wanted {
			t.Errorf("the GitHub Deployment to %s ended as %s, want %s", made.Environment, last, wanted)
		}
	}
}

// checkComment wants a workflow to be green, and the pull request's only comment to be
// that of a golden file.
func (w *world) checkComment(t *testing.T, run finished, golden, head string) {
	t.Helper()
	comments := w.github.Snapshot().Repositories[0].Comments
	if !run.green || len(comments) != 1 {
		t.Fatalf("green %t with %d comments, want one", run.green, len(comments))
	}
	body := strings.ReplaceAll(comments[0].Body, fmt.Sprintf("runs/%d", 100+w.runs), "runs/RUN")
	body = strings.ReplaceAll(body, head[:7], "HEAD")
	checkGolden(t, filepath.Join("services", golden), tidied(body))
	w.checkSecrets(t, run)
}

// checkServices compares the Environments that are there behind the names of their
// Services.
func (w *world) checkServices(t *testing.T, want ...string) {
	t.Helper()
	there := w.twilio.Snapshot()
	names := make(map[string]string)
	for _, service := range there.Services {
		names[service.SID] = service.UniqueName
	}
	var got []string
	for _, one := range there.Environments {
		got = append(got, names[one.ServiceSID]+" "+one.DomainSuffix)
	}
	slices.Sort(got)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("Environments: got (-), want (+):\n%s", diff)
	}
}
