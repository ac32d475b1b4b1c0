package gh_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	good := gh.Config{Token: secret.New(token)}
	for name, test := range map[string]struct {
		change func(*gh.Config)
		want   []string
	}{
		"the defaults":      {func(*gh.Config) {}, nil},
		"an enterprise":     {func(c *gh.Config) { c.APIURL, c.ServerURL = "https://github.example/api/v3", "https://github.example" }, nil},
		"loopback":          {func(c *gh.Config) { c.APIURL = "http://127.0.0.1:1" }, nil},
		"localhost":         {func(c *gh.Config) { c.APIURL = "http://localhost:1/api/v3///" }, nil},
		"no token":          {func(c *gh.Config) { c.Token = secret.String{} }, []string{"the GitHub token is missing"}},
		"a line break":      {func(c *gh.Config) { c.Token = secret.New("abc\n") }, []string{"the GitHub token has a space, a line break"}},
		"no scheme":         {func(c *gh.Config) { c.APIURL = "api.github.com" }, []string{"API URL is not an address such as https://api.github.com"}},
		"another scheme":    {func(c *gh.Config) { c.APIURL = "ftp://api.github.com" }, []string{"API URL is not an address"}},
		"no host":           {func(c *gh.Config) { c.APIURL = "https:///api/v3" }, []string{"API URL is not an address"}},
		"plain http":        {func(c *gh.Config) { c.APIURL = "http://github.example" }, []string{"is not safe; use https"}},
		"a loopback's name": {func(c *gh.Config) { c.APIURL = "http://evil.localhost" }, []string{"is not safe; use https"}},
		"credentials":       {func(c *gh.Config) { c.APIURL = "https://me:s3cret@github.example" }, []string{"must hold no credentials"}},
		"a query":           {func(c *gh.Config) { c.APIURL = "https://github.example/?a=s3cret" }, []string{"more than a host and a path"}},
		"all that is bad":   {func(c *gh.Config) { *c = gh.Config{APIURL: ":", ServerURL: "http://x.example"} }, []string{"token is missing", "API URL", "server URL"}},
		"a bad server URL":  {func(c *gh.Config) { c.ServerURL = "github.com" }, []string{"server URL is not an address such as https://github.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			test.change(&cfg)
			_, err := gh.New(cfg)
			if (err == nil) != (test.want == nil) {
				t.Fatalf("error %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "abc")) {
				t.Errorf("%q shows a secret", err)
			}
		})
	}
}

// TestPoliciesAreCompleted gives some fields of a policy, and looks at the waits
// that come of them.
func TestPoliciesAreCompleted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		policy          retry.Policy
		attempts        int64
		atLeast, atMost time.Duration
	}{
		"none":             {retry.Policy{}, 12, 40 * time.Second, 3 * time.Minute},
		"the bound alone":  {retry.Policy{MaxElapsed: 2 * time.Second}, 6, time.Millisecond, 2 * time.Second},
		"the attempts":     {retry.Policy{MaxAttempts: 2}, 2, 125 * time.Millisecond, 375 * time.Millisecond},
		"the longest wait": {retry.Policy{Max: time.Second}, 12, 4 * time.Second, 15 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				c := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					asked.Add(1)
					w.WriteHeader(http.StatusBadGateway)
				}), func(cfg *gh.Config) { cfg.Retry = test.policy })
				started := time.Now()
				_, err := c.SetCommitStatus(t.Context(), voice, sha, pending())
				waited := time.Since(started)
				if err == nil || waited < test.atLeast || waited > test.atMost || asked.Load() > test.attempts || test.policy.MaxElapsed == 0 && asked.Load() != test.attempts {
					t.Errorf("waited %s and asked %d times, error %v", waited, asked.Load(), err)
				}
			})
		})
	}
}

func TestRunURL(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"":                             "https://github.com/acme/voice/actions/runs/42",
		"https://github.example/":      "https://github.example/acme/voice/actions/runs/42",
		"https://github.example/proxy": "https://github.example/proxy/acme/voice/actions/runs/42",
	} {
		if got := client(t, func(cfg *gh.Config) { cfg.ServerURL = server }).RunURL(voice, "42"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestRequests looks at what arrives, and at base URLs with and without a slash
// at their end, which the SDK minds.
func TestRequests(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"", "/", "/api/v3", "/api/v3/"} {
		t.Run("at "+root, func(t *testing.T) {
			t.Parallel()
			world := newSandbox(t, sandbox.Options{})
			var paths []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				paths = append(paths, r.Method+" "+r.URL.Path)
				if r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("User-Agent") != "slipway/1.2.3" ||
					r.Header.Get("X-GitHub-Api-Version") != "2022-11-28" || !strings.Contains(r.Header.Get("Accept"), "json") {
					t.Errorf("headers are %v", r.Header)
				}
				world.ServeHTTP(w, r)
			}))
			defer server.Close()
			c := client(t, func(cfg *gh.Config) { cfg.APIURL, cfg.UserAgent = server.URL+root, "slipway/1.2.3" })
			if _, err := c.SetCommitStatus(t.Context(), voice, sha, pending()); err != nil {
				t.Fatal(err)
			}
			prefix := strings.TrimSuffix(root, "/")
			want := []string{"GET " + prefix + "/repos/acme/voice/commits/" + sha + "/statuses", "POST " + prefix + "/repos/acme/voice/statuses/" + sha}
			if strings.Join(paths, "\n") != strings.Join(want, "\n") {
				t.Errorf("asked %q, want %q", paths, want)
			}
		})
	}
}

