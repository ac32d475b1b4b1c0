package job_test

import (
	"encoding/json"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
)

func TestResultHasTheFieldsOfVersionOne(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal(job.NewResult())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":1,"status":"","service":"","service_sid":"","environment":"","environment_sid":"",` +
		`"domain":"","url":"","build_sid":"","deployment_sid":"","previous_build_sid":"","changed":false,` +
		`"rolled_back":false,"digest":"","commit":"",` +
		`"functions":{"created":[],"updated":[],"unchanged":[],"removed":[]},` +
		`"assets":{"created":[],"updated":[],"unchanged":[],"removed":[]},` +
		`"variables":{"created":[],"updated":[],"unchanged":[],"removed":[]},` +
		`"api_calls":0,"uploaded_bytes":0,"duration_ms":0,"warnings":[]}`
	if string(encoded) != want {
		t.Errorf("got  %s\nwant %s", encoded, want)
	}
}

func TestReasonExitCode(t *testing.T) {
	t.Parallel()
	want := map[job.Reason]int{
		job.Internal: 1, job.BadInput: 2, job.BadCredentials: 3, job.BuildFailed: 4,
		job.TimedOut: 5, job.LimitReached: 8, job.Cancelled: 130, "unheard of": 1,
	}
	for reason, code := range want {
		if got := reason.ExitCode(); got != code {
			t.Errorf("%s exits with %d, want %d", reason, got, code)
		}
	}
}

func TestReasonIsUsers(t *testing.T) {
	t.Parallel()
	want := map[job.Reason]bool{
		job.Internal: false, job.BadInput: true, job.BadCredentials: true, job.BuildFailed: true,
		job.TimedOut: false, job.LimitReached: true, job.Cancelled: false, "unheard of": false,
	}
	for reason, isUsers := range want {
		if got := reason.IsUsers(); got != isUsers {
			t.Errorf("%s is the user's: %t, want %t", reason, got, isUsers)
		}
	}
}
