package acceptance_test

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func TestReadmeWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	run := w.act(t, invocation{event: "push", file: "deploy.yml", payload: w.pushed(t)})
	if !run.green {
		t.Error("the workflow is red")
	}
	w.checkStates(t, "slipway/hello/dev", "pending", "success")
	w.checkSecrets(t, run, "TWILIO_API_SECRET", "GITHUB_TOKEN")
	checkGolden(t, "summary.md", tidied(run.summary()))
}

// TestEventWithoutPayload runs the workflow as a user of act does: its event is an
// empty object, so only the variables of the runner say what it is about.
func TestEventWithoutPayload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	run := w.act(t, invocation{event: "push", file: "deploy.yml"})
	if !run.green {
		t.Error("the workflow is red")
	}
	w.checkStates(t, "slipway/hello/dev", "pending", "success")
	w.checkSecrets(t, run, "TWILIO_API_SECRET", "GITHUB_TOKEN")
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	run := w.act(t, invocation{
		event: "push", file: "outputs.yml", payload: w.pushed(t),
		args: []string{"--env", "SLIPWAY_LIVE_URL=" + w.twilioURL + "/_live/{domain}"},
	})
	if !run.green {
		t.Error("the workflow is red")
	}
	made := w.twilio.Snapshot()
	if len(made.Environments) != 1 || len(made.Deployments) != 1 {
		t.Fatalf("got the world %+v, want one Environment and one Deployment", made)
	}
	live := made.Environments[0]
	address := w.twilioURL + "/_live/" + live.DomainName
	want := map[string]string{
		"deployment-url": address, "url": address, "domain": live.DomainName,
		"service-sid": live.ServiceSID, "environment-sid": live.SID, "environment-name": "dev",
		"build-sid": live.BuildSID, "previous-build-sid": "", "deployment-sid": made.Deployments[0].SID,
		"status": "deployed", "changed": "true",
		"result.build_sid": live.BuildSID, "result.status": "deployed", "result.error.reason": "",
		"masked": "",
	}
	if diff := cmp.Diff(run.shown(), want); diff != "" {
		t.Errorf("outputs in the next step: got (-), want (+):\n%s", diff)
	}
	variables := make(map[string]string)
	for _, variable := range made.Variables {
		variables[variable.Key] = variable.Value
	}
	if diff := cmp.Diff(variables, map[string]string{"GREETING": "hello", "SENTRY_DSN": w.secrets["SENTRY_DSN"]}); diff != "" {
		t.Errorf("variables: got (-), want (+):\n%s", diff)
	}
	w.checkStates(t, "slipway/hello/dev", "pending", "success")
	w.checkSecrets(t, run, "TWILIO_API_SECRET", "GITHUB_TOKEN")

	response, err := http.Get(address + "/hello")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the output url answers %s at /hello", response.Status)
	}
}

func TestMasksReachLaterSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	derived := base64.StdEncoding.EncodeToString([]byte(w.secrets["TWILIO_API_KEY"] + ":" + w.secrets["TWILIO_API_SECRET"]))
	run := w.act(t, invocation{event: "push", file: "outputs.yml", masks: true, args: []string{"--env", "DERIVED=" + derived}})
	// How much of it disappears depends on the order in which a runner replaces.
	if got := run.shown()["masked"]; got == derived || !strings.Contains(got, "***") {
		t.Errorf("a later step shows what credentials are sent as: %q", got)
	}
	w.checkSecrets(t, run)
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	run := w.act(t, invocation{event: "workflow_dispatch", file: "outputs.yml", payload: w.dispatched(t, "stage")})
	if !run.green {
		t.Error("the workflow is red")
	}
	if got := run.shown()["environment-name"]; got != "stage" {
		t.Errorf("got the environment %q, want stage", got)
	}
	w.checkStates(t, "slipway/hello/stage", "pending", "success")
	w.checkSecrets(t, run, "TWILIO_API_SECRET", "GITHUB_TOKEN")
}

func TestFailedBuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{FailBuilds: true})
	run := w.act(t, invocation{event: "push", file: "outputs.yml", payload: w.pushed(t)})
	if run.green {
		t.Error("the workflow is green")
	}
	if got, want := run.exitCode(), "4"; got != want {
		t.Errorf("the Action exited with %s, want %s", got, want)
	}
	w.checkStates(t, "slipway/hello/dev", "pending", "failure")
	w.checkSecrets(t, run, "TWILIO_API_SECRET", "GITHUB_TOKEN")
	builds := w.twilio.Snapshot().Builds
	if len(builds) != 1 {
		t.Fatalf("got %d Builds, want 1", len(builds))
	}
	if last := run.lastLines("deploy", 8); !strings.Contains(last, builds[0].SID) || !strings.Contains(last, "build failed") {
		t.Errorf("the log's last lines do not tell that Build %s failed:\n%s", builds[0].SID, last)
	}
	shown := run.shown()
	got := []string{shown["status"], shown["changed"], shown["build-sid"], shown["result.status"], shown["result.error.reason"]}
	if diff := cmp.Diff(got, []string{"failed", "false", builds[0].SID, "failed", "build-failed"}); diff != "" {
		t.Errorf("outputs of a failure: got (-), want (+):\n%s", diff)
	}
	if summary := run.summary(); !strings.Contains(summary, builds[0].SID) {
		t.Errorf("the summary does not name the Build:\n%s", summary)
	}
}

func TestMissingSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	delete(w.secrets, "TWILIO_API_KEY")
	delete(w.secrets, "TWILIO_API_SECRET")
	run := w.act(t, invocation{event: "push", file: "deploy.yml", payload: w.pushed(t)})
	if run.green {
		t.Error("the workflow is green")
	}
	if got, want := run.exitCode(), "2"; got != want {
		t.Errorf("the Action exited with %s, want %s", got, want)
	}
	named := regexp.MustCompile(`(?i)api[-_]key.*api[-_]secret`)
	if last := run.lastLines("deploy", 8); !named.MatchString(last) {
		t.Errorf("the log's last lines do not name what is missing:\n%s", last)
	}
	states := w.statuses()
	if len(states) == 0 || states[len(states)-1].State != "failure" || states[len(states)-1].Context != "slipway/hello/dev" {
		t.Errorf("got the statuses %+v, want the last to be a failure of slipway/hello/dev", states)
	}
	if calls := w.called(); len(calls) > 0 {
		t.Errorf("Twilio was called without credentials: %q", calls)
	}
	w.checkSecrets(t, run, "GITHUB_TOKEN")
}

// TestCancelled interrupts the container as a runner does when a run is
// cancelled: its Docker client hands the signal on. act itself does not, and
// leaves the container behind.
func TestCancelled(t *testing.T) {
	t.Parallel()
	const within = 5 * time.Second
	w := newWorld(t, twilio.Options{BuildTime: time.Hour})
	started := w.start(t, invocation{event: "push", file: "deploy.yml", payload: w.pushed(t)})
	w.waitFor(t, "a Build and a pending status", func() bool {
		return slices.Contains(w.called(), "CreateBuild") && len(w.statuses()) > 0
	})
	found := containers(t, "label="+w.label, "ancestor="+image(t))
	if len(found) != 1 {
		t.Fatalf("got the containers %q, want one", found)
	}
	signalled := time.Now()
	if _, err := docker(t.Context(), "kill", "--signal", "INT", found[0]); err != nil {
		t.Fatal(err)
	}
	w.waitFor(t, "a final status", func() bool { return len(w.statuses()) > 1 })
	took := time.Since(signalled)
	t.Logf("the final status came after %s, ceiling %s", took.Round(time.Millisecond), within)
	if took > within {
		t.Errorf("the final status came after %s, want it within %s", took, within)
	}
	run := started.wait(t)
	if took := time.Since(signalled); took > 2*within {
		t.Errorf("the step ended after %s", took)
	}
	if got, want := run.exitCode(), "130"; got != want {
		t.Errorf("the Action exited with %s, want %s", got, want)
	}
	w.checkStates(t, "slipway/hello/dev", "pending", "error")
	w.checkSecrets(t, run, "TWILIO_API_SECRET", "GITHUB_TOKEN")
}
