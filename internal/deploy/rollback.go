package deploy

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// mostBuildsBack bounds the Builds that are looked at on the way back.
const mostBuildsBack = 50

// RollbackTo says how far a roll-back goes. The zero value means the Release
// before the one that is live.
type RollbackTo struct {
	Build twilio.BuildSID
	// Commit is the SHA of a commit or the beginning of one, in lower case.
	Commit string
}

// ParseRollbackTo reads the SID of a Build, or a commit. The error is a
// *problem.Problem.
func ParseRollbackTo(text string) (RollbackTo, error) {
	switch lower := strings.ToLower(text); {
	case text == "":
		return RollbackTo{}, nil
	case twilio.IsSID("ZB", text):
		return RollbackTo{Build: twilio.BuildSID(text)}, nil
	case regexp.MustCompile(`^[0-9a-f]{7,64}$`).MatchString(lower):
		return RollbackTo{Commit: lower}, nil
	}
	return RollbackTo{}, &problem.Problem{
		Message: fmt.Sprintf("to %q is neither a Build nor a commit", text),
		Fix:     "Give the SID of a Build (ZB…), or at least 7 digits of a commit's SHA.",
	}
}

// Rollback asks for a Build to go live again in an Environment that it was live in
// before.
type Rollback struct {
	// Service is a unique name or a SID.
	Service     string
	Environment Environment
	To          RollbackTo
	// IsCompared asks for the files to be compared, at the price of a call.
	IsCompared bool
}

// PlanRollback finds the Release to go back to among the Environment's own
// Deployments, those of other tools too. Without a To it is the newest whose Build
// is there and is not the live one. It is a step. The error is a *problem.Problem
// when there is none.
func (d *Deployer) PlanRollback(ctx context.Context, asked Rollback) (Plan, error) {
	return do(ctx, d.Steps, "plan", func(ctx context.Context) (Plan, error) { return d.planRollback(ctx, asked) })
}

func (d *Deployer) planRollback(ctx context.Context, asked Rollback) (Plan, error) {
	service, err := FindService(ctx, d.Client, asked.Service)
	if err != nil {
		return Plan{}, err
	}
	environment, err := FindEnvironment(ctx, d.Client, service, asked.Environment)
	if err != nil {
		return Plan{}, err
	}
	plan := planOf(service, asked.Environment, environment)
	way := &wayBack{deployer: d, plan: plan, name: asked.Environment.Name, wanted: asked.To, compares: asked.IsCompared}
	for deployment, err := range d.Client.Deployments(ctx, service.SID, environment.SID) {
		if err != nil {
			return Plan{}, err
		}
		if isFound, err := way.look(ctx, deployment); isFound || err != nil {
			return way.plan, err
		}
	}
	return Plan{}, way.nothing()
}

// wayBack goes through the Deployments of an Environment, newest first.
type wayBack struct {
	deployer *Deployer
	plan     Plan
	name     string // of the Environment
	wanted   RollbackTo
	compares bool
	looked   []twilio.BuildSID // each once
	gone     []string          // of those
}

// look decides whether a Deployment is the one to go back to. If so, the Plan is
// whole.
func (w *wayBack) look(ctx context.Context, at twilio.Deployment) (isFound bool, err error) {
	isLive := at.BuildSID == w.plan.LiveBuildSID
	switch {
	case at.BuildSID == "", isLive && w.wanted == RollbackTo{}, w.wanted.Build != "" && w.wanted.Build != at.BuildSID,
		slices.Contains(w.looked, at.BuildSID):
		return false, nil
	case len(w.looked) == mostBuildsBack:
		return false, &problem.Problem{
			Message: fmt.Sprintf("none of the newest %d Builds that were live in %s is the one to go back to", mostBuildsBack, w.name),
			Fix:     "Name the Build by its SID, or deploy the commit that is wanted.",
		}
	}
	w.looked = append(w.looked, at.BuildSID)
	plan := w.plan
	plan.ReusedBuildSID = at.BuildSID
	err = w.deployer.readRelease(ctx, &plan, Release{IsRollback: true, Since: at.DateCreated}, w.compares)
	switch {
	case twilio.IsNotFound(err) && w.wanted.Build != "":
		return false, w.isGone(at)
	case twilio.IsNotFound(err):
		w.gone = append(w.gone, string(at.BuildSID))
		return false, nil
	case err != nil:
		return false, err
	case w.wanted.Commit != "" && !strings.HasPrefix(plan.Release.Commit, w.wanted.Commit):
		return false, nil
	}
	if w.wanted.Commit == "" {
		for _, build := range w.gone {
			plan.Notes = append(plan.Notes, fmt.Sprintf("Build %s was live in %s later than Build %s, but is gone: Twilio removes Builds that are live nowhere. "+
				"To have what it held, deploy the commit that it was made from", build, w.name, at.BuildSID))
		}
	}
	w.plan = plan
	return true, nil
}

// isGone says that the Build that was asked for is gone.
func (w *wayBack) isGone(at twilio.Deployment) error {
	when := ""
	if at.DateCreated != nil {
		when = ", where it went live on " + at.DateCreated.UTC().Format("2006-01-02 at 15:04 UTC")
	}
	return &problem.Problem{
		Message: fmt.Sprintf("Build %s is gone: Twilio removes Builds that are live nowhere, and it is live no more in %s%s", at.BuildSID, w.name, when),
		Fix:     "Deploy the commit that it was made from.",
	}
}

// nothing says that there is nothing to go back to.
func (w *wayBack) nothing() error {
	gone := ""
	if len(w.gone) > 0 {
		gone = "; gone since they were live there: " + strings.Join(w.gone, ", ")
	}
	switch {
	case w.wanted.Build != "":
		return &problem.Problem{
			Message: fmt.Sprintf("Build %s was never live in %s of the Service %s", w.wanted.Build, w.name, w.plan.Service),
			Fix:     "slipway status shows what was; slipway promote makes any Build of the Service live.",
		}
	case w.wanted.Commit != "":
		return &problem.Problem{
			Message: fmt.Sprintf("no Build that was live in %s says that it was made from commit %s%s", w.name, w.wanted.Commit, gone),
			Fix:     fmt.Sprintf("Deploy it: check %s out and deploy it to %s.", w.wanted.Commit, w.name),
		}
	default:
		return &problem.Problem{
			Message: fmt.Sprintf("%s of the Service %s has no Release to go back to%s", w.name, w.plan.Service, gone),
			Fix:     "Deploy the commit that is wanted.",
		}
	}
}
