package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

func (d *Deployer) createBuild(ctx context.Context, service twilio.ServiceSID, plan Plan, files uploaded) (twilio.BuildSID, error) {
	wanted := twilio.NewBuild{Dependencies: plan.Dependencies, Runtime: plan.Runtime}
	for _, file := range plan.files() {
		version := files.versionOf(file)
		switch {
		case version == "":
			return "", fmt.Errorf("%s was not uploaded by this run, although it is in its Plan", file.Path)
		case file.Kind == project.KindFunction:
			wanted.FunctionVersions = append(wanted.FunctionVersions, version)
		default:
			wanted.AssetVersions = append(wanted.AssetVersions, version)
		}
	}
	without := wanted
	if files.Manifest != "" {
		wanted.FunctionVersions = append(slices.Clone(wanted.FunctionVersions), files.Manifest)
	}
	build, err := d.Client.CreateBuild(ctx, service, wanted)
	if files.Manifest != "" && isRefused(err) {
		// Limits on Functions count the Manifest, too.
		refusal := err
		if build, err = d.Client.CreateBuild(ctx, service, without); err == nil {
			d.warn(job.PhaseBuild, fmt.Sprintf("Twilio takes the Build only without its Manifest (%v): the next deploy uploads all Assets", refusal))
		}
	}
	if err == nil {
		d.tell(job.Event{Kind: job.Started, Phase: job.PhaseBuild, Message: string(build.SID)})
	}
	return build.SID, err
}

func (d *Deployer) awaitBuild(ctx context.Context, service twilio.ServiceSID, build twilio.BuildSID, plan Plan) (twilio.BuildStatus, error) {
	started := time.Now()
	status, err := d.Client.WaitForBuild(ctx, service, build)
	switch {
	case errors.Is(err, retry.ErrBudget):
		return status, &UnfinishedBuildError{Build: build, After: time.Since(started), Err: err}
	case errors.Is(context.Cause(ctx), context.Canceled):
		return status, fmt.Errorf("wait for Build %s: %w", build, context.Cause(ctx))
	case err != nil:
		return status, err
	case status != twilio.BuildCompleted:
		return status, newBuildError(build, plan)
	}
	d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseBuild, Message: string(build)})
	return status, nil
}

// awaitReusedBuild waits for a Build that another deploy may just be making.
func (d *Deployer) awaitReusedBuild(ctx context.Context, plan Plan) (twilio.BuildStatus, error) {
	if plan.ReusedBuildStatus == twilio.BuildCompleted { // for good
		return plan.ReusedBuildStatus, nil
	}
	status, err := d.Client.FetchBuildStatus(ctx, plan.ServiceSID, plan.ReusedBuildSID)
	if err != nil || status == twilio.BuildCompleted {
		return status, err
	}
	d.tell(job.Event{Kind: job.Started, Phase: job.PhaseBuild, Message: string(plan.ReusedBuildSID)})
	return d.awaitBuild(ctx, plan.ServiceSID, plan.ReusedBuildSID, plan)
}

// BuildError says that Twilio could not make a Build. The API gives no reason,
// so it names what was in the Build.
type BuildError struct {
	Build             twilio.BuildSID
	Functions, Assets int
	Bytes             int64
	Runtime           string
	Dependencies      []twilio.Dependency
	// HasManifest says that the Build was to have one.
	HasManifest bool
}

func newBuildError(build twilio.BuildSID, plan Plan) *BuildError {
	failed := &BuildError{Build: build, Runtime: plan.Runtime, Dependencies: plan.Dependencies, HasManifest: plan.Manifest}
	for _, file := range plan.Functions {
		if file.Change != Removed {
			failed.Functions++
			failed.Bytes += file.Size
		}
	}
	for _, file := range plan.Assets {
		if file.Change != Removed {
			failed.Assets++
			failed.Bytes += file.Size
		}
	}
	return failed
}

// Error names the Build and what was in it.
func (e *BuildError) Error() string {
	names := make([]string, len(e.Dependencies))
	for i, dependency := range e.Dependencies {
		names[i] = dependency.Name + " " + dependency.Version
	}
	installed := "no dependencies"
	if len(names) > 0 {
		installed = "the dependencies " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("Twilio could not make Build %s, and its API gives no reason; in it were %s and %s (%s in all) for %s with %s",
		e.Build, words.Count(e.Functions, "Function"), words.Count(e.Assets, "Asset"), words.Size(e.Bytes), e.Runtime, installed)
}

// UnfinishedBuildError says that a Build took longer than it may.
type UnfinishedBuildError struct {
	Build twilio.BuildSID
	// After is how long it was waited for.
	After time.Duration
	Err   error
}

// Error names the Build and how long it was waited for, and what kept Slipway from
// seeing whether it is complete.
func (e *UnfinishedBuildError) Error() string {
	if unseen, ok := errors.AsType[*retry.UnseenError](e.Err); ok {
		return fmt.Sprintf("whether Build %s is complete could not be seen within %s; the last look met: %v", e.Build, words.Elapsed(e.After), unseen.Last)
	}
	return fmt.Sprintf("Build %s is still building after %s", e.Build, words.Elapsed(e.After))
}

// Unwrap returns the cause, which matches retry.ErrBudget.
func (e *UnfinishedBuildError) Unwrap() error { return e.Err }
