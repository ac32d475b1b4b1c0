package gh

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// firstUntoldWait is the least wait after a secondary limit that does not say how
	// long it lasts. It doubles each time: docs.github.com/rest/using-the-rest-api/
	// rate-limits-for-the-rest-api.
	firstUntoldWait = time.Minute
	// longestWait bounds what a header may ask for, so that nonsense in it
	// cannot overflow.
	longestWait = 24 * time.Hour
)

// gate holds back requests until a rate limit ends. GitHub may ban an
// integration that keeps asking meanwhile.
type gate struct {
	mu     sync.Mutex
	until  time.Time
	limit  *RateLimitError // the newest one
	untold int             // limits in a row that did not say how long
}

// holds returns the limit that is in force, as an error of op, and how long it
// lasts; nil when none is.
func (g *gate) holds(op operation, now time.Time) (*RateLimitError, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !now.Before(g.until) {
		return nil, 0
	}
	limit := *g.limit
	limit.Operation = op.name
	return &limit, g.until.Sub(now)
}

// close keeps the gate shut until then.
func (g *gate) close(limit *RateLimitError, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.until, g.limit = until, limit
	}
}

// untoldWait is how long to wait after a limit that does not say it. Calls that
// were on their way together met one limit, not several in a row.
func (g *gate) untoldWait(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.until) {
		return g.until.Sub(now)
	}
	wait := min(firstUntoldWait<<min(g.untold, 10), longestWait)
	g.untold++
	return wait
}

// passed notes an answer that was no refusal.
func (g *gate) passed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.untold = 0
}

// judgeLimit reads from a limited answer how long to wait, in the order that
// GitHub's page on rate limits gives: Retry-After, else the reset when nothing
// remains, else a minute and more.
//
// X-RateLimit-Reset alone means nothing, since every answer has it; the SDK
// takes it for the end of a secondary limit all the same.
func (c *Client) judgeLimit(op operation, response *http.Response, said refusal) outcome {
	header, now, server := response.Header, time.Now(), serverTime(response.Header)
	reset, isUsedUp := resetTime(header)
	limit := &RateLimitError{
		Operation: op.name, Primary: isUsedUp && !isSecondary(said), Status: response.StatusCode,
		Message: said.message, RequestID: oneLine(header.Get("X-GitHub-Request-Id"), 64),
	}
	var wait time.Duration
	switch {
	case header.Get("Retry-After") != "":
		wait = retryAfter(header, server)
		limit.Until = now.Add(wait)
	case isUsedUp:
		left := min(max(0, reset.Sub(server)), longestWait)
		wait = left + time.Second // since the header has whole ones
		limit.Until = server.Add(left)
	default:
		wait = c.gate.untoldWait(now)
		limit.Until = now.Add(wait)
	}
	c.gate.close(limit, now.Add(wait))
	return outcome{err: limit, wait: wait, retryable: true, unhandled: true}
}

// serverTime is when GitHub sent the answer, by its own clock, so that a wrong
// clock here does not lengthen or shorten a wait.
func serverTime(header http.Header) time.Time {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		return date
	}
	return time.Now()
}

// resetTime reads when the primary limit's window ends; isUsedUp tells whether
// nothing remains of it.
func resetTime(header http.Header) (reset time.Time, isUsedUp bool) {
	seconds, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || seconds <= 0 || header.Get("X-RateLimit-Remaining") != "0" {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).UTC(), true
}

// retryAfter reads both forms of the header, seconds and a date.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(0, seconds), int64(longestWait/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(0, date.Sub(now)), longestWait)
	}
	return 0
}
