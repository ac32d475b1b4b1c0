package twilio_test

import (
	"net/http"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestEarlyAnswersReachTheClient: an upload that is answered before its body
// has been read gets that answer, not just a broken connection.
func TestEarlyAnswersReachTheClient(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault twilio.Fault
		size  int64
		want  int
	}{
		"too large":    {twilio.FaultNone, 60 << 20, http.StatusRequestEntityTooLarge},
		"too many":     {twilio.FaultTooMany, 8 << 20, http.StatusTooManyRequests},
		"server error": {twilio.FaultServerError, 8 << 20, http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, twilio.Options{Fault: func(r *http.Request) twilio.Fault {
				if r.ContentLength < 0 {
					return test.fault
				}
				return twilio.FaultNone
			}})
			assets := service(b.service("voice")) + "/Assets"
			versions := assets + "/" + b.make(assets, "FriendlyName", "/a") + "/Versions"
			for range 2 {
				contentType, body := stream([]part{{name: "Path", value: "/a"}, {name: "Visibility", value: "public"}}, &zeros{left: test.size})
				wantStatus(t, b.send(b.request(http.MethodPost, versions, contentType, body)), test.want)
			}
		})
	}
}
