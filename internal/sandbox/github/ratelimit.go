package github

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// quota is what one token has used up. It is guarded by the Sandbox's lock.
type quota struct {
	ends      time.Time // of the window of the primary limit
	used      int
	creations []time.Time // of the last minute, oldest first
}

// rate is the primary rate limit as an answer's headers tell it.
type rate struct {
	limit, remaining, used int
	reset                  time.Time
}

// write sets the headers that GitHub sends with every answer of its API.
func (r rate) write(header http.Header) {
	if r.limit == 0 {
		return // it went wrong before it was counted
	}
	header.Set("X-RateLimit-Limit", strconv.Itoa(r.limit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(r.remaining))
	header.Set("X-RateLimit-Used", strconv.Itoa(r.used))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(r.reset.Unix(), 10))
	header.Set("X-RateLimit-Resource", "core")
}

// charge counts a request against its token, and reports whether there was
// room for it. A free request is told how things stand, and not counted.
func (s *Sandbox) charge(token *Token, isFree bool, now time.Time) (rate, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit, spent := s.options.RateLimit, s.quotaOf(token)
	if token == nil {
		limit = min(limit, anonymousRateLimit)
	}
	if !now.Before(spent.ends) {
		spent.ends, spent.used = now.Add(rateWindow), 0
	}
	hasRoom := isFree || spent.used < limit
	if hasRoom && !isFree {
		spent.used++
	}
	// Whole seconds, rounded up: at the time that is told, there is room again.
	reset := spent.ends.Add(time.Second - 1).Truncate(time.Second)
	return rate{limit: limit, remaining: limit - spent.used, used: spent.used, reset: reset}, hasRoom
}

// chargeCreation counts a request that creates content. When the token has
// made too many in the last minute, it returns how long it has to wait.
func (s *Sandbox) chargeCreation(token *Token, now time.Time) (wait time.Duration, hasRoom bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	spent := s.quotaOf(token)
	for len(spent.creations) > 0 && !now.Before(spent.creations[0].Add(secondaryWindow)) {
		spent.creations = spent.creations[1:]
	}
	if len(spent.creations) >= s.options.SecondaryAfter {
		return spent.creations[0].Add(secondaryWindow).Sub(now), false
	}
	spent.creations = append(spent.creations, now)
	return 0, true
}

// quotaOf finds a token's quota; those without a token share one. The caller
// holds the lock.
func (s *Sandbox) quotaOf(token *Token) *quota {
	key := ""
	if token != nil {
		key = token.Value
		if token.installation != 0 { // all tokens of an installation share one
			key = "installation " + strconv.FormatInt(token.installation, 10)
		}
	}
	if s.quotas[key] == nil {
		s.quotas[key] = &quota{}
	}
	return s.quotas[key]
}

// limitStatus is 403 or 429: GitHub documents both for both kinds of limits.
func (s *Sandbox) limitStatus() int {
	if s.options.Switches.LimitsAre429 {
		return http.StatusTooManyRequests
	}
	return http.StatusForbidden
}

const (
	limitsPage    = "overview/rate-limits-for-the-rest-api"
	secondaryPage = limitsPage + "#about-secondary-rate-limits"
)

// primaryLimit is the refusal of a token that has no request left. The text is
// GitHub's for installations, as in bobheadxi/deployments issue 67.
func (s *Sandbox) primaryLimit(token *Token) error {
	whose := "the sandbox's installation"
	if token == nil {
		whose = "this address"
	}
	return &apiError{status: s.limitStatus(), message: "API rate limit exceeded for " + whose + ".", docs: limitsPage}
}

// secondaryLimit is the refusal of a token that creates too much. The text is
// GitHub's, as in hisxo/gitGraber issue 43.
func (s *Sandbox) secondaryLimit(status int, wait time.Duration, tells bool) error {
	refused := &apiError{
		status: status, docs: secondaryPage,
		message: "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.",
	}
	if tells {
		seconds := int(math.Ceil(wait.Seconds()))
		refused.header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
	}
	return refused
}

type rateBody struct {
	Limit     int    `json:"limit"`
	Used      int    `json:"used"`
	Remaining int    `json:"remaining"`
	Reset     int64  `json:"reset"`
	Resource  string `json:"resource"`
}

// getRateLimit costs nothing of the primary limit, as documented.
func getRateLimit(c *call) (reply, error) {
	core := rateBody{
		Limit: c.rate.limit, Used: c.rate.used, Remaining: c.rate.remaining,
		Reset: c.rate.reset.Unix(), Resource: "core",
	}
	return ok(map[string]any{"resources": map[string]rateBody{"core": core}, "rate": core})
}
