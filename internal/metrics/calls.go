package metrics

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	platformTwilio = "twilio"
	platformGitHub = "github"
)

// TwilioCalled counts a request to Twilio's API.
func (m *Metrics) TwilioCalled(call twilio.Call) { m.called(platformTwilio, call.Method, call.Status) }

// TwilioRepeated counts one that will be repeated.
func (m *Metrics) TwilioRepeated(retry.Wait) { m.repeats.WithLabelValues(platformTwilio).Inc() }

// GitHubCalled counts a request to GitHub's API, and notes what its signer has left.
func (m *Metrics) GitHubCalled(call gh.Call) {
	m.called(platformGitHub, call.Method, call.Status)
	if !call.Resets.IsZero() {
		m.rates.note(call)
	}
}

// GitHubRepeated counts one that will be repeated.
func (m *Metrics) GitHubRepeated(retry.Wait) { m.repeats.WithLabelValues(platformGitHub).Inc() }

func (m *Metrics) called(platform, method string, status int) {
	text := "none"
	if status > 0 {
		text = strconv.Itoa(status)
	}
	m.calls.WithLabelValues(platform, method, text).Inc()
}

// mostSigners bounds the series of what is left of rate limits: those who have the
// least left are shown.
const mostSigners = 100

// rates is what each signer has left of GitHub's rate limit. One whose window has ended
// has all of it again, and is not shown until the next request.
type rates struct {
	left *prometheus.Desc

	mu    sync.Mutex
	known map[string]rate
}

type rate struct {
	left   int
	resets time.Time
}

func newRates() *rates {
	return &rates{known: map[string]rate{}, left: prometheus.NewDesc("slipway_github_rate_limit_remaining",
		"Requests to GitHub that are left until the rate limit's next window, by installation of the App; app is the App itself, token is one that was given.",
		[]string{"installation"}, nil)}
}

// note takes what an answer says. Answers may overtake each other: within a window the
// least that was said holds.
func (r *rates) note(call gh.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, isKnown := r.known[call.Signer]
	switch {
	case isKnown && call.Resets.Before(before.resets):
		return
	case isKnown && call.Resets.Equal(before.resets):
		call.Left = min(call.Left, before.left)
	}
	r.known[call.Signer] = rate{call.Left, call.Resets}
}

// Describe is a prometheus.Collector's.
func (r *rates) Describe(into chan<- *prometheus.Desc) { into <- r.left }

// Collect is a prometheus.Collector's.
func (r *rates) Collect(into chan<- prometheus.Metric) {
	for _, one := range r.lowest(time.Now()) {
		into <- prometheus.MustNewConstMetric(r.left, prometheus.GaugeValue, float64(one.left), one.signer)
	}
}

type signed struct {
	signer string
	left   int
}

// lowest returns those with the least left, and forgets those whose window has ended.
func (r *rates) lowest(now time.Time) []signed {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.known, func(_ string, one rate) bool { return !now.Before(one.resets) })
	all := make([]signed, 0, len(r.known))
	for signer, one := range r.known {
		all = append(all, signed{signer, one.left})
	}
	slices.SortFunc(all, func(a, b signed) int { return cmp.Or(cmp.Compare(a.left, b.left), cmp.Compare(a.signer, b.signer)) })
	return all[:min(len(all), mostSigners)]
}
