package github_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

// direct asks a Sandbox without a server, for bubbles whose clock real sockets
// would hold up.
type direct struct {
	t       *testing.T
	sandbox *github.Sandbox
}

func newDirect(t *testing.T, options github.Options) direct {
	t.Helper()
	options.Repositories = repositories()
	sandbox, err := github.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return direct{t, sandbox}
}

// do sends a request with the default token. A connection that is cut has the
// status 0.
func (d direct) do(method, path, body string) (got answer) {
	d.t.Helper()
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(d.t.Context(), method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+github.DefaultToken().Value)
	request.Header.Set("User-Agent", "test")
	request.Header.Set("Content-Type", "application/json")
	defer func() {
		if met := recover(); met != nil {
			if met != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
				panic(met)
			}
			got = answer{err: http.ErrAbortHandler}
		}
	}()
	d.sandbox.ServeHTTP(recorder, request)
	return decode(recorder.Code, recorder.Header(), recorder.Body.String(), nil)
}

func TestPrimaryRateLimit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		switches github.Switches
		want     int
	}{
		"403": {github.Switches{}, http.StatusForbidden},
		"429": {github.Switches{LimitsAre429: true}, http.StatusTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDirect(t, github.Options{RateLimit: 3, Switches: test.switches})
				started := time.Now()
				reset := strconv.FormatInt(started.Add(time.Hour).Unix(), 10)
				for i, path := range []string{voice, "/nothing", voice + "/commits/nothing"} { // refusals count as well
					got := d.do("GET", path, "")
					if got.header.Get("X-RateLimit-Limit") != "3" || got.header.Get("X-RateLimit-Remaining") != strconv.Itoa(2-i) ||
						got.header.Get("X-RateLimit-Used") != strconv.Itoa(i+1) || got.header.Get("X-RateLimit-Reset") != reset {
						t.Errorf("request %d: %v", i+1, got.header)
					}
				}
				time.Sleep(59 * time.Minute)
				got := d.do("POST", statuses, `{"state":"success"}`)
				wantError(t, got, test.want, "API rate limit exceeded for")
				if got.header.Get("X-RateLimit-Remaining") != "0" || got.header.Get("X-RateLimit-Reset") != reset || got.header.Get("Retry-After") != "" ||
					got.text("documentation_url") != "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api" {
					t.Errorf("got %s %v", got.raw, got.header)
				}
				core := d.do("GET", "/rate_limit", "")
				if core.status != http.StatusOK || !strings.Contains(core.raw, `"core":{"limit":3,"used":3,"remaining":0,"reset":`+reset) {
					t.Errorf("rate_limit: %d %s", core.status, core.raw)
				}
				time.Sleep(time.Minute)
				wantStatus(t, d.do("GET", voice, ""), http.StatusOK)
				if len(d.sandbox.Snapshot().Repositories[0].Statuses) != 0 {
					t.Error("a request beyond the limit took effect")
				}
			})
		})
	}
}

func TestTokensHaveQuotasOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{RateLimit: 100, Tokens: []github.Token{{Value: "a"}, {Value: "b"}}})
	for _, test := range []struct{ token, limit, remaining string }{
		{"a", "100", "99"}, {"a", "100", "98"}, {"b", "100", "99"}, {"wrong", "60", "60"},
	} {
		got := b.as(test.token).get(voice)
		if got.header.Get("X-RateLimit-Limit") != test.limit || got.header.Get("X-RateLimit-Remaining") != test.remaining {
			t.Errorf("%s: %v", test.token, got.header)
		}
	}
	nobody := b.with("Authorization", "")
	for range 60 {
		wantStatus(t, nobody.get("/repos/acme/site"), http.StatusOK)
	}
	wantError(t, nobody.get("/repos/acme/site"), 403, "API rate limit exceeded for this address.")
}

func TestSecondaryRateLimit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		switches   github.Switches
		status     int
		retryAfter string
	}{
		"as documented": {github.Switches{}, 403, "40"},
		"429":           {github.Switches{LimitsAre429: true}, 429, "40"},
		"untold":        {github.Switches{NoRetryAfter: true}, 403, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDirect(t, github.Options{SecondaryAfter: 2, Switches: test.switches})
				create := func() answer { return d.do("POST", statuses, `{"state":"success"}`) }
				wantStatus(t, create(), http.StatusCreated)
				time.Sleep(10 * time.Second)
				wantStatus(t, create(), http.StatusCreated)
				time.Sleep(10 * time.Second)
				got := create()
				wantError(t, got, test.status, "You have exceeded a secondary rate limit")
				if got.header.Get("Retry-After") != test.retryAfter || !strings.HasSuffix(got.text("documentation_url"), "#about-secondary-rate-limits") {
					t.Errorf("got %s %v", got.raw, got.header)
				}
				if got.header.Get("X-RateLimit-Remaining") == "0" {
					t.Error("a secondary limit looks like the primary one")
				}
				wantStatus(t, d.do("GET", voice, ""), http.StatusOK) // reading goes on
				time.Sleep(40 * time.Second)
				wantStatus(t, create(), http.StatusCreated)
				wantStatus(t, d.do("GET", voice, ""), http.StatusOK)
				if made := d.sandbox.Snapshot().Repositories[0].Statuses; len(made) != 3 {
					t.Errorf("%d statuses were made, want 3", len(made))
				}
			})
		})
	}
}
