package metrics_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/metrics"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

var goVersion = runtime.Version()

func newMetrics() *metrics.Metrics {
	return metrics.New(metrics.Config{
		Version: "1.2.3", Commit: "abc", Logger: slog.New(slog.DiscardHandler),
		Labels: metrics.Labels{Events: []string{"push"}, Verdicts: []string{"stored", "refused"}, Decisions: []string{"queued"}, Kinds: []string{"run"}},
	})
}

// scrape reads the metrics as Prometheus does.
func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK || !strings.HasPrefix(answer.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("answered %d %s", answer.Code, answer.Header().Get("Content-Type"))
	}
	return answer.Body.String()
}

// own are the lines of Slipway's own metrics, less histograms' buckets and sums, and
// less what is 0.
func own(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "slipway_") && !strings.HasSuffix(line, " 0") && !regexp.MustCompile(`_(bucket|sum)[{ ]`).MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

func wantLines(t *testing.T, text string, want ...string) {
	t.Helper()
	want = append(want, fmt.Sprintf(`slipway_build_info{commit="abc",go=%q,version="1.2.3"} 1`, goVersion))
	slices.Sort(want)
	if diff := cmp.Diff(want, own(text)); diff != "" {
		t.Errorf("the metrics are others (-want +got):\n%s", diff)
	}
}

// TestCounted tells of each thing there is, and looks for it.
func TestCounted(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	for _, event := range []string{"push", "", "ping", "made_up_1", "made_up_2"} {
		m.Delivered(event, "refused")
	}
	m.TwilioCalled(twilio.Call{Method: "GET", Status: 429})
	m.TwilioCalled(twilio.Call{Method: "POST"})
	m.TwilioRepeated(retry.Wait{})
	m.GitHubCalled(gh.Call{Method: "GET", Status: 200, Signer: "7", Left: 4000, Resets: time.Now().Add(time.Hour)})
	m.GitHubRepeated(retry.Wait{})
	hooks := m.OfQueue()
	hooks.Stored(time.Millisecond)
	hooks.Decided("queued")
	hooks.Ended("run", queue.Superseded)
	hooks.Again("run")
	hooks.Stepped("upload", time.Second, nil)
	hooks.Stepped("upload", time.Second, errors.New("no"))
	wantLines(t, scrape(t, m),
		`slipway_deliveries_total{event="push",verdict="refused"} 1`,
		`slipway_deliveries_total{event="unverified",verdict="refused"} 1`,
		`slipway_deliveries_total{event="other",verdict="refused"} 3`,
		`slipway_api_calls_total{method="GET",platform="github",status="200"} 1`,
		`slipway_api_calls_total{method="GET",platform="twilio",status="429"} 1`,
		`slipway_api_calls_total{method="POST",platform="twilio",status="none"} 1`,
		`slipway_api_retries_total{platform="github"} 1`,
		`slipway_api_retries_total{platform="twilio"} 1`,
		`slipway_github_rate_limit_remaining{installation="7"} 4000`,
		`slipway_delivery_store_duration_seconds_count 1`,
		`slipway_decisions_total{verdict="queued"} 1`,
		`slipway_jobs_ended_total{kind="run",outcome="superseded"} 1`,
		`slipway_job_retries_total{kind="run"} 1`,
		`slipway_step_duration_seconds_count{outcome="done",step="upload"} 1`,
		`slipway_step_duration_seconds_count{outcome="failed",step="upload"} 1`,
	)
}

