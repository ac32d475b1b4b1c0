// Package pipeline is the one place where the stages of a Job meet:
//
//	Job → Source → Project → Plan → Result
//
// Every front door makes a Job and calls Run; what happens from there on is the
// same for all of them; DeployFolder makes the Job from the settings that they
// have read. It prints nothing, and knows neither flags nor workflows. Level 4.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/health"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// Config is what Run works with, beside the Job.
type Config struct {
	// Client reaches the account that the Job's Target is in. It may be nil when
	// there are Problems.
	Client *twilio.Client
	// Source is the tree of the Job's commit, from the repository's root.
	Source fs.FS
	// Variables are values that were given beside the Project's environment
	// file; they beat it. May be nil.
	Variables map[string]secret.String
	// Account is where Client leads to, as far as the settings tell.
	Account deploy.Account
	// Saved is the Plan that is carried out, or none. Nil means whatever Plan comes
	// of the Project and what is live.
	Saved *deploy.Plan
	// Sources has the Job, when it ends with its Plan, read the source of the
	// Functions that would be updated: a call for each.
	Sources bool
	// Steps runs the parts. Nil means deploy.InMemory.
	Steps deploy.Steps
	// IsOpen tells whether a pull request is open, from several goroutines. Nil means
	// that nobody can be asked: previews of closed ones are not known from others.
	IsOpen func(ctx context.Context, number int) (bool, error)
	// Newer finds out whether something newer is to be live in place of the Source's
	// commit, and says what, such as "commit 0123456"; empty means nothing. It is asked
	// before anything is done and right before the activation. Nil means that nobody
	// asks. An error of it is a warning, but for a *problem.Problem, which ends the Job.
	Newer func(context.Context) (string, error)
	// Progress is told what happens, from many goroutines. Nil means nobody.
	Progress func(job.Event)
	// Targeted is told the Job once its Target is known, with the name of the
	// Service that package.json gives: before anything else is read, and also
	// when Problems of the input end the Job next. It is not told of a Target
	// that cannot be. Nil means nobody.
	Targeted func(job.Job)
	// Problems are what the front door found wrong with its input. Run fails with
	// them and with those of the Project together, before the first request.
	Problems problem.List
	// Warnings are what the front door found odd about its input.
	Warnings problem.List
	// Where tells where in the Source a setting stands, by its name in config; an
	// empty file means that no file gives it. Nil means that none gives any.
	Where func(setting string) (file string, line int)
	// Tool is what Slipway calls itself in Manifests; may be empty.
	Tool string
	// Getenv gives the values of ${KEY} in headers of health checks. Nil means that
	// none is set.
	Getenv func(string) string
	// CheckScale stretches the pace of the looks at what has gone live; 0 means 1.
	// Tests shrink it.
	CheckScale float64
	// LiveURL is where deployed domains answer, with {domain} in place of the
	// domain. Empty means https://{domain}.
	LiveURL string
}

// Outcome is what came of a Job.
type Outcome struct {
	// Result is always whole: what is known is set on failure too, and its
	// Error says why it failed.
	Result job.Result
	// Plan is what was to be done; its zero value when the Job ended before it.
	Plan deploy.Plan
	// Job is the one that was asked for, with the name of the Service that
	// package.json gives.
	Job job.Job
	// Sources are what Config.Sources asks for, sorted by path.
	Sources []deploy.SourceChange
}

// Run does a Job. The error is the cause of a failure that Result.Error puts
// into words, nil when there was none.
func Run(ctx context.Context, asked job.Job, cfg Config) (Outcome, error) {
	started := time.Now()
	if cfg.Where == nil {
		cfg.Where = func(string) (string, int) { return "", 0 }
	}
	r := &run{job: asked, cfg: cfg, result: job.NewResult()}
	r.result.Commit = asked.Commit
	r.result.Service, r.result.Environment = asked.Target.Service, asked.Target.Environment

	var calls atomic.Int64
	if cfg.Client != nil {
		r.client = cfg.Client.Observed(func(twilio.Call) { calls.Add(1) }).WithBuildBudget(asked.Options.BuildTimeout)
	}
	err := problem.Guard(func() error { return r.do(ctx) })
	r.result.APICalls = int(calls.Load())
	r.result.DurationMS = time.Since(started).Milliseconds()
	if err != nil {
		failure := deploy.Explain(err)
		failure.State = r.state()
		if failure.Reason == job.Cancelled && asked.Verb != job.Deploy && asked.Verb != job.Tag {
			failure.Hint = "Run it again to finish."
		}
		r.result.Status, r.result.Error = job.Failed, &failure
	}
	return Outcome{Result: r.result, Plan: r.plan, Job: r.job, Sources: r.sources}, err
}

