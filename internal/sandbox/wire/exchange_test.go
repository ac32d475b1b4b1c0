package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// get asks a real server that lets its exchanges end as they are told.
func get(t *testing.T, end func(*wire.Exchange)) (status int, body string, left []int, err error) {
	t.Helper()
	told := make(chan int, 9)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		end(&wire.Exchange{Writer: w, Request: r, Leaving: func(status int) { told <- status }})
	}))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil) // a GET would be repeated
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err == nil {
		defer response.Body.Close()
		var raw []byte
		raw, err = io.ReadAll(response.Body)
		status, body = response.StatusCode, string(raw)
	}
	server.Close() // waits for the handler
	close(told)
	for one := range told {
		left = append(left, one)
	}
	return status, body, left, err
}

func TestExchangeEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end    func(*wire.Exchange)
		status int
		body   string
		left   []int
		isCut  bool
	}{
		"whole": {func(x *wire.Exchange) { x.Send(201, []byte("abcdef")) }, 201, "abcdef", []int{201}, false},
		"half": {func(x *wire.Exchange) {
			x.Writer.Header().Set("Content-Length", "6")
			x.SendHalf(201, []byte("abcdef"))
		}, 201, "abc", []int{201}, true},
		"cut":  {func(x *wire.Exchange) { x.Cut() }, 0, "", []int{0}, true},
		"late": {func(x *wire.Exchange) { x.Delay(time.Nanosecond); x.Send(204, nil) }, 204, "", []int{204}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body, left, err := get(t, test.end)
			if status != test.status || body != test.body || !slices.Equal(left, test.left) || (err != nil) != test.isCut {
				t.Errorf("got %d %q, left as %v, %v; want %d %q, %v, cut %t", status, body, left, err, test.status, test.body, test.left, test.isCut)
			}
		})
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		x := &wire.Exchange{Writer: httptest.NewRecorder(), Request: request}
		for _, want := range []time.Duration{-1, 0, time.Minute} {
			started := time.Now()
			x.Delay(want)
			if took := time.Since(started); took != max(0, want) {
				t.Errorf("Delay(%s) took %s", want, took)
			}
		}
	})
}

// TestDelayEndsWithTheClient has a client that goes after a second.
func TestDelayEndsWithTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		left, started := -1, time.Now()
		x := &wire.Exchange{
			Writer: httptest.NewRecorder(), Request: httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil),
			Leaving: func(status int) { left = status },
		}
		defer func() {
			if met := recover(); met != http.ErrAbortHandler || left != 0 || time.Since(started) != time.Second { //nolint:errorlint // a panic's value, compared as net/http does
				t.Errorf("panicked with %v after %s, left as %d", met, time.Since(started), left)
			}
		}()
		x.Delay(time.Hour)
	})
}

func TestPanics(t *testing.T) {
	t.Parallel()
	var panics wire.Panics
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/things", nil)
	serve := func(with any) (answered error) {
		defer panics.Recover(request, func(err error) { answered = err })
		if with != nil {
			panic(with)
		}
		return nil
	}
	if err := serve(nil); err != nil || panics.Err() != nil {
		t.Errorf("without a panic: %v, %v", err, panics.Err())
	}
	func() {
		defer func() {
			if met := recover(); met != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
				t.Errorf("a connection that is cut panics with %v", met)
			}
		}()
		t.Errorf("a connection that is cut is answered: %v", serve(http.ErrAbortHandler))
	}()
	if panics.Err() != nil {
		t.Errorf("a connection that is cut is remembered: %v", panics.Err())
	}
	for _, with := range []string{"boom", "bang"} {
		if err := serve(with); err == nil || !strings.Contains(err.Error(), "at GET /v1/things: "+with) {
			t.Errorf("answered with %v", err)
		}
	}
	if err := panics.Err(); err == nil || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "bang") {
		t.Errorf("remembered %v", err)
	}
}
