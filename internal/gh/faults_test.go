package gh_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// ending is how a call may end that met a fault.
type ending string

const (
	written   ending = "written"    // once, and no error
	gaveUp    ending = "gave up"    // a *retry.GaveUpError
	refused   ending = "refused"    // an *Error at the first answer
	ratelimit ending = "rate limit" // a *RateLimitError at the first answer, that names the time
)

// TestEveryFault lets a status meet each fault, once and for ever, where its
// context is read and where it is written. Whatever happens, it is never there
// twice, and an error tells what was tried, and no token.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for fault, test := range map[sandbox.Fault]struct {
		once, reading, writing ending // the last two for ever
	}{
		sandbox.FaultNone:             {written, written, written},
		sandbox.FaultUnauthorised:     {refused, refused, refused},
		sandbox.FaultRateLimit:        {ratelimit, ratelimit, ratelimit},
		sandbox.FaultSecondary:        {written, gaveUp, gaveUp},
		sandbox.FaultSecondaryUntold:  {ratelimit, ratelimit, ratelimit},
		sandbox.FaultTooMany:          {written, gaveUp, gaveUp},
		sandbox.FaultServerError:      {written, gaveUp, gaveUp},
		sandbox.FaultBadGateway:       {written, gaveUp, gaveUp},
		sandbox.FaultUnavailable:      {written, gaveUp, gaveUp},
		sandbox.FaultCutBefore:        {written, gaveUp, gaveUp},
		sandbox.FaultCutAfter:         {written, gaveUp, written},
		sandbox.FaultServerErrorAfter: {written, gaveUp, written},
		sandbox.FaultTruncated:        {written, gaveUp, written},
		sandbox.FaultEmpty:            {written, gaveUp, written},
		sandbox.FaultWrongShape:       {written, gaveUp, written},
		sandbox.FaultRedirect:         {refused, refused, refused},
		sandbox.FaultSlow:             {written, written, written},
	} {
		for method, forEver := range map[string]ending{http.MethodGet: test.reading, http.MethodPost: test.writing} {
			t.Run(fault.String()+"/"+method+"/once", func(t *testing.T) {
				t.Parallel()
				meet(t, fault, method, 1, test.once)
			})
			t.Run(fault.String()+"/"+method+"/for ever", func(t *testing.T) {
				t.Parallel()
				meet(t, fault, method, 1<<30, forEver)
			})
		}
	}
}

// meet sets a status while the first requests of a method meet a fault.
func meet(t *testing.T, fault sandbox.Fault, method string, times int64, want ending) {
	t.Helper()
	var left, faults atomic.Int64
	left.Store(times)
	client, world := newWorld(t, sandbox.Options{
		SlowAnswer: 20 * time.Millisecond,
		Fault: func(r *http.Request) sandbox.Fault {
			if r.Method == method && left.Add(-1) >= 0 {
				faults.Add(1)
				return fault
			}
			return sandbox.FaultNone
		},
	})
	isWritten, err := client.SetCommitStatus(t.Context(), voice, sha, pending())
	if got := len(statuses(world)); got > 1 || isWritten != (got == 1) {
		t.Errorf("written is %t, and %d statuses are there", isWritten, got)
	}
	_, isGivenUp := errors.AsType[*retry.GaveUpError](err)
	refusal, isRefused := errors.AsType[*gh.Error](err)
	limit, isLimited := errors.AsType[*gh.RateLimitError](err)
	isFirst := faults.Load() == 1
	var fits bool
	switch want {
	case written:
		fits = err == nil && isWritten
	case gaveUp:
		fits = isGivenUp && faults.Load() == 3
	case refused:
		fits = isRefused && !isGivenUp && isFirst && refusal.Status != 0
	case ratelimit:
		fits = isLimited && isFirst && strings.Contains(err.Error(), limit.Until.Format("2006-01-02 15:04:05 UTC"))
	}
	if !fits {
		t.Errorf("%d faults ended with %v, want %s", faults.Load(), err, want)
	}
	if err != nil && (!strings.Contains(err.Error(), "commit status") || strings.Contains(err.Error(), token)) {
		t.Errorf("%q does not name the call, or shows the token", err)
	}
}

