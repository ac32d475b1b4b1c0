package gh_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

// appKey is the key of the App in these tests.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func keyText() secret.String {
	return secret.New(pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(appKey())))
}

// slipwayApp is the App, installed on the account with the permissions.
func slipwayApp(may map[string]string, repositories ...string) sandbox.App {
	return sandbox.App{ID: 42, ClientID: "Iv1.slipway", Slug: "slipway", Key: &appKey().PublicKey, Installations: []sandbox.Installation{
		{ID: 7, Account: "acme", Repositories: repositories, Permissions: may},
	}}
}

// newClients is a world of an App, in memory.
func newClients(t *testing.T, options sandbox.Options, app sandbox.App, change ...func(*gh.Config)) (*gh.Clients, *sandbox.Sandbox, *tally) {
	t.Helper()
	calls := &tally{counts: map[string]int{}}
	options.Apps, options.Observe = []sandbox.App{app}, calls.add
	world := newSandbox(t, options)
	cfg := gh.Config{Transport: inProcess(world)}
	for _, apply := range change {
		apply(&cfg)
	}
	clients, err := gh.NewClients(cfg, gh.App{ID: "42", Key: keyText()})
	if err != nil {
		t.Fatal(err)
	}
	return clients, world, calls
}

// tally counts calls by operation.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *tally) add(call sandbox.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[call.Operation]++
}

func (c *tally) of(operation string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[operation]
}

const makesToken, findsInstallation = "apps/create-installation-access-token", "apps/get-repo-installation"

// setStatus sets a status that is new each time.
func setStatus(t *testing.T, clients *gh.Clients, repository gh.Repository) error {
	t.Helper()
	c, err := clients.Client(t.Context(), repository)
	if err != nil {
		return err
	}
	status := pending()
	status.Description = time.Now().Format(time.RFC3339Nano)
	_, err = c.SetCommitStatus(t.Context(), repository, sha, status)
	return err
}

func TestClientsOfAnApp(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"42", "Iv1.slipway"} {
		synctest.Test(t, func(t *testing.T) {
			world := newSandbox(t, sandbox.Options{Apps: []sandbox.App{slipwayApp(permissions())}})
			clients, err := gh.NewClients(gh.Config{Transport: inProcess(world)}, gh.App{ID: id, Key: keyText()})
			if err != nil {
				t.Fatal(err)
			}
			if err := setStatus(t, clients, voice); err != nil {
				t.Fatal(err)
			}
			if err := setStatus(t, clients, gh.Repository{Owner: "Acme", Name: "Site"}); err != nil {
				t.Fatal(err)
			}
			if len(statuses(world)) != 2 || world.Snapshot().Repositories[0].Statuses[0].Creator != "slipway[bot]" {
				t.Errorf("statuses %v", world.Snapshot().Repositories[0].Statuses)
			}
			ofVoice, err := clients.Client(t.Context(), voice)
			again, errAgain := clients.Client(t.Context(), gh.Repository{Owner: "ACME", Name: "Voice"})
			if err != nil || errAgain != nil || ofVoice != again {
				t.Errorf("two clients for one repository, errors %v and %v", err, errAgain)
			}
			// Its token is for that repository alone, although the App is installed for both.
			if _, err := ofVoice.SetCommitStatus(t.Context(), site, sha, pending()); err == nil || !strings.Contains(err.Error(), `give the GitHub App the repository permission "statuses: write" in its settings`) {
				t.Errorf("another repository with the first one's client: %v", err)
			}
		})
	}
}

