package cli

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/problem"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestDoctorKnowsTheSwitches holds the facts that the doctor looks at against
// the switches of the sandbox: each is settled, or open with a reason.
func TestDoctorKnowsTheSwitches(t *testing.T) {
	t.Parallel()
	got := doctor.Switches()
	want := switchNames()
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("the doctor's facts (-) and the sandbox's switches (+) differ:\n%s", diff)
	}
}

// liveSurvey runs slipway doctor --live --output json on a sandbox.
func liveSurvey(t *testing.T, switches sandbox.Switches) doctor.Surveyed {
	t.Helper()
	served, err := sandbox.New(sandbox.Options{BuildTime: 700 * time.Millisecond, Switches: switches})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(served)
	defer server.Close()
	account := sandbox.DefaultAccount()
	environment := map[string]string{
		"TWILIO_API_KEY": account.KeySID, "TWILIO_API_SECRET": account.KeySecret,
		"SLIPWAY_API_URL": server.URL, "SLIPWAY_LIVE_URL": liveURL(server.URL),
	}
	var stdout, stderr bytes.Buffer
	code := Main(t.Context(), Env{
		Args:   []string{"doctor", "--live", "--output", "json"},
		Getenv: func(name string) string { return environment[name] }, Stdout: &stdout, Stderr: &stderr,
	})
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, stderr.String())
	}
	for _, secret := range []string{account.KeySecret, account.AuthToken} {
		if strings.Contains(stdout.String()+stderr.String(), secret) {
			t.Errorf("a secret is shown in\n%s\n%s", stdout.String(), stderr.String())
		}
	}
	if err := served.Close(); err != nil {
		t.Error(err)
	}
	return decodeSurvey(t, stdout.Bytes())
}

func decodeSurvey(t *testing.T, document []byte) doctor.Surveyed {
	t.Helper()
	var found doctor.Surveyed
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&found); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	return found
}

// TestDoctorLiveJSON looks at the document, and follows its advice: a sandbox
// as it says is found to behave alike.
func TestDoctorLiveJSON(t *testing.T) {
	t.Parallel()
	given := sandbox.Switches{NestedServiceNames: true, RangesResolved: true, PathsIgnoreCase: true}
	found := liveSurvey(t, given)
	if found.Version != 1 || !strings.HasPrefix(found.Tool, "slipway/") || !found.IsDeleted || found.Service == "" || found.ServiceSID == "" || found.Error != nil {
		t.Errorf("got %+v", found)
	}
	if found.APICalls < 150 || found.APICalls > 300 || found.DurationMS <= 0 {
		t.Errorf("%d calls in %d ms", found.APICalls, found.DurationMS)
	}
	var names []string
	for _, one := range found.Findings {
		names = append(names, one.Switch)
		if isOpen := one.Position == doctor.Open; isOpen != (one.Meaning == "") || isOpen != (one.Why != "") || one.Seen == nil {
			t.Errorf("got %+v", one)
		}
	}
	if diff := cmp.Diff(names, switchNames()); diff != "" {
		t.Errorf("findings (-) are not in the order of the switches (+):\n%s", diff)
	}

	if want := "slipway sandbox --switch nested-service-names --switch ranges-resolved --switch paths-ignore-case"; found.Sandbox != want {
		t.Errorf("got %q, want %q", found.Sandbox, want)
	}
	advised := strings.Split(strings.TrimPrefix(found.Sandbox, "slipway sandbox --switch "), " --switch ")
	var problems problem.List
	if read := readSwitches(advised, &problems); read != given || problems != nil {
		t.Errorf("got %+v and %v, want %+v", read, problems, given)
	}
}
