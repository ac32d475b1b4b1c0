package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

func TestCheckup(t *testing.T) {
	t.Parallel()
	checkup := doctor.NewCheckup([]doctor.Check{
		{Name: "settings", Status: doctor.OK, Message: "nothing is wrong with them"},
		{Name: "project", Status: doctor.Failed, Reason: job.BadInput, Message: "one is wrong\nso is \x1b[31manother\x1b[0m", Fix: "Mend both."},
		{Name: "credentials", Status: doctor.Failed, Reason: job.BadCredentials, Message: "not accepted"},
		{Name: "quota", Status: doctor.Warning, Message: "47 Services of 50"},
		{Name: "target", Status: doctor.Skipped, Message: "not looked for"},
	})
	const want = `ok       settings     nothing is wrong with them
failed   project      one is wrong
                      so is another
                      Mend both.
failed   credentials  not accepted
warning  quota        47 Services of 50
skipped  target       not looked for

2 checks failed, 1 warning
`
	if diff := cmp.Diff(report.Checkup(checkup), want); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
	if checkup.Status != doctor.Failed || checkup.Error == nil || checkup.Error.Reason != job.BadInput {
		t.Errorf("got %+v", checkup)
	}
}

func TestSurvey(t *testing.T) {
	t.Parallel()
	found := doctor.Surveyed{
		Service: "slipway-Doctor-0123456789ab", ServiceSID: "ZS00000000000000000000000000000000", APICalls: 240, DurationMS: 95_000,
		Error: &job.Failure{Reason: job.Internal},
		Left:  []string{"slipway-Doctor-0123456789ab (ZS00000000000000000000000000000000)"},
		Findings: []doctor.Finding{
			{Switch: "late-logs", Position: doctor.On, Meaning: "it can be read 3 s later", Seen: []doctor.Sight{
				{Method: "GET", Path: "/Services/{ZS}/Environments/{ZE}/Logs", Status: 200, What: "seen 4.0s later"}, {What: "and \x1b[2Jagain"},
			}},
			{Switch: "path-checked", Position: doctor.Off, Meaning: "off", Seen: []doctor.Sight{{Method: "POST", Path: "/Services", Status: 400, Code: 20001, What: "what is longer than the screen is wide has to be cut"}}},
			{Switch: "third", Position: doctor.Neither, Meaning: "neither this, nor that", Seen: []doctor.Sight{{What: "something else"}}},
			{Switch: "asset-limits", Position: doctor.Open, Why: "it would take too much, and what is longer than the screen is wide goes on in the next line"},
			{Switch: "shuffled", Position: doctor.On, Meaning: "in no useful order", Seen: []doctor.Sight{{What: "so"}}},
			{Switch: "another-that-makes-the-line-too-long", Position: doctor.On, Meaning: "long"},
		},
		Notes: []doctor.Note{{About: "default runtime", Seen: "node22"}, {About: "retention", Open: "it takes days"}, {About: "tokens", Seen: "PT", Open: "the rest"}},
	}
	const want = `SWITCH                                POSITION  SEEN
late-logs                             on        200: seen 4.0s later; and again
path-checked                          off       400/20001: what is longer than …
third                                 neither   something else
shuffled                              on        so
another-that-makes-the-line-too-long  on        -

Other than the sandbox does by default:
  late-logs: it can be read 3 s later
      GET /Services/{ZS}/Environments/{ZE}/Logs → 200: seen 4.0s later
      and again
  shuffled: in no useful order
      so
  another-that-makes-the-line-too-long: long

Neither of the two ways that the sandbox knows; please report it:
  third: neither this, nor that
      something else

Open:
  asset-limits: it would take too much, and what is longer than the screen is
    wide goes on in the next line

Beside the switches:
  default runtime: node22
  retention: open: it takes days
  tokens: PT; open: the rest

240 API calls in 1m35s.
STILL THERE: slipway-Doctor-0123456789ab (ZS00000000000000000000000000000000)

A sandbox that behaves like this account, as far as was seen:

  slipway sandbox \
      --switch late-logs \
      --switch shuffled \
      --switch another-that-makes-the-line-too-long
`
	if diff := cmp.Diff(report.Survey(found), want); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
}
