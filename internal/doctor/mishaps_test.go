package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestSurveyDeletesWhatItKnowsFirst lets no list of Services come: that there may
// be others is no reason to leave the one that is there.
func TestSurveyDeletesWhatItKnowsFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{Fault: func(r *http.Request) twilio.Fault {
		if r.Method == http.MethodGet && r.URL.Path == "/v1/Services" {
			return twilio.FaultServerError
		}
		return twilio.FaultNone
	}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg := w.config()
	cfg.Progress = func(step doctor.Step) {
		if step.Number == 2 {
			cancel()
		}
	}
	found, err := doctor.Survey(ctx, cfg)
	left, ok := errors.AsType[*doctor.LeftError](err)
	if !ok || len(left.Left) != 0 || !strings.HasPrefix(left.Unseen, "slipway-Doctor-") || found.IsDeleted {
		t.Errorf("got %v, %+v, deleted %t", err, left, found.IsDeleted)
	}
	w.wantNothingLeft(t, 0)
}

// TestSurveyWaitsForALateService loses a creation whose effect comes after the
// Services were listed, under a name in lower case.
func TestSurveyWaitsForALateService(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var late atomic.Pointer[http.Request]
	var wasLate atomic.Bool
	lowering := w.rewriting(func(_ *http.Request, answered *httptest.ResponseRecorder) {
		lowered := bytes.ReplaceAll(answered.Body.Bytes(), []byte("slipway-Doctor-"), []byte("slipway-doctor-"))
		answered.Body = bytes.NewBuffer(lowered)
	})
	cfg := w.between(t, func(answer http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/v1/Services":
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			late.Store(r.WithContext(context.WithoutCancel(r.Context())))
			cancel()
			panic(http.ErrAbortHandler)
		case r.Method == http.MethodGet && r.URL.Path == "/v1/Services":
			lowering(answer, r)
			if asked := late.Swap(nil); asked != nil {
				wasLate.Store(true)
				w.ServeHTTP(httptest.NewRecorder(), asked)
			}
		default:
			w.ServeHTTP(answer, r)
		}
	})
	if _, err := doctor.Survey(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v", err)
	}
	if !wasLate.Load() {
		t.Error("no Service was made late")
	}
	w.wantNothingLeft(t, 0)
}

// TestSurveyMayNotLookUp loses the answer to the creation, and is refused to look
// for what came of it.
func TestSurveyMayNotLookUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{Fault: func(r *http.Request) twilio.Fault {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/Services" {
			return twilio.FaultCutAfter
		}
		return twilio.FaultNone
	}})
	cfg := w.between(t, func(answer http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v1/Services/slipway-") {
			answer.WriteHeader(http.StatusForbidden)
			return
		}
		w.ServeHTTP(answer, r)
	})
	if _, err := doctor.Survey(t.Context(), cfg); err == nil {
		t.Error("there is no error")
	}
	w.wantNothingLeft(t, 0)
}

// TestSurveyIsInterruptedAsItAsks ends the context while a second Service comes
// to be.
func TestSurveyIsInterruptedAsItAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked atomic.Int32
	cfg := w.between(t, func(answer http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/Services" && asked.Add(1) == 3 { // the one with a dot
			cancel()
			r = r.WithContext(context.WithoutCancel(r.Context()))
		}
		w.ServeHTTP(answer, r)
	})
	if _, err := doctor.Survey(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v", err)
	}
	w.wantNothingLeft(t, 0)
}

func TestSurveyPanics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	cfg := w.config()
	cfg.Progress = func(step doctor.Step) {
		if step.Number == 3 {
			panic("for a test")
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("it did not panic")
		}
		w.wantNothingLeft(t, 0)
	}()
	_, _ = doctor.Survey(t.Context(), cfg)
}

// TestSurveyWithoutNetwork sends nothing, so that nothing can be left.
func TestSurveyWithoutNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	cfg := w.config()
	cfg.APIURL = "http://127.0.0.1:1"
	_, err := doctor.Survey(t.Context(), cfg)
	_, isLeft := errors.AsType[*doctor.LeftError](err)
	if _, isGivenUp := errors.AsType[*retry.GaveUpError](err); !isGivenUp || isLeft {
		t.Errorf("got the error %v", err)
	}
}

func TestSurveyTellsWhatItMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg := w.config()
	name, sid := "", ""
	cfg.Made = func(gotName, gotSID string) {
		name, sid = gotName, gotSID
		cancel()
	}
	found, _ := doctor.Survey(ctx, cfg)
	if name == "" || name != found.Service || sid == "" || sid != found.ServiceSID {
		t.Errorf("got %q and %q, want %q and %q", name, sid, found.Service, found.ServiceSID)
	}
}
