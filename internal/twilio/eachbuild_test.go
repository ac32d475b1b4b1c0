package twilio_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestEachBuild reads several pages, some of which break off.
func TestEachBuild(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{PageSize: 2, FaultRate: 0.2, Seed: 3})
	s := newSite(t, client, world)
	for range 6 {
		if _, err := client.CreateBuild(t.Context(), s.service.SID, twilio.NewBuild{FunctionVersions: []twilio.VersionSID{s.build.FunctionVersions[0].SID}}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[twilio.BuildSID]bool{}
	err := client.EachBuild(t.Context(), s.service.SID, func(build twilio.Build) {
		seen[build.SID] = len(build.FunctionVersions) > 0
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, build := range world.Snapshot().Builds {
		if !seen[twilio.BuildSID(build.SID)] {
			t.Errorf("Build %s was not told whole", build.SID)
		}
	}
}

// TestEachBuildIsAllOrAnError has a second page that fails, leads back, or lies
// elsewhere.
func TestEachBuildIsAllOrAnError(t *testing.T) {
	t.Parallel()
	page := func(digit, next string) string {
		return fmt.Sprintf(`{"meta":{"next_page_url":%q,"key":"builds"},"builds":[{"sid":"ZB%s","status":"completed"}]}`, next, strings.Repeat(digit, 32))
	}
	for name, test := range map[string]struct{ next, want string }{
		"a page that is refused":  {"http://HOST/v1/refused", "answered 403"},
		"a page that leads back":  {"http://HOST/v1/back", "leads back"},
		"a page of another host":  {"http://example.com/v1/Services", "credentials are sent nowhere else"},
		"a page that is no page":  {"http://HOST/v1/odd", "not a page of a listing"},
		"a page with an odd item": {"http://HOST/v1/item", "item 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/v1/refused":
					w.WriteHeader(http.StatusForbidden)
				case "/v1/back":
					fmt.Fprint(w, page("2", "http://"+r.Host+"/v1/back"))
				case "/v1/odd":
					fmt.Fprint(w, `{"meta":{"key":"builds"}}`)
				case "/v1/item":
					fmt.Fprint(w, `{"builds":[{"sid":"ZX"}],"meta":{"key":"builds"}}`)
				default:
					fmt.Fprint(w, page("1", strings.Replace(test.next, "HOST", r.Host, 1)))
				}
			}), once)
			var seen []string
			err := client.EachBuild(t.Context(), "ZS1", func(build twilio.Build) { seen = append(seen, string(build.SID)[:3]) })
			if err == nil || !strings.Contains(err.Error(), test.want) || !slices.Contains(seen, "ZB1") {
				t.Errorf("seen %v, error %v, want %q", seen, err, test.want)
			}
			if foreign, ok := errors.AsType[*twilio.ForeignPageError](err); ok != (test.want == "credentials are sent nowhere else") {
				t.Errorf("%v", foreign)
			}
		})
	}
}
