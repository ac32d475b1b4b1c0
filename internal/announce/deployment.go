package announce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// Task is that of the GitHub Deployments that are Slipway's.
const Task = "deploy:slipway"

// The fields of a payload with the Target, and with the run.
const payloadService, payloadEnvironment, payloadRun = "service", "environment", "run"

// TargetOf is where a GitHub Deployment of Slipway's went, by the names that its run was
// given; what is not told is empty.
func TargetOf(one gh.Deployment) job.Target {
	return job.Target{Service: one.Payload[payloadService], Environment: one.Payload[payloadEnvironment]}
}

// deployment is the GitHub Deployment of a Job.
type deployment struct {
	*Announcer

	asked job.Job
	line  *gh.DeploymentLine // nil before it is made
	id    gh.DeploymentID
	// isOthers says that the workflow's job has one of its own, which GitHub made.
	isOthers bool
	unsure   error // why it is not known whether it has
}

func (a *Announcer) newDeployment(asked job.Job) *deployment {
	return &deployment{Announcer: a, asked: asked}
}

func (d *deployment) name() string { return "GitHub Deployment" }

func (d *deployment) begin(ctx context.Context, _ job.Job) error {
	if err := d.make(ctx); err != nil || d.line == nil {
		return err
	}
	if err := d.set(ctx, gh.DeploymentQueued, "", ""); err != nil {
		return err
	}
	return d.set(ctx, gh.DeploymentInProgress, report.UnderWay(d.asked), "")
}

// make makes the GitHub Deployment unless the workflow's job has one: with a
// job-level environment GitHub makes it itself, and sets its states. A run that is
// repeated finds the one that it has made.
func (d *deployment) make(ctx context.Context) error {
	if d.line != nil || d.isOthers {
		return nil
	}
	if d.isOthers, d.unsure = d.isMade(ctx); d.isOthers {
		return nil
	}
	id, err := d.client.CreateDeployment(ctx, d.about.Repository, gh.NewDeployment{
		SHA: d.sha(d.asked), Environment: d.settings.EnvironmentOf(d.asked.Target), Task: Task,
		Description: d.hooks.Redact(report.UnderWay(d.asked)), Payload: d.payload(), Mark: d.mark(),
		IsTransient: d.asked.Previews.Number > 0, IsProduction: d.asked.Target.Environment == deploy.Production,
	})
	if err != nil {
		return err
	}
	d.id = id
	d.line = d.client.DeploymentLine(d.about.Repository, id)
	return nil
}

// isMade looks for one whose state leads to this run, of the commit that is deployed or
// the one that the workflow runs for.
func (d *deployment) isMade(ctx context.Context) (bool, error) {
	if d.about.RunURL == "" {
		return false, nil
	}
	const most = 5
	shas := slices.Compact([]string{d.sha(d.asked), cmp.Or(d.about.RunSHA, d.sha(d.asked))})
	for _, sha := range shas {
		listed, err := d.client.Deployments(ctx, d.about.Repository, gh.DeploymentFilter{SHA: sha, Most: most})
		if err != nil {
			return false, err
		}
		for _, one := range listed {
			isRun := one.Status.LogURL == d.about.RunURL || strings.HasPrefix(one.Status.LogURL, d.about.RunURL+"/")
			if isRun && one.Task != Task {
				return true, nil
			}
		}
	}
	return false, nil
}

// EnvironmentOf names the GitHub environment of a Target.
func (s Settings) EnvironmentOf(target job.Target) string {
	name := target.Environment
	if s.IsOneOfSeveral {
		name = target.Service + "/" + name
	}
	return cmp.Or(s.Environment, name)
}

// mark is the same for each try of one run.
func (d *deployment) mark() string {
	if d.about.Run == 0 {
		return ""
	}
	return fmt.Sprintf("%d-%d-%s-%s", d.about.Run, d.about.Attempt, d.asked.Target.Service, d.asked.Target.Environment)
}

// payload is what a later run has to know of this one: where it deployed to, and for
// whom. Which Build went live the last state tells, since a payload cannot change.
func (d *deployment) payload() map[string]string {
	return map[string]string{
		"version": "1", payloadService: d.asked.Target.Service, payloadEnvironment: d.asked.Target.Environment,
		"commit": d.asked.Commit, "actor": d.about.Actor, payloadRun: d.run(),
	}
}

func (d *deployment) cancelled(ctx context.Context, _ job.Job) error {
	if d.line == nil {
		return nil // there is none to tell of
	}
	return d.set(ctx, gh.DeploymentError, report.Cancelled, "")
}

func (d *deployment) end(ctx context.Context, result job.Result, _ deploy.Plan) error {
	if d.about.IsPast {
		return d.endPast(ctx, result)
	}
	if err := d.make(ctx); err != nil || d.line == nil {
		return err
	}
	state, url := deploymentStateOf(result), ""
	if state == gh.DeploymentSuccess {
		url = result.URL
	}
	description := report.OneLine(result)
	if result.Status.IsLive() || result.Status == job.Unchanged {
		description = "Build " + result.BuildSID + ", digest " + short(result.Digest) + ": " + description
	}
	err := d.set(ctx, state, description, url)
	if err == nil && d.unsure != nil {
		return fmt.Errorf("it was made, and whether the workflow's job has another is not known: %w", d.unsure)
	}
	return err
}

// endPast ends the GitHub Deployment that this run has made, if it has, when another one
// shows what is live by now. Made only then, it would be the newest of all.
func (d *deployment) endPast(ctx context.Context, result job.Result) error {
	const most = 5
	listed, err := d.client.Deployments(ctx, d.about.Repository, gh.DeploymentFilter{
		SHA: d.sha(d.asked), Environment: d.settings.EnvironmentOf(d.asked.Target), Task: Task, Most: most,
	})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(listed, func(one gh.Deployment) bool {
		return one.Payload[payloadRun] == d.run() && TargetOf(one) == d.asked.Target
	})
	if at < 0 || listed[at].Status.State == gh.DeploymentInactive {
		return nil
	}
	d.id = listed[at].ID
	d.line = d.client.DeploymentLine(d.about.Repository, d.id)
	state := deploymentStateOf(result)
	if state == gh.DeploymentSuccess {
		state = gh.DeploymentInactive
	}
	return d.set(ctx, state, report.OneLine(result), "")
}

// run is by what its payload names the run.
func (d *deployment) run() string { return strconv.FormatInt(d.about.Run, 10) }

// short is as much of a digest as tells it from others.
func short(digest string) string { return digest[:min(len(digest), 12)] }

func (d *deployment) set(ctx context.Context, state gh.DeploymentState, description, url string) error {
	isShared := d.asked.Previews.Number > 0 || d.settings.IsOneOfSeveral && d.settings.Environment != ""
	written, err := d.line.Set(ctx, gh.DeploymentStatus{
		State: state, Description: d.hooks.Redact(description), LogURL: d.about.RunURL, EnvironmentURL: url,
		RetiresOthers: !isShared,
	})
	if errors.Is(err, gh.ErrSuperseded) {
		err = nil // the end came first
	}
	d.hooks.Logger.DebugContext(ctx, "GitHub Deployment", "repository", d.about.Repository.String(), "state", string(state), "written", written)
	return err
}

// deploymentStateOf is the state that stands for a Result.
func deploymentStateOf(result job.Result) gh.DeploymentState {
	switch {
	case result.Status == job.Superseded:
		return gh.DeploymentInactive
	case result.Error == nil:
		return gh.DeploymentSuccess
	case result.Error.Reason.IsUsers():
		return gh.DeploymentFailure
	default:
		return gh.DeploymentError
	}
}
