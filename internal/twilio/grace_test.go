package twilio_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/secret"
)

func TestWritesThatWereSentGetTheirGrace(t *testing.T) {
	t.Parallel()
	const variable = `{"sid":"ZV00000000000000000000000000000001","key":"KEY"}`
	for name, test := range map[string]struct {
		grace, answerAfter, endsAfter time.Duration
		isKnown                       bool
	}{
		"answered within it": {2 * time.Second, 1500 * time.Millisecond, 1500 * time.Millisecond, true},
		"answered too late":  {2 * time.Second, time.Minute, 3 * time.Second, false},
		"none":               {0, 1500 * time.Millisecond, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				client := inMemory(t, func(r *http.Request) (*http.Response, error) {
					sent++
					select {
					case <-time.After(test.answerAfter):
						return reply(200, strings.NewReader(variable)), nil
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
				}).WithGrace(test.grace)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				started := time.Now()
				_, err := client.UpdateVariable(ctx, serviceSID, "ZE1", "ZV1", "KEY", secret.New("x"))
				if elapsed := time.Since(started); elapsed != test.endsAfter || sent != 1 {
					t.Errorf("ended after %s and %d requests, want %s and 1", elapsed, sent, test.endsAfter)
				}
				if (err == nil) != test.isKnown || err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
				_, err = client.UpdateVariable(ctx, serviceSID, "ZE1", "ZV1", "KEY", secret.New("x"))
				if err == nil || sent != 1 {
					t.Errorf("a call that begins after the end: %d requests, error %v", sent, err)
				}
			})
		})
	}
}
