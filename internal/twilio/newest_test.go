package twilio_test

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestNewestBuildsAreNotHeld reads a page that is larger than any reply that is
// held whole. It shares the heap with no other test.
func TestNewestBuildsAreNotHeld(t *testing.T) { //nolint:paralleltest // as said above.
	const files, mib = 2500, 1 << 20
	sid := func(prefix string, i int) string { return fmt.Sprintf("%s%032x", prefix, i) }
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"builds":[`)
		for i := range 20 {
			var build bytes.Buffer
			fmt.Fprintf(&build, `{"sid":%q,"status":"completed","function_versions":[`, sid("ZB", i))
			for j := range files {
				fmt.Fprintf(&build, `{"sid":%q,"function_sid":%q,"path":"/f%d/%s","visibility":"PUBLIC"},`, sid("ZN", j), sid("ZH", j), j, strings.Repeat("x", 600))
			}
			fmt.Fprintf(&build, `{"sid":%q}]}`, sid("ZN", i))
			if i < 19 {
				build.WriteByte(',')
			}
			_, _ = w.Write(build.Bytes())
		}
		fmt.Fprint(w, `],"meta":{"key":"builds"}}`)
	}))
	heap := func() uint64 {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		return now.HeapAlloc
	}
	runtime.GC()
	before, most := heap(), uint64(0)
	kept, err := client.NewestBuilds(t.Context(), twilio.ServiceSID(sid("ZS", 1)), func(build twilio.Build) bool {
		if len(build.FunctionVersions) != files+1 {
			t.Errorf("Build %s has %d Versions", build.SID, len(build.FunctionVersions))
		}
		most = max(most, heap())
		return string(build.SID) == sid("ZB", 7)
	})
	if err != nil || len(kept) != 1 || string(kept[0].SID) != sid("ZB", 7) {
		t.Fatalf("kept %d Builds, %v", len(kept), err)
	}
	if took := (most - min(before, most)) / mib; took > 32 {
		t.Errorf("it took %d MiB to read 20 Builds", took)
	} else {
		t.Logf("it took %d MiB", took)
	}
}
