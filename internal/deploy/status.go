package deploy

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// Status is what is live in each Environment of a Service, and what was.
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
	// BuildSID is empty when nothing is live; then so is the rest, but for the
	// History.
	BuildSID      twilio.BuildSID      `json:"build_sid"`
	DeploymentSID twilio.DeploymentSID `json:"deployment_sid"`
	// Since is when the Build went live; nil when that is not known.
	Since *time.Time `json:"since"`
	// Exists is false when the Build could not be read although it is live; then
	// what follows is empty, but for the History.
	Exists  bool   `json:"exists"`
	Runtime string `json:"runtime"`
	// Commit and Digest are what the Build's Manifest tells; empty when it tells
	// nothing.
	Commit    string   `json:"commit"`
	Digest    string   `json:"digest"`
	Functions []string `json:"functions"`
	Assets    []string `json:"assets"`
	// History are the newest Releases, newest first.
	History []HistoryEntry `json:"history"`
	// HasOlder says that there are Releases older than those of the History.
	HasOlder bool `json:"has_older"`
}

// HistoryEntry is one Release: a Deployment to an Environment, whichever tool
// made it.
type HistoryEntry struct {
	DeploymentSID twilio.DeploymentSID `json:"deployment_sid"`
	// BuildSID is empty for one that took the live Build away.
	BuildSID twilio.BuildSID `json:"build_sid"`
	Created  *time.Time      `json:"created"`
	// Commit is what the Build was made from; empty when its Manifest does not
	// tell.
	Commit string `json:"commit"`
	// Exists is false for a Build that is gone: it cannot go live again.
	Exists bool `json:"exists"`
	// Live tells the one whose Build is live now.
	Live bool `json:"live"`
}

// StatusQuestion is which Status to read.
type StatusQuestion struct {
	// Service is a unique name or a SID.
	Service string
	// Environment is the only one to look at; its zero value means all.
	Environment Environment
	// History is how many Releases to read of each Environment.
	History int
}

// ReadStatus reads a Status. The error is a *problem.Problem when there is no such
// Service or Environment.
func ReadStatus(ctx context.Context, client *twilio.Client, asked StatusQuestion) (Status, error) {
	found, err := FindService(ctx, client, asked.Service)
	if err != nil {
		return Status{}, err
	}
	environments, err := asked.environments(ctx, client, found)
	if err != nil {
		return Status{}, err
	}
	slices.SortFunc(environments, func(a, b twilio.Environment) int { return CompareNames(NameOf(a), NameOf(b)) })
	status := Status{Version: 1, Service: found.UniqueName, ServiceSID: found.SID, Environments: make([]EnvironmentStatus, len(environments))}
	group, groupCtx := errgroup.WithContext(ctx)
	for i, environment := range environments {
		group.Go(guarded(func() (err error) {
			status.Environments[i], err = readEnvironmentStatus(groupCtx, client, found.SID, environment, asked.History)
			if twilio.IsNotFound(err) && !asked.isOne() { // it has just been taken away
				status.Environments[i], err = EnvironmentStatus{}, nil
			}
			return err
		}))
	}
	if err := group.Wait(); err != nil {
		return Status{}, err //nolint:wrapcheck // the client's own error.
	}
	status.Environments = slices.DeleteFunc(status.Environments, func(one EnvironmentStatus) bool { return one.EnvironmentSID == "" })
	builds, err := lookAtBuilds(ctx, client, found.SID, status.Environments)
	if err != nil {
		return Status{}, err
	}
	for i := range status.Environments {
		status.Environments[i].add(builds)
	}
	return status, nil
}

// isOne reports whether one Environment is asked for.
func (q StatusQuestion) isOne() bool { return q.Environment != (Environment{}) }

func (q StatusQuestion) environments(ctx context.Context, client *twilio.Client, service twilio.Service) ([]twilio.Environment, error) {
	if !q.isOne() {
		return collect(client.Environments(ctx, service.SID))
	}
	environment, err := FindEnvironment(ctx, client, service, q.Environment)
	return []twilio.Environment{environment}, err
}

// readEnvironmentStatus reads the Releases of an Environment: the newest so many,
// and on to the one that made its Build live.
func readEnvironmentStatus(
	ctx context.Context, client *twilio.Client, service twilio.ServiceSID, environment twilio.Environment, most int,
) (EnvironmentStatus, error) {
	status := EnvironmentStatus{
		Environment: NameOf(environment), EnvironmentSID: environment.SID, Domain: environment.DomainName,
		BuildSID: environment.BuildSID, Functions: []string{}, Assets: []string{}, History: []HistoryEntry{},
	}
	for deployment, err := range client.Deployments(ctx, service, environment.SID) {
		if err != nil {
			return status, err
		}
		entry := HistoryEntry{DeploymentSID: deployment.SID, BuildSID: deployment.BuildSID, Created: deployment.DateCreated}
		// Earlier ones of the same Build were replaced in between.
		if deployment.BuildSID == environment.BuildSID && deployment.BuildSID != "" && status.DeploymentSID == "" {
			status.DeploymentSID, status.Since, entry.Live = deployment.SID, deployment.DateCreated, true
		}
		status.HasOlder = len(status.History) == most
		if !status.HasOlder {
			status.History = append(status.History, entry)
		}
		if isLiveFound := status.DeploymentSID != "" || environment.BuildSID == ""; isLiveFound && status.HasOlder {
			break
		}
	}
	return status, nil
}

// add tells what is known of the Builds.
func (s *EnvironmentStatus) add(builds map[twilio.BuildSID]seenBuild) {
	if live, ok := builds[s.BuildSID]; ok {
		s.Exists = true
		s.Runtime, s.Commit, s.Digest = live.runtime, live.commit, live.digest
		s.Functions, s.Assets = live.functions, live.assets
	}
	for i, entry := range s.History {
		build, ok := builds[entry.BuildSID]
		s.History[i].Exists, s.History[i].Commit = ok, build.commit
	}
}
