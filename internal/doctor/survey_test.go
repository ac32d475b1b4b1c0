package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	client "github.com/slipway-dev/slipway/internal/twilio"
)

// buildTime leaves time for a Deployment of a Build that is not completed.
const buildTime = 2 * time.Second

// TestMain lets many surveys run at once: they wait more than they compute. A
// value given on the command line still counts: it is parsed after this.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	m.Run()
}

// neverSettled are the switches that no survey settles on purpose.
func neverSettled(name string) bool {
	return name == "retry-after-told" || name == "asset-limits" || name == "build-rate-limit"
}

// TestSurveyFindsEachPosition runs a survey on each switch by itself, and on
// none.
func TestSurveyFindsEachPosition(t *testing.T) {
	t.Parallel()
	tests := map[string]twilio.Switches{"all off": {}}
	for _, row := range twilio.SwitchTable() {
		tests[row.Name] = row.TurnOn(twilio.Switches{})
	}
	for name, switches := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twilio.Options{BuildTime: buildTime, Switches: switches})
			found, err := doctor.Survey(t.Context(), w.config())
			if err != nil {
				t.Fatal(err)
			}
			wantPositions(t, found, switches)
			w.wantNothingLeft(t, 0)
		})
	}
}

func wantPositions(t *testing.T, found doctor.Surveyed, switches twilio.Switches) {
	t.Helper()
	got := make(map[string]doctor.Finding)
	for _, one := range found.Findings {
		got[one.Switch] = one
	}
	for _, row := range twilio.SwitchTable() {
		one, want := got[row.Name], doctor.Off
		switch {
		case neverSettled(row.Name):
			want = doctor.Open
		case row.IsOn(switches):
			want = doctor.On
		}
		if one.Position != want {
			t.Errorf("%s is %q, want %q: %v %s", row.Name, one.Position, want, one.Seen, one.Why)
		}
		if one.Position == doctor.Open && one.Why == "" || one.Position != doctor.Open && len(one.Seen) == 0 {
			t.Errorf("%s does not say why it is %q", row.Name, one.Position)
		}
	}
}

// TestSurveyThroughFaults lets a fifth of all calls fail.
func TestSurveyThroughFaults(t *testing.T) {
	t.Parallel()
	all := twilio.Switches{}
	for _, row := range twilio.SwitchTable() {
		all = row.TurnOn(all)
	}
	for name, switches := range map[string]twilio.Switches{"all off": {}, "all on": all} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("%s, seed %d", name, seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, twilio.Options{
					BuildTime: buildTime, Switches: switches, FaultRate: 0.2, Seed: seed, SlowAnswer: time.Millisecond,
				})
				found, err := doctor.Survey(t.Context(), w.config())
				if err != nil {
					t.Fatal(err)
				}
				for i, one := range found.Findings {
					if one.Switch == "retry-after-told" && one.Position != doctor.Open {
						found.Findings[i] = doctor.Finding{Switch: one.Switch, Position: doctor.Open, Why: "faults tell it or not"}
					}
				}
				wantPositions(t, found, switches)
				w.wantNothingLeft(t, 0)
			})
		}
	}
}

// TestSurveyIsCutShort ends the context at each of the parts.
func TestSurveyIsCutShort(t *testing.T) {
	t.Parallel()
	const parts = 1 + 19 + 1
	for number := 1; number <= parts; number++ {
		t.Run(strconv.Itoa(number), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twilio.Options{BuildTime: 50 * time.Millisecond})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cfg := w.config()
			cfg.Progress = func(step doctor.Step) {
				if step.Of != parts {
					t.Errorf("there are %d parts", step.Of)
				}
				if step.Number == number {
					cancel()
				}
			}
			found, err := doctor.Survey(ctx, cfg)
			if !errors.Is(err, context.Canceled) && number < parts {
				t.Errorf("got the error %v", err)
			}
			if len(found.Findings) != len(doctor.Switches()) || len(found.Left) != 0 {
				t.Errorf("got %d findings, left %v", len(found.Findings), found.Left)
			}
			w.wantNothingLeft(t, 0)
		})
	}
}

// TestSurveyLosesTheAnswerToTheService lets the Service come to be without
// telling, and ends the run.
func TestSurveyLosesTheAnswerToTheService(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := newWorld(t, twilio.Options{Fault: func(r *http.Request) twilio.Fault {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/Services" {
			cancel()
			return twilio.FaultCutAfter
		}
		return twilio.FaultNone
	}})
	if _, err := doctor.Survey(ctx, w.config()); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v", err)
	}
	w.wantNothingLeft(t, 0)
}

func TestSurveyTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{Fault: func(r *http.Request) twilio.Fault {
		if r.Method == http.MethodDelete && strings.Count(r.URL.Path, "/") == 3 {
			return twilio.FaultServerError
		}
		return twilio.FaultNone
	}})
	found, err := doctor.Survey(t.Context(), w.config())
	left, ok := errors.AsType[*doctor.LeftError](err)
	if !ok {
		t.Fatalf("got the error %v", err)
	}
	if !strings.Contains(left.Error(), found.ServiceSID) || found.ServiceSID == "" || found.IsDeleted || len(found.Left) != 2 {
		t.Errorf("got %q, deleted %t, left %v", left, found.IsDeleted, found.Left)
	}
}

func TestSurveyHasNoService(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		services int
		change   func(*doctor.Config)
		want     int
	}{
		"no room":           {50, func(*doctor.Config) {}, http.StatusBadRequest},
		"wrong credentials": {0, func(cfg *doctor.Config) { cfg.Credentials.Password = secret.New("wrong") }, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twilio.Options{})
			w.fill(t, test.services)
			cfg := w.config()
			test.change(&cfg)
			found, err := doctor.Survey(t.Context(), cfg)
			refused, ok := errors.AsType[*client.Error](err)
			if !ok || refused.Status != test.want {
				t.Errorf("got the error %v", err)
			}
			if _, isLeft := errors.AsType[*doctor.LeftError](err); isLeft || found.ServiceSID != "" || found.Service != "" {
				t.Errorf("got %+v and %v", found, err)
			}
			w.wantNothingLeft(t, test.services)
		})
	}
}

// TestSurveyInAFullAccount has room for one Service, and none for a second.
func TestSurveyInAFullAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{BuildTime: 50 * time.Millisecond})
	w.fill(t, 49)
	found, err := doctor.Survey(t.Context(), w.config())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(found.Findings, func(one doctor.Finding) bool { return one.Switch == "service-names-checked" })
	if got := found.Findings[at]; got.Position != doctor.Open || !strings.Contains(got.Why, "was refused, too") {
		t.Errorf("got %+v", got)
	}
	w.wantNothingLeft(t, 49)
}

// TestSurveyShowsNoSecret looks for what nobody else should see in all that is
// told.
func TestSurveyShowsNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{BuildTime: 50 * time.Millisecond})
	found, err := doctor.Survey(t.Context(), w.config())
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal([]any{found.Findings, found.Notes})
	if err != nil {
		t.Fatal(err)
	}
	account := twilio.DefaultAccount()
	for _, hidden := range []string{account.SID, account.AuthToken, account.KeySID, account.KeySecret, found.Service, found.ServiceSID} {
		if strings.Contains(string(told), hidden) {
			t.Errorf("%s is shown in\n%s", hidden, told)
		}
	}
	if sids := regexp.MustCompile(`\b[A-Z]{2}[0-9a-f]{32}\b`).FindAll(told, -1); sids != nil {
		t.Errorf("shown are %s", sids)
	}
}
