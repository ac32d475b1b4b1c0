package gh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/secret"
)

const (
	// maxAnswer bounds an answer that is read into memory, which the SDK does
	// without a bound. The largest are pages of 100 resources.
	maxAnswer = 16 << 20
	// maxRefusal bounds how much of a refusal is read again for its message.
	maxRefusal = 1 << 20
	// maxRedirects is how often one request is sent on within the API, as it is
	// for a repository that was renamed.
	maxRedirects = 3
)

// wire is the one way out. It signs requests to the API and sends none
// elsewhere.
type wire struct {
	base  http.RoundTripper
	api   *url.URL
	token secret.String
	// observe is told of each request, as the signer's.
	signer  string
	observe func(Call)
}

// RoundTrip sends a request with the token.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if !isSameOrigin(w.api, r.URL) {
		if r.Body != nil {
			_ = r.Body.Close() // as every RoundTripper must
		}
		return nil, fmt.Errorf("%s is not the API's host %s; nothing is sent there", r.URL.Host, w.api.Host)
	}
	signed := r.Clone(r.Context())
	signed.Header.Set("Authorization", "Bearer "+w.token.Reveal())
	started := time.Now()
	response, err := w.base.RoundTrip(signed)
	w.observe(newCall(r, w.signer, started, response))
	if err != nil {
		return nil, err //nolint:wrapcheck // net/http wraps it, and judge reads it.
	}
	response.Body = &boundedBody{ReadCloser: response.Body, left: maxAnswer}
	return response, nil
}

func isSameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// checkRedirect follows a redirect within the API, and hands every other one
// back as the answer: to another host, where the token must not go, one
// that would turn a write into a read, and 302, which leads to an archive (on some
// servers on the same host; a repository that was renamed has 301 and 307).
func checkRedirect(api *url.URL, r *http.Request, via []*http.Request) error {
	if r.Response != nil && r.Response.StatusCode == http.StatusFound {
		return http.ErrUseLastResponse
	}
	if len(via) > maxRedirects || !isSameOrigin(api, r.URL) || r.Method != via[0].Method {
		return http.ErrUseLastResponse
	}
	return nil
}

var errTooLong = errors.New("the answer is too long")

// boundedBody ends a body that is too long with an error. It closes itself at
// the end, since the SDK does not close the bodies of refusals.
type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (n int, err error) {
	if b.left <= 0 {
		err = errTooLong
	} else {
		n, err = b.ReadCloser.Read(p[:min(len(p), b.left)])
		b.left -= n
	}
	if err != nil {
		_ = b.Close() // what was read is what counts
	}
	return n, err //nolint:wrapcheck // io.EOF must stay itself.
}

func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: checkProxy,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
	}
}

// proxyError says that a proxy would not connect to GitHub.
type proxyError struct {
	proxy, target, status string
	passing               bool
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy %s would not connect to %s and answered %s", e.proxy, e.target, e.status)
}

// checkProxy turns a proxy's refusal to connect into an error that names it;
// net/http's own is the status text alone.
func checkProxy(_ context.Context, proxy *url.URL, connect *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{
		proxy: proxy.Host, target: connect.Host, status: oneLine(response.Status, 100),
		passing: response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests,
	}
}
