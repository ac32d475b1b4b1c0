package gh

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
)

const (
	defaultAPIURL    = "https://api.github.com"
	defaultServerURL = "https://github.com"

	// attemptTimeout ends one attempt. GitHub itself ends a request that it
	// cannot answer within 10 s (its page "Troubleshooting the REST API").
	attemptTimeout = 30 * time.Second
)

// Config says how to reach GitHub. The Token is required, unless a GitHub App signs in;
// every other zero value has a default.
type Config struct {
	// Token signs the requests: a workflow's GITHUB_TOKEN, an installation's
	// or a person's.
	Token secret.String
	// APIURL is the root of the REST API, with or without a final slash, as
	// GITHUB_API_URL has it. Empty means https://api.github.com. http is
	// accepted for loopback addresses only.
	APIURL string
	// ServerURL is the root of the website, as GITHUB_SERVER_URL has it. Empty
	// means https://github.com.
	ServerURL string
	// UserAgent is sent with each request; GitHub refuses those without one.
	// Empty means "slipway".
	UserAgent string
	// Transport carries the requests. Nil means a transport of its own that
	// honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
	Transport http.RoundTripper
	// Retry is the policy for each call. Its MaxElapsed also bounds the waits
	// that GitHub asks for. Fields that are zero are those of retry.Default().
	Retry retry.Policy
	// Logger receives retries. Nil means none.
	Logger *slog.Logger
	// Observe, when set, is told of each request, from many goroutines. Those to the
	// host of archives are not among them: they count against no limit.
	Observe func(Call)
}

// Client performs the verbs of this package. Make one with New, or have it from
// Clients. It is safe for concurrent use.
type Client struct {
	transport  http.RoundTripper
	apiURL     *url.URL // ends with a slash, as the SDK wants it
	serverURL  *url.URL // ends with a slash, too
	credential credential
	ofApp      bool // rather than a workflow's
	userAgent  string
	retry      retry.Policy
	logger     *slog.Logger
	observe    func(Call)
	signer     string // see Call
	gate       *gate
	whose      whose
	editing    chan struct{} // full while a text that others edit, too, is read and written
}

// whose is who the token acts as, once that was asked.
type whose struct {
	mu    sync.Mutex
	login string
}

// New checks cfg and makes a Client from it. It sends nothing. The error joins
// everything that is wrong with cfg.
func New(cfg Config) (*Client, error) {
	client, err := newClient(cfg, fixed(cfg.Token))
	if err = errors.Join(checkToken(cfg.Token), err); err != nil {
		return nil, err
	}
	return client, nil
}

// newClient makes a Client that signs with whatever the credential gives it.
func newClient(cfg Config, by credential) (*Client, error) {
	api, apiErr := parseBaseURL("API", cfg.APIURL, defaultAPIURL)
	server, serverErr := parseBaseURL("server", cfg.ServerURL, defaultServerURL)
	if err := errors.Join(apiErr, serverErr); err != nil {
		return nil, err
	}
	client := &Client{
		transport:  cfg.Transport,
		apiURL:     api,
		serverURL:  server,
		credential: by,
		userAgent:  orDefault(cfg.UserAgent, "slipway"),
		retry:      completePolicy(cfg.Retry),
		logger:     cfg.Logger,
		observe:    cfg.Observe,
		signer:     signerToken,
		gate:       &gate{},
		editing:    make(chan struct{}, 1),
	}
	if client.logger == nil {
		client.logger = slog.New(slog.DiscardHandler)
	}
	if client.observe == nil {
		client.observe = func(Call) {}
	}
	if client.transport == nil {
		client.transport = newTransport()
	}
	return client, nil
}

// signed returns the client that sends requests with a token.
func (c *Client) signed(token secret.String) *http.Client {
	return &http.Client{
		Transport:     &wire{base: c.transport, api: c.apiURL, token: token, signer: c.signer, observe: c.observe},
		CheckRedirect: func(r *http.Request, via []*http.Request) error { return checkRedirect(c.apiURL, r, via) },
	}
}

// sdk returns the SDK's client for one attempt. Each has its own, because the
// SDK remembers rate limits and then refuses calls with an answer that it makes
// up, for as long as the primary limit's window lasts even where a secondary
// limit was met. What is to be remembered, the gate does.
func (c *Client) sdk(token secret.String) *github.Client {
	sdk := github.NewClient(c.signed(token))
	sdk.BaseURL = c.apiURL
	sdk.UserAgent = c.userAgent
	return sdk
}

// RunURL is the page of a workflow's run, whose id GITHUB_RUN_ID has.
func (c *Client) RunURL(repository Repository, runID string) string {
	return c.serverURL.JoinPath(repository.Owner, repository.Name, "actions", "runs", runID).String()
}

func completePolicy(policy retry.Policy) retry.Policy {
	usual := retry.Default()
	policy.Initial = orDefault(policy.Initial, usual.Initial)
	policy.Max = orDefault(policy.Max, usual.Max)
	policy.MaxAttempts = orDefault(policy.MaxAttempts, usual.MaxAttempts)
	policy.MaxElapsed = orDefault(policy.MaxElapsed, usual.MaxElapsed)
	return policy
}

func checkToken(token secret.String) error {
	if token.IsZero() {
		return errors.New("the GitHub token is missing")
	}
	if strings.ContainsFunc(token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("the GitHub token has a space, a line break or another character that no token has")
	}
	return nil
}

// parseBaseURL reads the address of the API or the website. A path is allowed,
// since a GitHub Enterprise Server has its API at /api/v3. Plain http is refused
// for every host but this machine's own: the token would travel in clear. The
// errors show the host alone, as the rest may hold what is secret.
func parseBaseURL(what, text, usual string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(orDefault(text, usual), "/") + "/")
	switch {
	case err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http":
		return nil, fmt.Errorf("GitHub's %s URL is not an address such as %s", what, usual)
	case base.User != nil:
		return nil, fmt.Errorf("GitHub's %s URL must hold no credentials", what)
	case base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("GitHub's %s URL, at %q, has more than a host and a path", what, base.Host)
	case base.Scheme == "http" && !isLoopback(base.Hostname()):
		return nil, fmt.Errorf("GitHub's %s URL, at %q, is not safe; use https (http is for this machine's own addresses)", what, base.Host)
	}
	return base, nil
}

// isLoopback knows the one name that means this machine everywhere; what
// resolvers make of *.localhost differs.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
