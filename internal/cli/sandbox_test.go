package cli

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func newSandboxes(t *testing.T, input sandboxInput) *sandboxes {
	t.Helper()
	served, err := openSandboxes(t.Context(), input, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := served.Close(); err != nil {
			t.Error(err)
		}
	})
	return served
}

// getRepository asks GitHub's sandbox for a repository that nobody has pushed
// to. A connection that is cut has the status 0.
func getRepository(t *testing.T, served *sandboxes) (status int) {
	t.Helper()
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v3/repos/acme/voice", nil)
	request.Header.Set("User-Agent", "test")
	request.Header.Set("Authorization", "Bearer "+github.DefaultToken().Value)
	defer func() {
		if met := recover(); met != nil {
			if met != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
				panic(met)
			}
			status = 0
		}
	}()
	served.ServeHTTP(recorder, request)
	return recorder.Code
}

func TestSandboxesShareTheListener(t *testing.T) {
	t.Parallel()
	both := newSandboxes(t, sandboxInput{withGitHub: true})
	twilioAlone := newSandboxes(t, sandboxInput{})
	for _, test := range []struct {
		name, host, path string
		on               *sandboxes
		wantGitHub       bool
	}{
		{"GitHub's API", "127.0.0.1", "/api/v3/repos/acme/voice", both, true},
		{"its root", "127.0.0.1", "/api/v3", both, true},
		{"another version", "127.0.0.1", "/api/v30/repos/acme/voice", both, false},
		{"Twilio's API", "127.0.0.1", "/v1/Services", both, false},
		{"a deployed domain", "voice-1234-dev.twil.io", "/api/v3/users", both, false},
		{"a deployed domain's path", "127.0.0.1", twilio.LivePrefix + "voice-1234-dev.twil.io/api/v3/users", both, false},
		{"without --github", "127.0.0.1", "/api/v3/repos/acme/voice", twilioAlone, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			recorder := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+test.host+test.path, nil)
			test.on.ServeHTTP(recorder, request)
			if isGitHub := recorder.Header().Get("X-GitHub-Request-Id") != ""; isGitHub != test.wantGitHub {
				t.Errorf("GitHub answers: %t, want %t: %d %s", isGitHub, test.wantGitHub, recorder.Code, recorder.Body)
			}
		})
	}
}

func TestSandboxFlagsAreForGitHubToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		served := newSandboxes(t, sandboxInput{withGitHub: true, options: twilio.Options{Latency: 80 * time.Millisecond}})
		started := time.Now()
		if status := getRepository(t, served); status != http.StatusOK || time.Since(started) != 80*time.Millisecond {
			t.Errorf("got %d after %s, want 200 after 80ms", status, time.Since(started))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		statuses := func(seed uint64) (dealt [20]int) {
			served := newSandboxes(t, sandboxInput{withGitHub: true, options: twilio.Options{FaultRate: 1, Seed: seed}})
			for i := range dealt {
				started := time.Now()
				dealt[i] = getRepository(t, served)
				if dealt[i] == http.StatusOK && time.Since(started) == 0 {
					t.Error("a request met no fault")
				}
			}
			return dealt
		}
		if one, again, other := statuses(1), statuses(1), statuses(2); one != again || one == other {
			t.Errorf("seed 1 deals %v and %v, seed 2 %v", one, again, other)
		}
	})
}
