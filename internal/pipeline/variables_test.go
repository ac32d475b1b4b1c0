package pipeline_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func to(environment string) func(*job.Job) {
	return func(asked *job.Job) { asked.Target.Environment = environment }
}

func like(environment string) func(*job.Job) {
	return func(asked *job.Job) { asked.Options.VariablesLike = environment }
}

func pruning(asked *job.Job) { asked.Options.PruneVariables = true }

// variablesOf are an Environment's, by its unique name.
func variablesOf(t *testing.T, world *sandbox.Sandbox, environment string) string {
	t.Helper()
	snapshot := world.Snapshot()
	at := slices.IndexFunc(snapshot.Environments, func(e sandbox.Environment) bool { return e.UniqueName == environment })
	if at < 0 {
		t.Fatalf("there is no Environment %s", environment)
	}
	var pairs []string
	for _, one := range snapshot.Variables {
		if one.EnvironmentSID == snapshot.Environments[at].SID {
			pairs = append(pairs, one.Key+"="+one.Value)
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, " ")
}

// TestVariablesLikeCountForANewEnvironment takes a project to a new Environment,
// and to it again when it is new no more.
func TestVariablesLikeCountForANewEnvironment(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	s.deploy(tree(".env", "GREETING=hello\nSTAGE=secret-1\nOTHER=secret-2"), to("production"))
	mine := tree(".env", "GREETING=mine")

	first := s.deploy(mine, like("production"))
	if got := variablesOf(t, s.world, "dev-environment"); got != "GREETING=mine OTHER=secret-2 STAGE=secret-1" {
		t.Errorf("dev has %s", got)
	}
	if !slices.Equal(first.Variables.Created, []string{"GREETING", "OTHER", "STAGE"}) || !slices.Contains(s.plan.Notes, "2 variables are those of production: OTHER, STAGE") {
		t.Errorf("told are %+v and %q", first.Variables, s.plan.Notes)
	}

	again := s.deploy(mine, like("production"))
	s.wantCalls(5, 0, 0, 0)
	if again.Status != job.Unchanged || s.count("ListVariable") != 1 {
		t.Errorf("the next deploy is %s with the calls %v", again.Status, s.calls)
	}
	s.deploy(mine, like("nobody")) // which does not count any more
	s.wantCalls(5, 0, 0, 0)

	s.deploy(tree(".env", "GREETING=mine\nOLD=1"), like("production"))
	pruned := s.deploy(mine, like("production"), pruning)
	if got := variablesOf(t, s.world, "dev-environment"); got != "GREETING=mine OTHER=secret-2 STAGE=secret-1" {
		t.Errorf("after pruning dev has %s", got)
	}
	if !slices.Equal(pruned.Variables.Removed, []string{"OLD"}) || pruned.Status != job.Deployed || s.count("CreateBuild") != 0 {
		t.Errorf("told is %+v, with the calls %v", pruned, s.calls)
	}

	s.deploy(mine, pruning)
	if got := variablesOf(t, s.world, "dev-environment"); got != "GREETING=mine" {
		t.Errorf("after pruning alone dev has %s", got)
	}
	s.deploy(mine, pruning)
	s.wantCalls(5, 0, 0, 0)
	if got := variablesOf(t, s.world, "production"); got != "GREETING=hello OTHER=secret-2 STAGE=secret-1" {
		t.Errorf("production has %s", got)
	}
}

// TestVariablesGivenArePartOfTheProject has nothing but a given variable.
func TestVariablesGivenArePartOfTheProject(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	s.deploy(tree(".env", "A=1\nB=2"))
	asked := deployment()
	asked.Options.PruneVariables = true
	without := tree()
	delete(without, ".env")
	before, _ := live(s.world)
	outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{Client: s.client, Source: without})
	if err == nil || outcome.Result.Error.Reason != job.BadInput || outcome.Result.Error.State != "Nothing was changed." ||
		!strings.Contains(outcome.Result.Error.Message, "would remove 2 variables of dev") || variablesOf(t, s.world, "dev-environment") != "A=1 B=2" {
		t.Errorf("ended with %v: %+v", err, outcome.Result.Error)
	}
	if now, _ := live(s.world); !slices.Equal(now, before) {
		t.Errorf("live are %v, and were %v", now, before)
	}
	outcome, err = pipeline.Run(t.Context(), asked, pipeline.Config{
		Client: s.client, Source: without, Variables: map[string]secret.String{"A": secret.New("1")},
	})
	if err != nil || variablesOf(t, s.world, "dev-environment") != "A=1" {
		t.Errorf("ended with %v: %+v", err, outcome.Result)
	}
}

// TestVariablesLikeIsBadInput before the first request.
func TestVariablesLikeIsBadInput(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a b": `variables-like: environment "a b" cannot be part of a domain`,
		"Dev": "variables-like: environment Dev is the one that is deployed to",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := deployment()
			asked.Options.VariablesLike = name
			outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{Source: tree("functions/a#b.js", "")})
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "a#b.js") || outcome.Result.Error.Reason != job.BadInput {
				t.Errorf("error %v, want %q and the other problem", err, want)
			}
		})
	}
}

