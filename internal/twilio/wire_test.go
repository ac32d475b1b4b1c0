package twilio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	serviceSID  = "ZS00000000000000000000000000000001"
	functionSID = "ZH00000000000000000000000000000001"
	versionSID  = "ZN00000000000000000000000000000001"
)

// once gives no second attempt, so that a test sees the first error.
func once(cfg *twilio.Config) { cfg.Retry = retry.Policy{MaxAttempts: 1} }

// answer is a server that always says the same.
func answer(status int, contentType, body string, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func TestErrorTellsWhatThePlatformSaid(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.Handler
		want    twilio.Error
		text    string
	}{
		"the service's shape": {
			answer(400, "application/json", `{"code":20001,"message":"At least one Version is required","more_info":"https://www.twilio.com/docs/errors/20001","status":400}`,
				"Twilio-Request-Id", "RQ1, RQ1"),
			twilio.Error{Status: 400, Code: 20001, Message: "At least one Version is required", MoreInfo: "https://www.twilio.com/docs/errors/20001", RequestID: "RQ1"},
			"fetch service: GET /v1/Services/x answered 400 (code 20001): At least one Version is required [request RQ1]",
		},
		"the edge's shape": {
			answer(429, "application/json", `{"status":429,"message":"Too many requests","detail":"Account is busy","code":20429,"moreInfo":"https://www.twilio.com/docs/errors/20429"}`,
				"Retry-After", "7"),
			twilio.Error{Status: 429, Code: 20429, Message: "Too many requests (Account is busy)", MoreInfo: "https://www.twilio.com/docs/errors/20429", RetryAfter: 7 * time.Second},
			"fetch service: GET /v1/Services/x answered 429 (code 20429): Too many requests (Account is busy)",
		},
		"JSON without a code": {
			answer(500, "application/json", `{"message":"An error occurred","status":500}`),
			twilio.Error{Status: 500, Message: "An error occurred"},
			"fetch service: GET /v1/Services/x answered 500: An error occurred",
		},
		"HTML": {
			answer(502, "text/html", "<html>\n<body>Bad\tgateway\x1b[31m</body></html>"),
			twilio.Error{Status: 502, Message: `Bad Gateway, with a page that says "Bad gateway [31m"`},
			`fetch service: GET /v1/Services/x answered 502: Bad Gateway, with a page that says "Bad gateway [31m"`,
		},
		"a code in quotes": {
			answer(400, "application/json", `{"code":"20001","message":"Invalid","more_info":7,"status":"400"}`),
			twilio.Error{Status: 400, Code: 20001, Message: "Invalid"},
			"fetch service: GET /v1/Services/x answered 400 (code 20001): Invalid",
		},
		"fields of other shapes": {
			answer(400, "application/json", `{"code":20001,"message":"Invalid","params":["a\n"],"httpStatusCode":400,"userError":true,"details":{},"more_info":"","moreInfo":"https://x"}`),
			twilio.Error{Status: 400, Code: 20001, Message: `Invalid {"params":["a\n"],"userError":true}`, MoreInfo: "https://x"},
			`fetch service: GET /v1/Services/x answered 400 (code 20001): Invalid {"params":["a\n"],"userError":true}`,
		},
		"a hint beyond all bounds": {
			answer(429, "application/json", `{"code":null,"message":"Too many requests"}`, "Retry-After", "99999999999999999999"),
			twilio.Error{Status: 429, Message: "Too many requests", RetryAfter: time.Hour},
			"fetch service: GET /v1/Services/x answered 429: Too many requests",
		},
		"a hint that would overflow": {
			answer(429, "application/json", `{"message":"Too many requests"}`, "Retry-After", "18446744074"),
			twilio.Error{Status: 429, Message: "Too many requests", RetryAfter: time.Hour},
			"fetch service: GET /v1/Services/x answered 429: Too many requests",
		},
		"a hint that lies back": {
			answer(429, "application/json", `{"message":"Too many requests"}`, "Retry-After", "-5"),
			twilio.Error{Status: 429, Message: "Too many requests"},
			"fetch service: GET /v1/Services/x answered 429: Too many requests",
		},
		"nothing at all": {
			answer(403, "text/plain", ""),
			twilio.Error{Status: 403, Message: "Forbidden"},
			"fetch service: GET /v1/Services/x answered 403: Forbidden",
		},
		"a status that is none": {
			answer(599, "text/plain", ""),
			twilio.Error{Status: 599, Message: "no known status"},
			"fetch service: GET /v1/Services/x answered 599: no known status",
		},
		"a redirect": {
			answer(307, "text/plain", "", "Location", "https://elsewhere.example/?token=1"),
			twilio.Error{Status: 307, Message: "a redirect to https://elsewhere.example/, which is not followed, since the credentials would go there"},
			"fetch service: GET /v1/Services/x answered 307: a redirect to https://elsewhere.example/, which is not followed, since the credentials would go there",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, test.handler, once).FetchService(t.Context(), "x")
			got, ok := errors.AsType[*twilio.Error](err)
			if !ok {
				t.Fatalf("error %v is no *twilio.Error", err)
			}
			test.want.Op, test.want.Method, test.want.Path = "fetch service", "GET", "/v1/Services/x"
			if *got != test.want {
				t.Errorf("got  %+v\nwant %+v", *got, test.want)
			}
			if text := got.Error(); text != test.text {
				t.Errorf("got  %q\nwant %q", text, test.text)
			}
		})
	}
}

