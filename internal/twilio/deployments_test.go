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

const (
	environmentSID = "ZE00000000000000000000000000000001"
	ours, newer    = "ZB0000000000000000000000000000000a", "ZB0000000000000000000000000000000b"
)

// platform is an Environment whose clock differs from this machine's, and that
// loses the answer of the first activation.
type platform struct {
	clock       time.Duration // ahead of this machine's
	hasNoDate   bool
	takesEffect bool   // the activation whose answer is lost
	overtakenBy string // a Build that is activated right after it
	deployments []string
	live        string
	posts       int
}

func (p *platform) activate(build string, ago time.Duration) {
	created := time.Now().Add(p.clock - ago).UTC().Format(time.RFC3339)
	p.live = build
	p.deployments = append([]string{fmt.Sprintf(`{"sid":"ZD%032d","build_sid":%q,"date_created":%q}`, len(p.deployments)+1, build, created)}, p.deployments...)
}

func (p *platform) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(100 * time.Millisecond)
	status, body := http.StatusOK, ""
	switch {
	case r.Method == http.MethodPost:
		if p.posts++; p.posts > 1 || p.takesEffect {
			p.activate(ours, 0)
		}
		if p.posts == 1 {
			if p.overtakenBy != "" {
				p.activate(p.overtakenBy, 0)
			}
			status = http.StatusBadGateway
			break
		}
		body = p.deployments[0]
	case strings.HasSuffix(r.URL.Path, "/Deployments"):
		body = `{"deployments":[` + strings.Join(p.deployments, ",") + `],"meta":{"key":"deployments"}}`
	default:
		body = fmt.Sprintf(`{"sid":%q,"build_sid":%q}`, environmentSID, p.live)
	}
	response := reply(status, strings.NewReader(body))
	if !p.hasNoDate {
		response.Header.Set("Date", time.Now().Add(p.clock).UTC().Format(http.TimeFormat))
	}
	return response, nil
}

// TestCreateDeploymentWhoseAnswerWasLost loses the first answer; the look-up
// must tell whether it took effect, also when another Build is live by then.
func TestCreateDeploymentWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		platform  platform
		agoOurs   time.Duration // our Build was live before, and another since
		wantSID   string
		wantPosts int
		wantLive  string
	}{
		"it took effect":                           {platform{takesEffect: true}, 0, "1", 1, ours},
		"it did not":                               {platform{}, 0, "1", 2, ours},
		"it did, and a newer Build is live":        {platform{takesEffect: true, overtakenBy: newer}, 0, "1", 1, newer},
		"so, beside an older activation of ours":   {platform{takesEffect: true, overtakenBy: newer}, time.Minute, "3", 1, newer},
		"so, with a clock that is an hour behind":  {platform{takesEffect: true, overtakenBy: newer, clock: -time.Hour}, time.Minute, "3", 1, newer},
		"so, with a clock that is an hour ahead":   {platform{takesEffect: true, overtakenBy: newer, clock: time.Hour}, time.Minute, "3", 1, newer},
		"it did not, and ours was live before":     {platform{}, time.Minute, "3", 2, ours},
		"so, with a clock that is an hour ahead.":  {platform{clock: time.Hour}, time.Minute, "3", 2, ours},
		"so, with a clock that is an hour behind.": {platform{clock: -time.Hour}, time.Minute, "3", 2, ours},
		"it took effect, with no clock":            {platform{takesEffect: true, hasNoDate: true}, time.Minute, "3", 1, ours},
		"it did not, with no clock":                {platform{hasNoDate: true}, time.Minute, "3", 2, ours},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := test.platform
				if test.agoOurs > 0 {
					world.activate(ours, test.agoOurs)
					world.activate(newer, test.agoOurs-time.Second)
				}
				client := inMemory(t, world.RoundTrip)
				got, err := client.CreateDeployment(t.Context(), serviceSID, environmentSID, ours)
				if want := twilio.DeploymentSID("ZD" + strings.Repeat("0", 31) + test.wantSID); err != nil || got.SID != want {
					t.Errorf("got %s with error %v, want %s", got.SID, err, want)
				}
				if world.posts != test.wantPosts || world.live != test.wantLive {
					t.Errorf("after %d activations %s is live, want %d and %s", world.posts, world.live, test.wantPosts, test.wantLive)
				}
			})
		})
	}
}

// TestCreateDeploymentBehindAnother loses the first answer a second after ours was live
// and another Build took its place: times do not tell that it had no effect.
func TestCreateDeploymentBehindAnother(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		platform  platform
		wantPosts int
		wantSID   string
		wantLive  string
	}{
		"it did not":                         {platform{}, 2, "3", ours},
		"it took effect":                     {platform{takesEffect: true}, 1, "3", ours},
		"it did, and a newer Build is live":  {platform{takesEffect: true, overtakenBy: newer}, 1, "3", newer},
		"it did not, and there is no clock":  {platform{hasNoDate: true}, 2, "3", ours},
		"it did, without a clock, and newer": {platform{takesEffect: true, overtakenBy: newer, hasNoDate: true}, 1, "3", newer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := test.platform
				world.activate(ours, 2*time.Second)
				world.activate(newer, time.Second)
				client := inMemory(t, world.RoundTrip)
				behind := twilio.DeploymentSID(fmt.Sprintf("ZD%032d", 2))
				got, err := client.CreateDeployment(t.Context(), serviceSID, environmentSID, ours, twilio.Behind(behind))
				if want := twilio.DeploymentSID("ZD" + strings.Repeat("0", 31) + test.wantSID); err != nil || got.SID != want {
					t.Errorf("got %s with error %v, want %s", got.SID, err, want)
				}
				if world.posts != test.wantPosts || world.live != test.wantLive {
					t.Errorf("after %d activations %s is live, want %d and %s", world.posts, world.live, test.wantPosts, test.wantLive)
				}
			})
		})
	}
}

func TestDeploymentOfAPlugin(t *testing.T) {
	t.Parallel()
	var sent string
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.PostFormValue("BuildSid") + " " + r.PostFormValue("IsPlugin")
		answer(http.StatusCreated, "application/json", `{"sid":"ZD00000000000000000000000000000001"}`).ServeHTTP(w, r)
	}))
	for want, options := range map[string][]twilio.DeploymentOption{ours + " true": {twilio.AsPlugin()}, ours + " ": nil} {
		if _, err := client.CreateDeployment(t.Context(), serviceSID, environmentSID, ours, options...); err != nil || sent != want {
			t.Errorf("sent %q with error %v, want %q", sent, err, want)
		}
	}
}
