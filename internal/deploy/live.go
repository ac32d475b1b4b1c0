package deploy

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

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
	group.Go(func() (err error) {
		live.Functions, err = byName(client.Functions(ctx, sid), func(f twilio.Function) (string, twilio.FunctionSID) { return f.FriendlyName, f.SID })
		return err
	})
	group.Go(func() (err error) {
		live.Assets, err = byName(client.Assets(ctx, sid), func(a twilio.Asset) (string, twilio.AssetSID) { return a.FriendlyName, a.SID })
		return err
	})
	group.Go(func() error { return live.readEnvironment(ctx, client, environment) })
	return live, group.Wait() //nolint:wrapcheck // the client's own error.
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
		group.Go(func() (err error) {
			l.Build, err = client.FetchBuild(ctx, l.Service.SID, found.BuildSID)
			return err
		})
	}
	group.Go(func() (err error) {
		l.Variables, err = readVariables(ctx, client, l.Service.SID, found.SID)
		return err
	})
	return group.Wait() //nolint:wrapcheck // the client's own error.
}

func readVariables(ctx context.Context, client *twilio.Client, service twilio.ServiceSID, environment twilio.EnvironmentSID) (map[string]twilio.Variable, error) {
	return byName(client.Variables(ctx, service, environment), func(v twilio.Variable) (string, twilio.Variable) { return v.Key, v })
}

// values returns the variables' values by key.
func values(variables map[string]twilio.Variable) map[string]secret.String {
	byKey := make(map[string]secret.String, len(variables))
	for key, variable := range variables {
		byKey[key] = variable.Value
	}
	return byKey
}

// byName reads a listing into a map. Of two items with one name the first
// counts, as it does for the Toolkit.
func byName[T, V any](items iter.Seq2[T, error], pair func(T) (string, V)) (map[string]V, error) {
	found := make(map[string]V)
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		name, value := pair(item)
		if _, ok := found[name]; !ok {
			found[name] = value
		}
	}
	return found, nil
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
