package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestGivesWay to what is newer, before anything and right before the activation.
func TestGivesWay(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]int{"at once": 1, "before the activation": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t, sandbox.Options{})
			first, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: tree()})
			if err != nil {
				t.Fatal(err)
			}
			before, _ := live(world)
			variables := len(world.Snapshot().Variables)
			asked := 0
			outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{
				Client: client, Source: tree("functions/new.js", "exports.handler = (c, e, cb) => cb();", ".env", "GREETING=hi\nNEW=1\n"),
				Newer: func(context.Context) (string, error) {
					if asked++; asked == at {
						return "commit 0123456", nil
					}
					return "", nil
				},
			})
			result := outcome.Result
			if err != nil || result.Status != job.Superseded || result.Changed || result.SupersededReason != "commit 0123456" || result.SupersededBy != "" || asked != at {
				t.Errorf("asked %d times: %+v, %v", asked, result, err)
			}
			after, _ := live(world)
			if len(after) != 1 || after[0] != before[0] || after[0] != "dev-environment="+first.Result.BuildSID || len(world.Snapshot().Variables) != variables {
				t.Errorf("live is %v, was %v", after, before)
			}
			if isCalled := result.APICalls > 0; isCalled != (at == 2) {
				t.Errorf("%d calls", result.APICalls)
			}
		})
	}
}

// TestDoubtAboutNewer is a warning, given once.
func TestDoubtAboutNewer(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{})
	outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{
		Client: client, Source: tree(), Newer: func(context.Context) (string, error) { return "", errors.New("no answer") },
	})
	const want = "Whether a newer commit is deployed already is not known: no answer"
	told := slices.DeleteFunc(outcome.Result.Warnings, func(one string) bool { return one != want })
	if err != nil || outcome.Result.Status != job.Deployed || len(told) != 1 {
		t.Errorf("got %+v, %v", outcome.Result, err)
	}
}
