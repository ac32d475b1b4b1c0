package deploy

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Deployer carries out Plans. Progress and Grace may be left out.
type Deployer struct {
	Client *twilio.Client
	// Source is the tree that the Plan's Project was read from.
	Source fs.FS
	// Steps runs the parts, and may store their results.
	Steps Steps
	// Variables returns the values that the Environment shall have. It is
	// called by the step that writes them, so that no value is ever stored.
	Variables func() (map[string]secret.String, error)
	// Progress is told what happens, from many goroutines. Nil means nobody.
	Progress func(job.Event)
	// Grace is how long an activation goes on after its context ended, to learn
	// what took effect and to put variables back; 0 means 5 s.
	Grace time.Duration
}

// Outcome is what Apply did. What is known is set when it fails, too.
type Outcome struct {
	ServiceSID     twilio.ServiceSID
	EnvironmentSID twilio.EnvironmentSID
	Domain         string
	BuildSID       twilio.BuildSID
	DeploymentSID  twilio.DeploymentSID
	// Uploaded and ToUpload count files, UploadedBytes their content.
	Uploaded, ToUpload int
	UploadedBytes      int64
	// Phase is the one that Apply reached.
	Phase job.Phase
	// Live says what is live in the Environment now.
	Live Liveness
	// VariablesLeft are the keys that could not be put back after a failed
	// activation.
	VariablesLeft []string
}

// Plan reads what is live and works out what takes wanted live. It is a step:
// a run that is repeated goes on with the Plan that it began with.
func (d *Deployer) Plan(ctx context.Context, to job.Target, environment Environment, wanted *project.Project) (Plan, error) {
	return do(ctx, d.Steps, "plan", func(ctx context.Context) (Plan, error) {
		variables, err := d.Variables()
		if err != nil {
			return Plan{}, err
		}
		live, err := ReadLive(ctx, d.Client, to.Service, environment)
		if err != nil {
			return Plan{}, err
		}
		return Diff(to, environment, wanted, variables, live), nil
	})
}

// Apply carries plan out: it finds or creates the Service, uploads the files,
// makes a Build of them, finds or creates the Environment, and makes the Build
// live there together with the variables. Nothing that is live changes before
// that last part, and when it fails what it changed is put back. When ctx ends,
// no new work begins.
//
// A panic is an error, a *problem.PanicError; when the activation had begun,
// what is live is not known.
func (d *Deployer) Apply(ctx context.Context, plan Plan) (Outcome, error) {
	outcome := Outcome{
		ServiceSID: plan.ServiceSID, EnvironmentSID: plan.EnvironmentSID, Domain: plan.Domain,
		Phase: job.PhaseUpload, ToUpload: len(plan.Uploads()), Live: LiveAsBefore,
	}
	err := problem.Guard(func() error { return d.apply(ctx, plan, &outcome) })
	if _, ok := errors.AsType[*problem.PanicError](err); ok && outcome.Phase == job.PhaseActivate {
		outcome.Live = LiveUnknown
	}
	return outcome, err
}

func (d *Deployer) apply(ctx context.Context, plan Plan, outcome *Outcome) error {
	service, err := do(ctx, d.Steps, "service", func(ctx context.Context) (twilio.ServiceSID, error) {
		return d.service(ctx, plan)
	})
	outcome.ServiceSID = service
	if err != nil {
		return err
	}

	files, err := do(ctx, d.Steps, "upload", func(ctx context.Context) (uploaded, error) {
		return d.upload(ctx, service, plan)
	})
	outcome.Uploaded, outcome.UploadedBytes = len(files.Versions), files.Bytes
	if err != nil {
		return err
	}

	outcome.Phase = job.PhaseBuild
	build, err := do(ctx, d.Steps, "create-build", func(ctx context.Context) (twilio.BuildSID, error) {
		return d.createBuild(ctx, service, plan, files)
	})
	outcome.BuildSID = build
	if err != nil {
		return err
	}
	// While Twilio builds, creating the Environment takes no time; and a Build
	// that is refused leaves no empty Environment behind.
	environment, err := do(ctx, d.Steps, "environment", func(ctx context.Context) (place, error) {
		return d.environment(ctx, service, plan)
	})
	outcome.EnvironmentSID, outcome.Domain = environment.SID, environment.Domain
	if err != nil {
		return err
	}
	if _, err = do(ctx, d.Steps, "await-build", func(ctx context.Context) (twilio.BuildStatus, error) {
		return d.awaitBuild(ctx, service, build, plan)
	}); err != nil {
		return err
	}

	outcome.Phase = job.PhaseActivate
	outcome.DeploymentSID, err = do(ctx, d.Steps, "activate", func(ctx context.Context) (twilio.DeploymentSID, error) {
		return d.activate(ctx, target{service, environment.SID}, build)
	})
	if failed, ok := errors.AsType[*ActivationError](err); ok {
		outcome.Live = failed.Live
		if failed.Left != nil {
			outcome.VariablesLeft = failed.Left.Keys
		}
	}
	if err == nil {
		outcome.Live = LiveIsThis
	}
	return err
}

// place is where an Environment answers.
type place struct {
	SID    twilio.EnvironmentSID `json:"sid"`
	Domain string                `json:"domain"`
}

// service creates the Service as the Toolkit does when there is none.
func (d *Deployer) service(ctx context.Context, plan Plan) (twilio.ServiceSID, error) {
	if plan.ServiceSID != "" {
		return plan.ServiceSID, nil
	}
	created, err := d.Client.CreateService(ctx, twilio.NewService{
		UniqueName: plan.Service, FriendlyName: plan.Service, IncludeCredentials: true,
	})
	return created.SID, err
}

func (d *Deployer) environment(ctx context.Context, service twilio.ServiceSID, plan Plan) (place, error) {
	if plan.EnvironmentSID != "" {
		return place{plan.EnvironmentSID, plan.Domain}, nil
	}
	created, err := d.Client.CreateEnvironment(ctx, service, plan.Environment.UniqueName, plan.Environment.DomainSuffix)
	return place{created.SID, created.DomainName}, err
}

func (d *Deployer) tell(event job.Event) {
	if d.Progress != nil {
		event.Time = time.Now()
		d.Progress(event)
	}
}