// run is one Job under way.
type run struct {
	job     job.Job
	cfg     Config
	client  *twilio.Client
	plan    deploy.Plan
	outcome deploy.Outcome
	check   *health.Check // nil when none is asked for
	sources []deploy.SourceChange
	// isDoubtTold says that Newer could not find out, which was told; it is not asked
	// again.
	isDoubtTold bool

	mu     sync.Mutex // events come from many goroutines
	result job.Result
}

// do carries out the Job's verb.
func (r *run) do(ctx context.Context) error {
	switch r.job.Verb {
	case job.Deploy, job.Tag, job.Preview:
		return r.deploy(ctx)
	case job.Promote:
		return r.promote(ctx)
	case job.Rollback:
		return r.rollBack(ctx)
	case job.Teardown:
		return r.tearDown(ctx)
	case job.Sweep:
		return r.sweep(ctx)
	default:
		return fmt.Errorf("there is no verb %q", r.job.Verb)
	}
}

func (r *run) deploy(ctx context.Context) error {
	r.tell(job.Event{Kind: job.Started, Phase: job.PhaseRead})
	asking, err := r.read(ctx)
	if err != nil {
		return err
	}
	by, err := r.newer(ctx)
	if err != nil {
		return err
	}
	if by != "" {
		return r.giveUp(by)
	}
	r.tell(job.Event{Kind: job.Finished, Phase: job.PhaseRead, Message: words.Count(len(asking.Wanted.Functions), "Function") + ", " + words.Count(len(asking.Wanted.Assets), "Asset")})

	r.tell(job.Event{Kind: job.Started, Phase: job.PhasePlan})
	deployer := r.deployer()
	deployer.Source, deployer.Commit, deployer.Tool = r.cfg.Source, r.job.Commit, r.cfg.Tool
	deployer.Exactly = r.cfg.Saved != nil
	deployer.Variables = func() (map[string]secret.String, error) {
		values, _, err := r.variables()
		return values, err
	}
	r.plan, err = deployer.Plan(ctx, asking)
	if err != nil {
		return r.withOrigin(err)
	}
	r.report(r.plan)
	if r.cfg.Saved != nil {
		if err := r.cfg.Saved.CheckLive(r.plan); err != nil {
			return err
		}
	}
	if !r.job.Options.DryRun { // a plan that is all that is asked for has its notes in it
		for _, note := range r.plan.Notes {
			r.tell(job.Event{Kind: job.Noted, Phase: job.PhasePlan, Message: note})
		}
	}
	r.tellTag()
	r.tell(job.Event{Kind: job.Finished, Phase: job.PhasePlan, Message: summarised(r.plan)})

	if r.job.Options.DryRun {
		if r.cfg.Sources {
			if r.sources, err = deployer.ReadSources(ctx, r.plan); err != nil {
				return err
			}
		}
		notes, err := deployer.Headroom(ctx, r.plan)
		if err != nil {
			return err
		}
		r.plan.Notes = append(r.plan.Notes, notes...)
		r.rehearse()
		return nil
	}
	if err := r.makeRoom(ctx); err != nil {
		return err
	}
	isNew := r.plan.EnvironmentSID == ""
	deployer.Newer = r.newer
	r.verify(deployer)
	outcome, err := deployer.Apply(ctx, r.plan)
	_, isGivenUp := errors.AsType[*deploy.NewerError](err)
	done := job.Deployed
	if outcome.Plan.IsPromotion() {
		done = job.Promoted
	}
	err = r.end(outcome, err, done)
	switch {
	case isGivenUp:
		r.takeBack(ctx)
	case err == nil && isNew && r.job.Verb == job.Preview && r.result.Status.IsLive():
		r.giveWay(ctx)
	}
	return err
}

// deployer is one that knows what every verb needs.
func (r *run) deployer() *deploy.Deployer {
	deployer := &deploy.Deployer{Client: r.client, Steps: r.cfg.Steps, Progress: r.tell}
	if deployer.Steps == nil {
		deployer.Steps = deploy.InMemory{}
	}
	return deployer
}

// tell passes an Event on. What warns a person stands in the Result, too.
func (r *run) tell(event job.Event) {
	if event.Time.IsZero() {
		event.Time = time.Now()
	}
	if event.Kind == job.Warned {
		r.mu.Lock()
		r.result.Warnings = append(r.result.Warnings, event.Message)
		r.mu.Unlock()
	}
	if r.cfg.Progress != nil {
		r.cfg.Progress(event)
	}
}
