package twilio

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
)

func TestProxyThatRefusesIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ status, asked int }{
		"forbidden":     {http.StatusForbidden, 1},
		"no sign-in":    {http.StatusProxyAuthRequired, 1},
		"out of order":  {http.StatusBadGateway, 3},
		"too many asks": {http.StatusTooManyRequests, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.WriteHeader(test.status)
			}))
			defer proxy.Close()
			address, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			transport := NewTransport(1)
			transport.Proxy = http.ProxyURL(address)
			client, err := New(Config{
				Credentials: Credentials{User: "SK" + strings.Repeat("0", 32), Password: secret.New("x")},
				APIURL:      "https://api.example", Transport: transport, Retry: retry.Policy{MaxAttempts: 3},
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.FetchService(t.Context(), "voice")
			refused, ok := errors.AsType[*ProxyError](err)
			if !ok || refused.Proxy != address.Host || refused.Target != "api.example:443" ||
				asked.Load() != int64(test.asked) {
				t.Errorf("got %v after %d attempts, want a ProxyError after %d", err, asked.Load(), test.asked)
			}
			if broken, ok := errors.AsType[*BrokenError](err); !ok || broken.IsPermanent() != (test.asked == 1) {
				t.Errorf("got %v, want it permanent: %v", err, test.asked == 1)
			}
			if want := http.StatusText(test.status); !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want it to hold %q", err, want)
			}
		})
	}
}
