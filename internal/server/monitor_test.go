package server_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	twilio "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// look asks the admin listener, by a name that it does not know.
func (w *world) look(path string) (status int, text string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.admin.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Host = "slipway.monitoring.svc:8081"
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// wantReady waits until /readyz says so.
func (w *world) wantReady(status int, want string) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		got, text := w.look("/readyz")
		if got == status && text == want {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("answered %d %s, want %d %s", got, text, status, want)
		}
		select {
		case <-w.t.Context().Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestReadyz looks at each part that is not ready.
func TestReadyz(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.wantReady(200, "ready\ndatabase: ok\nserver.yml: ok\nworkers: ok\n")

	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct{ text, want string }{
		{"version: 2\n", "ready\ndatabase: ok\nserver.yml: broken; what it said before holds, and the log says what is wrong\nworkers: ok\n"},
		{string(text), "ready\ndatabase: ok\nserver.yml: ok\nworkers: ok\n"},
	} {
		if err := os.WriteFile(w.config, []byte(one.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, _ = w.grants.Reload()
		w.wantReady(200, one.want)
	}

	w.stop()
	w.wantReady(503, "not ready\ndatabase: ok\nserver.yml: ok\nworkers: stopping; Jobs that run come to the end of a Step\n")
	if err := w.queue.Close(); err != nil {
		t.Fatal(err)
	}
	w.wantReady(503, "not ready\ndatabase: cannot be written to; the log says why\nserver.yml: ok\nworkers: stopping; Jobs that run come to the end of a Step\n")
	if !strings.Contains(w.log.String(), "the database cannot be written to") {
		t.Error("the log does not say why the database cannot be written to")
	}
}

// TestMetrics deploys, and looks at what was counted: all that there was to count, and
// neither a secret nor a repository's name.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.push("main", project())
	w.deliver("ping", []byte(`{"zen": "x", "repository": {"full_name": "acme/voice"}}`))
	forged := delivery(t, w.intake.URL, `{}`)
	forged.Header.Set("X-GitHub-Event", "made_up")
	forged.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	if status, answer := send(t, forged); status != http.StatusUnauthorized {
		t.Fatalf("answered %d %s", status, answer)
	}
	w.settle()

	status, text := w.look("/metrics")
	if status != http.StatusOK {
		t.Fatalf("answered %d %s", status, text)
	}
	for _, want := range []string{
		`slipway_deliveries_total{event="push",verdict="stored"} 1`,
		`slipway_deliveries_total{event="other",verdict="ignored"} 1`,
		`slipway_deliveries_total{event="unverified",verdict="refused"} 1`,
		`slipway_delivery_store_duration_seconds_count 1`,
		`slipway_decisions_total{verdict="queued"} 1`,
		`slipway_jobs_ended_total{kind="decide",outcome="done"} 1`,
		`slipway_jobs_ended_total{kind="run",outcome="done"} 1`,
		`slipway_jobs_ended_total{kind="tell",outcome="done"} 1`,
		`slipway_jobs{kind="run",state="running"} 0`,
		`slipway_queue_age_seconds{kind="run"} 0`,
		`slipway_step_duration_seconds_count{outcome="done",step="activate"} 1`,
		`slipway_api_calls_total{method="POST",platform="twilio",status="201"} `,
		`slipway_api_calls_total{method="POST",platform="github",status="201"} `,
		`slipway_github_rate_limit_remaining{installation="token"} `,
		`slipway_server_yml_last_read_successful 1`,
		`process_resident_memory_bytes `,
		`go_goroutines `,
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("%s is not there", want)
		}
	}
	for _, secret := range []string{"acme", "voice", "made_up", "ping", "dsn-of-", key.Reveal(), twilio.DefaultAccount().KeySecret, github.DefaultToken().Value} {
		if strings.Contains(text, secret) {
			t.Errorf("the metrics have %q", secret)
		}
	}
}