func TestUnreadableAnswers(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut short": `{"sid":"ZS0`, "a text": "sign in", "empty": "", "null": "null",
		"another shape": `{"ok":true}`, "another kind": `{"sid":"ZB00000000000000000000000000000001"}`, "a list": "[]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, answer(200, "application/json", body), once).FetchService(t.Context(), "x")
			got, ok := errors.AsType[*twilio.UnreadableError](err)
			if !ok || got.Op != "fetch service" || got.Status != 200 || got.Body != body {
				t.Errorf("error %#v, want an UnreadableError that shows %q", err, body)
			}
		})
	}
}

func TestUnreadablePage(t *testing.T) {
	t.Parallel()
	page := "<!DOCTYPE html><html><head><style>" + strings.Repeat("a{} ", 500) + "</style></head><body>Sign in"
	_, err := newClient(t, answer(200, "text/html", page), once).FetchService(t.Context(), "x")
	const want = `answered 200 with a body that cannot be read (it is a page of HTML): "Sign in"`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestListingRefusesForeignAndBrokenPages(t *testing.T) {
	t.Parallel()
	page := func(next string) string {
		return fmt.Sprintf(`{"services":[{"sid":%q,"unique_name":"a"}],"meta":{"key":"services","next_page_url":%s}}`, serviceSID, next)
	}
	t.Run("of another host", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, answer(200, "application/json", page(`"https://elsewhere.example/v1/Services?PageToken=secret-token"`)))
		n, err := length(client.Services(t.Context()))
		foreign, ok := errors.AsType[*twilio.ForeignPageError](err)
		if !ok || n != 1 {
			t.Fatalf("read %d with error %v", n, err)
		}
		if want := "https://elsewhere.example/v1/Services"; foreign.Page != want || strings.Contains(err.Error(), "secret-token") {
			t.Errorf("error %q, want it to name %s without its query", err, want)
		}
	})
	t.Run("that lead in a ring", func(t *testing.T) {
		t.Parallel()
		for next, want := range map[string]int{"?PageSize=1000": 1, "?Page=1": 2} {
			reads := 0
			client := inMemory(t, func(*http.Request) (*http.Response, error) {
				reads++
				return reply(200, strings.NewReader(page(`"https://serverless.twilio.com/v1/Services`+next+`"`))), nil
			})
			if _, err := length(client.Services(t.Context())); err == nil || !strings.Contains(err.Error(), "list services: a page leads back") || reads != want {
				t.Errorf("%s: read %d pages with error %v, want %d and the ring", next, reads, err, want)
			}
		}
	})
	t.Run("of the same host with its port", func(t *testing.T) {
		t.Parallel()
		client := inMemory(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Has("Page") {
				return reply(200, strings.NewReader(page("null"))), nil
			}
			return reply(200, strings.NewReader(page(`"https://Serverless.twilio.com:443/v1/Services?Page=1"`))), nil
		})
		if n, err := length(client.Services(t.Context())); n != 2 || err != nil {
			t.Errorf("read %d with error %v, want 2", n, err)
		}
	})
	t.Run("that fails", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("Page") != "" {
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, `{"code":20404,"message":"The requested resource was not found"}`)
				return
			}
			_, _ = io.WriteString(w, page(`"http://`+r.Host+`/v1/Services?Page=1"`))
		}))
		if n, err := length(client.Services(t.Context())); n != 1 || !twilio.IsNotFound(err) {
			t.Errorf("read %d with error %v, want the first page's item and the 404", n, err)
		}
	})
	t.Run("that is none", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{`{}`, `{"meta":{"key":"services"}}`, `{"services":[{}],"meta":{"key":"services"}}`, `{"services":{},"meta":{"key":"services"}}`} {
			if n, err := length(newClient(t, answer(200, "application/json", body), once).Services(t.Context())); err == nil {
				t.Errorf("%s counts as a page of %d", body, n)
			}
		}
	})
}

func TestRequestsCarryWhatTheyShould(t *testing.T) {
	t.Parallel()
	var got *http.Request
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(r.Context())
		_, _ = fmt.Fprintf(w, `{"sid":%q}`, serviceSID)
	}), func(cfg *twilio.Config) { cfg.UserAgent = "slipway/test" })
	if _, err := client.FetchService(t.Context(), "a/b?c#d"); err != nil {
		t.Fatal(err)
	}
	name, pass, ok := got.BasicAuth()
	if !ok || name != user || pass != password || got.UserAgent() != "slipway/test" || got.Header.Get("Accept") != "application/json" {
		t.Errorf("headers %v", got.Header)
	}
	if want := "/v1/Services/a%2Fb%3Fc%23d"; got.RequestURI != want {
		t.Errorf("requested %s, want %s", got.RequestURI, want)
	}
}

// pipe is a RoundTripper in memory, for a bubble whose clock real sockets would
// hold up.
type pipe func(*http.Request) (*http.Response, error)

func (p pipe) RoundTrip(r *http.Request) (*http.Response, error) { return p(r) }

func reply(status int, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(body)}
}

func inMemory(t *testing.T, transport pipe, change ...func(*twilio.Config)) *twilio.Client {
	t.Helper()
	cfg := twilio.Config{Credentials: twilio.Credentials{User: user, Password: secret.New(password)}, Transport: transport}
	for _, apply := range change {
		apply(&cfg)
	}
	client, err := twilio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// slowly gives one byte each half minute.
type slowly struct{ left int }

func (s *slowly) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(30 * time.Second)
	s.left--
	p[0] = 'x'
	return 1, nil
}

func TestAnUploadThatMovesIsNeverEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := inMemory(t, func(r *http.Request) (*http.Response, error) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return nil, err
			}
			return reply(201, strings.NewReader(`{"sid":"`+versionSID+`"}`)), r.Context().Err()
		}, once)
		started := time.Now()
		_, err := client.CreateAssetVersion(t.Context(), serviceSID, functionSID, twilio.Upload{
			Path: "/a", Visibility: "public", ContentType: "text/plain", Size: 100,
			Open: func() (io.ReadCloser, error) { return io.NopCloser(&slowly{left: 100}), nil },
		})
		if elapsed := time.Since(started); err != nil || elapsed != 50*time.Minute {
			t.Errorf("ended after %s with %v, want 50m and no error", elapsed, err)
		}
	})
}

func TestAnExchangeThatStallsIsEnded(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]pipe{
		"before the answer": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"inside the answer": func(r *http.Request) (*http.Response, error) {
			body, writer := io.Pipe()
			go func() {
				_, _ = writer.Write([]byte(`{"sid":`))
				<-r.Context().Done()
				_ = writer.CloseWithError(r.Context().Err())
			}()
			return reply(200, body), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				_, err := inMemory(t, transport, once).FetchService(t.Context(), "x")
				if elapsed := time.Since(started); elapsed != time.Minute {
					t.Errorf("ended after %s, want 1m", elapsed)
				}
				if err == nil || !strings.Contains(err.Error(), "nothing moved for 1m0s") {
					t.Errorf("error %v does not tell the stall", err)
				}
			})
		})
	}
}

func TestWaitingForTheNextAttemptHoldsNoSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var first sync.Once
		client := inMemory(t, func(r *http.Request) (*http.Response, error) {
			response := reply(200, strings.NewReader(`{"sid":"`+serviceSID+`"}`))
			if strings.HasSuffix(r.URL.Path, "/busy") {
				first.Do(func() {
					response.StatusCode = http.StatusTooManyRequests
					response.Header.Set("Retry-After", "30")
				})
			}
			return response, nil
		}, func(cfg *twilio.Config) { cfg.Limiter = twilio.NewLimiter(1) })
		started := time.Now()
		var all sync.WaitGroup
		for name, within := range map[string]time.Duration{"busy": 31 * time.Second, "other": time.Second} {
			all.Go(func() {
				if name == "other" {
					time.Sleep(500 * time.Millisecond) // once the other waits
				}
				_, err := client.FetchService(t.Context(), name)
				if elapsed := time.Since(started); err != nil || elapsed > within {
					t.Errorf("%s ended after %s with %v, want at most %s", name, elapsed, err, within)
				}
			})
		}
		all.Wait()
	})
}

func TestWaitForBuildPaceAndBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const build = "ZB00000000000000000000000000000001"
		started, looks, doneAfter := time.Now(), 0, 10*time.Second
		client := inMemory(t, func(*http.Request) (*http.Response, error) {
			looks++
			status := "Building" // as Twilio's Build page spells it
			if time.Since(started) >= doneAfter {
				status = "Completed"
			}
			return reply(200, strings.NewReader(`{"sid":"`+build+`","status":"`+status+`"}`)), nil
		})
		status, err := client.WaitForBuild(t.Context(), serviceSID, build)
		if err != nil || status != twilio.BuildCompleted || looks > 21 {
			t.Errorf("got %q after %d looks with error %v", status, looks, err)
		}
		doneAfter = time.Hour
		status, err = client.WithBuildBudget(time.Minute).WaitForBuild(t.Context(), serviceSID, build)
		if !errors.Is(err, retry.ErrBudget) || status != twilio.BuildBuilding {
			t.Errorf("got %q with error %v, want the budget's end", status, err)
		}
	})
}

func TestObservedCountsAttempts(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int64
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if attempts.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintf(w, `{"sid":%q}`, serviceSID)
	}))
	var seen bytes.Buffer
	_, err := client.Observed(func(call twilio.Call) {
		fmt.Fprintf(&seen, "%s %s %s %d %v\n", call.Operation, call.Method, call.Path, call.Status, call.Err != nil)
	}).FetchService(t.Context(), "x")
	want := strings.Repeat("fetch service GET /v1/Services/x 503 true\n", 2) + "fetch service GET /v1/Services/x 200 false\n"
	if got := seen.String(); err != nil || got != want {
		t.Errorf("error %v, saw\n%swant\n%s", err, got, want)
	}
}
