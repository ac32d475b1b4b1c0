package acceptance_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestReleases runs every command of the Action in the steps of one job.
func TestReleases(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	run := w.act(t, invocation{event: "push", file: "releases.yml", payload: w.pushed(t)})
	if !run.green {
		t.Error("the workflow is red")
	}
	want := map[string]string{
		"early": "failed bad-input", "plan": "planned", "first": "deployed", "tested": "promoted true",
		"second": "deployed", "named": "promoted true", "back": "rolled-back true", "forth": "rolled-back true",
		"gone": "torn-down true",
	}
	if diff := cmp.Diff(run.shown(), want); diff != "" {
		t.Errorf("what the steps ended with: got (-), want (+):\n%s", diff)
	}
	builds := 0
	for _, call := range w.called() {
		if call == "CreateBuild" {
			builds++
		}
	}
	if builds != 2 {
		t.Errorf("%d Builds were made, want 2", builds)
	}
	last := make(map[string]string)
	for _, status := range w.statuses() {
		last[status.Context] = status.State
	}
	if diff := cmp.Diff(last, map[string]string{"slipway/hello/dev": "success", "slipway/hello/stage": "success"}); diff != "" {
		t.Errorf("the commit's statuses: got (-), want (+):\n%s", diff)
	}
	if left := w.twilio.Snapshot().Environments; len(left) != 1 || left[0].DomainSuffix != "dev" || left[0].BuildSID == "" {
		t.Errorf("these Environments are left: %+v", left)
	}
	w.checkSecrets(t, run, "TWILIO_API_SECRET", "GITHUB_TOKEN")
}
