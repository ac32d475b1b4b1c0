package deploy_test

import (
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestSavedPlanFitsItsVariables holds a saved Plan, whose variables are in part
// those of another Environment, to what comes of the same a while later.
func TestSavedPlanFitsItsVariables(t *testing.T) {
	t.Parallel()
	type moment struct {
		project []string // keys, each with a value of its own
		like    []string
		isLive  bool
	}
	const stale = "the plan does not fit what is live any more: these variables of the Environment that variables-like names have come or gone since it was made: "
	given := func(keys string) string {
		return "what happens to these variables is not what was planned, although none of them was changed in dev: " + keys +
			". Give the variables that the plan was made with, or plan again."
	}
	for name, test := range map[string]struct {
		was, is moment
		input   string // of CheckInput
		want    string // of CheckLive
		reason  job.Reason
	}{
		"as it was":         {was: moment{[]string{"A"}, []string{"A", "B"}, false}, is: moment{[]string{"A"}, []string{"A", "B"}, false}},
		"one came":          {was: moment{[]string{"A"}, []string{"B"}, false}, is: moment{[]string{"A"}, []string{"B", "C"}, false}, want: stale + "C", reason: job.StalePlan},
		"one went":          {was: moment{[]string{"A"}, []string{"B", "C"}, false}, is: moment{[]string{"A"}, []string{"C"}, false}, want: stale + "B", reason: job.StalePlan},
		"the project's own": {was: moment{[]string{"A"}, []string{"B"}, false}, is: moment{[]string{"A"}, []string{"A", "B"}, false}},
		"the project takes one over": {
			was: moment{[]string{"A"}, []string{"B"}, false}, is: moment{[]string{"A", "B"}, []string{"B"}, false},
			input: "the project is not what it was when the plan was made. Plan again, or take the changes back.\n" +
				"the variable B is set now, and was not when the plan was made",
			want: given("B"), reason: job.BadInput,
		},
		"the project leaves one": {
			was: moment{[]string{"A", "B"}, []string{"B"}, false}, is: moment{[]string{"A"}, []string{"B"}, false},
			want: given("B"), reason: job.BadInput,
		},
		"pruned as before":       {was: moment{[]string{"A"}, []string{"KEY"}, true}, is: moment{[]string{"A"}, []string{"KEY"}, true}},
		"one is not to stay now": {was: moment{[]string{"A"}, []string{"KEY"}, true}, is: moment{[]string{"A"}, nil, true}, want: stale + "KEY", reason: job.StalePlan},
		"one is to stay now":     {was: moment{[]string{"A"}, nil, true}, is: moment{[]string{"A"}, []string{"KEY"}, true}, want: stale + "KEY", reason: job.StalePlan},
		"the project has one no more": {
			was: moment{[]string{"A", "KEY"}, nil, true}, is: moment{[]string{"A"}, nil, true}, want: given("KEY"), reason: job.BadInput,
		},
		"the project has what was to go": {
			was: moment{[]string{"A"}, nil, true}, is: moment{[]string{"A", "KEY"}, nil, true},
			input: "the project is not what it was when the plan was made. Plan again, or take the changes back.\n" +
				"the variable KEY is set now, and was not when the plan was made",
			want: given("KEY"), reason: job.BadInput,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := question(dev(t), wanted())
			asked.PruneVariables, asked.Like = true, deploy.Environment{Name: "stage"}
			at := func(when moment) (map[string]string, deploy.Live) {
				live := liveSite()
				if !when.isLive {
					live.Environment, live.Build, live.Variables = twilio.Environment{}, twilio.Build{}, nil
				}
				live.Like, live.LikeVariables = twilio.Environment{SID: "ZE2"}, map[string]twilio.Variable{}
				for _, key := range when.like {
					live.LikeVariables[key] = twilio.Variable{Key: key}
				}
				values := map[string]string{}
				for _, key := range when.project {
					values[key] = "of " + key
				}
				return values, live
			}
			pairs := func(values map[string]string) (all []string) {
				for key, value := range values {
					all = append(all, key, value)
				}
				return all
			}
			values, live := at(test.was)
			plan := kept(t, asked, secrets(pairs(values)...), live)
			said := func(err error) string {
				if err == nil {
					return ""
				}
				return err.Error()
			}
			if got := said(plan.CheckInput(asked, test.is.project)); got != test.input {
				t.Errorf("of the input got  %s\nwant %s", got, test.input)
			}
			values, live = at(test.is)
			err := plan.CheckLive(deploy.Diff(asked, secrets(pairs(values)...), live))
			if got := said(err); got != test.want || err != nil && deploy.Explain(err).Reason != test.reason {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
