package doctor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// asked reads the body of a request, and leaves it in its place.
func asked(t *testing.T, r *http.Request) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return string(body)
}

func refuse(answer http.ResponseWriter, status int) {
	answer.Header().Set("Content-Type", "application/json")
	answer.WriteHeader(status)
	_, _ = fmt.Fprintf(answer, `{"code":20001,"message":"Not so","status":%d}`, status)
}

func isCall(r *http.Request, pattern string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(r.Method + " " + r.URL.Path)
}

// TestSurveyReadsCloselyWhatItSees lets a platform behave in ways that are easily
// taken for one of the two readings.
func TestSurveyReadsCloselyWhatItSees(t *testing.T) {
	t.Parallel()
	tests := []struct {
		about string
		name  string
		// platform stands before the sandbox.
		platform func(*testing.T, *world) http.HandlerFunc
		want     doctor.Position
		says     string
	}{
		{"a header on two lines", "doubled-request-ids", func(_ *testing.T, w *world) http.HandlerFunc {
			return func(answer http.ResponseWriter, r *http.Request) {
				w.rewriting(func(_ *http.Request, answered *httptest.ResponseRecorder) {
					answered.Header().Add("Twilio-Request-Id", answered.Header().Get("Twilio-Request-Id"))
				})(answer, r)
			}
		}, doctor.On, "RQ…, RQ…"},
		{"no dependencies at all", "older-default-dependencies", func(_ *testing.T, w *world) http.HandlerFunc {
			return w.rewritingObjects("GET .*/Builds/ZB[0-9a-f]+", func(build map[string]any) { build["dependencies"] = []any{} })
		}, doctor.Neither, "dependencies"},
		{"dependencies as a string", "older-default-dependencies", func(_ *testing.T, w *world) http.HandlerFunc {
			return w.rewritingObjects("(GET|POST) .*/Builds(/ZB[0-9a-f]+)?", func(build map[string]any) {
				text, _ := json.Marshal(build["dependencies"])
				build["dependencies"] = string(text)
			})
		}, doctor.Off, "@twilio/runtime-handler, twilio"},
		{"a Build of many that fails", "function-limit", func(_ *testing.T, w *world) http.HandlerFunc {
			var many atomic.Value
			many.Store("none")
			return w.rewritingObjects(".* .*/Builds.*", func(build map[string]any) {
				sid, _ := build["sid"].(string)
				if versions, _ := build["function_versions"].([]any); len(versions) == 51 {
					many.Store(sid)
				}
				if sid == many.Load() && build["status"] == "completed" {
					build["status"] = "failed"
				}
			})
		}, doctor.Neither, "51 Function Versions: the Build ended failed"},
		{"room for two Variables", "variables-limit", func(t *testing.T, w *world) http.HandlerFunc {
			t.Helper()
			return func(answer http.ResponseWriter, r *http.Request) {
				if isCall(r, "POST .*/Variables") && strings.Contains(asked(t, r), "Key=DOCTOR_4") {
					refuse(answer, http.StatusBadRequest)
					return
				}
				w.ServeHTTP(answer, r)
			}
		}, doctor.Neither, "458 bytes more than"},
		{"room for nearly 4 KB of Variables", "variables-limit", func(t *testing.T, w *world) http.HandlerFunc {
			t.Helper()
			return func(answer http.ResponseWriter, r *http.Request) {
				if isCall(r, "POST .*/Variables") && strings.Contains(asked(t, r), "Key=DOCTOR_12") {
					refuse(answer, http.StatusBadRequest)
					return
				}
				w.ServeHTTP(answer, r)
			}
		}, doctor.Neither, "459 bytes more than 3"},
		{"room for few Environments", "environment-limit", func(t *testing.T, w *world) http.HandlerFunc {
			t.Helper()
			return func(answer http.ResponseWriter, r *http.Request) {
				if isCall(r, "POST .*/Environments") && strings.Contains(asked(t, r), "UniqueName=many-") {
					refuse(answer, http.StatusBadRequest)
					return
				}
				w.ServeHTTP(answer, r)
			}
		}, doctor.Neither, "2 Environments are there"},
		{"a domain that breaks", "protected-functions-403", func(_ *testing.T, w *world) http.HandlerFunc {
			return func(answer http.ResponseWriter, r *http.Request) {
				if isCall(r, "GET /_live/[^/]+/guarded") {
					answer.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				w.ServeHTTP(answer, r)
			}
		}, doctor.Open, "GET {domain}/guarded → 503"},
		{"an edge that learns late", "types-by-extension", func(_ *testing.T, w *world) http.HandlerFunc {
			var looks atomic.Int32
			return func(answer http.ResponseWriter, r *http.Request) {
				if isCall(r, "GET /_live/[^/]+/probe.txt") {
					looks.Add(1)
				}
				if isCall(r, "GET /_live/[^/]+/typed.txt") && looks.Load() < 2 {
					http.NotFound(answer, r)
					return
				}
				w.ServeHTTP(answer, r)
			}
		}, doctor.Off, "application/json"},
		{"a Deployment whose answer was lost", "unfinished-build-is-409", func(_ *testing.T, w *world) http.HandlerFunc {
			var isLost atomic.Bool
			return w.rewriting(func(r *http.Request, answered *httptest.ResponseRecorder) {
				if isCall(r, "POST .*/Deployments") && answered.Code == http.StatusCreated && isLost.CompareAndSwap(false, true) {
					panic(http.ErrAbortHandler)
				}
			})
		}, doctor.Open, "the Build was completed at once"},
		{"one character that is refused", "path-characters-checked", func(t *testing.T, w *world) http.HandlerFunc {
			t.Helper()
			return func(answer http.ResponseWriter, r *http.Request) {
				if isCall(r, "POST .*/Versions") && strings.Contains(asked(t, r), "/odd?path") {
					refuse(answer, http.StatusBadRequest)
					return
				}
				w.ServeHTTP(answer, r)
			}
		}, doctor.Neither, `400 for "?"`},
		{"a root that serves no index", "root-serves-index", func(_ *testing.T, w *world) http.HandlerFunc {
			return func(answer http.ResponseWriter, r *http.Request) {
				if isCall(r, "GET /_live/[^/]+/") {
					http.NotFound(answer, r)
					return
				}
				w.ServeHTTP(answer, r)
			}
		}, doctor.Neither, "with /assets/index.html there"},
		{"a runtime that is refused", "ranges-resolved", refuseNode24, doctor.Off, "lodash"},
		{"what is live runs on the default", "runtime-kept", refuseNode24, doctor.Open, "what is live runs on the default"},
		{"a handler alone that is taken", "late-runtime-errors", func(t *testing.T, w *world) http.HandlerFunc {
			t.Helper()
			return func(answer http.ResponseWriter, r *http.Request) {
				if isCall(r, "POST .*/Builds") {
					if form, _ := url.ParseQuery(asked(t, r)); strings.Contains(form.Get("Dependencies"), "runtime-handler") {
						form.Del("Dependencies")
						r.Body = io.NopCloser(strings.NewReader(form.Encode()))
					}
				}
				w.ServeHTTP(answer, r)
			}
		}, doctor.Neither, "node24 with a handler 1.1.0: the Build ended completed"},
		{"an order by whole seconds", "shuffled-lists", func(_ *testing.T, w *world) http.HandlerFunc {
			return w.rewritingObjects("GET .*/Functions", func(page map[string]any) {
				listed, _ := page["functions"].([]any)
				for i := range listed {
					one, _ := listed[i].(map[string]any)
					one["date_created"] = fmt.Sprintf("2026-11-01T00:00:%02dZ", 59-i/2)
				}
				for i := 0; i+1 < len(listed); i += 2 {
					listed[i], listed[i+1] = listed[i+1], listed[i]
				}
			})
		}, doctor.Off, "newest first by date_created"},
		{"a platform that asks to wait for long", "large-pages-refused", func(_ *testing.T, w *world) http.HandlerFunc {
			return func(answer http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("PageSize") == "1001" {
					answer.Header().Set("Retry-After", "120")
					refuse(answer, http.StatusTooManyRequests)
					return
				}
				w.ServeHTTP(answer, r)
			}
		}, doctor.Open, "the server asks to wait 2m0s"},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twilio.Options{})
			found, err := doctor.Survey(t.Context(), w.between(t, test.platform(t, w)))
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range found.Findings {
				if one.Switch != test.name {
					continue
				}
				said := fmt.Sprint(one.Why, one.Seen)
				if one.Position != test.want || !strings.Contains(said, test.says) {
					t.Errorf("got %q, want %q; it says %s, want %s", one.Position, test.want, said, test.says)
				}
			}
			w.wantNothingLeft(t, 0)
		})
	}
}

