package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
)

// testTransport is a RoundTripper in memory.
type testTransport func(*http.Request) (*http.Response, error)

func (t testTransport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func newTestClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	cfg.Credentials = Credentials{User: "SK" + strings.Repeat("0", 32), Password: secret.New("x")}
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// answers is a transport that always says the same.
func answers(status int, body string) testTransport {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func TestAddressesThatCannotWorkAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(silent.Close)
	for name, test := range map[string]struct {
		address     string
		isPermanent bool
	}{
		"a port that speaks plain http":      {strings.Replace(plain.URL, "http:", "https:", 1), true},
		"a certificate that is not trusted":  {untrusted.URL, true},
		"a host that does not exist":         {"https://host.invalid", true},
		"a connection that is cut each time": {silent.URL, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int64
			client := newTestClient(t, Config{
				APIURL: test.address, Retry: retry.Policy{MaxAttempts: 3},
				Observe: func(Call) { attempts.Add(1) },
			})
			_, err := client.FetchService(t.Context(), "x")
			broken, ok := errors.AsType[*BrokenError](err)
			if !ok || broken.IsPermanent() != test.isPermanent || (attempts.Load() == 1) != test.isPermanent {
				t.Errorf("got %v after %d attempts, want a BrokenError that is permanent: %v", err, attempts.Load(), test.isPermanent)
			}
		})
	}
}

func TestPlainHTTPGoesThroughNoProxy(t *testing.T) {
	t.Parallel()
	direct := NewTransport(1).Proxy
	for _, address := range []string{"http://localhost:1", "http://127.0.0.1", "http://api.example"} {
		target, _ := url.Parse(address)
		if got, err := direct(&http.Request{URL: target}); got != nil || err != nil {
			t.Errorf("%s goes through %v (%v), want no proxy", address, got, err)
		}
	}
}

func TestDeadConnectionsAreFoundBeforeTheyStall(t *testing.T) {
	t.Parallel()
	ping := NewTransport(1).HTTP2
	if ping == nil || ping.SendPingTimeout <= 0 || ping.SendPingTimeout+ping.PingTimeout >= time.Minute {
		t.Errorf("got %+v, want a ping and its answer within the minute of a stall", ping)
	}
}

// TestWhatCutACallOff gives each call of a group the error that the group ended
// with as its context's cause, as errgroup does.
func TestWhatCutACallOff(t *testing.T) {
	t.Parallel()
	reply := &Error{Op: "upload asset version", Method: "POST", Path: "/v1/x", Status: 400, Message: "secret of a sibling"}
	for name, test := range map[string]struct {
		cause error
		want  string
	}{
		"a sibling's reply":       {fmt.Errorf("b.txt: %w", reply), "was cut off: another call that belongs to it failed"},
		"a sibling's giving up":   {&retry.GaveUpError{Attempts: 3, Err: reply}, "was cut off: another call that belongs to it failed"},
		"a sibling's broken call": {&BrokenError{Op: "secret", Err: io.EOF}, "was cut off: another call that belongs to it failed"},
		"a sibling's file":        {&FileError{Err: errors.New("secret")}, "was cut off: another call that belongs to it failed"},
		"the end of the run":      {context.DeadlineExceeded, "was cut off: context deadline exceeded"},
		"a signal":                {errors.New("interrupted by SIGTERM"), "was cut off: interrupted by SIGTERM"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(test.cause) })
				var seen error
				client := newTestClient(t, Config{
					Transport: testTransport(func(r *http.Request) (*http.Response, error) {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}),
					Observe: func(call Call) { seen = call.Err },
				})
				_, _ = client.FetchService(ctx, "x")
				broken, ok := errors.AsType[*BrokenError](seen)
				if !ok || !strings.HasSuffix(seen.Error(), test.want) || strings.Contains(seen.Error(), "secret") || broken.IsPermanent() {
					t.Errorf("got %v, want %q", seen, test.want)
				}
			})
		})
	}
}

func TestA404ThatIsNotTwiliosProvesNothing(t *testing.T) {
	t.Parallel()
	const service, environment = "ZS00000000000000000000000000000001", "ZE00000000000000000000000000000001"
	for body, isGone := range map[string]bool{
		`{"code":20404,"message":"The requested resource was not found","status":404}`: true,
		`{"code":"20404","message":"The requested resource was not found"}`:            true,
		`<html>nginx</html>`:      false,
		`{"message":"no route"}`:  false,
		`{"code":5,"message":""}`: false,
		``:                        false,
	} {
		sent := 0
		client := newTestClient(t, Config{Transport: testTransport(func(r *http.Request) (*http.Response, error) {
			sent++
			return answers(http.StatusNotFound, body)(r)
		})})
		_, err := client.FetchService(t.Context(), "x")
		if IsNotFound(err) != isGone || sent != 1 {
			t.Errorf("%q: IsNotFound is %v after %d attempts, want %v after 1", body, IsNotFound(err), sent, isGone)
		}
		err = client.DeleteVariable(t.Context(), service, environment, "ZV00000000000000000000000000000001")
		if (err == nil) != isGone {
			t.Errorf("%q: deleting ended with %v", body, err)
		}
	}
}

