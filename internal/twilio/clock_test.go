package twilio_test

import (
	"net/http"
	"testing"
	"time"
)

// TestNow has a platform whose clock is not this machine's.
func TestNow(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": 3 * time.Hour, "behind": -3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
				answer(http.StatusOK, "application/json", `{"sid":"`+serviceSID+`"}`).ServeHTTP(w, r)
			}))
			if off := time.Until(client.Now()); off < -time.Minute || off > time.Minute {
				t.Errorf("before any reply it is %s off this machine's clock", off)
			}
			if _, err := client.FetchService(t.Context(), "site"); err != nil {
				t.Fatal(err)
			}
			if off := time.Until(client.Now()) - ahead; off < -time.Minute || off > time.Minute {
				t.Errorf("it is %s off the platform's clock", off)
			}
		})
	}
}
