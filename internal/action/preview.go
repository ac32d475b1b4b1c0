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

// mostPreviews is how many GitHub Deployments are looked at where previews share a GitHub
// environment.
const mostPreviews = 30

// findPreviewService finds out which Service has the preview that is to be removed,
// with nothing checked out, unless an input says so: the newest GitHub Deployment of the
// preview tells where it went, whatever slipway.yml says by now. Without one the Service
// is that of slipway.yml, or of package.json at the pull request's head. The error is a
// *problem.Problem, or the cause of ctx's end.
func (t *task) findPreviewService(ctx context.Context) error {
	named := t.values[config.PreviewService]
	if named.Text == "" {
		named = t.run.values[config.Service]
	}
	isGiven := named.Text != "" && named.Origin < config.FromFile
	if isGiven || t.told.settings.IsOneOfSeveral { // several are told from each other by slipway.yml alone
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	service, err := t.serviceOfDeployment(limited)
	known := t.values[config.Service].Text
	if service == "" && err == nil && known == "" {
		service, err = t.serviceOfPackage(limited)
	}
	switch {
	case service != "" && service != known:
		t.values = t.values.With(config.Service, config.Written{Text: service})
		t.inputs.Service = service
		return nil
	case service != "" || known != "":
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
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
	target, most := job.Target{Service: t.values[config.Service].Text, Environment: t.request.Environment}, 1
	if t.inputs.GitHubEnvironment != "" {
		most = mostPreviews
	}
	listed, err := client.Deployments(ctx, t.what.repository, gh.DeploymentFilter{Environment: t.told.settings.EnvironmentOf(target), Task: announce.Task, Most: most})
	for _, one := range listed {
		if made := announce.TargetOf(one); made.Environment == target.Environment {
			return made.Service, nil
		}
	}
	return "", err
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
