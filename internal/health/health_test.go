package health_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/health"
	"github.com/slipway-dev/slipway/internal/job"
)

func parse(t *testing.T, asked job.HealthCheck) health.Check {
	t.Helper()
	check, err := health.Parse(asked, func(key string) string { return map[string]string{"TOKEN": "s3cr3t-value"}[key] })
	if err != nil {
		t.Fatal(err)
	}
	check.Scale = 0.005
	return check
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// answers answers the n-th request with the n-th handler, and all others with the
// last.
func answers(handlers ...http.HandlerFunc) (handler http.HandlerFunc, count *atomic.Int64) {
	count = new(atomic.Int64)
	return func(w http.ResponseWriter, r *http.Request) {
		handlers[min(int(count.Add(1)), len(handlers))-1](w, r)
	}, count
}

func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, text)
	}
}

// raw answers with these bytes.
func raw(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = connection.Write([]byte(answer))
		_ = connection.Close()
	}
}

func TestAwait(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		check   job.HealthCheck
		answers []http.HandlerFunc
		tries   int
		want    string // part of the error; empty for none
	}{
		"right at once":    {job.HealthCheck{Path: "/health"}, []http.HandlerFunc{says(204, "")}, 1, ""},
		"right in the end": {job.HealthCheck{Path: "/health"}, []http.HandlerFunc{says(404, ""), says(200, "ok")}, 2, ""},
		"another status":   {job.HealthCheck{Path: "/a", Status: "418, 300-304"}, []http.HandlerFunc{says(418, "")}, 1, ""},
		"the text":         {job.HealthCheck{Path: "/a", Text: "fine"}, []http.HandlerFunc{says(200, "bad"), says(200, "all is fine")}, 2, ""},
		"never":            {job.HealthCheck{Path: "/health"}, []http.HandlerFunc{says(500, "it is\n\x1b[31m broken")}, 2, "at last it answered 500 Internal Server Error, and not 2xx: it is [31m broken"},
		"never the text":   {job.HealthCheck{Path: "/a", Text: "fine"}, []http.HandlerFunc{says(200, "bad")}, 2, `does not hold "fine": bad`},
		"text far behind":  {job.HealthCheck{Path: "/a", Text: "fine"}, []http.HandlerFunc{says(200, strings.Repeat("x", 64<<10)+"fine")}, 2, `the first 64.0 KB of its answer do not hold "fine"`},
		"to another host": {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://example.com/x", http.StatusFound)
		}}, 2, `redirects to another place, "http://example.com"`},
		"to another port": {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/x", http.StatusFound)
		}}, 2, `redirects to another place, "http://127.0.0.1:1"`},
		"on the same host": {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/b", http.StatusFound) }, says(200, "")}, 2, ""},
		"round and round":  {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/a", http.StatusFound) }}, 2, "redirects more than 5 times"},
		"an answer that breaks": {job.HealthCheck{Path: "/a", Text: "x"}, []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = fmt.Fprint(w, "abc")
		}}, 2, "broke off"},
		"its status again":         {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{says(500, "500 Internal Server Error: x is not a function\n")}, 2, "at last it answered 500 Internal Server Error, and not 2xx: x is not a function"},
		"its status alone":         {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{says(404, "404 Not Found\n")}, 2, "at last it answered 404 Not Found, and not 2xx"},
		"a status line of its own": {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{raw("HTTP/1.1 500 \x1b[2Jgone s3cr3t-value\r\nContent-Length: 0\r\n\r\n")}, 2, "at last it answered 500 Internal Server Error, and not 2xx"},
		"no HTTP": {
			job.HealthCheck{Path: "/a", Headers: []string{"Cookie: a=b; session=${TOKEN}; c=d"}},
			[]http.HandlerFunc{raw("your session=s3cr3t-value\r\n\r\n")},
			2, `malformed HTTP status code "session=***"`,
		},
		"repeats a part of what it got": {
			job.HealthCheck{Path: "/a", Headers: []string{"Cookie: a=b; session=${TOKEN}; c=d"}},
			[]http.HandlerFunc{says(403, "no session s3cr3t-value")},
			2, "403 Forbidden, and not 2xx: no session ***",
		},
		"sends what it got elsewhere": {
			job.HealthCheck{Path: "/a", Headers: []string{"Authorization: ${TOKEN}"}},
			[]http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://"+r.Header.Get("Authorization")+".example/", http.StatusFound)
			}},
			2, `redirects to another place, "http://***.example"`,
		},
		"to another scheme": {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+r.Host+"/x", http.StatusFound)
		}}, 2, `redirects to another place, "https://127.0.0.1`},
		"no answer": {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}, 1, "(1 request); at last no whole answer came within "},
		"an answer that never ends": {job.HealthCheck{Path: "/a"}, []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush() //nolint:forcetypeassert // every server's is one.
			<-r.Context().Done()
		}}, 1, ""},
		"a text in an answer that never ends": {job.HealthCheck{Path: "/a", Text: "x"}, []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = fmt.Fprint(w, strings.Repeat("y", 1<<10))
			}
		}}, 2, "the first 64.0 KB"},
		"a query": {job.HealthCheck{Path: "/a?key=s3cr3t"}, []http.HandlerFunc{says(500, "")}, 2, "requests); at last it answered 500"},
		"repeats what it got": {
			job.HealthCheck{Path: "/a", Headers: []string{"Authorization: Bearer ${TOKEN}"}},
			[]http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) { says(403, "no "+r.Header.Get("Authorization"))(w, r) }},
			2, "403 Forbidden, and not 2xx: no ***",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler, count := answers(test.answers...)
			test.check.Timeout = 300 * time.Millisecond
			err := parse(t, test.check).Await(t.Context(), serve(t, handler), "x.example")
			if int(count.Load()) < test.tries {
				t.Errorf("%d tries, want %d", count.Load(), test.tries)
			}
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			failed, ok := errors.AsType[*health.FailedError](err)
			if !ok || !strings.Contains(err.Error(), test.want) || failed.After < test.check.Timeout/2 {
				t.Errorf("got error %v, want a FailedError with %q", err, test.want)
			}
			if strings.Contains(fmt.Sprint(err), "s3cr3t") || strings.Contains(fmt.Sprint(err), "\x1b") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestAwaitSendsItsHeaders(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() != "/health?deep=1" || r.Header.Get("Authorization") != "Bearer s3cr3t-value" || r.Header.Get("X-Price") != "$5" || r.Method != http.MethodGet {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	check := parse(t, job.HealthCheck{Path: "/health?deep=1", Headers: []string{"Authorization: Bearer ${TOKEN}", "X-Price: $5"}, Timeout: time.Second})
	if err := check.Await(t.Context(), base, "x.example"); err != nil {
		t.Error(err)
	}
}

// TestAwaitEndsWithItsContext and tells what it was waiting for.
func TestAwaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		cancel()
	})
	err := parse(t, job.HealthCheck{Path: "/health", Timeout: time.Hour}).Await(ctx, base, "x.example")
	if !errors.Is(err, context.Canceled) || strings.Contains(fmt.Sprint(err), "\n") || !strings.Contains(fmt.Sprint(err), "/health: context canceled") {
		t.Errorf("got %v", err)
	}
}