// TestAppsComments are found by the App's own name, not by the one that workflows have.
func TestAppsComments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		may := permissions()
		may["pull_requests"] = "write"
		clients, world, _ := newClients(t, sandbox.Options{Repositories: []sandbox.Repository{{
			Owner: "acme", Name: "voice", Private: true, Commits: []sandbox.Commit{{SHA: sha, Branch: "main"}, {SHA: shaOf("2"), Parents: []string{sha}, Branch: "topic"}},
			PullRequests: []sandbox.PullRequest{{Number: 5, HeadSHA: shaOf("2"), HeadRef: "topic"}},
		}}}, slipwayApp(may))
		c, err := clients.Client(t.Context(), voice)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"<!-- m -->one", "<!-- m -->two"} {
			if _, err := c.EditComment(t.Context(), voice, 5, gh.CommentEdit{Marker: "<!-- m -->", Merge: func([]string) string { return text }}); err != nil {
				t.Fatal(err)
			}
		}
		if all := world.Snapshot().Repositories[0].Comments; len(all) != 1 || all[0].Body != "<!-- m -->two" || all[0].Author != "slipway[bot]" {
			t.Errorf("comments %+v", all)
		}
	})
}

// TestTokensAreShared by all who ask at once, and asked for with what was granted alone.
func TestTokensAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clients, _, calls := newClients(t, sandbox.Options{Latency: time.Second}, slipwayApp(map[string]string{"contents": "read", "statuses": "admin", "issues": "write"}))
		c, err := clients.Client(t.Context(), voice)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := c.BranchHead(t.Context(), voice, "main"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if calls.of(makesToken) != 1 || calls.of(findsInstallation) != 1 {
			t.Errorf("calls %v", calls.counts)
		}
	})
}

// TestOneThatWaitsForATokenEndsWithItsContext, while another one gets it.
func TestOneThatWaitsForATokenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clients, _, _ := newClients(t, sandbox.Options{Latency: 10 * time.Second}, slipwayApp(permissions()))
		c, err := clients.Client(t.Context(), voice)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			if _, err := c.BranchHead(t.Context(), voice, "main"); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, end := context.WithTimeoutCause(t.Context(), time.Second, errors.New("shutting down"))
		defer end()
		started := time.Now()
		_, err = c.BranchHead(ctx, voice, "main")
		if err == nil || !strings.Contains(err.Error(), "get a token as the GitHub App 42 of acme/voice: cut off: shutting down") || time.Since(started) != time.Second {
			t.Errorf("after %s: %v", time.Since(started), err)
		}
	})
}

// TestTokensAreRenewed before they end; if that cannot be, they are used until then.
func TestTokensAreRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var isDown atomic.Bool
		clients, _, calls := newClients(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
			if isDown.Load() && strings.Contains(r.URL.Path, "/app/") {
				return sandbox.FaultServerError
			}
			return sandbox.FaultNone
		}}, slipwayApp(permissions()), func(cfg *gh.Config) { cfg.Retry = quick() })
		for _, step := range []struct {
			after  time.Duration
			isDown bool
			tokens int
			err    string
		}{
			{0, false, 1, ""},
			{49 * time.Minute, false, 1, ""},
			{2 * time.Minute, false, 2, ""},   // nine before it ends
			{51 * time.Minute, true, 5, ""},   // three attempts, and the old one is used
			{10 * time.Second, true, 5, ""},   // which is not tried at every call
			{30 * time.Second, true, 8, ""},   // but soon again
			{2 * time.Hour, true, 11, "500"},  // it is of no use now
			{time.Second, false, 12, ""},      // and GitHub is back
			{49 * time.Minute, false, 12, ""}, // with an hour from then on
		} {
			time.Sleep(step.after)
			isDown.Store(step.isDown)
			err := setStatus(t, clients, voice)
			if (err == nil) != (step.err == "") || err != nil && !strings.Contains(err.Error(), step.err) || calls.of(makesToken) != step.tokens {
				t.Fatalf("%+v: asked for %d tokens, error %v", step, calls.of(makesToken), err)
			}
		}
	})
}

