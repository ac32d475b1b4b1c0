package gh_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

// TestObserve looks at what is told of calls: whose limit each counts against, and what
// is left of that.
func TestObserve(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []gh.Call
	clients, _, _ := newClients(t, sandbox.Options{Repositories: []sandbox.Repository{{Owner: "acme", Name: "voice", Private: true}}}, slipwayApp(permissions()), func(cfg *gh.Config) {
		cfg.Observe = func(call gh.Call) { mu.Lock(); defer mu.Unlock(); told = append(told, call) }
	})
	voice := gh.Repository{Owner: "acme", Name: "voice"}
	client, err := clients.Client(t.Context(), voice)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.BranchHead(t.Context(), voice, "nowhere"); err == nil {
		t.Fatal("a branch was found that is not there")
	}
	want := []gh.Call{
		{Method: http.MethodGet, Status: 200, Signer: "app"},
		{Method: http.MethodPost, Status: 201, Signer: "app"},
		{Method: http.MethodGet, Status: 404, Signer: "7"},
	}
	if diff := cmp.Diff(want, told, cmpopts.IgnoreFields(gh.Call{}, "Duration", "Left", "Resets")); diff != "" {
		t.Fatalf("other calls were told (-want +got):\n%s", diff)
	}
	if last := told[2]; last.Left != 999 || time.Until(last.Resets) <= 0 || time.Until(last.Resets) > time.Hour+time.Second {
		t.Errorf("%d requests are left until %s, want 999 within the hour", last.Left, last.Resets)
	}
}

// TestObserveWithoutAnswer tells of a call that nobody answered.
func TestObserveWithoutAnswer(t *testing.T) {
	t.Parallel()
	var told []gh.Call
	client, err := gh.New(gh.Config{
		Token: secret.New(token), Retry: retry.Policy{MaxAttempts: 1},
		Transport: pipe(func(*http.Request) (*http.Response, error) { return nil, http.ErrHandlerTimeout }),
		Observe:   func(call gh.Call) { told = append(told, call) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.BranchHead(t.Context(), gh.Repository{Owner: "acme", Name: "voice"}, "main"); err == nil {
		t.Fatal("a broken connection is no error")
	}
	want := []gh.Call{{Method: http.MethodGet, Signer: "token"}}
	if diff := cmp.Diff(want, told, cmpopts.IgnoreFields(gh.Call{}, "Duration")); diff != "" {
		t.Errorf("other calls were told (-want +got):\n%s", diff)
	}
}
