package deploy

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Live is what is there in a Target before a deploy. A part that does not exist
// has an empty SID.
type Live struct {
	Service     twilio.Service
	Environment twilio.Environment
	// Build is the one that is live in the Environment.
	Build twilio.Build
	// Functions and Assets are the Service's, by friendly name; Slipway and the
	// Toolkit name them by path.
	Functions map[string]twilio.FunctionSID
	Assets    map[string]twilio.AssetSID
	// Variables are the Environment's, by key.
	Variables map[string]twilio.Variable
}

// ReadLive reads what is there, with as few calls and as many of them at once
// as it can. service is a unique name or a SID. The error is a problem.Problem
// when the input names something that cannot be; everything else is the
// client's.
func ReadLive(ctx context.Context, client *twilio.Client, service string, environment Environment) (Live, error) {
	var live Live
	var err error
	if live.Service, err = client.FetchService(ctx, service); err != nil {
		if !twilio.IsNotFound(err) {
			return live, err
		}
		return live, missingService(service, environment)
	}
	sid := live.Service.SID
	group, ctx := errgroup.WithContext(ctx)
	group.Go(guarded(func() (err error) {
		live.Functions, err = oldestByName(client.Functions(ctx, sid), func(f twilio.Function) named[twilio.FunctionSID] {
			return named[twilio.FunctionSID]{f.FriendlyName, f.SID, f.DateCreated}
		})
		return err
	}))
	group.Go(guarded(func() (err error) {
		live.Assets, err = oldestByName(client.Assets(ctx, sid), func(a twilio.Asset) named[twilio.AssetSID] {
			return named[twilio.AssetSID]{a.FriendlyName, a.SID, a.DateCreated}
		})
		return err
	}))
	group.Go(guarded(func() error { return live.readEnvironment(ctx, client, environment) }))
	err = group.Wait()
	return live, err //nolint:wrapcheck // the client's own error.
}

// guarded makes a panic of a worker an error.
func guarded(do func() error) func() error {
	return func() error { return problem.Guard(do) }
}

// missingService says whether a Service that is not there can be created.
func missingService(service string, environment Environment) error {
	switch {
	case twilio.IsSID("ZS", service):
		return &problem.Problem{
			Message: fmt.Sprintf("there is no Service %s in the account of these credentials", service),
			Fix:     "Check the SID, and that the credentials belong to its account and region; or name the Service to have it created.",
		}
	case environment.SID != "":
		return &problem.Problem{
			Message: fmt.Sprintf("environment %s cannot be used: there is no Service %q in the account of these credentials", environment.SID, service),
			Fix:     "Name the Service that the Environment belongs to.",
		}
	}
	return nil
}

func (l *Live) readEnvironment(ctx context.Context, client *twilio.Client, environment Environment) error {
	environments, err := collect(client.Environments(ctx, l.Service.SID))
	if err != nil {
		return err
	}
	found, ok, err := environment.among(environments)
	if err != nil || !ok {
		return err
	}
	l.Environment = found
	group, ctx := errgroup.WithContext(ctx)
	if found.BuildSID != "" {
		group.Go(guarded(func() (err error) {
			l.Build, err = client.FetchBuild(ctx, l.Service.SID, found.BuildSID)
			return err
		}))
	}
	group.Go(guarded(func() (err error) {
		l.Variables, err = readVariables(ctx, client, l.Service.SID, found.SID)
		return err
	}))
	return group.Wait() //nolint:wrapcheck // the client's own error.
}

func readVariables(ctx context.Context, client *twilio.Client, service twilio.ServiceSID, environment twilio.EnvironmentSID) (map[string]twilio.Variable, error) {
	found := make(map[string]twilio.Variable)
	for variable, err := range client.Variables(ctx, service, environment) {
		if err != nil {
			return nil, err
		}
		found[variable.Key] = variable
	}
	return found, nil
}

// values returns the variables' values by key.
func values(variables map[string]twilio.Variable) map[string]secret.String {
	byKey := make(map[string]secret.String, len(variables))
	for key, variable := range variables {
		byKey[key] = variable.Value
	}
	return byKey
}

// named is an item of a listing whose names need not be unique.
type named[SID ~string] struct {
	name    string
	sid     SID
	created *time.Time
}

// oldestByName reads a listing into a map. Of several items with one name, which
// the API allows and two first deploys at once can bring about, the oldest
// counts, so that every run settles on the same one.
func oldestByName[T any, SID ~string](items iter.Seq2[T, error], name func(T) named[SID]) (map[string]SID, error) {
	oldest := make(map[string]named[SID])
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		next := name(item)
		if first, ok := oldest[next.name]; !ok || next.isOlder(first) {
			oldest[next.name] = next
		}
	}
	sids := make(map[string]SID, len(oldest))
	for name, item := range oldest {
		sids[name] = item.sid
	}
	return sids, nil
}

func (n named[SID]) isOlder(other named[SID]) bool {
	if n.created != nil && other.created != nil && !n.created.Equal(*other.created) {
		return n.created.Before(*other.created)
	}
	return n.sid < other.sid
}

func collect[T any](items iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}

// versions returns the Build's Versions by path.
func (l *Live) versions() map[string]twilio.Version {
	byPath := make(map[string]twilio.Version)
	for _, version := range slices.Concat(l.Build.FunctionVersions, l.Build.AssetVersions) {
		byPath[version.Path] = version
	}
	return byPath
}

// fingerprint names the state that a Plan was made from. It changes when
// another Build goes live or a variable changes, and says nothing of values.
func (l *Live) fingerprint() string {
	parts := []string{string(l.Service.SID), string(l.Environment.SID), string(l.Environment.BuildSID)}
	for _, variable := range l.Variables {
		changed := ""
		if variable.DateUpdated != nil {
			changed = variable.DateUpdated.UTC().Format("20060102T150405")
		}
		parts = append(parts, string(variable.SID)+"@"+changed)
	}
	slices.SortFunc(parts[3:], cmp.Compare)
	return hashOf(parts)
}
