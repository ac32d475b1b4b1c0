package cli

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func newSandboxes(t *testing.T, input sandboxInput) *sandboxes {
	t.Helper()
	served, err := openSandboxes(t.Context(), input.options, input.gitHub(), slog.New(slog.DiscardHandler))
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

// TestSandboxLogsWhatAWorkflowShows has a status, a deployment and what becomes
// of it written, and a comment.
func TestSandboxLogsWhatAWorkflowShows(t *testing.T) {
	t.Parallel()
	var told bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{ReplaceAttr: func(_ []string, attribute slog.Attr) slog.Attr {
		if attribute.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attribute
	}}))
	served, err := openSandboxes(t.Context(), twilio.Options{}, (&sandboxInput{withGitHub: true}).gitHub(), logger)
	if err != nil {
		t.Fatal(err)
	}
	sha := strings.Repeat("1", 40)
	for _, step := range [][2]string{
		{"/statuses/" + sha, `{"state":"pending","context":"slipway/voice/dev","description":"Deploying"}`},
		{"/deployments", `{"ref":"` + sha + `","environment":"dev","auto_merge":false,"required_contexts":[],"description":"Deploy"}`},
		{"/deployments/3/statuses", `{"state":"success","environment_url":"https://voice.example","log_url":"https://ci.example/1"}`},
		{"/issues/7/comments", `{"body":"<!-- hidden -->\n### Slipway\n\n| Service | State |\n|:---|---:|\n| voice | Ready |\n\n<details>\n\nmore\n\n</details>"}`},
	} {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v3/repos/acme/voice"+step[0], strings.NewReader(step[1]))
		request.Header.Set("User-Agent", "test")
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+github.DefaultToken().Value)
		if served.ServeHTTP(recorder, request); recorder.Code != http.StatusCreated {
			t.Errorf("%s: %d %s", step[0], recorder.Code, recorder.Body)
		}
	}
	want := `level=INFO msg="commit status" repository=acme/voice sha=1111111 context=slipway/voice/dev state=pending description=Deploying target_url=""
level=INFO msg="github deployment" repository=acme/voice sha=1111111 environment=dev state=created description=Deploy environment_url="" log_url=""
level=INFO msg="github deployment" repository=acme/voice sha=1111111 environment=dev state=success description="" environment_url=https://voice.example log_url=https://ci.example/1
level=INFO msg=comment repository=acme/voice pull_request=7 text="### Slipway | Service | State | | voice | Ready |"
`
	if told.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &told, want)
	}
}
