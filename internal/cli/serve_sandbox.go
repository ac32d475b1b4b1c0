package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/server"
)

// sandboxAddress is where the platforms of slipway serve --sandbox answer, unless it is
// told otherwise.
const sandboxAddress = "127.0.0.1:8082"

// serveSandbox is a world for a webhook server that needs no account: both platforms, a
// repository, and an environment that leads to them.
type serveSandbox struct {
	platforms *sandboxes
	hub       *demoHub
	url       string // of both platforms
	folder    string // the server's data
	isKept    bool
	overview  string
	environ   map[string]string

	stop  context.CancelFunc
	ended chan error
}

// openServeSandbox starts the platforms. They live until Close, which may be longer than
// ctx: a server that is stopped still has something to tell them.
func openServeSandbox(ctx context.Context, address, data string, logger *slog.Logger) (_ *serveSandbox, err error) {
	s := &serveSandbox{folder: data, isKept: data != "", ended: make(chan error, 1)}
	if !s.isKept {
		if s.folder, err = os.MkdirTemp("", "slipway-"); err != nil {
			return nil, fmt.Errorf("make a folder for the server: %w", err)
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		fix := "Choose another address or port with --sandbox-listen."
		if errors.Is(err, syscall.EADDRINUSE) {
			fix = "Stop what listens there, or choose other addresses with --sandbox-listen, --listen and --admin-listen."
		}
		err = oneProblem(fmt.Sprintf("cannot listen on %s: %v", address, rootCause(err)), fix)
		return nil, errors.Join(err, s.remove())
	}
	s.url = "http://" + reachable(listener.Addr())
	if err := s.build(ctx, logger); err != nil {
		return nil, errors.Join(err, listener.Close(), s.remove())
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go func() { s.ended <- serve(serving, listener, s) }()
	return s, nil
}

// ServeHTTP answers for both platforms, and for who pushes.
func (s *serveSandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == demoPushPath && !twilio.IsLive(r) {
		s.hub.ServeHTTP(w, r)
		return
	}
	s.platforms.ServeHTTP(w, r)
}

// build makes the platforms, the repository, server.yml and the environment.
func (s *serveSandbox) build(ctx context.Context, logger *slog.Logger) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("make a key for the GitHub App: %w", err)
	}
	webhook := secret.New(rand.Text())
	files := filepath.Join(s.folder, "sandbox")
	ofTwilio := twilio.Options{BuildTime: time.Second}
	if s.isKept {
		ofTwilio.DataDir = filepath.Join(files, "twilio")
	}
	ofGitHub := github.Options{
		AssumePushed: s.isKept, // the server may know commits of a run before, which GitHub's sandbox does not
		Repositories: []github.Repository{{Owner: demoOwner, Name: demoRepository, Private: true}},
		Apps: []github.App{{ID: demoApp, Slug: "slipway-demo", Key: &key.PublicKey, Installations: []github.Installation{{
			ID: demoApp, Account: demoOwner, Permissions: map[string]string{
				"contents": "read", "deployments": "write", "metadata": "read", "pull_requests": "write", "statuses": "write",
			},
		}}}},
	}
	if err := writeSandboxFiles(files, s.url); err != nil {
		return err
	}
	if s.platforms, err = openSandboxes(ctx, ofTwilio, &ofGitHub, logger); err != nil {
		return oneProblem(err.Error(), "")
	}
	if s.hub, err = newDemoHub(s.platforms.ofGitHub, webhook); err != nil {
		return errors.Join(err, s.platforms.Close())
	}
	s.environ = map[string]string{
		"SLIPWAY_DATA":               s.folder,
		"SLIPWAY_SERVER_CONFIG":      filepath.Join(files, "server.yml"),
		"SLIPWAY_LISTEN":             "127.0.0.1:8080",
		"SLIPWAY_WEBHOOK_SECRET":     webhook.Reveal(),
		"SLIPWAY_GITHUB_APP_ID":      strconv.Itoa(demoApp),
		"SLIPWAY_GITHUB_PRIVATE_KEY": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		"GITHUB_API_URL":             s.url + github.EnterprisePrefix,
	}
	return nil
}

// writeSandboxFiles writes the server.yml of the sandbox, and what it refers to.
func writeSandboxFiles(folder, url string) error {
	account := twilio.DefaultAccount()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return oneProblem(fmt.Sprintf("the folder %s cannot be made: %v", folder, rootCause(err)), "Name one that can be written to with --data.")
	}
	for name, text := range map[string]string{
		"api-key": account.KeySID, "api-secret": account.KeySecret,
		"server.yml": fmt.Sprintf(`# What repositories may do on this server. Written anew at each start of slipway serve --sandbox.
version: 1
repositories:
  %s/%s:
    accounts:
      sandbox:
        account-sid: %s
        api-key: {file: api-key}
        api-secret: {file: api-secret}
        api-url: %s
        live-url: %q
    services:
      hello:
        environments: [dev, production]
        previews: true
        variables:
          GREETING: {value: Ahoy}
`, demoOwner, demoRepository, account.SID, url, liveURL(url)),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write what the server of the sandbox reads: %w", err)
		}
	}
	return nil
}

// getenv is the environment of the server: nothing of the real one leads elsewhere.
func (s *serveSandbox) getenv(real func(string) string) func(string) string {
	return func(name string) string {
		if level, _ := config.Lookup(config.LogLevel); name == level.Env {
			return real(name)
		}
		return s.environ[name]
	}
}

// connect leads the platforms to the server, and returns where people find the latter;
// empty where no browser can.
func (s *serveSandbox) connect(listeners server.Listeners, publicURL string) string {
	admin := listeners.Admin.Addr()
	if publicURL == "" && admin.Network() == "tcp" {
		publicURL = "http://" + reachable(admin)
	}
	s.overview = cmp.Or(publicURL, "unix:"+admin.String())
	s.hub.connect(listeners.Public.Addr(), publicURL)
	return publicURL
}

// introduce says what there is, and what to do with it.
func (s *serveSandbox) introduce(env Env) {
	push := "slipway demo push"
	if s.url != "http://"+sandboxAddress {
		push += " --url " + s.url
	}
	lasts := "gone when it is stopped"
	if s.isKept {
		lasts = "kept"
	}
	fmt.Fprintf(env.Stdout, `A webhook server, with sandboxes of GitHub and Twilio, until it is stopped:
  overview   %s
  webhooks   %s
  sandboxes  %s
  files      %s (%s)

Push a commit to %s/%s in another terminal, and watch the overview:
  %s
`, s.overview, s.hub.webhook, s.url, s.folder, lasts, demoOwner, demoRepository, push)
}

// Close ends the platforms, and removes what need not stay.
func (s *serveSandbox) Close() error {
	s.stop()
	return errors.Join(<-s.ended, s.platforms.Close(), s.remove())
}

func (s *serveSandbox) remove() error {
	if s.isKept {
		return nil
	}
	return os.RemoveAll(s.folder) //nolint:wrapcheck // it names the folder.
}