// TestRateLimitErrorsTellTheKind looks at what a caller can read from them.
func TestRateLimitErrorsTellTheKind(t *testing.T) {
	t.Parallel()
	for fault, want := range map[sandbox.Fault]struct {
		primary bool
		lasts   time.Duration
		status  int
	}{
		sandbox.FaultRateLimit:       {true, time.Hour, 403},
		sandbox.FaultSecondaryUntold: {false, time.Minute, 403},
	} {
		client, _ := newWorld(t, sandbox.Options{Fault: func(*http.Request) sandbox.Fault { return fault }})
		started := time.Now()
		_, err := client.SetCommitStatus(t.Context(), voice, sha, pending())
		limit, ok := errors.AsType[*gh.RateLimitError](err)
		if !ok {
			t.Fatalf("%v: error %v", fault, err)
		}
		lasts := limit.Until.Sub(started)
		if limit.Primary != want.primary || limit.Status != want.status || limit.RequestID == "" || limit.Message == "" ||
			lasts < want.lasts-5*time.Second || lasts > want.lasts+5*time.Second {
			t.Errorf("%v: %+v lasts %s", fault, limit, lasts)
		}
	}
}

func TestPermissionsAreNamed(t *testing.T) {
	t.Parallel()
	const want = `the GitHub token may not do this; add the line "statuses: write" under "permissions:" in the workflow, beside what else it needs, such as "contents: read"`
	for name, permissions := range map[string]map[string]string{
		"none": nil, "reading": {"statuses": "read"}, "others": {"contents": "write", "metadata": "read"},
	} {
		for _, repository := range []gh.Repository{voice, site} {
			t.Run(name+" in "+repository.Name, func(t *testing.T) {
				t.Parallel()
				var calls atomic.Int64
				client, world := newWorld(t, sandbox.Options{
					Tokens:  []sandbox.Token{{Value: token, Permissions: permissions}},
					Observe: func(sandbox.Call) { calls.Add(1) },
				})
				isWritten, err := client.SetCommitStatus(t.Context(), repository, sha, pending())
				missing, ok := errors.AsType[*gh.PermissionError](err)
				if !ok || isWritten || missing.Permission != "statuses: write" || !strings.HasSuffix(err.Error(), want) {
					t.Errorf("written %t with error %v", isWritten, err)
				}
				if calls.Load() > 2 || len(statuses(world)) != 0 {
					t.Errorf("%d calls were made", calls.Load())
				}
			})
		}
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{Tokens: []sandbox.Token{
		{Value: token, Permissions: map[string]string{"statuses": "write"}, Repositories: []string{"acme/site"}},
	}})
	_, err := client.SetCommitStatus(t.Context(), voice, sha, pending())
	refusal, ok := errors.AsType[*gh.Error](err)
	if !ok || refusal.Status != 404 || refusal.RequestID == "" || !strings.Contains(refusal.DocumentationURL, "commits/statuses#") || !strings.Contains(refusal.Hint(), "may not see") {
		t.Errorf("error %#v", err)
	}
	if want := "read commit statuses of acme/voice: GitHub answered 404: Not Found [request " + refusal.RequestID + "]"; err.Error() != want {
		t.Errorf("got  %q\nwant %q", err, want)
	}
	_, err = client.SetCommitStatus(t.Context(), site, strings.Repeat("2", 40), pending())
	if refusal, ok = errors.AsType[*gh.Error](err); !ok || refusal.Hint() == "" {
		t.Errorf("an unknown commit: %v", err)
	}
	revoked, _ := newWorld(t, sandbox.Options{Tokens: []sandbox.Token{{Value: "another"}}})
	_, err = revoked.SetCommitStatus(t.Context(), voice, sha, pending())
	if refusal, ok = errors.AsType[*gh.Error](err); !ok || refusal.Status != 401 || !strings.Contains(refusal.Hint(), "expired") {
		t.Errorf("a revoked token: %v", err)
	}
}

// TestWritingToWhatCanBeRead is refused as if it were not there, when the token
// has another scope, as a classic one has.
func TestWritingToWhatCanBeRead(t *testing.T) {
	t.Parallel()
	world := newSandbox(t, sandbox.Options{})
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			answer(404, `{"message":"Not Found","documentation_url":"https://docs.github.com/rest/commits/statuses","status":"404"}`).ServeHTTP(w, r)
			return
		}
		world.ServeHTTP(w, r)
	}))
	_, err := client.SetCommitStatus(t.Context(), site, sha, pending())
	refusal, ok := errors.AsType[*gh.Error](err)
	if !ok || refusal.Status != 404 || !strings.Contains(refusal.Hint(), "or write to") {
		t.Errorf("error %v", err)
	}
}

// TestUnknownCommit is refused when it is written where reading says nothing.
func TestUnknownCommit(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{Switches: sandbox.Switches{UnknownRefsAreEmpty: true}})
	unknown := strings.Repeat("2", 40)
	_, err := client.SetCommitStatus(t.Context(), voice, unknown, pending())
	refusal, ok := errors.AsType[*gh.Error](err)
	if !ok || refusal.Status != 422 || refusal.Operation != "set commit status" || refusal.Message != "No commit found for SHA: "+unknown || refusal.Hint() != "" {
		t.Errorf("error %v", err)
	}
}
