// Package preview looks after the Environments of pull requests, which are called
// pr-<number>: it lists them (Keeper.List), takes away as many as a new one needs
// the room of (Keeper.MakeRoom), and those that nobody needs any more
// (Keeper.Sweep). An Environment of any other name is never touched.
//
// It knows nothing of GitHub; whether a pull request is open is asked of
// Keeper.IsOpen. Level 3: it imports deploy, job, problem, twilio and words.
package preview

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// looksAtOnce bounds the previews that are looked at at once.
const looksAtOnce = 4

// Preview is the Environment of a pull request.
type Preview struct {
	// Number is the pull request's.
	Number int `json:"number"`
	// Environment is its name, such as "pr-7".
	Environment    string                `json:"environment"`
	EnvironmentSID twilio.EnvironmentSID `json:"environment_sid"`
	Domain         string                `json:"domain"`
	// BuildSID is what is live; empty when nothing is.
	BuildSID twilio.BuildSID `json:"build_sid"`
	// Updated is when a Build went live in it for the last time, or else when it
	// was made. Its zero value is that of one of which the platform does not say it.
	Updated time.Time `json:"updated,omitzero"`
	// State is that of the pull request, as far as it is known.
	State State `json:"state"`
}

// State is that of a pull request.
type State string

// The states.
const (
	// Unknown is the state where nobody can be asked.
	Unknown State = "unknown"
	Open    State = "open"
	Closed  State = "closed"
)

// of reads an Environment as a Preview. Both of its names have to be those that a
// deploy to a preview gives it, so that what somebody made by hand stays.
func of(environment twilio.Environment) (Preview, bool) {
	number, ok := job.PreviewNumber(environment.DomainSuffix)
	if !ok || environment.UniqueName != environment.DomainSuffix+"-environment" {
		return Preview{}, false
	}
	found := Preview{
		Number: number, Environment: environment.DomainSuffix, EnvironmentSID: environment.SID,
		Domain: environment.DomainName, BuildSID: environment.BuildSID, State: Unknown,
	}
	if environment.DateCreated != nil {
		found.Updated = *environment.DateCreated
	}
	return found, true
}

// List returns the previews of the Service by their numbers, with what is known of
// each. A pull request whose state cannot be found out is Unknown, and the error,
// beside which the list is whole, says why; any other error comes without a list.
// A Service that is not there has none.
func (k *Keeper) List(ctx context.Context) ([]Preview, error) {
	previews, _, err := k.read(ctx)
	if err == nil {
		err = k.date(ctx, previews)
	}
	if err != nil {
		return nil, err
	}
	return previews, k.ask(ctx, previews)
}

// read lists the previews by their numbers, and counts all Environments of the
// Service.
func (k *Keeper) read(ctx context.Context) (previews []Preview, environments int, err error) {
	if k.ServiceSID == "" {
		found, err := k.Client.FetchService(ctx, k.Service)
		if twilio.IsNotFound(err) {
			return []Preview{}, 0, nil
		}
		if err != nil {
			return nil, 0, err
		}
		k.ServiceSID = found.SID
	}
	previews = []Preview{}
	for environment, err := range k.Client.Environments(ctx, k.ServiceSID) {
		if err != nil {
			return nil, 0, err
		}
		environments++
		if found, ok := of(environment); ok {
			previews = append(previews, found)
		}
	}
	slices.SortFunc(previews, func(a, b Preview) int { return a.Number - b.Number })
	return previews, environments, nil
}

// date finds out when each was last updated.
func (k *Keeper) date(ctx context.Context, previews []Preview) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i := range previews {
		group.Go(func() error {
			return problem.Guard(func() error { return k.dateOne(ctx, &previews[i]) })
		})
	}
	return group.Wait() //nolint:wrapcheck // the client's own error.
}

// dateOne looks at the newest Deployment. An Environment that has just gone keeps
// the date that it had.
func (k *Keeper) dateOne(ctx context.Context, one *Preview) error {
	for deployment, err := range k.Client.Deployments(ctx, k.ServiceSID, one.EnvironmentSID) {
		if err != nil && !twilio.IsNotFound(err) {
			return err
		}
		if err == nil && deployment.DateCreated != nil {
			one.Updated = *deployment.DateCreated
		}
		break
	}
	return nil
}

// ask finds out the state of each pull request. One that cannot be found out
// stays Unknown.
func (k *Keeper) ask(ctx context.Context, previews []Preview) error {
	if k.IsOpen == nil {
		return nil
	}
	var group errgroup.Group
	group.SetLimit(looksAtOnce)
	errs := make([]error, len(previews))
	for i := range previews {
		group.Go(func() error {
			errs[i] = problem.Guard(func() error {
				isOpen, err := k.IsOpen(ctx, previews[i].Number)
				switch {
				case err != nil:
					return err
				case isOpen:
					previews[i].State = Open
				default:
					previews[i].State = Closed
				}
				return nil
			})
			return nil
		})
	}
	_ = group.Wait() // what went wrong is in errs
	return newStateError(previews, errs)
}

// StateError says that the state of some pull requests could not be found out.
type StateError struct {
	// Previews are those that it is about, such as "pr-7".
	Previews []string
	// Err is the first cause.
	Err error
}

// newStateError returns nil where there is nothing wrong.
func newStateError(previews []Preview, errs []error) error {
	found := &StateError{}
	for i, err := range errs {
		if err == nil {
			continue
		}
		found.Previews = append(found.Previews, previews[i].Environment)
		if found.Err == nil {
			found.Err = err
		}
	}
	if found.Err == nil {
		return nil
	}
	return found
}

// Error names the previews, and the first cause.
func (e *StateError) Error() string {
	return fmt.Sprintf("whether the pull requests of %s are open is not known: %s", strings.Join(e.Previews, ", "), e.Err)
}

// Unwrap returns the first cause.
func (e *StateError) Unwrap() error { return e.Err }

// TakeAway takes a Preview of a Service away, by its SID: one of the same name that has
// been made anew since is another. One that is gone already is success.
func TakeAway(ctx context.Context, deployer *deploy.Deployer, service twilio.ServiceSID, one Preview) error {
	plan, err := deployer.PlanTeardown(ctx, deploy.Teardown{
		Service: string(service), Environment: deploy.Environment{Name: one.Environment, SID: one.EnvironmentSID},
	})
	if err == nil {
		_, err = deployer.TearDown(ctx, plan)
	}
	if err != nil {
		return fmt.Errorf("remove preview %s: %w", one.Environment, err)
	}
	return nil
}
