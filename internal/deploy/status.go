package deploy

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// Status is what is live in each Environment of a Service.
type Status struct {
	Version    int               `json:"version"`
	Service    string            `json:"service"`
	ServiceSID twilio.ServiceSID `json:"service_sid"`
	// Environments are sorted by name, production first.
	Environments []EnvironmentStatus `json:"environments"`
}

// EnvironmentStatus is what is live in one Environment.
type EnvironmentStatus struct {
	// Environment is the name by which a deploy calls it.
	Environment    string                `json:"environment"`
	EnvironmentSID twilio.EnvironmentSID `json:"environment_sid"`
	Domain         string                `json:"domain"`
	// BuildSID is empty when nothing is live; then so is the rest.
	BuildSID      twilio.BuildSID      `json:"build_sid"`
	DeploymentSID twilio.DeploymentSID `json:"deployment_sid"`
	// Since is when the Build went live; nil when that is not known.
	Since     *time.Time `json:"since"`
	Runtime   string     `json:"runtime"`
	Functions []string   `json:"functions"`
	Assets    []string   `json:"assets"`
}

// ReadStatus reads the Status of the Service with that unique name or SID. The
// error is a *problem.Problem when there is none.
func ReadStatus(ctx context.Context, client *twilio.Client, service string) (Status, error) {
	found, err := FindService(ctx, client, service)
	if err != nil {
		return Status{}, err
	}
	environments, err := collect(client.Environments(ctx, found.SID))
	if err != nil {
		return Status{}, err
	}
	status := Status{Version: 1, Service: found.UniqueName, ServiceSID: found.SID, Environments: make([]EnvironmentStatus, len(environments))}
	group, ctx := errgroup.WithContext(ctx)
	for i, environment := range environments {
		group.Go(func() (err error) {
			status.Environments[i], err = readEnvironmentStatus(ctx, client, found.SID, environment)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Status{}, err //nolint:wrapcheck // the client's own error.
	}
	slices.SortFunc(status.Environments, func(a, b EnvironmentStatus) int { return CompareNames(a.Environment, b.Environment) })
	return status, nil
}

func readEnvironmentStatus(ctx context.Context, client *twilio.Client, service twilio.ServiceSID, environment twilio.Environment) (EnvironmentStatus, error) {
	status := EnvironmentStatus{
		Environment: NameOf(environment), EnvironmentSID: environment.SID, Domain: environment.DomainName,
		BuildSID: environment.BuildSID, Functions: []string{}, Assets: []string{},
	}
	if environment.BuildSID == "" {
		return status, nil
	}
	build, err := client.FetchBuild(ctx, service, environment.BuildSID)
	if err != nil {
		return status, err
	}
	build = WithoutManifest(build)
	status.Runtime = build.Runtime
	status.Functions, status.Assets = paths(build.FunctionVersions), paths(build.AssetVersions)
	for deployment, err := range client.Deployments(ctx, service, environment.SID) {
		if err != nil {
			return status, err
		}
		if deployment.BuildSID == environment.BuildSID {
			status.DeploymentSID, status.Since = deployment.SID, deployment.DateCreated
			break
		}
	}
	return status, nil
}

func paths(versions []twilio.Version) []string {
	sorted := make([]string, len(versions))
	for i, version := range versions {
		sorted[i] = version.Path
	}
	slices.Sort(sorted)
	return sorted
}