// TestRemovalThatFailsIsToldTruly breaks the calls behind the activation in many
// ways: the Build is live, which is said, and the next run ends the work.
func TestRemovalThatFailsIsToldTruly(t *testing.T) {
	t.Parallel()
	deletes := func(r *http.Request) bool { return r.Method == http.MethodDelete }
	answers := map[string]struct {
		answer http.HandlerFunc
		reason job.Reason
	}{
		"400":            {status(400, `{"code":20001,"message":"no"}`), job.Internal},
		"403":            {status(403, `{"code":20403,"message":"no"}`), job.BadCredentials},
		"409":            {status(409, `{"code":20409,"message":"no"}`), job.Internal},
		"endless 429":    {status(429, `{"code":20429,"message":"Too many requests"}`), job.LimitReached},
		"endless 500":    {status(500, `{"message":"An error occurred","status":500}`), job.TimedOut},
		"endless HTML":   {status(502, "<html>"), job.TimedOut},
		"a broken reply": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, job.TimedOut},
	}
	for treeName, files := range map[string]fstest.MapFS{
		"a new Build": tree("functions/new.js", "1"), "variables alone": tree(), "a Build of before": tree("functions/old.js", "1"),
	} {
		for answerName, answer := range answers {
			t.Run(treeName+"/"+answerName, func(t *testing.T) {
				t.Parallel()
				client, world := newWorld(t, sandbox.Options{})
				run := func(client *twilio.Client, files fstest.MapFS, change ...func(*job.Job)) (pipeline.Outcome, error) {
					asked := deployment()
					for _, apply := range change {
						apply(&asked)
					}
					return pipeline.Run(t.Context(), asked, pipeline.Config{Client: client, Source: files})
				}
				for _, before := range []fstest.MapFS{tree("functions/old.js", "1"), tree(".env", "GREETING=hello\nB=2\nC=3")} {
					if _, err := run(client, before); err != nil {
						t.Fatal(err)
					}
				}
				broken := &failing{Handler: world, matches: deletes, answer: answer.answer}
				faulty := newClient(t, anHourLater(broken), func(cfg *twilio.Config) {
					cfg.Retry = retry.Policy{Initial: time.Millisecond, Max: time.Millisecond, MaxAttempts: 2}
				})
				outcome, err := run(faulty, files, pruning)
				failure := outcome.Result.Error
				if err == nil || failure == nil || failure.Reason != answer.reason || !strings.Contains(failure.Message, "the variables B, C were not removed") {
					t.Fatalf("ended with %v: %+v", err, failure)
				}
				if _, ok := errors.AsType[*deploy.RemovalError](err); !ok || outcome.Result.Status != job.Failed || !outcome.Result.Changed {
					t.Errorf("ended with %v: %+v", err, outcome.Result)
				}
				isLive := fmt.Sprintf("Build %s is live in dev", outcome.Result.BuildSID)
				if !strings.HasPrefix(failure.State, isLive) || strings.Contains(failure.State, "as before") != (treeName == "variables alone") ||
					!strings.Contains(failure.State, "These may still be there: B, C. Run it again to remove them.") {
					t.Errorf("the state is %q", failure.State)
				}
				if builds, _ := live(world); !slices.Equal(builds, []string{"dev-environment=" + outcome.Result.BuildSID}) {
					t.Errorf("live is %v, and Build %s was told", builds, outcome.Result.BuildSID)
				}
				again, err := run(client, files, pruning)
				if err != nil || variablesOf(t, world, "dev-environment") != "GREETING=hello" || again.Plan.Build != deploy.BuildLive {
					t.Errorf("the next run ended with %v: %+v", err, again.Result)
				}
			})
		}
	}
}

// TestVariablesSurviveFaults deploys to a new Environment like another, and
// prunes, against a platform that fails a fifth of its calls, before or after
// their effect.
func TestVariablesSurviveFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			options := sandbox.Options{FaultRate: 0.2, Seed: seed, PageSize: 2, SlowAnswer: 5 * time.Millisecond}
			if seed%2 == 1 {
				options.Switches.VariableConflictsAre400 = true
			}
			client, world := newWorld(t, options, noHints)
			for _, step := range []struct {
				env    string
				change []func(*job.Job)
			}{
				{"A=1\nB=2\nC=3", []func(*job.Job){to("stage")}},
				{"A=mine\nD=4\nE=5", []func(*job.Job){like("stage"), pruning}},
				{"A=other", []func(*job.Job){pruning}},
			} {
				asked := deployment()
				for _, apply := range step.change {
					apply(&asked)
				}
				if _, err := pipeline.Run(t.Context(), asked, pipeline.Config{Client: client, Source: tree(".env", step.env)}); err != nil {
					t.Fatal(err)
				}
				want := "A=other"
				if asked.Options.VariablesLike != "" {
					want = "A=mine B=2 C=3 D=4 E=5"
				}
				if got := variablesOf(t, world, asked.Target.Environment+"-environment"); asked.Options.PruneVariables && got != want {
					t.Errorf("dev has %s, want %s", got, want)
				}
			}
			if got := variablesOf(t, world, "stage-environment"); got != "A=1 B=2 C=3" {
				t.Errorf("stage has %s", got)
			}
		})
	}
}