func TestRepliesThatHoldValuesAreNeverQuoted(t *testing.T) {
	t.Parallel()
	const value = "5432109876"
	const service, environment = "ZS00000000000000000000000000000001", "ZE00000000000000000000000000000001"
	calls := map[string]func(*Client) error{
		"list": func(c *Client) error {
			for _, err := range c.Variables(t.Context(), service, environment) {
				return err
			}
			return nil
		},
		"fetch": func(c *Client) error {
			_, err := c.FetchVariable(t.Context(), service, environment, "ZV1")
			return err
		},
		"create": func(c *Client) error {
			_, err := c.CreateVariable(t.Context(), service, environment, "API_TOKEN", secret.New(value))
			return err
		},
		"update": func(c *Client) error {
			_, err := c.UpdateVariable(t.Context(), service, environment, "ZV1", "API_TOKEN", secret.New(value))
			return err
		},
	}
	for name, body := range map[string]string{
		"cut short":     `{"variables":[{"key":"API_TOKEN","value":"` + value + `","sid":"ZV0`,
		"a number":      `{"variables":[{"sid":"ZV1","value":` + value + `}],"value":` + value + `,"meta":{"key":"variables"}}`,
		"no resource":   `{"value":"` + value + `"}`,
		"no JSON":       "<html>" + value,
		"a text's JSON": `"` + value + `"`,
	} {
		for operation, call := range calls {
			for _, status := range []int{200, 400, 404, 502} {
				client := newTestClient(t, Config{Transport: answers(status, body), Retry: retry.Policy{MaxAttempts: 1}})
				err := call(client)
				if err == nil || strings.Contains(err.Error(), value) {
					t.Errorf("%s, %s answered with %d: error %v, want one without the value", operation, name, status, err)
				}
			}
		}
	}
}

func TestARepliesSizeIsBounded(t *testing.T) {
	t.Parallel()
	sent := 0
	client := newTestClient(t, Config{Transport: testTransport(func(r *http.Request) (*http.Response, error) {
		sent++
		return answers(200, `{"sid":"`+strings.Repeat("x", maxReply))(r)
	})})
	_, err := client.FetchService(t.Context(), "x")
	if _, ok := errors.AsType[*UnreadableError](err); !ok || !strings.Contains(err.Error(), "larger than 32 MB") || sent != 1 {
		t.Errorf("got %.200v after %d attempts, want the size after 1", err, sent)
	}
}

func TestPageSizes(t *testing.T) {
	t.Parallel()
	var got string
	client := newTestClient(t, Config{Transport: testTransport(func(r *http.Request) (*http.Response, error) {
		got = r.URL.RawQuery
		return answers(200, `{"x":[],"meta":{"key":"x"}}`)(r)
	})})
	read := func(service ServiceSID, query url.Values) {
		for _, err := range list[Service](t.Context(), client, "list", query, string(service)) {
			t.Error(err)
		}
	}
	for want, ask := range map[string]func(){
		"PageSize=20": func() {
			for _, err := range client.Builds(t.Context(), "ZS1") {
				t.Error(err)
			}
		},
		"PageSize=1000":             func() { read("ZS1", nil) },
		"PageSize=1000&StartDate=x": func() { read("ZS1", url.Values{"StartDate": {"x"}}) },
	} {
		if ask(); got != want {
			t.Errorf("asked with %s, want %s", got, want)
		}
	}
}

func TestHeadersThatAreDoubled(t *testing.T) {
	t.Parallel()
	limiter := NewLimiter(20)
	client := newTestClient(t, Config{Limiter: limiter, Transport: testTransport(func(r *http.Request) (*http.Response, error) {
		response, err := answers(200, `{"sid":"ZS00000000000000000000000000000001"}`)(r)
		response.Header.Set("Twilio-Concurrent-Requests", "11, 11")
		return response, err
	})})
	for range 50 {
		if _, err := client.FetchService(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if limiter.others < 9 {
		t.Errorf("counted %.1f requests of others, want nearly 10", limiter.others)
	}
}

func TestPolicyWithoutAttemptsKeepsItsNotify(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waits := 0
		client := newTestClient(t, Config{
			Transport: answers(503, ""),
			Retry:     retry.Policy{Notify: func(retry.Wait) { waits++ }},
		})
		if _, err := client.FetchService(t.Context(), "x"); err == nil || waits != 11 {
			t.Errorf("told of %d waits, want the default policy's 11 (%v)", waits, err)
		}
	})
}
