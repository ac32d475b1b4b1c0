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
	way := &wayBack{
		deployer: d, plan: planOf(service, asked.Environment, environment),
		name: asked.Environment.Name, wanted: asked.To, compares: asked.IsCompared,
	}
	isNewest := true
	for deployment, err := range d.Client.Deployments(ctx, service.SID, environment.SID) {
		if err == nil && isNewest {
			isNewest, way.newest, err = false, deployment.SID, way.checkNewest(ctx, deployment)
		}
		if err != nil {
			return Plan{}, err
		}
		switch isFound, err := way.look(ctx, deployment); {
		case err != nil:
			return Plan{}, err
		case isFound:
			return way.plan, nil
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
	newest   twilio.DeploymentSID
	looked   []twilio.BuildSID // each once
	gone     []string          // of those
}

// checkNewest makes sure that what is live is what was when the Environment was
// read: otherwise the Build before it is that of somebody's newer deploy. The error
// is a *StaleError.
func (w *wayBack) checkNewest(ctx context.Context, newest twilio.Deployment) error {
	if newest.BuildSID == w.plan.LiveBuildSID {
		return nil
	}
	now, err := w.deployer.Client.FetchEnvironment(ctx, w.plan.ServiceSID, w.plan.EnvironmentSID)
	if err != nil || now.BuildSID == w.plan.LiveBuildSID {
		return err
	}
	stale := newStaleError(otherBuild(w.name, w.plan.LiveBuildSID, now.BuildSID))
	stale.Fix = "Somebody else changes what is live. Look at slipway status, and roll back again if that is still wanted."
	return stale
}

// look decides whether a Deployment is the one to go back to. If so, the Plan is
// whole.
func (w *wayBack) look(ctx context.Context, at twilio.Deployment) (isFound bool, err error) {
	isLive := at.BuildSID == w.plan.LiveBuildSID
	switch {
	case at.BuildSID == "", isLive && w.wanted == RollbackTo{}, w.wanted.Build != "" && !strings.EqualFold(string(w.wanted.Build), string(at.BuildSID)),
		slices.Contains(w.looked, at.BuildSID):
		return false, nil
	case len(w.looked) == mostBuildsBack:
		return false, &problem.Problem{
			Message: fmt.Sprintf("none of the newest %d Builds that were live in %s is the one to go back to", mostBuildsBack, w.name),
			Fix:     "Name the Build by its SID, or deploy the commit that is wanted.",
		}
	}
	w.looked = append(w.looked, at.BuildSID)
	build, known, err := w.deployer.readReleased(ctx, w.plan.ServiceSID, at.BuildSID)
	switch {
	case twilio.IsNotFound(err) && w.wanted.Build != "":
		return false, w.isGone(at)
	case twilio.IsNotFound(err):
		w.gone = append(w.gone, string(at.BuildSID))
		return false, nil
	case err != nil:
		return false, err
	case !strings.HasPrefix(known.Commit, w.wanted.Commit):
		return false, nil
	}
	return true, w.found(ctx, build, known, at)
}

// found makes the Plan whole.
func (w *wayBack) found(ctx context.Context, build twilio.Build, known Known, at twilio.Deployment) (err error) {
	release, live := Release{IsRollback: true, Since: at.DateCreated, Behind: w.newest}, twilio.Build{}
	if w.wanted.Commit == "" {
		for _, gone := range w.gone {
			release.Warnings = append(release.Warnings, fmt.Sprintf("Build %s was live in %s later than Build %s, but is gone: Twilio removes Builds that are live nowhere. "+
				"To have what it held, deploy the commit that it was made from", gone, w.name, at.BuildSID))
		}
	}
	if w.compares && build.SID != w.plan.LiveBuildSID {
		if live, release.IsCompared, err = w.deployer.readReplaced(ctx, w.plan); err != nil {
			return err
		}
	}
	return w.plan.release(build, known, release, live)
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