// TestTheTokenGoesNowhereElse sends the client from the API to another server,
// in every way that a redirect can.
func TestTheTokenGoesNowhereElse(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(fmt.Sprint(method, status), func(t *testing.T) {
				t.Parallel()
				other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					t.Errorf("the other server was asked: %s %s %v", r.Method, r.URL, r.Header)
				}))
				defer other.Close()
				world := newSandbox(t, sandbox.Options{})
				c := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == method {
						http.Redirect(w, r, other.URL+"/steal?a="+token, status)
						return
					}
					world.ServeHTTP(w, r)
				}))
				_, err := c.SetCommitStatus(t.Context(), voice, sha, pending())
				refusal, ok := errors.AsType[*gh.Error](err)
				if !ok || refusal.Status != status || !strings.Contains(err.Error(), "redirect") {
					t.Errorf("error %v", err)
				}
				if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "steal") {
					t.Errorf("%q shows too much", err)
				}
			})
		}
	}
}

// TestNothingIsSentElsewhere is the last guard, should a request for another
// host ever be made.
func TestNothingIsSentElsewhere(t *testing.T) {
	t.Parallel()
	c := client(t, func(cfg *gh.Config) {
		cfg.Transport = pipe(func(r *http.Request) (*http.Response, error) {
			t.Errorf("sent to %s", r.URL)
			return nil, errors.New("sent")
		})
	})
	for _, address := range []string{"https://elsewhere.invalid/", "http://api.github.com/", "https://api.github.com:8443/", "https://api.github.com.evil.example/"} {
		body := &closeNoter{Reader: strings.NewReader("x")}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
		if err != nil {
			t.Fatal(err)
		}
		if err = c.Send(request); err == nil || !strings.Contains(err.Error(), "nothing is sent there") || !body.isClosed {
			t.Errorf("%s: closed %t, error %v", address, body.isClosed, err)
		}
	}
}

type closeNoter struct {
	io.Reader
	isClosed bool
}

func (c *closeNoter) Close() error {
	c.isClosed = true
	return nil
}

// TestRenamedRepositories are redirected within the API: reading with 301,
// writing with 307. A redirect that would turn a write into a read is not
// followed.
func TestRenamedRepositories(t *testing.T) {
	t.Parallel()
	world := newSandbox(t, sandbox.Options{})
	moved := func(writes int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if path, isOld := strings.CutPrefix(r.URL.Path, "/repos/acme/old/"); isOld {
				status := http.StatusMovedPermanently
				if r.Method == http.MethodPost {
					status = writes
				}
				http.Redirect(w, r, "/repos/acme/voice/"+path, status)
				return
			}
			world.ServeHTTP(w, r)
		})
	}
	old := gh.Repository{Owner: "acme", Name: "old"}
	isWritten, err := newClient(t, moved(http.StatusMovedPermanently)).SetCommitStatus(t.Context(), old, sha, pending())
	if err == nil || isWritten || !strings.Contains(err.Error(), "a redirect to /repos/acme/voice/statuses/"+sha+" that cannot be followed") {
		t.Errorf("written %t, error %v", isWritten, err)
	}
	isWritten, err = newClient(t, moved(http.StatusTemporaryRedirect)).SetCommitStatus(t.Context(), old, sha, pending())
	if err != nil || !isWritten || len(statuses(world)) != 1 {
		t.Errorf("written %t, error %v", isWritten, err)
	}
}

func TestRedirectsInARingEnd(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	c := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	}))
	_, err := c.SetCommitStatus(t.Context(), voice, sha, pending())
	if err == nil || asked.Load() != 4 {
		t.Errorf("asked %d times, error %v", asked.Load(), err)
	}
}

// TestWaitsAreLogged at debug, and at info when they are long enough for a
// person to wonder; without the token.
func TestWaitsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var told []retry.Wait
		world := newSandbox(t, sandbox.Options{SecondaryAfter: 1, Fault: onceOf(sandbox.FaultServerError)})
		c := inMemory(t, world, func(cfg *gh.Config) {
			cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			cfg.Retry = retry.Default()
			cfg.Retry.Notify = func(wait retry.Wait) { told = append(told, wait) }
		})
		for _, state := range []gh.State{gh.StatePending, gh.StateSuccess} {
			status := pending()
			status.State = state
			if _, err := c.SetCommitStatus(t.Context(), voice, sha, status); err != nil {
				t.Fatal(err)
			}
		}
		got := log.String()
		if strings.Count(got, "level=DEBUG") != 1 || strings.Count(got, "level=INFO") != 1 || !strings.Contains(got, `operation="set commit status" attempt=1 wait_ms=60000`) {
			t.Errorf("logged\n%s", got)
		}
		if strings.Contains(got, token) || len(told) != 2 {
			t.Errorf("told %d waits, and logged\n%s", len(told), got)
		}
	})
}

// onceOf is one fault, and none after it.
func onceOf(fault sandbox.Fault) func(*http.Request) sandbox.Fault {
	var met atomic.Bool
	return func(*http.Request) sandbox.Fault {
		if met.CompareAndSwap(false, true) {
			return fault
		}
		return sandbox.FaultNone
	}
}
