package deploy

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// buildsAtOnce bounds the Builds that are read at once: one of thousands of files
// takes megabytes, with its Manifest.
const buildsAtOnce = 4

// seenBuild is what is kept of a Build that was looked at.
type seenBuild struct {
	commit string
	// The rest is kept of a Build that is live.
	digest, runtime   string
	functions, assets []string
}

// lookAtBuilds reads each Build that Environments tell of once. One that is gone is
// not among them.
func lookAtBuilds(
	ctx context.Context, client *twilio.Client, service twilio.ServiceSID, environments []EnvironmentStatus,
) (map[twilio.BuildSID]seenBuild, error) {
	isLive := make(map[twilio.BuildSID]bool)
	for _, environment := range environments {
		for _, entry := range environment.History {
			isLive[entry.BuildSID] = false
		}
	}
	for _, environment := range environments {
		isLive[environment.BuildSID] = true
	}
	delete(isLive, "")
	var mu sync.Mutex
	seen := make(map[twilio.BuildSID]seenBuild, len(isLive))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(buildsAtOnce)
	for sid, keepsAll := range isLive {
		group.Go(guarded(func() error {
			one, err := lookAtBuild(ctx, client, service, sid, keepsAll)
			if twilio.IsNotFound(err) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			seen[sid] = one
			return err
		}))
	}
	return seen, group.Wait() //nolint:wrapcheck // the client's own error.
}

func lookAtBuild(ctx context.Context, client *twilio.Client, service twilio.ServiceSID, sid twilio.BuildSID, keepsAll bool) (seenBuild, error) {
	build, err := client.FetchBuild(ctx, service, sid)
	if err != nil {
		return seenBuild{}, err
	}
	known, err := know(ctx, client, service, build)
	if err != nil || !keepsAll {
		return seenBuild{commit: known.Commit}, err
	}
	build = WithoutManifest(build)
	return seenBuild{
		commit: known.Commit, digest: known.Digest, runtime: build.Runtime,
		functions: paths(build.FunctionVersions), assets: paths(build.AssetVersions),
	}, nil
}

func paths(versions []twilio.Version) []string {
	sorted := make([]string, len(versions))
	for i, version := range versions {
		sorted[i] = version.Path
	}
	slices.Sort(sorted)
	return sorted
}
