package cli

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// lister reads listings. What was not asked for has no SID.
type lister struct {
	client      *twilio.Client
	service     twilio.Service
	environment twilio.Environment
}

func listServices(ctx context.Context, l *lister) (listing, error) {
	return list(l, report.Services, l.client.Services(ctx), func(s twilio.Service) report.ListedService {
		return report.ListedService{
			SID: string(s.SID), UniqueName: s.UniqueName, FriendlyName: s.FriendlyName, DomainBase: s.DomainBase,
			IncludeCredentials: s.IncludeCredentials, UIEditable: s.UIEditable, Created: s.DateCreated, Updated: s.DateUpdated,
		}
	}, func(a, b report.ListedService) int { return strings.Compare(a.UniqueName, b.UniqueName) })
}

func listEnvironments(ctx context.Context, l *lister) (listing, error) {
	return list(l, report.Environments, l.client.Environments(ctx, l.service.SID), func(e twilio.Environment) report.ListedEnvironment {
		return report.ListedEnvironment{
			SID: string(e.SID), Name: deploy.NameOf(e), UniqueName: e.UniqueName, Domain: e.DomainName,
			BuildSID: string(e.BuildSID), Created: e.DateCreated, Updated: e.DateUpdated,
		}
	}, func(a, b report.ListedEnvironment) int { return deploy.CompareNames(a.Name, b.Name) })
}

func listBuilds(ctx context.Context, l *lister) (listing, error) {
	environments, err := l.environments(ctx)
	if err != nil {
		return nil, err
	}
	return list(l, report.Builds, l.client.Builds(ctx, l.service.SID), func(b twilio.Build) report.ListedBuild {
		b = deploy.WithoutManifest(b)
		row := report.ListedBuild{
			SID: string(b.SID), Status: string(b.Status), Runtime: b.Runtime,
			Functions: pathsOf(b.FunctionVersions), Assets: pathsOf(b.AssetVersions),
			Dependencies: []report.Dependency{}, LiveIn: []string{}, Created: b.DateCreated,
		}
		for _, dependency := range b.Dependencies {
			row.Dependencies = append(row.Dependencies, report.Dependency(dependency))
		}
		for _, environment := range environments {
			if environment.BuildSID == b.SID {
				row.LiveIn = append(row.LiveIn, deploy.NameOf(environment))
			}
		}
		return row
	}, func(a, b report.ListedBuild) int { return newestFirst(a.Created, b.Created) })
}

func listDeployments(ctx context.Context, l *lister) (listing, error) {
	found, err := list(l, report.Deployments, l.client.Deployments(ctx, l.service.SID, l.environment.SID),
		func(d twilio.Deployment) report.ListedDeployment {
			return report.ListedDeployment{SID: string(d.SID), BuildSID: string(d.BuildSID), Created: d.DateCreated}
		}, func(a, b report.ListedDeployment) int { return newestFirst(a.Created, b.Created) })
	markLive(found.Items, string(l.environment.BuildSID))
	return found, err
}

// markLive marks the newest Deployment of the live Build; earlier ones of the
// same Build were replaced in between.
func markLive(newestFirst []report.ListedDeployment, live string) {
	at := slices.IndexFunc(newestFirst, func(d report.ListedDeployment) bool { return d.BuildSID != "" && d.BuildSID == live })
	if at >= 0 {
		newestFirst[at].Live = true
	}
}

func listVariables(ctx context.Context, l *lister) (listing, error) {
	return list(l, report.Variables, l.client.Variables(ctx, l.service.SID, l.environment.SID), func(v twilio.Variable) report.ListedVariable {
		return report.ListedVariable{SID: string(v.SID), Key: v.Key, Updated: v.DateUpdated}
	}, func(a, b report.ListedVariable) int { return strings.Compare(a.Key, b.Key) })
}

func listFunctions(ctx context.Context, l *lister) (listing, error) {
	return l.files(ctx, func(ctx context.Context) (report.Listing[report.ListedFile], error) {
		return list(l, report.Functions, deploy.ProjectFunctions(ctx, l.client, l.service.SID), func(f twilio.Function) report.ListedFile {
			return listedFile(string(f.SID), f.FriendlyName, f.DateCreated, f.DateUpdated)
		}, byName)
	}, func(b twilio.Build) []twilio.Version { return b.FunctionVersions })
}

func listAssets(ctx context.Context, l *lister) (listing, error) {
	return l.files(ctx, func(ctx context.Context) (report.Listing[report.ListedFile], error) {
		return list(l, report.Assets, l.client.Assets(ctx, l.service.SID), func(a twilio.Asset) report.ListedFile {
			return listedFile(string(a.SID), a.FriendlyName, a.DateCreated, a.DateUpdated)
		}, byName)
	}, func(b twilio.Build) []twilio.Version { return b.AssetVersions })
}

