package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// call is one operation on a site, and what it may add to the world.
type call struct {
	name string
	do   func(context.Context, *twilio.Client, site) error
	adds counts
}

// counts is how many there are of what must not be doubled.
type counts struct {
	services, environments, variables, functions, assets, builds, deployments int
}

func count(world *sandbox.Sandbox) counts {
	s := world.Snapshot()
	return counts{
		len(s.Services), len(s.Environments), len(s.Variables), len(s.Functions), len(s.Assets), len(s.Builds), len(s.Deployments),
	}
}

// calls are the operations that a deploy makes, each of which must survive
// every fault.
func calls() []call {
	return []call{
		{"fetch service", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.FetchService(ctx, string(s.service.SID))
			return err
		}, counts{}},
		{"create service", func(ctx context.Context, c *twilio.Client, _ site) error {
			_, err := c.CreateService(ctx, twilio.NewService{UniqueName: "new", FriendlyName: "new"})
			return err
		}, counts{services: 1}},
		{"list environments", func(ctx context.Context, c *twilio.Client, s site) error {
			n, err := length(c.Environments(ctx, s.service.SID))
			if err == nil && n != 1 {
				err = fmt.Errorf("%d environments", n)
			}
			return err
		}, counts{}},
		{"create environment", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateEnvironment(ctx, s.service.SID, "new-environment", "new")
			return err
		}, counts{environments: 1}},
		{"create variable", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateVariable(ctx, s.service.SID, s.environment.SID, "NEW", secret.New("v"))
			return err
		}, counts{variables: 1}},
		{"update variable", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.UpdateVariable(ctx, s.service.SID, s.environment.SID, s.variable.SID, "KEY", secret.New("v"))
			return err
		}, counts{}},
		{"delete variable", func(ctx context.Context, c *twilio.Client, s site) error {
			return c.DeleteVariable(ctx, s.service.SID, s.environment.SID, s.variable.SID)
		}, counts{variables: -1}},
		{"create function", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateFunction(ctx, s.service.SID, "/new")
			return err
		}, counts{functions: 1}},
		{"create asset", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateAsset(ctx, s.service.SID, "/new.txt")
			return err
		}, counts{assets: 1}},
		{"upload function version", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateFunctionVersion(ctx, s.service.SID, s.function.SID, function("/hello", "exports.handler = 1"))
			return err
		}, counts{}},
		{"upload asset version", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateAssetVersion(ctx, s.service.SID, s.asset.SID, asset("/a.txt", strings.Repeat("x", 100_000)))
			return err
		}, counts{}},
		{"create build", func(ctx context.Context, c *twilio.Client, s site) error {
			wanted := newBuild(s)
			wanted.AssetVersions = nil
			build, err := c.CreateBuild(ctx, s.service.SID, wanted)
			if err == nil && (build.SID == s.build.SID || build.SID == s.next.SID) {
				err = errors.New("another Build was taken for the new one")
			}
			return err
		}, counts{builds: 1}},
		{"fetch build status", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.WaitForBuild(ctx, s.service.SID, s.build.SID)
			return err
		}, counts{}},
		{"create deployment", func(ctx context.Context, c *twilio.Client, s site) error {
			deployment, err := c.CreateDeployment(ctx, s.service.SID, s.environment.SID, s.next.SID)
			if err == nil && deployment.BuildSID != s.next.SID {
				err = fmt.Errorf("the Deployment has Build %q", deployment.BuildSID)
			}
			return err
		}, counts{deployments: 1}},
	}
}

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
					if hasNoAnswer := call.name == "delete variable"; hasNoAnswer && isGarbled(fault) {
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
	return client, world, newSite(t, client), left
}

func plus(a, b counts) counts {
	return counts{
		a.services + b.services, a.environments + b.environments, a.variables + b.variables,
		a.functions + b.functions, a.assets + b.assets, a.builds + b.builds, a.deployments + b.deployments,
	}
}

// TestRefusalsAreNotRepeated gives each call credentials that are refused.
func TestRefusalsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, call := range calls() {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			good, world := newWorld(t, sandbox.Options{})
			s := newSite(t, good)
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
