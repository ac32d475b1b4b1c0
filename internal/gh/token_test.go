package gh_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/gh"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

func TestTokenTellsWhoseItIs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		of   sandbox.Token
		want gh.TokenInfo
	}{
		"a workflow": {sandbox.Token{}, gh.TokenInfo{}},
		"a person":   {sandbox.Token{Login: "ada", Scopes: []string{"repo", "read:org"}}, gh.TokenInfo{Login: "ada", Scopes: []string{"repo", "read:org"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.of.Value = token
			world := newSandbox(t, sandbox.Options{Tokens: []sandbox.Token{test.of}, RateLimit: 500, FaultRate: 0.2, SlowAnswer: time.Millisecond})
			got, err := newClient(t, world).Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if left := time.Until(got.Reset); left <= 0 || left > time.Hour+time.Second {
				t.Errorf("the limit ends in %s", left)
			}
			if got.Remaining > 500 || got.Remaining < 400 {
				t.Errorf("%d requests remain", got.Remaining)
			}
			got.Reset, got.Remaining, test.want.Limit = time.Time{}, 0, 500
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Errorf("got (-), want (+):\n%s", diff)
			}
		})
	}
}

// TestTokenThatIsUsedUp tells what is left, which is nothing, and does not wait
// for more.
func TestTokenThatIsUsedUp(t *testing.T) {
	t.Parallel()
	got, err := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/rate_limit" {
			t.Errorf("%s was asked for", r.URL.Path)
		}
		answer(http.StatusOK, `{"resources":{"core":{"limit":5000,"remaining":0,"reset":1900000000}}}`).ServeHTTP(w, r)
	}), once).Token(t.Context())
	want := gh.TokenInfo{Limit: 5000, Reset: time.Unix(1_900_000_000, 0)}
	if diff := cmp.Diff(got, want); diff != "" || err != nil {
		t.Errorf("got the error %v; got (-), want (+):\n%s", err, diff)
	}
}

func TestTokenThatIsNotAccepted(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.Handler{
		"refused":     answer(http.StatusUnauthorized, `{"message":"Bad credentials","status":"401"}`),
		"other shape": answer(http.StatusOK, `{}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := newClient(t, handler, once).Token(t.Context()); err == nil {
				t.Errorf("got %+v", got)
			}
		})
	}
}
