package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	// undoWithin is how long putting back may take. It goes on when the run was
	// cancelled, and must end before a GitHub runner kills the process 10 s
	// after its first signal.
	undoWithin = 4 * time.Second
	// seenFor is how long variables that were read count as what is there.
	seenFor = 30 * time.Second
	// variablesAtOnce bounds the writes of variables.
	variablesAtOnce = 8
)

// activate makes the Build live together with the variables: new keys before
// it, changed values right before it. When any of it fails, what was changed
// is put back.
func (d *Deployer) activate(
	ctx context.Context, service twilio.ServiceSID, environment twilio.EnvironmentSID, build twilio.BuildSID, seen seenVariables,
) (twilio.DeploymentSID, error) {
	d.tell(job.Event{Kind: job.Started, Phase: job.PhaseActivate})
	wanted, err := d.Variables()
	if err != nil {
		return "", err
	}
	if time.Since(seen.at) > seenFor {
		if seen, err = d.seeVariables(ctx, service, environment); err != nil {
			return "", err
		}
	}
	writer := &variableWriter{client: d.Client, service: service, environment: environment, before: seen.variables}
	if err := writer.write(ctx, wanted); err != nil {
		return "", writer.undo(ctx, wanted, err)
	}
	deployment, err := d.Client.CreateDeployment(ctx, service, environment, build)
	if err != nil {
		// The call may have taken effect although its answer was lost or the
		// run was cancelled.
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
		defer cancel()
		now, lookErr := d.Client.FetchEnvironment(detached, service, environment)
		if lookErr == nil && now.BuildSID == build {
			d.tell(job.Event{
				Kind: job.Warned, Phase: job.PhaseActivate,
				Message: "the Build went live although the call that asked for it ended with: " + err.Error(),
			})
			return d.deploymentOf(detached, service, environment, build), nil
		}
		return "", writer.undo(detached, wanted, err)
	}
	d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseActivate})
	return deployment.SID, nil
}

// seenVariables are an Environment's variables at some moment. The zero value
// was seen long ago.
type seenVariables struct {
	at        time.Time
	variables map[string]twilio.Variable
}

func (d *Deployer) seeVariables(ctx context.Context, service twilio.ServiceSID, environment twilio.EnvironmentSID) (seenVariables, error) {
	at := time.Now()
	variables, err := readVariables(ctx, d.Client, service, environment)
	return seenVariables{at, variables}, err
}

// deploymentOf finds the Deployment that made a Build live; empty when that
// cannot be told in time.
func (d *Deployer) deploymentOf(
	ctx context.Context, service twilio.ServiceSID, environment twilio.EnvironmentSID, build twilio.BuildSID,
) twilio.DeploymentSID {
	for deployment, err := range d.Client.Deployments(ctx, service, environment) {
		if err != nil {
			break
		}
		if deployment.BuildSID == build {
			return deployment.SID
		}
	}
	return ""
}

// variableWriter changes an Environment's variables and can put them back.
type variableWriter struct {
	client      *twilio.Client
	service     twilio.ServiceSID
	environment twilio.EnvironmentSID
	before      map[string]twilio.Variable
	begun       bool
}

func (w *variableWriter) write(ctx context.Context, wanted map[string]secret.String) error {
	changes := diffVariables(values(w.before), wanted)
	if len(changes.Created)+len(changes.Updated) == 0 {
		return nil
	}
	w.begun = true
	if err := each(ctx, changes.Created, func(ctx context.Context, key string) error {
		_, err := w.client.CreateVariable(ctx, w.service, w.environment, key, wanted[key])
		return err
	}); err != nil {
		return err
	}
	return each(ctx, changes.Updated, func(ctx context.Context, key string) error {
		_, err := w.client.UpdateVariable(ctx, w.service, w.environment, w.before[key].SID, key, wanted[key])
		return err
	})
}

// undo puts the variables back as they were before write and returns cause,
// joined with what went wrong on the way. Only what still has our value is
// touched. It goes on for a few seconds when ctx has ended.
func (w *variableWriter) undo(ctx context.Context, wanted map[string]secret.String, cause error) error {
	if !w.begun {
		return cause
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
	defer cancel()
	now, err := readVariables(ctx, w.client, w.service, w.environment)
	if err != nil {
		return errors.Join(cause, &VariablesLeftError{Err: err})
	}
	var ours []string
	for key, variable := range now {
		before, was := w.before[key]
		if value, ok := wanted[key]; ok && variable.Value == value && (!was || before.Value != value) {
			ours = append(ours, key)
		}
	}
	err = each(ctx, ours, func(ctx context.Context, key string) error {
		before, was := w.before[key]
		if !was {
			return w.client.DeleteVariable(ctx, w.service, w.environment, now[key].SID)
		}
		_, err := w.client.UpdateVariable(ctx, w.service, w.environment, now[key].SID, key, before.Value)
		return err
	})
	if err != nil {
		return errors.Join(cause, &VariablesLeftError{Err: err})
	}
	return cause
}

// VariablesLeftError says that variables could not be put back after a failed
// activation: the Build that is live runs with some of the new values.
type VariablesLeftError struct{ Err error }

// Error says so, with the cause.
func (e *VariablesLeftError) Error() string {
	return fmt.Sprintf("the variables that were changed could not all be put back: %v", e.Err)
}

// Unwrap returns the cause.
func (e *VariablesLeftError) Unwrap() error { return e.Err }

// each calls do for every key, some at once, and returns the first error.
func each(ctx context.Context, keys []string, do func(context.Context, string) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(variablesAtOnce)
	for _, key := range keys {
		group.Go(func() error {
			if err := do(ctx, key); err != nil {
				return fmt.Errorf("variable %s: %w", key, err)
			}
			return nil
		})
	}
	return group.Wait() //nolint:wrapcheck // wrapped above.
}
