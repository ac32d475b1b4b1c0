package foreign_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/server"
)

// sent is a payload as GitHub has sent it, byte by byte.
type sent struct {
	event, name string
	body        []byte
}

// everyPayload is each of @octokit/webhooks-examples: those of GitHub, and those of each
// GitHub Enterprise Server that it has.
func everyPayload(t *testing.T) []sent {
	t.Helper()
	needs(t, "npm")
	modules, err := installNode()
	if err != nil {
		t.Fatalf("install testdata/node: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(modules, "@octokit", "webhooks-examples", "*", "index.json"))
	if err != nil || len(files) < 6 {
		t.Fatalf("the package has %d versions, %v", len(files), err)
	}
	var all []sent
	for _, file := range files {
		text, err := os.ReadFile(file)
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
		for _, event := range read {
			for i, body := range event.Examples {
				all = append(all, sent{event.Name, fmt.Sprintf("%s %s %d", filepath.Base(filepath.Dir(file)), event.Name, i), body})
			}
		}
	}
	if len(all) < 700 {
		t.Fatalf("%d payloads are not all", len(all))
	}
	return all
}

// webhookServer serves the repository that the examples are about, whose slipway.yml
// has something done on everything that may be done on. What the examples name is there.
func webhookServer(t *testing.T, key secret.String, log io.Writer) (address string, kept *queue.Queue) {
	t.Helper()
	const owner, name, rules = "Codertocat", "Hello-World", `version: 1
services:
  hello:
    environments:
      stage: {on: {branch: master}}
      qa: {on: {tag: "*"}}
      production: {on: {release: true}, promote-from: stage}
    previews: {}
`
	hub, err := github.New(github.Options{AssumePushed: true, Repositories: []github.Repository{
		{Owner: owner, Name: name, Commits: []github.Commit{{SHA: strings.Repeat("a", 40)}, {SHA: strings.Repeat("b", 40)}}, PullRequests: []github.PullRequest{{Number: 2, HeadSHA: strings.Repeat("a", 40), HeadRef: "changes", BaseSHA: strings.Repeat("b", 40)}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	routes := http.NewServeMux()
	routes.Handle("/", hub)
	routes.HandleFunc("GET /repos/"+owner+"/"+name+"/contents/slipway.yml", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "file", "size": len(rules), "sha": strings.Repeat("c", 40), "encoding": "", "content": rules})
	})
	routes.HandleFunc("GET /repos/"+owner+"/"+name+"/commits/tags/{tag}", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"sha": strings.Repeat("d", 40)})
	})
	api := httptest.NewServer(routes)
	t.Cleanup(api.Close)
	platform, err := twilio.New(twilio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	account := httptest.NewServer(platform)
	t.Cleanup(account.Close)

	credentials := map[string]string{"KEY": twilio.DefaultAccount().KeySID, "SECRET": twilio.DefaultAccount().KeySecret}
	getenv := func(name string) string { return credentials[name] }
	dir := t.TempDir()
	file := filepath.Join(dir, "server.yml")
	if err := os.WriteFile(file, fmt.Appendf(nil, `version: 1
repositories:
  %s/%s:
    accounts: {main: {api-key: {env: KEY}, api-secret: {env: SECRET}, api-url: %q}}
    services: {hello: {environments: [stage, qa, production], previews: true}}
`, owner, name, account.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	held, _, err := grants.Hold(file, getenv)
	if err != nil {
		t.Fatal(err)
	}
	clients, err := gh.NewClients(gh.Config{Token: secret.New(github.DefaultToken().Value), APIURL: api.URL}, gh.App{})
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := gh.NewWebhookSecrets(key)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err = queue.Open(t.Context(), queue.Config{Dir: filepath.Join(dir, "data")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	made, err := server.New(server.Config{
		Queue: kept, Grants: held, Clients: clients, Secrets: secrets, Data: filepath.Join(dir, "data"), Getenv: getenv,
		UserAgent: "test", Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := server.Listen(t.Context(), "listen", "127.0.0.1:0", getenv)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- made.Serve(ctx, server.Listeners{Public: listener}, 10*time.Second) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String(), kept
}

// TestEveryPayloadIsAnswered signs and delivers each payload that GitHub is known to
// send. Each has the answer that it is to have, and what is stored is decided: without a
// panic, and not tried again and again.
func TestEveryPayloadIsAnswered(t *testing.T) {
	t.Parallel()
	key := secret.New("key of the webhook")
	var log bytes.Buffer
	address, kept := webhookServer(t, key, &log)
	all := everyPayload(t)
	client := &http.Client{}
	defer client.CloseIdleConnections()
	counts := map[server.Verdict]int{}
	bodies := map[string]bool{}
	for i, one := range all {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/webhook", bytes.NewReader(one.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-GitHub-Event", one.event)
		request.Header.Set("X-GitHub-Delivery", fmt.Sprintf("%08d-cc78-11e3-81ab-4c9367dc0958", i))
		request.Header.Set("X-Hub-Signature-256", gh.SignWebhook(key, one.body))
		response, err := client.Do(request)
		if err != nil {
			t.Fatalf("%s: %v", one.name, err)
		}
		var answer struct {
			Verdict server.Verdict `json:"verdict"`
		}
		err = json.NewDecoder(response.Body).Decode(&answer)
		_ = response.Body.Close()
		want := server.Ignored
		if slices.Contains([]string{"push", "pull_request", "release"}, one.event) {
			want = server.Stored
			if bodies[string(one.body)] {
				want = server.Duplicate
			}
			bodies[string(one.body)] = true
		}
		if err != nil || response.StatusCode != http.StatusAccepted || answer.Verdict != want {
			t.Errorf("%s: answered %d %q, %v; want 202 %q", one.name, response.StatusCode, answer.Verdict, err, want)
		}
		counts[answer.Verdict]++
	}
	if counts[server.Stored] < 50 || counts[server.Duplicate] < 10 || counts[server.Ignored] < 500 {
		t.Errorf("the verdicts are %v", counts)
	}

	waitForJobs(t, kept)
	deliveries, err := kept.Deliveries(t.Context(), 0, 1000)
	if err != nil || len(deliveries) != counts[server.Stored] {
		t.Errorf("%d Deliveries are kept of %d, %v", len(deliveries), counts[server.Stored], err)
	}
	verdicts := map[string]int{}
	for _, one := range deliveries {
		if verdicts[one.Verdict]++; one.DecidedAt.IsZero() || one.Verdict != "queued" && one.Verdict != "skipped" {
			t.Errorf("%s is %q: %s", one.Event, one.Verdict, one.Reason)
		}
	}
	t.Logf("of %d payloads the verdicts are %v, and of what is stored %v", len(all), counts, verdicts)
	if verdicts["queued"] < 5 || verdicts["skipped"] < 5 {
		t.Errorf("decided are %v", verdicts)
	}
	if strings.Contains(log.String(), "panic") {
		t.Error(log.String())
	}
}

// waitForJobs waits until none is left, and gives up on those that are tried again later.
func waitForJobs(t *testing.T, kept *queue.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		left, err := kept.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("left are %+v", left)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
