package acceptance_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestPreviews takes a pull request from its first event to its last, by the workflows
// that users are told to copy.
func TestPreviews(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	w.write(t, ".env", "GREETING=hello\n") // which only dev gets it from
	w.sha = w.push(t, "main")
	commits := map[string]string{w.sha: "MAIN"}
	deployed := w.act(t, invocation{event: "push", file: "deploy.yml", payload: w.pushed(t)})
	w.checkRun(t, deployed, "deployed.md", commits)
	w.checkEnvironments(t, "dev GREETING=hello")

	asked := proposal{number: 7, base: w.sha, branch: "feature", title: "Say more"}
	if err := os.Remove(filepath.Join(w.repository, ".env")); err != nil {
		t.Fatal(err)
	}
	w.write(t, filepath.Join("functions", "more.js"), "exports.handler = (context, event, callback) => callback(null, 'more');\n")
	asked.head = w.push(t, asked.branch)
	commits[asked.head] = "FIRST"
	opened := w.act(t, invocation{event: "pull_request", file: "preview.yml", payload: w.proposed(t, "opened", asked)})
	w.checkRun(t, opened, "opened.md", commits)
	w.checkEnvironments(t, "dev GREETING=hello", "pr-7 GREETING=hello")

	w.write(t, filepath.Join("functions", "more.js"), "exports.handler = (context, event, callback) => callback(null, 'even more');\n")
	asked.head = w.push(t, asked.branch)
	commits[asked.head] = "SECOND"
	updated := w.act(t, invocation{event: "pull_request", file: "preview.yml", payload: w.proposed(t, "synchronize", asked)})
	w.checkRun(t, updated, "updated.md", commits)
	if got := w.checkouts(); got != 2 {
		t.Errorf("%d trees were checked out, want those of two commits", got)
	}

	asked.isMerged = true
	removed := w.act(t, invocation{event: "pull_request", file: "preview.yml", payload: w.proposed(t, "closed", asked)})
	w.checkRun(t, removed, "removed.md", commits)
	w.checkEnvironments(t, "dev GREETING=hello")
	if got := w.checkouts(); got != 2 {
		t.Error("the preview was removed with a checkout")
	}

	// One whose end nobody has told of.
	left := proposal{number: 8, base: w.sha, head: asked.head, branch: "left", title: "Left behind"}
	w.act(t, invocation{event: "pull_request", file: "preview.yml", payload: w.proposed(t, "opened", left)})
	w.proposed(t, "closed", left)
	w.checkEnvironments(t, "dev GREETING=hello", "pr-8 GREETING=hello")
	swept := w.act(t, invocation{event: "schedule", file: "sweep.yml"})
	w.checkRun(t, swept, "swept.md", commits)
	w.checkEnvironments(t, "dev GREETING=hello")
}

// checkRun wants a workflow to be green, and what GitHub shows to be that of a golden
// file.
func (w *world) checkRun(t *testing.T, run finished, golden string, commits map[string]string) {
	t.Helper()
	if !run.green {
		t.Fatalf("%s: the workflow is red", golden)
	}
	checkGolden(t, filepath.Join("previews", golden), w.told(run, commits))
	w.checkSecrets(t, run, "TWILIO_API_SECRET", "GITHUB_TOKEN")
}

// checkEnvironments compares the Environments that are there: each by its name, with
// its variables.
func (w *world) checkEnvironments(t *testing.T, want ...string) {
	t.Helper()
	there := w.twilio.Snapshot()
	var got []string
	for _, one := range there.Environments {
		words := []string{one.DomainSuffix}
		for _, variable := range there.Variables {
			if variable.EnvironmentSID == one.SID {
				words = append(words, variable.Key+"="+variable.Value)
			}
		}
		got = append(got, strings.Join(words, " "))
	}
	slices.Sort(got)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("Environments: got (-), want (+):\n%s", diff)
	}
}
