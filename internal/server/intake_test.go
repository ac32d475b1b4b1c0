package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/server"
)

var key = secret.New("key of the webhook")

// intake is one under test, in front of a queue, with all that it told.
type intake struct {
	*httptest.Server

	queue *queue.Queue
	log   bytes.Buffer
	mu    sync.Mutex
	told  []string
}

func newIntake(tb testing.TB, change ...func(*server.IntakeConfig)) *intake {
	tb.Helper()
	q, err := queue.Open(tb.Context(), queue.Config{Dir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = q.Close() })
	secrets, err := gh.NewWebhookSecrets(secret.New("the old key"), key)
	if err != nil {
		tb.Fatal(err)
	}
	made := &intake{queue: q}
	cfg := server.IntakeConfig{
		Secrets: secrets, Events: []string{gh.EventPush, gh.EventPullRequest},
		IsKnown: func(repository gh.Repository) bool { return repository.String() == "acme/voice" },
		Store: func(ctx context.Context, one queue.Delivery) (bool, error) {
			return q.Store(ctx, one, queue.Wanted{Kind: "decide", Lane: "decide " + one.Repository})
		},
		Told: func(event string, verdict server.Verdict) {
			made.mu.Lock()
			defer made.mu.Unlock()
			made.told = append(made.told, strings.TrimSpace(event+" "+string(verdict)))
		},
		Logger: slog.New(slog.NewTextHandler(&made.log, nil)),
	}
	for _, one := range change {
		one(&cfg)
	}
	made.Server = httptest.NewServer(server.NewIntake(cfg))
	tb.Cleanup(made.Close)
	return made
}

const (
	guid = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
	push = `{"ref":"refs/heads/main","repository":{"full_name":"acme/voice"}}`
)

// delivery is a request as GitHub makes it.
func delivery(tb testing.TB, to, body string) *http.Request {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, to+"/webhook", strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-GitHub-Event", "push")
	request.Header.Set("X-GitHub-Delivery", guid)
	request.Header.Set("X-Hub-Signature-256", gh.SignWebhook(key, []byte(body)))
	return request
}

