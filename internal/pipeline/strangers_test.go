package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// ofFork is the preview of a fork's pull request.
func ofFork() job.Job {
	asked := previewOf(7, 10)
	asked.Previews.IsFork = true
	return asked
}

// TestForkNeedsAServiceWithoutCredentials: what a stranger proposes goes to no Service
// that gives its Functions the account's credentials, and none is created for it.
func TestForkNeedsAServiceWithoutCredentials(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service *twilio.NewService // what is there before
		want    string             // in the refusal; empty means that it goes live
	}{
		"without credentials": {&twilio.NewService{UniqueName: "site", FriendlyName: "site"}, ""},
		"with credentials": {
			&twilio.NewService{UniqueName: "site", FriendlyName: "site", IncludeCredentials: true},
			"the Service site gives its Functions the account's auth token (include_credentials is true)",
		},
		"not there": {nil, `there is no Service "site", and none is created for a fork's code`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t, sandbox.Options{})
			if test.service != nil {
				if _, err := client.CreateService(t.Context(), *test.service); err != nil {
					t.Fatal(err)
				}
			}
			outcome, err := pipeline.Run(t.Context(), ofFork(), pipeline.Config{Client: client, Source: tree()})
			made := world.Snapshot()
			if test.want == "" {
				if err != nil || outcome.Result.Status != job.Deployed || len(made.Builds) != 1 {
					t.Errorf("got %+v, %v", outcome.Result, err)
				}
				return
			}
			failure := outcome.Result.Error
			if failure == nil || failure.Reason != job.BadInput || !strings.Contains(failure.Message, test.want) || !strings.Contains(failure.Message, "-d IncludeCredentials=false") {
				t.Errorf("got %+v, %v", failure, err)
			}
			if len(made.Environments)+len(made.Builds)+len(made.Functions)+len(made.Variables) > 0 || (test.service == nil) != (len(made.Services) == 0) {
				t.Errorf("something was written: %+v", made)
			}
			// One of the repository's own goes there.
			if own, err := pipeline.Run(t.Context(), previewOf(7, 10), pipeline.Config{Client: client, Source: tree()}); err != nil || own.Result.Status != job.Deployed {
				t.Errorf("the repository's own: %+v, %v", own.Result, err)
			}
		})
	}
}

// TestProblemOfNewerEndsTheJob: that it cannot be found out is a refusal where Newer says
// so, before anything and right before the activation.
func TestProblemOfNewerEndsTheJob(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]int{"at once": 1, "before the activation": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t, sandbox.Options{})
			asked := 0
			outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: tree(), Newer: func(context.Context) (string, error) {
				if asked++; asked == at {
					return "", &problem.Problem{Message: "GitHub does not answer", Fix: "Run it again."}
				}
				return "", nil
			}})
			if _, isProblem := errors.AsType[*problem.Problem](err); !isProblem || outcome.Result.Status != job.Failed || outcome.Result.Error.Reason != job.BadInput {
				t.Errorf("got %+v, %v", outcome.Result, err)
			}
			if found := world.Snapshot(); len(found.Deployments) > 0 || (at == 1) != (outcome.Result.APICalls == 0) {
				t.Errorf("%d calls, and %d Deployments", outcome.Result.APICalls, len(found.Deployments))
			}
		})
	}
}
