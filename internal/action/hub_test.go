package action

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

var acme = gh.Repository{Owner: "acme", Name: "hello"}

// sha is a full one: of "a" it is aaaa….
func sha(letter string) string { return strings.Repeat(letter, 40) }

// carrier is a RoundTripper of a function.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

// handled is a RoundTripper that a handler answers, without a socket.
func handled(handler http.Handler) carrier {
	return func(r *http.Request) (*http.Response, error) {
		incoming := r.Clone(r.Context())
		if incoming.Body == nil {
			incoming.Body = http.NoBody
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, incoming)
		response := recorder.Result()
		response.Request = r
		return response, r.Context().Err()
	}
}

// TestIsOpenIsBounded asks about any number of pull requests in one patience.
func TestIsOpenIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, err := gh.New(gh.Config{Token: secret.New("t"), Transport: carrier(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // it counts from the first question
		isOpen := (&hub{client: client}).isOpen(acme, lookPatience)
		time.Sleep(time.Hour)
		began := time.Now()
		for number := range 30 {
			if got, err := isOpen(t.Context(), number+1); got || err == nil {
				t.Errorf("pull request %d is open: %t, %v", number+1, got, err)
			}
		}
		if took := time.Since(began); took > lookPatience+time.Second {
			t.Errorf("it took %s", took)
		}
		if (&hub{}).isOpen(acme, lookPatience) != nil {
			t.Error("nobody can be asked, and somebody is")
		}
	})
}

// newActionHub is a repository whose main has the commits a, b and c, and whose pull
// requests are 7, which is open at b, and 8, which is closed.
func newActionHub(t *testing.T) *hub {
	t.Helper()
	world, err := sandbox.New(sandbox.Options{Repositories: []sandbox.Repository{{
		Owner: acme.Owner, Name: acme.Name,
		Commits: []sandbox.Commit{{SHA: sha("a")}, {SHA: sha("b"), Parents: []string{sha("a")}}, {SHA: sha("c"), Parents: []string{sha("b")}, Branch: "main"}},
		PullRequests: []sandbox.PullRequest{
			{Number: 7, HeadSHA: sha("b"), HeadRef: "feature", BaseSHA: sha("a"), BaseRef: "main"},
			{Number: 8, HeadSHA: sha("b"), HeadRef: "feature", BaseSHA: sha("a"), BaseRef: "main", IsClosed: true},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	client, err := gh.New(gh.Config{Token: secret.New(sandbox.DefaultToken().Value), Transport: handled(world)})
	if err != nil {
		t.Fatal(err)
	}
	return &hub{client: client}
}

// TestNewer gives way to the same Target alone, whatever GitHub environment it is
// shown as, and to the end of a pull request also without GitHub Deployments.
func TestNewer(t *testing.T) {
	t.Parallel()
	h := newActionHub(t)
	made, err := h.client.CreateDeployment(t.Context(), acme, gh.NewDeployment{
		SHA: sha("c"), Environment: "live", Task: announce.Task, Payload: map[string]string{"service": "voice", "environment": "stage"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.client.SetDeploymentState(t.Context(), acme, made, gh.DeploymentStatus{State: gh.DeploymentInProgress}); err != nil {
		t.Fatal(err)
	}
	at := func(service, environment, shown string) func() deployTarget {
		return func() deployTarget {
			return deployTarget{job.Target{Service: service, Environment: environment}, shown}
		}
	}
	onMain := occasion{event: gh.Event{Name: gh.EventPush, Branch: "main"}, repository: acme, sha: sha("a")}
	onPull := func(number int, head string) occasion {
		return occasion{event: gh.Event{Name: gh.EventPullRequest, PullRequest: gh.PullRequest{Number: number}}, repository: acme, sha: head}
	}
	for name, test := range map[string]struct {
		what   occasion
		target func() deployTarget
		want   string
	}{
		"the same target":                         {onMain, at("voice", "stage", "live"), "commit ccccccc"},
		"another service":                         {onMain, at("messaging", "stage", "live"), ""},
		"another environment":                     {onMain, at("voice", "dev", "live"), ""},
		"another GitHub environment":              {onMain, at("voice", "stage", "stage"), ""},
		"the newest itself":                       {occasion{event: onMain.event, repository: acme, sha: sha("c")}, at("voice", "stage", "live"), ""},
		"an open pull request":                    {onPull(7, sha("b")), nil, ""},
		"a closed one":                            {onPull(8, sha("b")), at("voice", "pr-8", "pr-8"), "the end of pull request 8, which is closed"},
		"a closed one without GitHub Deployments": {onPull(8, sha("b")), nil, "the end of pull request 8, which is closed"},
		"a pull request that is not there":        {onPull(9, sha("b")), nil, ""},
		"a branch that is not there":              {occasion{event: gh.Event{Name: gh.EventPush, Branch: "gone"}, repository: acme, sha: sha("a")}, at("voice", "stage", "live"), ""},
	} {
		if by, err := h.newer(test.what, test.target)(t.Context()); by != test.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, by, err, test.want)
		}
	}
	for name, what := range map[string]occasion{
		"a branch without GitHub Deployments": onMain, "a tag": {event: gh.Event{Name: gh.EventPush, Tag: "v1"}, sha: sha("a")}, "a schedule": {event: gh.Event{Name: gh.EventSchedule}, sha: sha("a")},
	} {
		if h.newer(what, nil) != nil {
			t.Errorf("%s: it cannot be known, and is asked", name)
		}
	}
	// Names that others choose lead nowhere else, and hold up nothing.
	for _, branch := range []string{"feature/🚢", "a/../../b", "..", strings.Repeat("x", 255), "a b", "a?b#c", "`$(id)`", "@everyone\n::error::x"} {
		what := occasion{event: gh.Event{Name: gh.EventPush, Branch: branch}, repository: acme, sha: sha("a")}
		by, err := h.newer(what, at("voice", "stage", "live"))(t.Context())
		if by != "" || err != nil && strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("branch %s: %q, %v", strconv.Quote(branch), by, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if by, err := h.newer(onMain, at("voice", "stage", "live"))(ctx); by != "" || err == nil {
		t.Errorf("after the end: %q, %v", by, err)
	}
}