func listedFile(sid, name string, created, updated *time.Time) report.ListedFile {
	return report.ListedFile{SID: sid, Name: name, Created: created, Updated: updated, Live: []report.LiveVersion{}}
}

func byName(a, b report.ListedFile) int { return strings.Compare(a.Name, b.Name) }

// files joins the Functions or the Assets of a Service with what is live of
// them. In one Environment there is an item for each path that is live there.
func (l *lister) files(
	ctx context.Context, read func(context.Context) (report.Listing[report.ListedFile], error), versions func(twilio.Build) []twilio.Version,
) (listing, error) {
	var all report.Listing[report.ListedFile]
	var live []liveBuild
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		all, err = read(ctx)
		return err
	})
	group.Go(func() (err error) {
		live, err = l.live(ctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err //nolint:wrapcheck // the client's own error.
	}
	at := make(map[string]int, len(all.Items))
	for i, file := range all.Items {
		at[file.SID] = i
	}
	here := []report.ListedFile{}
	for _, one := range live {
		for _, version := range versions(one.build) {
			owner := string(version.FunctionSID) + string(version.AssetSID) // it has one of them
			row := report.LiveVersion{
				Environment: one.environment, BuildSID: string(one.build.SID), VersionSID: string(version.SID),
				Path: version.Path, Visibility: version.Visibility, Created: version.DateCreated,
			}
			file := report.ListedFile{SID: owner}
			if i, ok := at[owner]; ok {
				file = all.Items[i]
				all.Items[i].Live = append(all.Items[i].Live, row)
			}
			file.Live = []report.LiveVersion{row}
			here = append(here, file)
		}
	}
	if l.environment.SID != "" {
		all.Items = here
		slices.SortStableFunc(all.Items, func(a, b report.ListedFile) int { return strings.Compare(a.Live[0].Path, b.Live[0].Path) })
	}
	return all, nil
}

// liveBuild is a Build in an Environment where it is live.
type liveBuild struct {
	environment string
	build       twilio.Build
}

// live reads what is live, in the order of the Environments.
func (l *lister) live(ctx context.Context) ([]liveBuild, error) {
	environments, err := l.environments(ctx)
	if err != nil {
		return nil, err
	}
	var live []liveBuild
	first := make(map[twilio.BuildSID]int) // Environments may share a Build
	for _, environment := range environments {
		if environment.BuildSID == "" {
			continue
		}
		if _, ok := first[environment.BuildSID]; !ok {
			first[environment.BuildSID] = len(live)
		}
		live = append(live, liveBuild{environment: deploy.NameOf(environment), build: twilio.Build{SID: environment.BuildSID}})
	}
	group, ctx := errgroup.WithContext(ctx)
	for sid, at := range first {
		group.Go(func() error {
			build, err := l.client.FetchBuild(ctx, l.service.SID, sid)
			live[at].build = deploy.WithoutManifest(build)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err //nolint:wrapcheck // the client's own error.
	}
	for i, one := range live {
		live[i].build = live[first[one.build.SID]].build
	}
	return live, nil
}

// environments are the one that was asked for, or all of the Service, sorted.
func (l *lister) environments(ctx context.Context) ([]twilio.Environment, error) {
	if l.environment.SID != "" {
		return []twilio.Environment{l.environment}, nil
	}
	var all []twilio.Environment
	for environment, err := range l.client.Environments(ctx, l.service.SID) {
		if err != nil {
			return nil, err
		}
		all = append(all, environment)
	}
	slices.SortFunc(all, func(a, b twilio.Environment) int { return deploy.CompareNames(deploy.NameOf(a), deploy.NameOf(b)) })
	return all, nil
}

// list makes a Listing of what the API lists. What compares equal keeps the
// API's order.
func list[T any, R report.Row](
	l *lister, kind report.Kind, items iter.Seq2[T, error], row func(T) R, compare func(a, b R) int,
) (report.Listing[R], error) {
	var place report.Place
	if l.service.SID != "" {
		place = placeOf(l.service, l.environment)
	}
	made := report.NewListing[R](kind, place)
	for item, err := range items {
		if err != nil {
			return made, err
		}
		made.Items = append(made.Items, row(item))
	}
	slices.SortStableFunc(made.Items, compare)
	return made, nil
}

// newestFirst compares by a time; what has none comes last.
func newestFirst(a, b *time.Time) int {
	var never time.Time
	return cmp.Or(b, &never).Compare(*cmp.Or(a, &never))
}

func pathsOf(versions []twilio.Version) []string {
	paths := make([]string, len(versions))
	for i, version := range versions {
		paths[i] = version.Path
	}
	slices.Sort(paths)
	return paths
}
