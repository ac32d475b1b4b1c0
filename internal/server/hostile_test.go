package server_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// decided is what came of the newest Delivery, in a line.
func (w *world) decided() string {
	w.t.Helper()
	w.settle()
	newest, err := w.queue.Deliveries(w.t.Context(), 0, 1)
	if err != nil || len(newest) != 1 {
		w.t.Fatal(newest, err)
	}
	return newest[0].Verdict + " " + newest[0].Reason
}

// TestForkIsNotDeployed has the pull request of a fork in each state.
func TestForkIsNotDeployed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.push("main", project())
	w.settle()
	before, statuses := w.live(), len(w.statuses())
	head := w.push("eve", project("functions/evil.js", "exports.handler = 1"))
	w.settle()
	for _, action := range []string{"opened", "synchronize", "reopened", "closed"} {
		w.pullOf(github.PullRequest{Number: 7, HeadSHA: head, HeadRef: "main", HeadRepository: "eve/voice", BaseSHA: base}, action)
		if got := w.decided(); !strings.HasPrefix(got, "skipped pull request 7 comes from a fork") && action != "closed" {
			t.Errorf("%s: %s", action, got)
		}
	}
	if got := w.live(); !slices.Equal(got, before) || len(w.statuses()) != statuses {
		t.Errorf("live are %v, and the statuses %v", got, w.statuses())
	}
}

// TestHeadDoesNotChooseWhereItGoes proposes, with the code, other rules and files by
// which Twilio's own tools choose: the base's hold.
func TestHeadDoesNotChooseWhereItGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const proposed = `version: 1
services:
  voice:
    service: billing
    variables: [DSN, KEY]
    environments:
      production: {on: {branch: [main, feature]}}
      stage: {on: {branch: "*"}}
    previews: {service: production}
`
	rules := strings.Replace(project()["slipway.yml"], "    variables: [DSN]\n", "", 1)
	base := w.push("main", project("slipway.yml", rules))
	w.settle()
	head, err := w.github.Push("acme/voice", github.Push{Branch: "feature", Message: "trust me", Login: "eve", Files: project(
		"slipway.yml", proposed, ".twilioserverlessrc", `{"serviceName": "billing", "environment": "production"}`, ".twiliodeployinfo", "{}",
	)})
	if err != nil {
		t.Fatal(err)
	}
	w.pull("opened", head.SHA, base)
	if got := w.decided(); !strings.HasPrefix(got, "queued preview voice to pr-7") {
		t.Error(got)
	}
	if got := w.live(); !slices.Equal(got, []string{"pr-7-environment", "stage-environment"}) {
		t.Errorf("live are %v\n%s", got, w.log.String())
	}
	snapshot := w.twilio.Snapshot()
	if len(snapshot.Services) != 1 || snapshot.Services[0].UniqueName != "voice" || len(snapshot.Variables) > 0 {
		t.Errorf("there are %+v with %+v", snapshot.Services, snapshot.Variables)
	}
}

// TestAddressesOfPayloadsAreNotAsked has every address in a payload, and those that
// rules may name, lead to an attacker's host.
func TestAddressesOfPayloadsAreNotAsked(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(evil.Close)
	w := newWorld(t)
	pushed, err := w.github.Push("acme/voice", github.Push{Files: project(), Message: "see " + evil.URL, Login: "eve"})
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`(https?|git|ssh)://[^"{ ]+`)
	payload := address.ReplaceAll(pushed.Payload, []byte(evil.URL))
	if found := len(address.FindAll(payload, -1)); found < 10 {
		t.Fatalf("the payload has %d addresses", found)
	}
	w.deliver("push", payload)
	if got := w.decided(); got != "queued deploy voice to stage" {
		t.Error(got)
	}
	w.wantStatus(pushed.SHA, "slipway/voice/stage", "success")
	for _, rule := range []string{
		"health-check: " + evil.URL, "health-check: //" + strings.TrimPrefix(evil.URL, "http://"), "api-url: " + evil.URL, "upload-url: " + evil.URL,
		"live-url: " + evil.URL, "region: " + strings.TrimPrefix(evil.URL, "http://"),
	} {
		sha := w.push("main", project("slipway.yml", "version: 1\nservices: {voice: {"+rule+", environments: {stage: {on: {branch: main}}}}}\n"))
		verdict, status := w.decided(), w.statuses()[sha[:7]+" slipway/voice/stage"]
		if !strings.HasPrefix(verdict, "refused slipway.yml:2:") && !strings.HasPrefix(status, "failure Problem in the input: health-check ") {
			t.Errorf("%s: %s, %s", rule, verdict, status)
		}
	}
	if asked.Load() > 0 {
		t.Errorf("the attacker's host was asked %d times\n%s", asked.Load(), w.log.String())
	}
}

// TestReplay sends an old body under a new ID: while it is known, and once it has been
// forgotten.
func TestReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, err := w.github.Push("acme/voice", github.Push{Files: project(), Message: "old", Login: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	w.deliver("push", old.Payload)
	w.settle()
	newer := w.push("main", project("functions/hello.js", "exports.handler = 2"))
	w.settle()
	builds := w.twilio.Snapshot().Environments[0].BuildSID
	w.deliver("push", old.Payload)
	w.settle()
	if all, err := w.queue.Deliveries(t.Context(), 0, 10); err != nil || len(all) != 2 {
		t.Errorf("%d Deliveries were stored, %v", len(all), err)
	}
	if _, _, err := w.queue.Trim(t.Context(), queue.Keep{For: -1e12}); err != nil {
		t.Fatal(err)
	}
	w.deliver("push", old.Payload)
	if got := w.decided(); got != "queued deploy voice to stage, superseded by commit "+newer[:7] {
		t.Error(got)
	}
	if got := w.twilio.Snapshot().Environments[0].BuildSID; got != builds {
		t.Errorf("live is %s, and was %s", got, builds)
	}
}

// TestPublicAddressServesNothingElse asks there for what the admin listener has.
func TestPublicAddressServesNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	public := httptest.NewServer(w.server.Handler())
	t.Cleanup(public.Close)
	for path, want := range map[string]int{
		"/healthz": 200, "/webhook": 405, "/": 404, "/metrics": 404, "/readyz": 404, "/api/jobs": 404, "/api/jobs/1": 404, "/jobs/1": 404, "/debug/pprof/": 404,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, public.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := send(t, request); status != want {
			t.Errorf("%s answered %d %s", path, status, answer)
		}
	}
}
