package doctor_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// odd is a platform that answers some calls in a way that the sandbox does not
// have.
func odd(t *testing.T, options twilio.Options, asked string, status int, body string) doctor.Config {
	t.Helper()
	w := newWorld(t, options)
	matches := regexp.MustCompile(`^(?:` + asked + `)$`)
	cfg := w.between(t, func(answer http.ResponseWriter, r *http.Request) {
		if !matches.MatchString(r.Method + " " + r.URL.Path) {
			w.ServeHTTP(answer, r)
			return
		}
		answer.Header().Set("Content-Type", "application/json")
		answer.WriteHeader(status)
		_, _ = answer.Write([]byte(body))
	})
	t.Cleanup(func() { w.wantNothingLeft(t, 0) })
	return cfg
}

func TestSurveyOfAThirdReading(t *testing.T) {
	t.Parallel()
	const refusal = `{"code":54321,"message":"It is otherwise","status":422}`
	tests := map[string]struct {
		options twilio.Options
		asked   string
		status  int
		body    string
		want    doctor.Position
		says    string // among what was seen, or why
	}{
		"build-guard-is-400":      {twilio.Options{}, "DELETE .*/Builds/ZB.*", 422, refusal, doctor.Neither, "DELETE /Services/{ZS}/Builds/{ZB} → 422/54321: It is otherwise"},
		"plain-upload-errors":     {twilio.Options{}, "POST .*/Functions/.*/Versions", 201, `{"sid":"ZN00000000000000000000000000000000"}`, doctor.Neither, "→ 201"},
		"upload-answers-200":      {twilio.Options{}, "POST .*/Functions/.*/Versions", 202, `{"sid":"ZN00000000000000000000000000000000"}`, doctor.Neither, "→ 202"},
		"stale-build-is-400":      {twilio.Options{}, "POST .*/Deployments", 422, refusal, doctor.Neither, "→ 422/54321"},
		"function-limit":          {twilio.Options{}, "POST .*/Builds", 403, refusal, doctor.Open, "the credentials may not do this: POST /Services/{ZS}/Builds → 403"},
		"runtime-kept":            {twilio.Options{FailBuilds: true}, "nothing", 0, "", doctor.Open, "a Build that it depends on ended failed"},
		"node20-retired":          {twilio.Options{FailBuilds: true}, "nothing", 0, "", doctor.Open, "a Build that it depends on ended failed"},
		"late-runtime-errors":     {twilio.Options{FailBuilds: true, Switches: twilio.Switches{LateRuntimeErrors: true}}, "nothing", 0, "", doctor.Open, "a Build that it depends on ended failed"},
		"root-serves-index":       {twilio.Options{}, "GET /_live/.*/", 200, "another page", doctor.Neither, "GET {domain}/ → 200"},
		"types-by-extension":      {twilio.Options{}, "GET /_live/.*/typed.txt", 404, "", doctor.Neither, "→ 404"},
		"large-private-assets":    {twilio.Options{}, "POST .*/Assets/.*/Versions", 507, "", doctor.Open, "→ 507"},
		"unfinished-build-is-409": {twilio.Options{}, "nothing", 0, "", doctor.Open, "the Build was completed at once"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := odd(t, test.options, test.asked, test.status, test.body)
			found, err := doctor.Survey(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range found.Findings {
				if one.Switch != name {
					continue
				}
				said := fmt.Sprint(one.Why, one.Seen)
				if one.Position != test.want || !strings.Contains(said, test.says) {
					t.Errorf("got %q, want %q; it says %s, want %s", one.Position, test.want, said, test.says)
				}
			}
		})
	}
}

// TestSurveyTellsOfRefusals lets calls be refused that tell when to come back.
func TestSurveyTellsOfRefusals(t *testing.T) {
	t.Parallel()
	for fault, want := range map[twilio.Fault]doctor.Position{
		twilio.FaultTooMany: doctor.Off, twilio.FaultTooManyRetryAfter: doctor.On, twilio.FaultNone: doctor.Open,
	} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			var came atomic.Bool
			w := newWorld(t, twilio.Options{Fault: func(r *http.Request) twilio.Fault {
				if r.Method == http.MethodGet && r.URL.Path != "/v1/Services" && came.CompareAndSwap(false, true) {
					return fault
				}
				return twilio.FaultNone
			}})
			found, err := doctor.Survey(t.Context(), w.config())
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range found.Findings {
				if one.Switch == "retry-after-told" && one.Position != want {
					t.Errorf("got %+v, want %s", one, want)
				}
			}
		})
	}
}
