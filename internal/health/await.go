package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
	// URL is what was asked for.
	URL string
	// Tries is how often, and After is for how long.
	Tries int
	After time.Duration
	// Last is what was wrong with the last answer.
	Last error
}

// Error tells what the last answer was.
func (e *FailedError) Error() string {
	return fmt.Sprintf("%s did not answer as it should within %s (%s); at last %v", e.URL, words.Elapsed(e.After), words.Count(e.Tries, "try"), e.Last)
}

// Unwrap returns what was wrong with the last answer.
func (e *FailedError) Unwrap() error { return e.Last }

// Await asks base with the Check's path until the answer is right, or the Timeout is
// over: then the error is a *FailedError. base has no slash at its end. When ctx ends
// first, the error has its cause, and what the last answer was.
func (c Check) Await(ctx context.Context, base string) error {
	address := base + c.Path
	target, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("check %s: %w", address, err)
	}
	client := newClient(target)
	defer client.CloseIdleConnections()
	started, tries := time.Now(), 0
	var last error
	scaled := func(wait time.Duration) time.Duration { return time.Duration(float64(wait) * cmp.Or(c.Scale, 1)) }
	pace := retry.Polling{
		Every: scaled(500 * time.Millisecond), Steady: scaled(5 * time.Second), Max: scaled(2 * time.Second), Budget: c.Timeout,
	}
	err = retry.Poll(ctx, pace, func(ctx context.Context) (bool, error) {
		tries++
		met := c.try(ctx, client, target)
		if met == nil || last == nil || ctx.Err() == nil { // what the end of the time cut off tells nothing
			last = met
		}
		return met == nil, nil
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("check %s: %w", address, errors.Join(context.Cause(ctx), last))
	default:
		return &FailedError{URL: address, Tries: tries, After: time.Since(started), Last: last}
	}
}

// try asks once. The error says what is wrong with the answer.
func (c Check) try(ctx context.Context, client *http.Client, target *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, maxTry)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err //nolint:wrapcheck // Await says which address.
	}
	request.Header.Set("Cache-Control", "no-cache")
	request.Header.Set("User-Agent", "slipway-health-check")
	for _, one := range c.headers {
		request.Header.Set(one.name, one.value.Reveal())
	}
	response, err := client.Do(request)
	if err != nil {
		if broken, ok := errors.AsType[*url.Error](err); ok {
			err = broken.Err // which has the address and its query in it
		}
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case !c.accepts(response.StatusCode):
		return fmt.Errorf("it answered %s, and not %s%s", response.Status, c.wanted(), c.shown(body))
	case c.Text == "" || strings.Contains(string(body), c.Text):
		return nil
	case err != nil:
		return fmt.Errorf("its answer broke off: %w", err)
	case len(body) == maxAnswer:
		return fmt.Errorf("the first %s of its answer do not hold %q", words.Size(maxAnswer), c.Text)
	default:
		return fmt.Errorf("its answer does not hold %q%s", c.Text, c.shown(body))
	}
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

// shown is the beginning of an answer in one line, without the values that were
// sent, which it may repeat.
func (c Check) shown(body []byte) string {
	text := strings.ToValidUTF8(string(body), "�")
	for _, one := range c.headers {
		_, credential, _ := strings.Cut(one.value.Reveal(), " ")
		for _, value := range []string{one.value.Reveal(), credential} {
			if len(value) > 3 {
				text = strings.ReplaceAll(text, value, "***")
			}
		}
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }), " ")
	runes := []rune(text)
	switch {
	case len(runes) == 0:
		return ""
	case len(runes) > maxShown:
		return ": " + string(runes[:maxShown]) + "…"
	default:
		return ": " + text
	}
}