// TestIntake sends what GitHub sends, and what others may.
func TestIntake(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	drop := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Del(name) }
	}
	with := func(body string) func(*http.Request) {
		return func(r *http.Request) {
			*r = *delivery(t, r.URL.Scheme+"://"+r.URL.Host, body)
		}
	}
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
		want   string // in the answer
	}{
		{"a push", func(*http.Request) {}, 202, `{"verdict":"stored"}`},
		{"a content type with a charset", set("Content-Type", "application/json; charset=UTF-8"), 202, "stored"},
		{"a signature by the older secret", set("X-Hub-Signature-256", gh.SignWebhook(secret.New("the old key"), []byte(push))), 202, "stored"},
		{"an event that nothing is done on", set("X-GitHub-Event", "star"), 202, "ignored"},
		{"a ping", func(r *http.Request) { with(`{"zen":"x"}`)(r); r.Header.Set("X-GitHub-Event", "ping") }, 202, "ignored"},
		{"another repository", with(`{"repository":{"full_name":"acme/other"}}`), 202, "ignored"},

		{"no delivery's ID", drop("X-GitHub-Delivery"), 400, "X-GitHub-Delivery"},
		{"an odd ID", set("X-GitHub-Delivery", "1; DROP TABLE deliveries"), 400, "X-GitHub-Delivery"},
		{"two IDs", func(r *http.Request) { r.Header.Add("X-GitHub-Delivery", guid) }, 400, "more than once"},
		{"no event", drop("X-GitHub-Event"), 400, "X-GitHub-Event"},
		{"an odd event", set("X-GitHub-Event", "../push"), 400, "X-GitHub-Event"},
		{"no JSON", with(`{"repository":`), 400, "not JSON"},
		{"JSON of another kind", with(`[1]`), 400, "not JSON"},
		{"nothing", with(``), 400, "not JSON"},
		{"JSON within JSON within JSON", with(strings.Repeat(`{"repository":`, 1<<18)), 400, "not JSON"},
		{"JSON deeper than a stack", with(`{"repository":{"full_name":"acme/voice"},"a":` + strings.Repeat("[", 20<<20)), 400, "not JSON"},
		{"JSON that is cut off", with(push[:len(push)-2]), 400, "not JSON"},
		{"no repository", with(`{}`), 400, "repository"},
		{"an odd repository", with(`{"repository":{"full_name":"../../etc"}}`), 400, "repository"},
		{"no length", func(r *http.Request) { r.ContentLength = -1; r.Body = io.NopCloser(strings.NewReader(push)) }, 400, "how long its body is"},

		{"no signature", drop("X-Hub-Signature-256"), 401, "not signed"},
		{"an empty signature", set("X-Hub-Signature-256", "sha256="), 401, "not signed"},
		{"another key's", set("X-Hub-Signature-256", gh.SignWebhook(secret.New("guess"), []byte(push))), 401, "not signed"},
		{"an empty key's", set("X-Hub-Signature-256", gh.SignWebhook(secret.New(""), []byte(push))), 401, "not signed"},
		{"that of another body", set("X-Hub-Signature-256", gh.SignWebhook(key, []byte(push+" "))), 401, "not signed"},
		{"one of SHA-1", func(r *http.Request) {
			r.Header.Set("X-Hub-Signature", "sha1=0123456789012345678901234567890123456789")
			r.Header.Del("X-Hub-Signature-256")
		}, 401, "not signed"},
		{"two signatures", func(r *http.Request) { r.Header.Add("X-Hub-Signature-256", "sha256=00") }, 401, "not signed"},
		{"forged, with an event that nothing is done on", func(r *http.Request) {
			r.Header.Set("X-GitHub-Event", "star")
			r.Header.Set("X-Hub-Signature-256", gh.SignWebhook(secret.New("guess"), []byte(push)))
		}, 401, "not signed"},

		{"another method", func(r *http.Request) { r.Method = http.MethodPut }, 405, "PUT"},
		{"too long", func(r *http.Request) { with(strings.Repeat(" ", 25<<20) + push)(r) }, 413, "25 MiB"},
		{"a form", set("Content-Type", "application/x-www-form-urlencoded"), 415, "application/json"},
		{"no content type", drop("Content-Type"), 415, "application/json"},
		{"two content types", set("Content-Type", "application/json, text/html"), 415, "application/json"},
		{"another charset", set("Content-Type", "application/json; charset=utf-16"), 415, "application/json"},
		{"compressed", set("Content-Encoding", "gzip"), 415, "gzip"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := newIntake(t)
			request := delivery(t, in.URL, push)
			test.change(request)
			status, answer := send(t, request)
			if status != test.status || !strings.Contains(answer, test.want) {
				t.Errorf("answered %d %s, want %d and %q", status, answer, test.status, test.want)
			}
			stored, err := in.queue.Deliveries(t.Context(), 0, 10)
			if err != nil || (len(stored) == 1) != strings.Contains(answer, "stored") {
				t.Errorf("%d were stored, %v", len(stored), err)
			}
			if said := in.log.String(); (status == 202) != (said == "") || strings.Contains(said, key.Reveal()) {
				t.Errorf("the log says %q", said)
			}
			if len(in.told) != 1 {
				t.Errorf("told were %q", in.told)
			}
		})
	}
}

func send(tb testing.TB, request *http.Request) (int, string) {
	tb.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// TestIntakeOfRepetitions sends the same again, and the same payload by another ID,
// which the signature does not cover.
func TestIntakeOfRepetitions(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	var verdicts []string
	for _, id := range []string{guid, guid, strings.ToUpper(guid), strings.Replace(guid, "7", "8", 1)} {
		request := delivery(t, in.URL, push)
		request.Header.Set("X-GitHub-Delivery", id)
		status, answer := send(t, request)
		verdicts = append(verdicts, fmt.Sprint(status, " ", answer))
	}
	again := `202 {"verdict":"duplicate"}`
	if want := []string{`202 {"verdict":"stored"}`, again, again, again}; !slices.Equal(verdicts, want) {
		t.Errorf("got  %q\nwant %q", verdicts, want)
	}
	if want := []string{"push stored", "push duplicate", "push duplicate", "push duplicate"}; !slices.Equal(in.told, want) {
		t.Errorf("told were %q", in.told)
	}
}

func TestIntakeThatCannotStore(t *testing.T) {
	t.Parallel()
	in := newIntake(t, func(cfg *server.IntakeConfig) {
		cfg.Store = func(context.Context, queue.Delivery) (bool, error) {
			return false, errors.New("disk is full at /var/lib/x")
		}
	})
	status, answer := send(t, delivery(t, in.URL, push))
	if status != 503 || answer != `{"verdict":"unstored","error":"the delivery could not be stored; send it again"}` {
		t.Errorf("answered %d %s", status, answer)
	}
	if !strings.Contains(in.log.String(), "disk is full") {
		t.Errorf("the log says %q", in.log.String())
	}
}