// TestAwaitGoesToADomainOnly has an API that gives something else: what this machine
// is called counts where live-url says it, and not where the API does.
func TestAwaitGoesToADomainOnly(t *testing.T) {
	t.Parallel()
	handler, count := answers(says(200, ""))
	host := strings.TrimPrefix(serve(t, handler), "http://")
	name, port, _ := strings.Cut(host, ":")
	for _, domain := range []string{"", host, "a/b", "a?b", "user@a", "a#b", "a\\b", "a..b", "ä.example", "a\nb", "[::1]"} {
		err := parse(t, job.HealthCheck{Path: "/", Timeout: 50 * time.Millisecond}).Await(t.Context(), "http://{domain}", domain)
		if err == nil || !strings.Contains(err.Error(), "is not a host's name") {
			t.Errorf("%q: got %v", domain, err)
		}
	}
	for _, domain := range []string{name, "localhost"} {
		err := parse(t, job.HealthCheck{Path: "/", Timeout: 50 * time.Millisecond}).Await(t.Context(), "http://{domain}:"+port, domain)
		if err == nil || !strings.Contains(err.Error(), "private network") {
			t.Errorf("%q: got %v", domain, err)
		}
	}
	if count.Load() > 0 {
		t.Errorf("%d requests arrived", count.Load())
	}
}

// TestAwaitKeepsOutOfPrivateNetworks asks addresses that are not the internet's.
func TestAwaitKeepsOutOfPrivateNetworks(t *testing.T) {
	t.Parallel()
	for _, base := range []string{
		"http://10.0.0.1", "http://192.168.1.1:8080", "http://169.254.169.254", "http://[fd00::1]", "http://100.64.0.1", "http://0.0.0.0",
		"http://[fe80::1]", "http://172.16.0.1", "http://[::ffff:10.0.0.1]", "http://224.0.0.1", "http://[64:ff9b::a00:1]",
	} {
		err := parse(t, job.HealthCheck{Path: "/", Timeout: 100 * time.Millisecond}).Await(t.Context(), base, "x.example")
		if err == nil || !strings.Contains(err.Error(), "private network") {
			t.Errorf("%s: got %v", base, err)
		}
	}
}

func TestParseTellsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := health.Parse(job.HealthCheck{
		Path: "//evil.example/health", Status: "2xx,600,abc,300-200",
		Headers: []string{"no header", "Host: x", "A: ${MISSING}", "B: a\x00b", "Bad Name: x"},
	}, func(string) string { return "" })
	want := []string{
		`health-check "//evil.example/health" holds "//"`, `health-check-status "600"`, `health-check-status "abc"`, `health-check-status "300-200"`,
		`line 1 is no "Name: value"`, "line 2 sets Host", "line 3, A: the environment of this process does not set MISSING", "line 4, B: its value", "line 5 is no",
	}
	for _, part := range want {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not say %q", err, part)
		}
	}
	for _, path := range []string{"", "health", "/a\\b", "/a b", "/a\nb", "/a#b", "https://x/", "/ä", "/\x7f", "/100%", "/a%zz"} {
		if _, err := health.Parse(job.HealthCheck{Path: path}, func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), "health-check ") {
			t.Errorf("path %q: got %v", path, err)
		}
	}
	for _, path := range []string{"/", "/health", "/a/b.html?x=1&y=%20", "/~a@b:c"} {
		if _, err := health.Parse(job.HealthCheck{Path: path}, func(string) string { return "" }); err != nil {
			t.Errorf("path %q: got %v", path, err)
		}
	}
}
