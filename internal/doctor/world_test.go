package doctor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	client "github.com/slipway-dev/slipway/internal/twilio"
)

// world is a sandbox that answers real HTTP.
type world struct {
	*twilio.Sandbox
	url string
}

func newWorld(t *testing.T, options twilio.Options) *world {
	t.Helper()
	served, err := twilio.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(served)
	t.Cleanup(func() {
		server.Close()
		if err := served.Close(); err != nil {
			t.Errorf("the sandbox has a bug: %v", err)
		}
	})
	return &world{served, server.URL}
}

// between returns a config that reaches a handler in the world's place.
func (w *world) between(t *testing.T, handler http.HandlerFunc) doctor.Config {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	cfg := w.config()
	cfg.APIURL, cfg.LiveURL = server.URL, strings.Replace(cfg.LiveURL, w.url, server.URL, 1)
	return cfg
}

// rewriting passes requests on, and answers with what change makes of the
// answers.
func (w *world) rewriting(change func(r *http.Request, answered *httptest.ResponseRecorder)) http.HandlerFunc {
	return func(answer http.ResponseWriter, r *http.Request) {
		answered := httptest.NewRecorder()
		w.ServeHTTP(answered, r)
		change(r, answered)
		answered.Header().Del("Content-Length")
		maps.Copy(answer.Header(), answered.Header())
		answer.WriteHeader(answered.Code)
		_, _ = answer.Write(answered.Body.Bytes())
	}
}

// rewritingObjects does so with the JSON objects of some calls.
func (w *world) rewritingObjects(calls string, change func(map[string]any)) http.HandlerFunc {
	return w.rewriting(func(r *http.Request, answered *httptest.ResponseRecorder) {
		var object map[string]any
		if !isCall(r, calls) || json.Unmarshal(answered.Body.Bytes(), &object) != nil {
			return
		}
		change(object)
		changed, _ := json.Marshal(object)
		answered.Body = bytes.NewBuffer(changed)
	})
}

// config reaches the world, and waits as little as it takes.
func (w *world) config() doctor.Config {
	account := twilio.DefaultAccount()
	quick := retry.Polling{Every: 25 * time.Millisecond, Steady: time.Hour, Max: 25 * time.Millisecond, Budget: 20 * time.Second}
	return doctor.Config{
		Credentials: client.Credentials{User: account.KeySID, Password: secret.New(account.KeySecret)},
		APIURL:      w.url,
		LiveURL:     w.url + twilio.LivePrefix + "{domain}",
		Retry:       retry.Policy{Initial: time.Millisecond, Max: 10 * time.Millisecond, MaxAttempts: 30, MaxElapsed: time.Minute},
		Pace:        doctor.Pace{Builds: quick, Domain: quick, Logs: quick, Deletion: 20 * time.Second, Lost: 10 * time.Millisecond},
	}
}

// wantNothingLeft checks that the account is as it was.
func (w *world) wantNothingLeft(t *testing.T, services int) {
	t.Helper()
	left := w.Snapshot()
	if len(left.Services) != services || len(left.Environments) != 0 || len(left.Functions) != 0 || len(left.Builds) != 0 {
		t.Errorf("left: %d Services, %d Environments, %d Functions, %d Builds; want %d Services and nothing else",
			len(left.Services), len(left.Environments), len(left.Functions), len(left.Builds), services)
	}
}

// fill makes Services until there are so many.
func (w *world) fill(t *testing.T, services int) {
	t.Helper()
	cfg := w.config()
	api, err := client.New(client.Config{Credentials: cfg.Credentials, APIURL: w.url})
	if err != nil {
		t.Fatal(err)
	}
	for i := range services {
		if _, err := api.CreateService(t.Context(), client.NewService{UniqueName: fmt.Sprintf("other-%d", i), FriendlyName: "x"}); err != nil {
			t.Fatal(err)
		}
	}
}
