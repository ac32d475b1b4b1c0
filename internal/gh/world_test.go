package gh_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

const (
	token = "t0ken-of-the-workflow"
	sha   = "1111111111111111111111111111111111111111"
)

// voice is a private repository, site a public one.
var (
	voice = gh.Repository{Owner: "acme", Name: "voice"}
	site  = gh.Repository{Owner: "acme", Name: "site"}
)

// quick is a policy that waits next to nothing, unless it is asked to.
func quick() retry.Policy {
	return retry.Policy{Initial: time.Millisecond, Max: 2 * time.Millisecond, MaxAttempts: 3, MaxElapsed: 5 * time.Second}
}

// permissions are those that every verb of the package needs.
func permissions() map[string]string {
	return map[string]string{"actions": "read", "contents": "write", "deployments": "write", "pull_requests": "read", "statuses": "write"}
}

// newSandbox makes a sandbox of both repositories with a commit. Unless the
// options name others, there is one token that may do all that the package does.
func newSandbox(t *testing.T, options sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	commits := []sandbox.Commit{{SHA: sha, Branch: "main"}}
	if options.Repositories == nil {
		options.Repositories = []sandbox.Repository{
			{Owner: "acme", Name: "voice", Private: true, Commits: commits},
			{Owner: "acme", Name: "site", Commits: commits},
		}
	}
	if options.Tokens == nil {
		options.Tokens = []sandbox.Token{{Value: token, Permissions: permissions()}}
	}
	world, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	return world
}

// newWorld serves a sandbox over HTTP and returns it with a client.
func newWorld(t *testing.T, options sandbox.Options) (*gh.Client, *sandbox.Sandbox) {
	t.Helper()
	world := newSandbox(t, options)
	return newClient(t, world), world
}

// newClient returns a client of whatever the handler is, over HTTP.
func newClient(t *testing.T, handler http.Handler, change ...func(*gh.Config)) *gh.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return client(t, append([]func(*gh.Config){func(cfg *gh.Config) {
		cfg.APIURL, cfg.Retry = server.URL, quick()
	}}, change...)...)
}

// inMemory returns a client of a handler that works without sockets, for a
// bubble whose clock they would hold up. It has the default policy.
func inMemory(t *testing.T, handler http.Handler, change ...func(*gh.Config)) *gh.Client {
	t.Helper()
	return client(t, append([]func(*gh.Config){func(cfg *gh.Config) { cfg.Transport = inProcess(handler) }}, change...)...)
}

// inProcess carries requests to a handler without sockets.
func inProcess(handler http.Handler) http.RoundTripper {
	return pipe(func(r *http.Request) (response *http.Response, err error) {
		recorder := httptest.NewRecorder()
		defer func() {
			if met := recover(); met != nil {
				if met != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
					panic(met)
				}
				response, err = nil, io.ErrUnexpectedEOF
			}
		}()
		incoming := r.Clone(r.Context())
		if incoming.Body == nil {
			incoming.Body = http.NoBody
		}
		handler.ServeHTTP(recorder, incoming)
		response = recorder.Result()
		response.Request = r
		return response, r.Context().Err()
	})
}

func client(t *testing.T, change ...func(*gh.Config)) *gh.Client {
	t.Helper()
	cfg := gh.Config{Token: secret.New(token)}
	for _, apply := range change {
		apply(&cfg)
	}
	made, err := gh.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// pipe is a RoundTripper in memory.
type pipe func(*http.Request) (*http.Response, error)

func (p pipe) RoundTrip(r *http.Request) (*http.Response, error) { return p(r) }

// once gives no second attempt, so that a test sees the first error.
func once(cfg *gh.Config) { cfg.Retry = retry.Policy{MaxAttempts: 1} }

// pending is a status that is right in every way.
func pending() gh.CommitStatus {
	return gh.CommitStatus{
		State: gh.StatePending, Context: "slipway/voice/dev", Description: "Deploying", TargetURL: "https://ci.example/1",
	}
}

// statuses lists what a sandbox holds, oldest first: state, context, text and
// link of each.
func statuses(world *sandbox.Sandbox) []string {
	var all []string
	for _, repository := range world.Snapshot().Repositories {
		for _, one := range repository.Statuses {
			all = append(all, fmt.Sprintf("%s %s %s %q %s", repository.Name, one.State, one.Context, one.Description, one.TargetURL))
		}
	}
	return all
}

// answer is a server that always says the same.
func answer(status int, body string, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}
