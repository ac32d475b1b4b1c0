package twilio

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
)

// Credentials sign requests with HTTP Basic: an API key with its secret, or an
// Account SID with its auth token. They imply the account; no path names it.
type Credentials struct {
	// User is an API key SID (SK…) or an Account SID (AC…).
	User string
	// Password is the key's secret or the account's auth token.
	Password secret.String
}

// Call describes one answered or failed attempt of an operation.
type Call struct {
	// Operation is the operation's name, such as "create build".
	Operation string
	// Method and Path are the request's, the path without host and query.
	Method, Path string
	// Status is the reply's status code, 0 when there was no reply.
	Status int
	// Duration is from the request's start to the end of the reply's body.
	Duration time.Duration
	// Err is why the attempt did not succeed, nil when it did.
	Err error
}

// Config says how to reach the API. Credentials are required; every other zero
// value has a default.
type Config struct {
	// Credentials of the account.
	Credentials Credentials
	// APIURL and UploadURL replace Twilio's hosts: scheme, host and port,
	// without /v1. UploadURL defaults to APIURL when only that is set.
	// http is accepted for loopback addresses only.
	APIURL, UploadURL string
	// Region and Edge choose among Twilio's hosts, by the official Toolkit's
	// rule; both empty means US1. They do nothing when APIURL is set.
	Region, Edge string
	// UserAgent is sent with each request. Empty means "slipway".
	UserAgent string
	// Transport carries the requests. Nil means a transport of its own that
	// honours HTTPS_PROXY and NO_PROXY. Plain http goes through no proxy.
	Transport http.RoundTripper
	// Limiter bounds the requests in flight. Nil means NewLimiter(0).
	Limiter *Limiter
	// Retry is the policy for each call. MaxAttempts 0 means retry.Default(),
	// with Notify kept.
	Retry retry.Policy
	// Polling is the pace for WaitForBuild. The zero value means
	// retry.DefaultPolling().
	Polling retry.Polling
	// StallAfter ends an attempt in which no byte has moved for so long, in
	// either direction. 0 means 60 s. A long upload that moves is never ended,
	// and one that was read to its end gets a second more for each 64 KB, since
	// it may still be on its way.
	StallAfter time.Duration
	// Observe, when set, is called after each attempt, from many goroutines.
	Observe func(Call)
	// Logger receives retries. Nil means none.
	Logger *slog.Logger
}

// Client performs the API's operations. Make one with New. It is safe for
// concurrent use.
type Client struct {
	http        *http.Client
	credentials Credentials
	apiURL      *url.URL
	uploadURL   *url.URL
	userAgent   string
	limiter     *Limiter
	retry       retry.Policy
	polling     retry.Polling
	stallAfter  time.Duration
	clock       *serverClock
	grace       time.Duration
	observe     func(Call)
	logger      *slog.Logger
}

