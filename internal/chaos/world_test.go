//go:build unix

package chaos_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	twilio "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// webhookKey signs what is delivered.
const webhookKey = "the-key-that-webhooks-are-signed-with"

// world is both platforms, and the server between them.
type world struct {
	size   scale
	seed   uint64
	github *github.Sandbox
	twilio *twilio.Sandbox
	folder string // with server.yml and logs; below it the server's data
	lives  *lives

	mu           sync.Mutex
	repositories []*repository
	commits      map[string]commit // by SHA
	letters      []*letter         // as they were made
	redeliveries int
	met          map[string]int // calls and faults, by platform
}

// commit is what somebody has pushed.
type commit struct {
	repository, branch string
	number             int // counts those of all repositories
}

// owned is how many repositories an owner has, who has an installation of the App and an
// account of Twilio's: both have limits of their own.
const owned = 5

func ownerOf(repository int) int { return repository / owned }

// accountOf is the account of an owner.
func accountOf(owner int) twilio.Account {
	return twilio.Account{
		SID: fmt.Sprintf("AC%032x", owner+1), KeySID: fmt.Sprintf("SK%032x", owner+1), KeySecret: fmt.Sprintf("secret-of-%d", owner),
	}
}

func newWorld(t *testing.T, size scale, seed uint64) *world {
	t.Helper()
	w := &world{size: size, seed: seed, folder: folderOf(t), commits: map[string]commit{}, met: map[string]int{}}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	app := github.App{ID: 1, Slug: "slipway", Key: &key.PublicKey}
	var accounts []twilio.Account
	var environment []string
	for i := range size.repositories {
		one := newRepository(i)
		w.repositories = append(w.repositories, one)
		if i%owned != 0 {
			continue
		}
		account := accountOf(ownerOf(i))
		accounts = append(accounts, account)
		app.Installations = append(app.Installations, github.Installation{ID: int64(i + 1), Account: one.owner, Permissions: github.DefaultToken().Permissions})
		environment = append(environment, fmt.Sprintf("KEY_%d=%s", ownerOf(i), account.KeySID), fmt.Sprintf("SECRET_%d=%s", ownerOf(i), account.KeySecret))
	}
	w.twilio, err = twilio.New(twilio.Options{
		Accounts:     accounts,
		BuildTimeMax: 400 * time.Millisecond, BuildTime: time.Millisecond, FaultRate: faults, Seed: seed, SlowAnswer: 200 * time.Millisecond,
		Observe: func(call twilio.Call) { w.count("Twilio", call.Fault != twilio.FaultNone) },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.github, err = github.New(github.Options{
		Apps:      []github.App{app},
		RateLimit: 10_000_000, SecondaryAfter: 10_000_000, FaultRate: faults, Seed: seed, SlowAnswer: 200 * time.Millisecond,
		Observe: func(call github.Call) { w.count("GitHub", call.Fault != github.FaultNone) },
	})
	if err != nil {
		t.Fatal(err)
	}
	platform, hub := httptest.NewServer(w.twilio), httptest.NewServer(w.github)
	t.Cleanup(func() {
		platform.CloseClientConnections()
		platform.Close()
		hub.CloseClientConnections()
		hub.Close()
		for _, err := range []error{w.twilio.Close(), w.github.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	for _, one := range w.repositories {
		if err := w.github.AddRepository(github.Repository{Owner: one.owner, Name: one.name, Private: true}); err != nil {
			t.Fatal(err)
		}
	}
	w.write(t, "server.yml", w.serverYML(platform.URL))
	w.write(t, "app.pem", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	w.lives = newLives(t, w.folder, append(environment, "SLIPWAY_WEBHOOK_SECRET="+webhookKey, "GITHUB_API_URL="+hub.URL, "DSN=dsn-of-all"))
	return w
}

// folderOf is a folder that stays when the test has failed: the server's logs and its
// database are in it.
func folderOf(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "slipway-chaos-") //nolint:usetesting // it is to stay.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's logs and its database are in %s", folder)
		} else if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}

func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serverYML lets each repository deploy to Services of its own.
func (w *world) serverYML(platform string) string {
	var all strings.Builder
	fmt.Fprintf(&all, "version: 1\nrepositories:\n")
	for i, one := range w.repositories {
		fmt.Fprintf(&all, `  %s:
    accounts: {main: {api-key: {env: KEY_%d}, api-secret: {env: SECRET_%d}, api-url: %q, live-url: %q}}
    services:
`, one.fullName(), ownerOf(i), ownerOf(i), platform, platform+"/_live/{domain}")
		for _, service := range one.services {
			fmt.Fprintf(&all, "      %s: {environments: [stage], previews: true, variables: {DSN: {env: DSN}}}\n", service.name)
		}
	}
	return all.String()
}

func (w *world) count(platform string, isFault bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.met["calls of "+platform]++
	if isFault {
		w.met["faults at "+platform]++
	}
}
