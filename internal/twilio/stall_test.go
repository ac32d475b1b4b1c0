package twilio_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestAnUploadInBuffersHasTimeToLeave reads the body at once, as a proxy that
// takes in all before it passes anything on, and answers much later.
func TestAnUploadInBuffersHasTimeToLeave(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bytes      int
		answers    time.Duration
		isAnswered bool
	}{
		"a large one, slowly": {24 << 20, 7 * time.Minute, true},
		"a large one, never":  {24 << 20, 8 * time.Minute, false},
		"a small one, never":  {10 << 10, 62 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := inMemory(t, func(r *http.Request) (*http.Response, error) {
					if _, err := io.CopyN(io.Discard, r.Body, r.ContentLength); err != nil {
						return nil, err
					}
					select {
					case <-time.After(test.answers):
						return reply(201, strings.NewReader(`{"sid":"`+versionSID+`"}`)), nil
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
				}, once)
				_, err := client.CreateAssetVersion(t.Context(), serviceSID, functionSID, asset("/a", strings.Repeat("x", test.bytes)))
				if (err == nil) != test.isAnswered || err != nil && !strings.Contains(err.Error(), "nothing moved for") {
					t.Errorf("got error %v, want an answer: %v", err, test.isAnswered)
				}
			})
		})
	}
}