// TestTokensSettle has GitHub know a new one late, and what it may do later yet.
func TestTokensSettle(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{time.Second, 8 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			clients, _, calls := newClients(t, sandbox.Options{TokenLag: lag}, slipwayApp(permissions()))
			if err := setStatus(t, clients, voice); err != nil || calls.of(makesToken) != 1 {
				t.Errorf("asked for %d tokens, error %v", calls.of(makesToken), err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		clients, _, calls := newClients(t, sandbox.Options{TokenLag: time.Hour}, slipwayApp(permissions()))
		started := time.Now()
		err := setStatus(t, clients, voice)
		if err == nil || !strings.Contains(err.Error(), "GitHub answered 401: Bad credentials") || calls.of(makesToken) != 1 || time.Since(started) > 40*time.Second {
			t.Errorf("after %s, %d tokens: %v", time.Since(started), calls.of(makesToken), err)
		}
	})
}

// TestInstallationsChange while there is a token of theirs: permissions are granted and
// taken away, the App is installed anew, suspended, and taken away.
func TestInstallationsChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := maps.Clone(permissions())
		read["statuses"] = "read"
		clients, world, calls := newClients(t, sandbox.Options{}, slipwayApp(read))
		anew, suspended := slipwayApp(permissions()), slipwayApp(permissions())
		anew.Installations[0].ID = 8
		suspended.Installations[0].ID = 8
		suspended.Installations[0].Suspended = true
		for name, step := range []struct {
			after  time.Duration
			app    sandbox.App
			tokens int
			err    string
		}{
			{0, slipwayApp(read), 1, `"statuses: write" in its settings`},
			{30 * time.Second, slipwayApp(permissions()), 1, `"statuses: write" in its settings`}, // not at every call
			{31 * time.Second, slipwayApp(permissions()), 2, ""},
			{2 * time.Minute, anew, 3, ""},
			{2 * time.Minute, suspended, 3, "GitHub answered 403: This installation has been suspended"},
			{time.Hour, suspended, 3, "the GitHub App 42 is suspended for acme/voice"},
			{time.Minute, anew, 4, ""},
			{2 * time.Minute, slipwayApp(permissions(), "acme/site"), 4, "the GitHub App 42 is not installed for acme/voice"},
		} {
			time.Sleep(step.after)
			if err := world.SetApp(step.app); err != nil {
				t.Fatal(err)
			}
			err := setStatus(t, clients, voice)
			if (err == nil) != (step.err == "") || err != nil && !strings.Contains(err.Error(), step.err) || calls.of(makesToken) != step.tokens {
				t.Fatalf("step %d: asked for %d tokens, error %v", name+1, calls.of(makesToken), err)
			}
		}
	})
}

// TestAppsAskForWhatVerbsNeed reads the permissions out of the package's own source.
func TestAppsAskForWhatVerbsNeed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range regexp.MustCompile(`permission: +"([a-z-]+: [a-z]+)"`).FindAllStringSubmatch(string(raw), -1) {
			if found++; !gh.IsWanted(one[1]) {
				t.Errorf("%s needs %q, for which no App's token is asked", file, one[1])
			}
		}
	}
	if found < 8 {
		t.Errorf("found %d permissions alone", found)
	}
}

// TestMissingPermissionsAreToldAtOnce: they are known from where the App is installed.
func TestMissingPermissionsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clients, _, _ := newClients(t, sandbox.Options{}, slipwayApp(map[string]string{"contents": "read"}))
		started := time.Now()
		missing, isMissing := errors.AsType[*gh.PermissionError](setStatus(t, clients, voice))
		if !isMissing || missing.Permission != "statuses: write" || !missing.OfApp || time.Since(started) != 0 {
			t.Errorf("after %s: %v", time.Since(started), missing)
		}
	})
}

