package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Teardown asks for an Environment to be taken away, with its variables and its
// domain.
type Teardown struct {
	// Service is a unique name or a SID.
	Service     string
	Environment Environment
	// AllowProduction lets it take production away: the Environment on the bare
	// domain, whatever its unique name is.
	AllowProduction bool
}

// Check finds what can be told to be wrong before the first request. The error is a
// *problem.Problem.
func (t Teardown) Check() error {
	if !t.AllowProduction && t.Environment.UniqueName == Production {
		return production(t.Environment.Name)
	}
	return nil
}

func production(name string) error {
	message := name + " is production, the Environment on the bare domain, and is not torn down unless that is allowed"
	if name == Production {
		message = "production, the Environment on the bare domain, is not torn down unless that is allowed"
	}
	return &problem.Problem{Message: message, Fix: "If it is to go, give allow-production."}
}

// PlanTeardown reads what there is to take away. It is a step. A Service or an
// Environment that is not there is a Plan with nothing to do. The error is a
// *problem.Problem when what is asked for cannot be.
func (d *Deployer) PlanTeardown(ctx context.Context, asked Teardown) (Plan, error) {
	return do(ctx, d.Steps, "plan", func(ctx context.Context) (Plan, error) { return d.planTeardown(ctx, asked) })
}

func (d *Deployer) planTeardown(ctx context.Context, asked Teardown) (Plan, error) {
	plan := Plan{Service: asked.Service, Environment: asked.Environment, Build: BuildNone, Variables: job.NoChanges()}
	if err := asked.Check(); err != nil {
		return plan, err
	}
	service, err := d.Client.FetchService(ctx, asked.Service)
	if twilio.IsNotFound(err) {
		plan.Notes = append(plan.Notes, fmt.Sprintf("there is no Service %s in the account of these credentials", asked.Service))
		return plan, nil
	}
	if err != nil {
		return plan, err
	}
	plan.Service, plan.ServiceSID = service.UniqueName, service.SID
	environment, err := d.findToTearDown(ctx, service, asked)
	if err != nil {
		return plan, err
	}
	var variables map[string]twilio.Variable
	if environment.SID != "" {
		variables, err = readVariables(ctx, d.Client, service.SID, environment.SID)
	}
	switch {
	case environment.SID == "", twilio.IsNotFound(err): // another run has just taken it away
		plan.Notes = append(plan.Notes, fmt.Sprintf("the Service %s has no Environment %s", service.UniqueName, asked.Environment.Name))
		return plan, nil
	case err != nil:
		return plan, err
	}
	for key := range variables {
		plan.Variables.Removed = append(plan.Variables.Removed, key)
	}
	slices.Sort(plan.Variables.Removed)
	live := Live{Service: service, Environment: environment, Variables: variables}
	plan.EnvironmentSID, plan.Domain = environment.SID, environment.DomainName
	plan.LiveBuildSID, plan.Fingerprint = environment.BuildSID, live.fingerprint()
	return plan, nil
}

// findToTearDown finds the Environment; without a SID it is none. One that was named
// by its SID may have been torn down before.
func (d *Deployer) findToTearDown(ctx context.Context, service twilio.Service, asked Teardown) (twilio.Environment, error) {
	var found twilio.Environment
	environments, err := collect(d.Client.Environments(ctx, service.SID))
	if err != nil {
		return found, err
	}
	if sid := asked.Environment.SID; sid != "" {
		if at := slices.IndexFunc(environments, func(one twilio.Environment) bool { return one.SID == sid }); at >= 0 {
			found = environments[at]
		}
	} else if found, _, err = asked.Environment.among(environments); err != nil {
		return found, err
	}
	if found.SID != "" && found.DomainSuffix == "" && !asked.AllowProduction {
		return found, production(asked.Environment.Name)
	}
	return found, nil
}

// TearDown carries out the Plan of a Teardown: it empties the Environment, and
// deletes it. What is gone already is success, so a run that failed is finished by
// another. When ctx ends, a write that was sent still gets its answer for a moment,
// and none begins. On failure the Outcome says what is left: LiveAsBefore,
// LiveNothing when the Environment is empty and still there, or LiveUnknown.
func (d *Deployer) TearDown(ctx context.Context, plan Plan) (Outcome, error) {
	outcome := Outcome{
		ServiceSID: plan.ServiceSID, EnvironmentSID: plan.EnvironmentSID, Domain: plan.Domain,
		Phase: job.PhaseTeardown, Plan: plan, Live: LiveAsBefore, LiveBefore: plan.LiveBuildSID,
	}
	if plan.IsNothing() {
		return outcome, nil
	}
	err := problem.Guard(func() error { return d.tearDown(ctx, plan, &outcome) })
	if _, ok := errors.AsType[*problem.PanicError](err); ok {
		outcome.Live = LiveUnknown
	}
	return outcome, err
}

func (d *Deployer) tearDown(ctx context.Context, plan Plan, outcome *Outcome) (err error) {
	d.tell(job.Event{Kind: job.Started, Phase: job.PhaseTeardown, Message: plan.Environment.Name})
	at := target{plan.ServiceSID, plan.EnvironmentSID}
	sending := d.Client.WithGrace(d.grace() / 2)
	if plan.LiveBuildSID != "" {
		outcome.DeploymentSID, err = do(ctx, d.Steps, stepEmpty, func(ctx context.Context) (twilio.DeploymentSID, error) {
			deployment, err := sending.CreateDeployment(ctx, at.service, at.environment, "")
			if err != nil {
				if outcome.Live = d.left(ctx, at); outcome.Live == LiveNothing || outcome.Live == LiveGone {
					err = nil
				}
			}
			return deployment.SID, err
		})
		if err != nil {
			return err
		}
	}
	outcome.Live = LiveNothing
	_, err = do(ctx, d.Steps, stepDeleteEnvironment, func(ctx context.Context) (twilio.EnvironmentSID, error) {
		err := sending.DeleteEnvironment(ctx, at.service, at.environment)
		if err != nil {
			if outcome.Live = d.left(ctx, at); outcome.Live == LiveGone {
				err = nil
			}
			if outcome.Live == LiveAsBefore { // something went live meanwhile
				outcome.Live = LiveUnknown
			}
		}
		return at.environment, err
	})
	if err != nil {
		return err
	}
	outcome.Live = LiveGone
	d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseTeardown, Message: plan.Environment.Name})
	return nil
}

// left finds out what is left of an Environment behind a write that failed.
func (d *Deployer) left(ctx context.Context, at target) Liveness {
	settling, cancel := outlive(ctx, d.grace()/2)
	defer cancel()
	now, err := d.Client.FetchEnvironment(settling, at.service, at.environment)
	switch {
	case twilio.IsNotFound(err):
		return LiveGone
	case err != nil:
		return LiveUnknown
	case now.BuildSID == "":
		return LiveNothing
	default:
		return LiveAsBefore
	}
}