// TestThereFromTheStart looks for the series whose first increase an alert is to see.
func TestThereFromTheStart(t *testing.T) {
	t.Parallel()
	text := scrape(t, newMetrics())
	for _, want := range []string{
		`slipway_deliveries_total{event="push",verdict="stored"} 0`,
		`slipway_decisions_total{verdict="queued"} 0`,
		`slipway_jobs_ended_total{kind="run",outcome="failed"} 0`,
		`slipway_job_retries_total{kind="run"} 0`,
		`slipway_api_retries_total{platform="github"} 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is not there", want)
		}
	}
}

// TestRates follows what is left of the rate limit as answers come, in whatever order.
func TestRates(t *testing.T) {
	t.Parallel()
	m, now := newMetrics(), time.Now()
	for _, call := range []gh.Call{
		{Signer: "in-order", Left: 10, Resets: now.Add(time.Hour)},
		{Signer: "in-order", Left: 9, Resets: now.Add(time.Hour)},
		{Signer: "overtaken", Left: 5, Resets: now.Add(time.Hour)},
		{Signer: "overtaken", Left: 6, Resets: now.Add(time.Hour)},
		{Signer: "next-window", Left: 1, Resets: now.Add(time.Minute)},
		{Signer: "next-window", Left: 4999, Resets: now.Add(time.Hour)},
		{Signer: "next-window", Left: 2, Resets: now.Add(time.Minute)},
		{Signer: "ended", Left: 3, Resets: now.Add(-time.Second)},
		{Signer: "untold"},
	} {
		call.Method, call.Status = "GET", 200
		m.GitHubCalled(call)
	}
	wantLines(t, scrape(t, m),
		`slipway_api_calls_total{method="GET",platform="github",status="200"} 9`,
		`slipway_github_rate_limit_remaining{installation="in-order"} 9`,
		`slipway_github_rate_limit_remaining{installation="next-window"} 4999`,
		`slipway_github_rate_limit_remaining{installation="overtaken"} 5`,
	)
}

// TestRatesAreBounded has more installations than are shown: those with the least left
// are.
func TestRatesAreBounded(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	for i := range 300 {
		m.GitHubCalled(gh.Call{Method: "GET", Status: 200, Signer: strconv.Itoa(i), Left: 5000 - i, Resets: time.Now().Add(time.Hour)})
	}
	text := scrape(t, m)
	if got := strings.Count(text, "slipway_github_rate_limit_remaining{"); got != 100 {
		t.Errorf("%d installations are shown, want 100", got)
	}
	if !strings.Contains(text, `{installation="299"} 4701`) || strings.Contains(text, `{installation="199"}`) {
		t.Error("those with the least left are not those that are shown")
	}
}

// TestQueueIsWatched counts what is in a queue, by kind and state, and its age.
func TestQueueIsWatched(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	q, err := queue.Open(t.Context(), queue.Config{Dir: t.TempDir(), Hooks: m.OfQueue()})
	if err != nil {
		t.Fatal(err)
	}
	var kept error
	m.Watch(q, func() error { return kept })
	for _, one := range []struct {
		kept error
		want string
	}{{nil, "1"}, {errors.New("broken"), "0"}} {
		if kept = one.kept; !strings.Contains(scrape(t, m), "\nslipway_server_yml_last_read_successful "+one.want+"\n") {
			t.Errorf("with a server.yml that is %v it does not tell %s", kept, one.want)
		}
	}
	if text := scrape(t, m); !strings.Contains(text, `slipway_queue_age_seconds{kind="run"} 0`+"\n") || !strings.Contains(text, `slipway_jobs{kind="run",state="running"} 0`+"\n") {
		t.Errorf("of an empty queue it tells\n%s", text)
	}
	if _, err := q.Add(t.Context(), queue.Wanted{Kind: "run", Lane: "a"}, queue.Wanted{Kind: "run", Lane: "a"}, queue.Wanted{Kind: "run", Lane: "b"}); err != nil {
		t.Fatal(err)
	}
	text := scrape(t, m)
	for _, want := range []string{`slipway_jobs{kind="run",state="ready"} 2`, `slipway_jobs{kind="run",state="waiting"} 1`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is not there", want)
		}
	}
	if !regexp.MustCompile(`(?m)^slipway_queue_age_seconds\{kind="run"\} (0\.|[1-9])`).MatchString(text) {
		t.Error("the oldest Job has no age")
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if text := scrape(t, m); !strings.Contains(text, "slipway_build_info") || strings.Contains(text, "slipway_jobs{") {
		t.Errorf("with the queue closed it tells\n%s", text)
	}
}

// TestPageHasTheMetrics holds the table of docs/server.md to what is told.
func TestPageHasTheMetrics(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	q, err := queue.Open(t.Context(), queue.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	m.Watch(q, func() error { return nil })
	m.OfQueue().Stepped("upload", time.Second, nil)
	m.TwilioCalled(twilio.Call{Method: "GET", Status: 200})
	m.GitHubCalled(gh.Call{Method: "GET", Status: 200, Signer: "7", Resets: time.Now().Add(time.Hour)})
	told := map[string]string{} // name and kind
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (slipway_\w+) (\w+)$`).FindAllStringSubmatch(scrape(t, m), -1) {
		told[found[1]] = found[2]
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "server.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Metrics\n")
	section, _, _ = strings.Cut(section, "\n## ")
	written := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(slipway_\\w+)` \\| (\\w+) \\|").FindAllStringSubmatch(section, -1) {
		written[row[1]] = row[2]
	}
	if diff := cmp.Diff(told, written); diff != "" {
		t.Errorf("docs/server.md has other metrics in its table (-told +written):\n%s", diff)
	}
	for _, name := range regexp.MustCompile(`slipway_\w+`).FindAllString(string(text), -1) {
		if base := regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(name, ""); told[name] == "" && told[base] != "histogram" {
			t.Errorf("docs/server.md names %s, which is not told", name)
		}
	}
}