// New checks cfg and makes a Client from it. It sends nothing. The error joins
// everything that is wrong with cfg.
func New(cfg Config) (*Client, error) {
	apiURL, uploadURL := Hosts(cfg.Region, cfg.Edge)
	switch {
	case cfg.APIURL != "" && cfg.UploadURL != "":
		apiURL, uploadURL = cfg.APIURL, cfg.UploadURL
	case cfg.APIURL != "":
		apiURL, uploadURL = cfg.APIURL, cfg.APIURL
	case cfg.UploadURL != "":
		uploadURL = cfg.UploadURL
	}
	api, apiErr := ParseBaseURL(apiURL)
	upload, uploadErr := ParseBaseURL(uploadURL)
	if err := errors.Join(cfg.Credentials.check(), apiErr, uploadErr); err != nil {
		return nil, err
	}
	client := &Client{
		credentials: cfg.Credentials,
		apiURL:      api,
		uploadURL:   upload,
		userAgent:   orDefault(cfg.UserAgent, "slipway"),
		limiter:     cfg.Limiter,
		retry:       cfg.Retry,
		polling:     orDefault(cfg.Polling, retry.DefaultPolling()),
		stallAfter:  orDefault(cfg.StallAfter, time.Minute),
		clock:       new(serverClock),
		observe:     cfg.Observe,
		logger:      cfg.Logger,
	}
	if client.limiter == nil {
		client.limiter = NewLimiter(0)
	}
	if client.retry.MaxAttempts == 0 {
		client.retry = retry.Default()
		client.retry.Notify = cfg.Retry.Notify
	}
	if client.observe == nil {
		client.observe = func(Call) {}
	}
	if client.logger == nil {
		client.logger = slog.New(slog.DiscardHandler)
	}
	transport := cfg.Transport
	if transport == nil {
		transport = NewTransport(client.limiter.Cap())
	}
	client.http = &http.Client{
		Transport: transport,
		// A redirect would carry the credentials to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client, nil
}

// Observed returns a client that reports its attempts to observe as well. It
// shares everything else, the Limiter included.
func (c *Client) Observed(observe func(Call)) *Client {
	observed := *c
	before := c.observe
	observed.observe = func(call Call) {
		before(call)
		observe(call)
	}
	return &observed
}

// WithBuildBudget returns a client whose WaitForBuild waits at most so long.
// It shares everything else. A budget of 0 changes nothing.
func (c *Client) WithBuildBudget(budget time.Duration) *Client {
	if budget <= 0 {
		return c
	}
	patient := *c
	patient.polling.Budget = budget
	return &patient
}

// WithGrace returns a client whose writes, once they are sent, may go on for
// that long after their context ended, so that it is known whether they took
// effect. No attempt begins after the context ended. It shares everything else.
func (c *Client) WithGrace(grace time.Duration) *Client {
	patient := *c
	patient.grace = grace
	return &patient
}

func (c Credentials) check() error {
	switch {
	case c.User == "" || c.Password.IsZero():
		return errors.New("the Twilio credentials are missing")
	case !IsSID("AC", c.User) && !IsSID("SK", c.User):
		return errors.New("the user of Twilio's credentials is neither an Account SID (AC and 32 hexadecimal digits) nor an API key SID (SK…)")
	}
	return nil
}

// Hosts returns Twilio's base URLs for a region and an edge by the official
// Toolkit's rule: a region without an edge takes the edge that belongs to it,
// an unknown region takes none, an edge alone stands alone.
func Hosts(region, edge string) (api, upload string) {
	if region != "" && edge == "" {
		edge = edgeOf(region)
	}
	host := func(product string) string {
		labels := []string{product}
		for _, label := range []string{edge, region} {
			if label != "" {
				labels = append(labels, label)
			}
		}
		return "https://" + strings.Join(labels, ".") + ".twilio.com"
	}
	return host("serverless"), host("serverless-upload")
}

// DefaultRegion is where an account is of which nothing else is said.
const DefaultRegion = "us1"

// edgeOf knows the regions that the Toolkit knows (its api-client.ts).
func edgeOf(region string) string {
	switch region {
	case DefaultRegion, "stage-us1":
		return "ashburn"
	case "au1", "stage-au1":
		return "sydney"
	case "ie1":
		return "dublin"
	default:
		return ""
	}
}

// ParseBaseURL reads a base URL: scheme, host and port, nothing else. Plain
// http is refused for every host but this machine's own, since credentials
// would travel in clear.
func ParseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL; give scheme, host and port, such as https://serverless.twilio.com", text)
	}
	switch {
	case base.User != nil:
		return nil, errors.New("a base URL must hold no credentials")
	case base.Scheme != "https" && base.Scheme != "http", base.Host == "":
		return nil, fmt.Errorf("%q is not a base URL; give scheme, host and port, such as https://serverless.twilio.com", text)
	case base.Path != "" || base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("%q has more than scheme, host and port; leave out /v1 and everything after the host", text)
	case base.Scheme == "http" && !isLoopback(base.Hostname()):
		return nil, fmt.Errorf("%q would send credentials in clear; use https (http is for this machine's own addresses)", text)
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

// NewTransport makes the transport of a Client that is given none, for a
// Config.Transport that watches what passes. connections is how many stay open
// to a host between requests.
func NewTransport(connections int) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: checkProxy,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    connections,
		ForceAttemptHTTP2:      true,
		// A connection that died in silence is given up well before its requests
		// count as stalled, and takes no further ones.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
	}
}

// proxy sends nothing of plain http through a proxy: it is for this machine's
// own addresses, and a proxy would read the credentials.
func proxy(request *http.Request) (*url.URL, error) {
	if request.URL.Scheme == "http" {
		return nil, nil //nolint:nilnil // as http.Transport.Proxy wants it.
	}
	return http.ProxyFromEnvironment(request) //nolint:wrapcheck // net/http wraps it.
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
