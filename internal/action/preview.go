package action

import (
	"context"
	"errors"
	"path"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
)

// maxPackageJSON bounds what is read of a package.json at GitHub, in bytes.
const maxPackageJSON = 1 << 20

// findPreviewService finds out which Service has the preview that is to be removed,
// with nothing checked out: the newest GitHub Deployment of the preview says so, or
// else package.json at the pull request's head. The error is a *problem.Problem.
func (t *task) findPreviewService(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	service, err := t.serviceOfDeployment(limited)
	if service == "" && err == nil {
		service, err = t.serviceOfPackage(limited)
	}
	if service != "" {
		t.values = t.values.With(config.Service, config.Written{Text: service})
		t.inputs.Service = service
		return nil
	}
	message := "the preview's Service is not known: neither an input, nor slipway.yml, nor a GitHub Deployment, nor package.json names it"
	if err != nil {
		message = "the preview's Service is not known, and GitHub could not be asked: " + err.Error()
	}
	return &problem.Problem{Message: message, Fix: "Give service, or name it in slipway.yml."}
}

// serviceOfDeployment asks the GitHub Deployments of the preview.
func (t *task) serviceOfDeployment(ctx context.Context) (string, error) {
	client, err := t.hub.reader()
	if err != nil {
		return "", err
	}
	listed, err := client.Deployments(ctx, t.what.repository, gh.DeploymentFilter{
		Environment: t.environment(job.Target{Environment: t.request.Environment}), Task: announce.Task, Most: 1,
	})
	if err != nil || len(listed) == 0 {
		return "", err
	}
	return listed[0].Payload["service"], nil
}

// serviceOfPackage reads package.json at the pull request's head.
func (t *task) serviceOfPackage(ctx context.Context) (string, error) {
	file := path.Join(t.values[config.WorkingDirectory].Text, "package.json")
	text, err := t.hub.client.ReadFile(ctx, t.what.repository, t.what.sha, file, maxPackageJSON)
	if errors.Is(err, gh.ErrNoFile) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return pipeline.ServiceNamed(text), nil
}
