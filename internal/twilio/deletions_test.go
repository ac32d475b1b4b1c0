package twilio_test

import (
	"errors"
	"net/http"
	"testing"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestDeletionsOfWhatIsGone(t *testing.T) {
	t.Parallel()
	for _, call := range deletions() {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t, sandbox.Options{})
			s := newSite(t, client, world)
			for range 2 { // the second finds nothing
				if err := call.do(t.Context(), client, s); err != nil {
					t.Fatal(err)
				}
			}
			if err := client.DeleteService(t.Context(), s.service.SID); err != nil {
				t.Fatal(err)
			}
			if err := call.do(t.Context(), client, s); err != nil {
				t.Errorf("after its Service: %v", err)
			}
		})
	}
}

func TestDeletionsNeedTwiliosOwnAnswer(t *testing.T) {
	t.Parallel()
	for _, call := range deletions() {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, answer(http.StatusNotFound, "text/html", "<html>not here</html>"), once)
			if err := call.do(t.Context(), client, site{}); err == nil {
				t.Error("a proxy's 404 passes for a deletion")
			}
		})
	}
}

// TestDeletionsOfWhatIsLive are refused, and nothing repeats them.
func TestDeletionsOfWhatIsLive(t *testing.T) {
	t.Parallel()
	for status, switches := range map[int]sandbox.Switches{409: {}, 400: {BuildGuardIs400: true, FileGuardIs400: true}} {
		client, world := newWorld(t, sandbox.Options{Switches: switches})
		s := newSite(t, client, world)
		before := count(world)
		for name, err := range map[string]error{
			"function": client.DeleteFunction(t.Context(), s.service.SID, s.function.SID),
			"asset":    client.DeleteAsset(t.Context(), s.service.SID, s.asset.SID),
			"build":    client.DeleteBuild(t.Context(), s.service.SID, s.build.SID),
		} {
			if reply, ok := errors.AsType[*twilio.Error](err); !ok || reply.Status != status {
				t.Errorf("%s: error %v, want Twilio's %d", name, err, status)
			}
		}
		if got := count(world); got != before {
			t.Errorf("afterwards there are %+v, want %+v", got, before)
		}
		// Once the Environment is gone, nothing is live.
		err := errors.Join(
			client.DeleteEnvironment(t.Context(), s.service.SID, s.environment.SID),
			client.DeleteBuild(t.Context(), s.service.SID, s.build.SID),
			client.DeleteFunction(t.Context(), s.service.SID, s.function.SID),
			client.DeleteAsset(t.Context(), s.service.SID, s.asset.SID),
		)
		if err != nil {
			t.Error(err)
		}
	}
}