// TestClocksThatDiffer are set by GitHub's, both for the App's own tokens and for when
// others end.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-26 * time.Hour, -7 * time.Minute, -2 * time.Minute, -50 * time.Second, 4 * time.Minute, 7 * time.Minute, 26 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			clients, _, calls := newClients(t, sandbox.Options{Now: func() time.Time { return time.Now().Add(ahead) }}, slipwayApp(permissions()))
			for range 3 {
				if err := setStatus(t, clients, voice); err != nil {
					t.Fatalf("%s: %v", ahead, err)
				}
				time.Sleep(16 * time.Minute)
			}
			if calls.of(makesToken) != 1 || calls.of(findsInstallation) > 2 {
				t.Errorf("%s: calls %v", ahead, calls.counts)
			}
		})
	}
}

// TestLimitsAreTheInstallations: repositories of one wait together.
func TestLimitsAreTheInstallations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limited := onceOf(sandbox.FaultSecondaryUntold)
		clients, _, calls := newClients(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
			if strings.Contains(r.URL.Path, "/statuses") {
				return limited(r)
			}
			return sandbox.FaultNone
		}}, slipwayApp(permissions()), func(cfg *gh.Config) { cfg.Retry = retry.Policy{MaxAttempts: 1} })
		for _, repository := range []gh.Repository{voice, site} {
			err := setStatus(t, clients, repository)
			if _, isLimit := errors.AsType[*gh.RateLimitError](err); !isLimit {
				t.Errorf("%s: %v", repository, err)
			}
		}
		if calls.of("repos/list-commit-statuses-for-ref") != 1 {
			t.Errorf("calls %v", calls.counts)
		}
	})
}

func TestClientsRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		app        gh.App
		repository gh.Repository
		want       string
	}{
		"not installed":     {gh.App{ID: "42", Key: keyText()}, gh.Repository{Owner: "other", Name: "shop"}, "the GitHub App 42 is not installed for other/shop, or there is no such App; install it there, or add the repository to where it is installed (look up the GitHub App 42 of other/shop: GitHub answered 404: Not Found"},
		"another App's ID":  {gh.App{ID: "43", Key: keyText()}, voice, "the GitHub App 43 is not installed for acme/voice, or there is no such App; install it there, or add the repository to where it is installed (look up the GitHub App 43 of acme/voice: GitHub answered 404: Integration not found"},
		"another App's key": {gh.App{ID: "42", Key: otherKey(t)}, voice, "look up the GitHub App 42 of acme/voice: GitHub answered 401: A JSON web token could not be decoded"},
		"an odd repository": {gh.App{ID: "42", Key: keyText()}, gh.Repository{Owner: "..", Name: "app"}, `"../app" is not the name of a repository`},
		"one of another's":  {gh.App{ID: "42", Key: keyText()}, gh.Repository{Owner: "other", Name: "none"}, "is not installed for other/none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := newSandbox(t, sandbox.Options{
				Repositories: []sandbox.Repository{{Owner: "acme", Name: "voice", Private: true}, {Owner: "other", Name: "shop"}},
				Apps:         []sandbox.App{slipwayApp(permissions())},
			})
			clients, err := gh.NewClients(gh.Config{Transport: inProcess(world)}, test.app)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := clients.Client(t.Context(), test.repository); err == nil || !strings.HasPrefix(err.Error(), test.want) && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestClientsWithOneToken have one for all.
func TestClientsWithOneToken(t *testing.T) {
	t.Parallel()
	world := newSandbox(t, sandbox.Options{})
	clients, err := gh.NewClients(gh.Config{Token: secret.New(token), Transport: inProcess(world)}, gh.App{})
	if err != nil {
		t.Fatal(err)
	}
	for _, repository := range []gh.Repository{voice, site} {
		if err := setStatus(t, clients, repository); err != nil {
			t.Error(err)
		}
	}
	ofVoice, _ := clients.Client(t.Context(), voice)
	if ofSite, _ := clients.Client(t.Context(), site); ofSite != ofVoice || len(statuses(world)) != 2 {
		t.Errorf("statuses %v", statuses(world))
	}
}

func otherKey(t *testing.T) secret.String {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return secret.New(pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)))
}
