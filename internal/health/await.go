package health

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/words"
)

const (
	// maxAnswer is how much of an answer is read.
	maxAnswer = 64 << 10
	// maxTry bounds one request.
	maxTry = 10 * time.Second
	// maxRedirects bounds how often a request is sent on.
	maxRedirects = 5
	// maxShown is how much of an answer an error shows, in characters.
	maxShown = 120
)

// FailedError says that an address did not answer as it should in time.
type FailedError struct {
	// URL is what was asked for, without its query.
	URL string
	// Tries is how often, and After is for how long.
	Tries int
	After time.Duration
	// Last is what was wrong with the last answer.
	Last error
}

// Error tells what the last answer was.
func (e *FailedError) Error() string {
	return fmt.Sprintf("%s did not answer as it should within %s (%s); at last %v", e.URL, words.Elapsed(e.After), words.Count(e.Tries, "request"), e.Last)
}

// Unwrap returns what was wrong with the last answer.
func (e *FailedError) Unwrap() error { return e.Last }

// Await asks domain for the Check's path until the answer is right, or the Timeout is
// over: then the error is a *FailedError. liveURL is where deployed domains answer, with
// {domain} in place of the domain and no slash at its end. When ctx ends first, the
// error has its cause, and what the last answer was.
func (c Check) Await(ctx context.Context, liveURL, domain string) error {
	target, err := locate(liveURL, domain, c.Path)
	if err != nil {
		return err
	}
	asking := newPeer(target, isLoopback(liveURL))
	defer asking.client.CloseIdleConnections()
	started, tries := time.Now(), 0
	var last error
	scaled := func(wait time.Duration) time.Duration { return time.Duration(float64(wait) * cmp.Or(c.Scale, 1)) }
	pace := retry.Polling{
		Every: scaled(500 * time.Millisecond), Steady: scaled(5 * time.Second), Max: scaled(2 * time.Second), Budget: c.Timeout,
	}
	err = retry.Poll(ctx, pace, func(within context.Context) (bool, error) {
		if isOver := within.Err() != nil; isOver {
			return false, nil //nolint:nilerr // nothing was asked, so nothing was met.
		}
		tries++
		met := c.try(within, asking)
		isCutOff := ctx.Err() != nil || within.Err() != nil && last != nil // which tells nothing
		if met == nil || !isCutOff {
			last = met
		}
		return met == nil, nil
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil:
		return &FailedError{URL: shownURL(target), Tries: tries, After: time.Since(started), Last: last}
	case last != nil:
		return fmt.Errorf("check %s: %w; at last %w", shownURL(target), context.Cause(ctx), last)
	default:
		return fmt.Errorf("check %s: %w", shownURL(target), context.Cause(ctx))
	}
}

// try asks once. The error says what is wrong with the answer, in one line that holds
// nothing secret and nothing that drives a terminal: much of it is the other side's.
func (c Check) try(ctx context.Context, asking peer) error {
	began := time.Now()
	err := c.ask(ctx, asking)
	if err == nil {
		return nil
	}
	if timed, ok := errors.AsType[net.Error](err); ctx.Err() != nil || ok && timed.Timeout() {
		return fmt.Errorf("no whole answer came within %s", words.Elapsed(time.Since(began)))
	}
	return errors.New(c.harmless(err.Error()))
}

func (c Check) ask(ctx context.Context, asking peer) error {
	ctx, cancel := context.WithTimeout(ctx, maxTry)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, asking.target.String(), nil)
	if err != nil {
		return err //nolint:wrapcheck // Await says which address.
	}
	request.Header.Set("Cache-Control", "no-cache")
	request.Header.Set("User-Agent", "slipway-health-check")
	for _, one := range c.headers {
		request.Header.Set(one.name, one.value.Reveal())
	}
	response, err := asking.do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	isRight := c.accepts(response.StatusCode)
	if isRight && c.Text == "" {
		return nil // whatever the body is, and however long it takes
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case !isRight:
		status := statusText(response.StatusCode)
		return fmt.Errorf("it answered %s, and not %s%s", status, c.wanted(), c.shown(withoutStatus(body, status)))
	case strings.Contains(string(body), c.Text):
		return nil
	case err != nil:
		return fmt.Errorf("its answer broke off: %w", err)
	case len(body) == maxAnswer:
		return fmt.Errorf("the first %s of its answer do not hold %q", words.Size(maxAnswer), c.Text)
	default:
		return fmt.Errorf("its answer does not hold %q%s", c.Text, c.shown(body))
	}
}

// statusText names a status in HTTP's words: those of the answer are anybody's.
func statusText(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}

// withoutStatus is an answer without the status that many begin with: it is told once.
func withoutStatus(body []byte, status string) []byte {
	if rest, ok := bytes.CutPrefix(bytes.TrimSpace(body), []byte(status)); ok {
		return bytes.TrimPrefix(rest, []byte(":"))
	}
	return body
}

func (c Check) accepts(status int) bool {
	for _, one := range c.statuses {
		if one.has(status) {
			return true
		}
	}
	return false
}

func (c Check) wanted() string {
	texts := make([]string, len(c.statuses))
	for i, one := range c.statuses {
		texts[i] = one.String()
	}
	return strings.Join(texts, ", ")
}

// shown is the beginning of an answer.
func (c Check) shown(body []byte) string {
	runes := []rune(c.harmless(string(body)))
	switch {
	case len(runes) == 0:
		return ""
	case len(runes) > maxShown:
		return ": " + string(runes[:maxShown]) + "…"
	default:
		return ": " + string(runes)
	}
}

// harmless is text in one printable line, without the values that were sent, which
// an answer may repeat.
func (c Check) harmless(text string) string {
	for _, one := range c.headers {
		for _, value := range one.secrets() {
			text = strings.ReplaceAll(text, value, "***")
		}
	}
	text = strings.ToValidUTF8(text, "�")
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }), " ")
}
