package twilio_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestLogQuery(t *testing.T) {
	t.Parallel()
	const function = "ZH00000000000000000000000000000001"
	moment := time.Date(2026, 11, 22, 10, 0, 0, 0, time.FixedZone("", 3600))
	for name, test := range map[string]struct {
		query twilio.LogQuery
		want  url.Values
	}{
		"nothing": {twilio.LogQuery{}, url.Values{"PageSize": {"1000"}}},
		"whole seconds, in UTC": {
			twilio.LogQuery{FunctionSID: function, After: moment, Before: moment, PageSize: 50},
			url.Values{
				"PageSize": {"50"}, "FunctionSid": {function},
				"StartDate": {"2026-11-22T09:00:00Z"}, "EndDate": {"2026-11-22T09:00:00Z"},
			},
		},
		"rounded outwards": {
			twilio.LogQuery{After: moment.Add(time.Millisecond), Before: moment.Add(time.Millisecond)},
			url.Values{"PageSize": {"1000"}, "StartDate": {"2026-11-22T09:00:00Z"}, "EndDate": {"2026-11-22T09:00:01Z"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got url.Values
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r.URL.Query()
				answer(http.StatusOK, "application/json", `{"logs":[],"meta":{"key":"logs"}}`).ServeHTTP(w, r)
			}))
			if n, err := length(client.Logs(t.Context(), serviceSID, environmentSID, test.query)); n != 0 || err != nil {
				t.Fatalf("%d Logs with error %v", n, err)
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Errorf("query (-got +want)\n%s", diff)
			}
		})
	}
}

func TestLogsOfOneFunction(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{Switches: sandbox.Switches{UpperCaseLevels: true}})
	s := newSite(t, client, world)
	for name, test := range map[string]struct {
		query twilio.LogQuery
		want  int
	}{
		"all":               {twilio.LogQuery{}, 1},
		"its own":           {twilio.LogQuery{FunctionSID: s.function.SID}, 1},
		"another's":         {twilio.LogQuery{FunctionSID: s.idleFunction.SID}, 0},
		"of the last hour":  {twilio.LogQuery{After: time.Now().Add(-time.Hour)}, 1},
		"up to an hour ago": {twilio.LogQuery{After: time.Now().Add(-2 * time.Hour), Before: time.Now().Add(-time.Hour)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := 0
			for log, err := range client.Logs(t.Context(), s.service.SID, s.environment.SID, test.query) {
				if err != nil {
					t.Fatal(err)
				}
				if got++; log.Level != "info" {
					t.Errorf("level %q, want it in lower case", log.Level)
				}
			}
			if got != test.want {
				t.Errorf("%d Logs, want %d", got, test.want)
			}
		})
	}
}

// TestErrorsQuoteNothingConfidential has replies that cannot be read, and hold
// what must not reach anybody's log.
func TestErrorsQuoteNothingConfidential(t *testing.T) {
	t.Parallel()
	const confidential = "+15005550006 has the balance 42"
	for name, body := range map[string]string{
		"no JSON":       confidential,
		"another shape": `{"sid": 5, "message": "` + confidential + `", "` + confidential + `": 1}`,
		"an error":      `{"` + confidential + `": 1}`,
	} {
		for _, call := range fetches() {
			switch call.name {
			case "fetch log", "fetch variable", "fetch function version content":
			default:
				continue
			}
			t.Run(call.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				status := http.StatusOK
				if name == "an error" {
					status = http.StatusForbidden
				}
				err := call.do(t.Context(), newClient(t, answer(status, "application/json", body), once), site{})
				if err == nil || strings.Contains(err.Error(), "balance") {
					t.Errorf("error %v, want one without what the reply holds", err)
				}
			})
		}
	}
}
