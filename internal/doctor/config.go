package doctor

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Config says how to reach the account. Every zero value but that of
// Credentials has a default.
type Config struct {
	// Credentials of the account. Without any, Examine still tells what can be
	// told.
	Credentials twilio.Credentials
	// AccountSID is the account that the credentials are said to be of; may be
	// empty.
	AccountSID twilio.AccountSID
	// APIURL, UploadURL, Region and Edge are those of twilio.Config.
	APIURL, UploadURL, Region, Edge string
	// LiveURL is where deployed domains answer, with {domain} in place of the
	// domain. Empty means https://{domain}.
	LiveURL string
	// UserAgent is sent with each request. Empty means "slipway".
	UserAgent string
	// Transport carries the requests. Nil means the client's own.
	Transport http.RoundTripper
	// Retry is the policy for each call. MaxAttempts 0 means retry.Default().
	Retry retry.Policy
	// Pace says how patiently a Survey waits. Zero values mean defaults.
	Pace Pace
	// Made is told the name and the SID of the throwaway Service as soon as it is
	// there, for people to find it should the process be killed. Nil means nobody.
	Made func(name, sid string)
	// Progress is told each part of a Survey as it begins. Nil means nobody.
	Progress func(Step)
	// Logger receives each call at debug level. Nil means none.
	Logger *slog.Logger
}

// Pace says how patiently a Survey waits. A zero value means the default.
type Pace struct {
	// Builds is how a Build is watched: retry.DefaultPolling().
	Builds retry.Polling
	// Domain is how the URL of a new Deployment is watched, which may take 45 s
	// to answer: every second, for a minute.
	Domain retry.Polling
	// Logs is how a log entry is waited for: every second, for half a minute.
	Logs retry.Polling
	// Deletion is how long the deletion of the Service may take, after
	// everything else has ended: a minute.
	Deletion time.Duration
	// Lost is how long after one look the next is for a Service of whose creation
	// nothing was heard; there are three looks, 2 s apart.
	Lost time.Duration
}

// Step is one part of a Survey.
type Step struct {
	// Number counts from 1 to Of.
	Number, Of int
	// Title says what the part is about.
	Title string
}

// atOnce is how many calls may be in flight: the account's limit is shared with
// its live traffic.
const atOnce = 3

func (c Config) complete() Config {
	c.LiveURL = cmp.Or(c.LiveURL, "https://{domain}")
	c.UserAgent = cmp.Or(c.UserAgent, "slipway")
	if c.Transport == nil {
		c.Transport = twilio.NewTransport(atOnce)
	}
	if c.Retry.MaxAttempts == 0 {
		c.Retry = retry.Default()
	}
	second := retry.Polling{Every: time.Second, Steady: time.Hour, Max: time.Second}
	c.Pace.Builds = cmp.Or(c.Pace.Builds, retry.DefaultPolling())
	c.Pace.Domain = cmp.Or(c.Pace.Domain, withBudget(second, time.Minute))
	c.Pace.Logs = cmp.Or(c.Pace.Logs, withBudget(second, 30*time.Second))
	c.Pace.Deletion = cmp.Or(c.Pace.Deletion, time.Minute)
	c.Pace.Lost = cmp.Or(c.Pace.Lost, 2*time.Second)
	if c.Made == nil {
		c.Made = func(string, string) {}
	}
	if c.Progress == nil {
		c.Progress = func(Step) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func withBudget(polling retry.Polling, budget time.Duration) retry.Polling {
	polling.Budget = budget
	return polling
}

// hosts are the base URLs of both hosts.
func (c Config) hosts() (api, upload *url.URL, err error) {
	apiText, uploadText := twilio.Hosts(c.Region, c.Edge)
	uploadText = cmp.Or(c.UploadURL, c.APIURL, uploadText)
	apiText = cmp.Or(c.APIURL, apiText)
	api, apiErr := twilio.ParseBaseURL(apiText)
	upload, uploadErr := twilio.ParseBaseURL(uploadText)
	return api, upload, errors.Join(apiErr, uploadErr)
}
