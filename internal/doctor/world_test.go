package doctor_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	client "github.com/slipway-dev/slipway/internal/twilio"
)

// world is a sandbox that answers real HTTP.
type world struct {
	*twilio.Sandbox
	url string
}

func newWorld(t *testing.T, options twilio.Options) *world {
	t.Helper()
	served, err := twilio.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(served)
	t.Cleanup(func() {
		server.Close()
		if err := served.Close(); err != nil {
			t.Errorf("the sandbox has a bug: %v", err)
		}
	})
	return &world{served, server.URL}
}

// config reaches the world, and waits as little as it takes.
func (w *world) config() doctor.Config {
	account := twilio.DefaultAccount()
	quick := retry.Polling{Every: 25 * time.Millisecond, Steady: time.Hour, Max: 25 * time.Millisecond, Budget: 20 * time.Second}
	return doctor.Config{
		Credentials: client.Credentials{User: account.KeySID, Password: secret.New(account.KeySecret)},
		APIURL:      w.url,
		LiveURL:     w.url + twilio.LivePrefix + "{domain}",
		Retry:       retry.Policy{Initial: time.Millisecond, Max: 10 * time.Millisecond, MaxAttempts: 30, MaxElapsed: time.Minute},
		Pace:        doctor.Pace{Builds: quick, Domain: quick, Logs: quick, Deletion: 20 * time.Second},
	}
}

// wantNothingLeft checks that the account is as it was.
func (w *world) wantNothingLeft(t *testing.T, services int) {
	t.Helper()
	left := w.Snapshot()
	if len(left.Services) != services || len(left.Environments) != 0 || len(left.Functions) != 0 || len(left.Builds) != 0 {
		t.Errorf("left: %d Services, %d Environments, %d Functions, %d Builds; want %d Services and nothing else",
			len(left.Services), len(left.Environments), len(left.Functions), len(left.Builds), services)
	}
}

// fill makes Services until there are so many.
func (w *world) fill(t *testing.T, services int) {
	t.Helper()
	cfg := w.config()
	api, err := client.New(client.Config{Credentials: cfg.Credentials, APIURL: w.url})
	if err != nil {
		t.Fatal(err)
	}
	for i := range services {
		if _, err := api.CreateService(t.Context(), client.NewService{UniqueName: fmt.Sprintf("other-%d", i), FriendlyName: "x"}); err != nil {
			t.Fatal(err)
		}
	}
}
