package twilio_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// builder is a Service that loses the answer to the first Build.
type builder struct {
	takesEffect bool // the Build whose answer is lost
	builds      []string
	posts       int
}

func (b *builder) build(ago time.Duration) {
	b.builds = append([]string{fmt.Sprintf(
		`{"sid":"ZB%032d","status":"building","runtime":"node22","function_versions":[{"sid":"ZN1"}],"dependencies":[{"name":"got","version":"11.0.0"}],"date_created":%q}`,
		len(b.builds)+1, time.Now().Add(-ago).UTC().Format(time.RFC3339),
	)}, b.builds...)
}

func (b *builder) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(100 * time.Millisecond)
	status, body := http.StatusOK, ""
	switch r.Method {
	case http.MethodGet:
		body = `{"builds":[` + strings.Join(b.builds, ",") + `],"meta":{"key":"builds"}}`
	default:
		if b.posts++; b.posts > 1 || b.takesEffect {
			b.build(0)
		}
		if b.posts == 1 {
			status = http.StatusBadGateway
		} else {
			body = b.builds[0]
		}
	}
	response := reply(status, strings.NewReader(body))
	response.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	return response, nil
}

// TestCreateBuildWhoseAnswerWasLost loses the first answer, beside an older
// Build of the same Versions whose dependencies may be others: what a range
// became is not told.
func TestCreateBuildWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		takesEffect bool
		wantPosts   int
	}{
		"it took effect": {true, 1},
		"it did not":     {false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := &builder{takesEffect: test.takesEffect}
				world.build(time.Minute)
				got, err := inMemory(t, world.RoundTrip).CreateBuild(t.Context(), serviceSID, twilio.NewBuild{
					FunctionVersions: []twilio.VersionSID{"ZN1"}, Runtime: "node22",
					Dependencies: []twilio.Dependency{{Name: "got", Version: "^12.0.0"}},
				})
				if want := twilio.BuildSID(fmt.Sprintf("ZB%032d", 2)); err != nil || got.SID != want || world.posts != test.wantPosts {
					t.Errorf("got %s with error %v after %d requests, want %s after %d", got.SID, err, world.posts, want, test.wantPosts)
				}
			})
		})
	}
}