func refuseNode24(t *testing.T, w *world) http.HandlerFunc {
	t.Helper()
	return func(answer http.ResponseWriter, r *http.Request) {
		if isCall(r, "POST .*/Builds") && strings.Contains(asked(t, r), "Runtime=node24") {
			refuse(answer, http.StatusBadRequest)
			return
		}
		w.ServeHTTP(answer, r)
	}
}

// TestSurveyIsRefusedBeforeItHasSent lets the upload host refuse what is large
// from its length, and close the connection.
func TestSurveyIsRefusedBeforeItHasSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	var sent atomic.Int64
	cfg := w.between(t, func(answer http.ResponseWriter, r *http.Request) {
		if r.ContentLength < 1<<20 {
			w.ServeHTTP(answer, r)
			return
		}
		hijacker, ok := answer.(http.Hijacker)
		if !ok {
			t.Error("the server cannot hijack")
			return
		}
		connection, _, err := hijacker.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		sent.Add(1)
		_, _ = io.WriteString(connection, "HTTP/1.1 413 Request Entity Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	})
	found, err := doctor.Survey(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range found.Findings {
		if one.Switch == "large-functions-refused" && one.Position != doctor.On || one.Switch == "large-private-assets" && one.Position != doctor.Off {
			t.Errorf("got %+v", one)
		}
	}
	if sent.Load() != 2 {
		t.Errorf("%d large uploads were sent, want 2", sent.Load())
	}
}
