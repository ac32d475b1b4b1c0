package twilio_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func faults() map[string]sandbox.Fault {
	return map[string]sandbox.Fault{
		"429":                   sandbox.FaultTooMany,
		"429 with Retry-After":  sandbox.FaultTooManyRetryAfter,
		"500":                   sandbox.FaultServerError,
		"502 in HTML":           sandbox.FaultBadGateway,
		"503":                   sandbox.FaultUnavailable,
		"cut before the effect": sandbox.FaultCutBefore,
		"cut after the effect":  sandbox.FaultCutAfter,
		"500 after the effect":  sandbox.FaultServerErrorAfter,
		"truncated":             sandbox.FaultTruncated,
		"JSON of a wrong shape": sandbox.FaultWrongShape,
		"redirect":              sandbox.FaultRedirect,
		"slower than may stall": sandbox.FaultSlow,
	}
}

// TestEveryCallSurvivesEveryFault lets each call meet each fault once, which it
// must survive without doing anything twice, and for ever, which must end in an
// error that names the call and its cause.
func TestEveryCallSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	for _, call := range calls() {
		for name, fault := range faults() {
			if takesSeconds(fault) && !goesItsOwnWay(call) {
				continue
			}
			t.Run(call.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				t.Run("once", func(t *testing.T) {
					t.Parallel()
					client, world, s, left := faultyWorld(t, fault)
					before := count(world)
					left.Store(1)
					if err := call.do(t.Context(), client, s); err != nil {
						t.Fatal(err)
					}
					if got, want := count(world), plus(before, call.adds); got != want {
						t.Errorf("afterwards there are %+v, want %+v", got, want)
					}
				})
				t.Run("for ever", func(t *testing.T) {
					t.Parallel()
					client, _, s, left := faultyWorld(t, fault)
					left.Store(1 << 30)
					err := call.do(t.Context(), client, s)
					if hasNoAnswer := strings.HasPrefix(call.name, "delete "); hasNoAnswer && isGarbled(fault) {
						// A 404 whose code was cut off does not prove that it is gone.
						if isGone := fault != sandbox.FaultTruncated; isGone != (err == nil) {
							t.Errorf("a deletion that took effect ended with %v", err)
						}
						return
					}
					if err == nil {
						t.Fatal("succeeded although no call got its answer")
					}
					if !strings.Contains(err.Error(), call.name) {
						t.Errorf("%q does not name %q", err, call.name)
					}
					if strings.Contains(err.Error(), password) {
						t.Errorf("%q shows the password", err)
					}
					if _, ok := errors.AsType[*retry.GaveUpError](err); !ok {
						t.Errorf("%q is no giving up", err)
					}
				})
			})
		}
	}
}

func takesSeconds(fault sandbox.Fault) bool {
	return fault == sandbox.FaultTooManyRetryAfter || fault == sandbox.FaultSlow
}

// goesItsOwnWay picks a call of each way to the wire.
func goesItsOwnWay(call call) bool {
	return slices.Contains([]string{
		"create build", "upload asset version", "update variable", "delete variable", "fetch service", "wait for build", "list environments",
	}, call.name)
}

// isGarbled tells the faults that only spoil the body of a success.
func isGarbled(fault sandbox.Fault) bool {
	return fault == sandbox.FaultTruncated || fault == sandbox.FaultWrongShape
}

// faultyWorld is a site whose next calls meet the fault, as many as left says.
func faultyWorld(t *testing.T, fault sandbox.Fault) (*twilio.Client, *sandbox.Sandbox, site, *atomic.Int64) {
	t.Helper()
	left := new(atomic.Int64)
	client, world := newWorld(t, sandbox.Options{
		SlowAnswer: 10 * time.Second,
		Fault: func(*http.Request) sandbox.Fault {
			if left.Add(-1) >= 0 {
				return fault
			}
			return sandbox.FaultNone
		},
	}, func(cfg *twilio.Config) {
		if fault == sandbox.FaultSlow {
			cfg.StallAfter = 150 * time.Millisecond
		}
		cfg.Retry = retry.Policy{Initial: time.Millisecond, Max: 2 * time.Millisecond, MaxAttempts: 3}
	})
	return client, world, newSite(t, client, world), left
}

// TestRefusalsAreNotRepeated gives each call credentials that are refused.
// TestARefusalThatIsCutShortIsRepeated has the answer to a question be no, of which
// half arrives once: without its code it would pass for that of a proxy.
func TestARefusalThatIsCutShortIsRepeated(t *testing.T) {
	t.Parallel()
	client, _, _, left := faultyWorld(t, sandbox.FaultTruncated)
	left.Store(1)
	if _, err := client.FetchService(t.Context(), "nobodys"); !twilio.IsNotFound(err) {
		t.Errorf("got %v, want that it is not there", err)
	}
}

func TestRefusalsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, call := range calls() {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			good, world := newWorld(t, sandbox.Options{})
			s := newSite(t, good, world)
			bad := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent.Add(1)
				world.ServeHTTP(w, r)
			}), func(cfg *twilio.Config) { cfg.Credentials.Password = secret.New("wrong") })
			err := call.do(t.Context(), bad, s)
			reply, ok := errors.AsType[*twilio.Error](err)
			if !ok || reply.Status != http.StatusUnauthorized || reply.Code != twilio.CodeCredentials || reply.RequestID == "" {
				t.Errorf("error %v, want a 401 with code and request id", err)
			}
			if sent.Load() != 1 {
				t.Errorf("%d requests were sent, want 1", sent.Load())
			}
		})
	}
}
