package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// call is one operation on a site, and what it may add to the world.
type call struct {
	name string
	do   func(context.Context, *twilio.Client, site) error
	adds counts
}

// counts is how many there are of what must not be doubled.
type counts struct {
	services, environments, variables, functions, assets, builds, deployments int
}

func count(world *sandbox.Sandbox) counts {
	s := world.Snapshot()
	return counts{
		len(s.Services), len(s.Environments), len(s.Variables), len(s.Functions), len(s.Assets), len(s.Builds), len(s.Deployments),
	}
}

func plus(a, b counts) counts {
	return counts{
		a.services + b.services, a.environments + b.environments, a.variables + b.variables,
		a.functions + b.functions, a.assets + b.assets, a.builds + b.builds, a.deployments + b.deployments,
	}
}

// calls are the client's operations, each of which must survive every fault.
func calls() []call { return slices.Concat(creations(), updates(), deletions(), fetches(), listings()) }

func creations() []call {
	return []call{
		{"create service", func(ctx context.Context, c *twilio.Client, _ site) error {
			_, err := c.CreateService(ctx, twilio.NewService{UniqueName: "new", FriendlyName: "new"})
			return err
		}, counts{services: 1}},
		{"create environment", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateEnvironment(ctx, s.service.SID, "new-environment", "new")
			return err
		}, counts{environments: 1}},
		{"create variable", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateVariable(ctx, s.service.SID, s.environment.SID, "NEW", secret.New("v"))
			return err
		}, counts{variables: 1}},
		{"create function", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateFunction(ctx, s.service.SID, "/new")
			return err
		}, counts{functions: 1}},
		{"create asset", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateAsset(ctx, s.service.SID, "/new.txt")
			return err
		}, counts{assets: 1}},
		{"upload function version", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateFunctionVersion(ctx, s.service.SID, s.function.SID, function("/hello", "exports.handler = 1"))
			return err
		}, counts{}},
		{"upload asset version", func(ctx context.Context, c *twilio.Client, s site) error {
			_, err := c.CreateAssetVersion(ctx, s.service.SID, s.asset.SID, asset("/a.txt", strings.Repeat("x", 100_000)))
			return err
		}, counts{}},
		{"create build", func(ctx context.Context, c *twilio.Client, s site) error {
			wanted := newBuild(s)
			wanted.AssetVersions = nil
			build, err := c.CreateBuild(ctx, s.service.SID, wanted)
			if err == nil && (build.SID == s.build.SID || build.SID == s.next.SID) {
				err = errors.New("another Build was taken for the new one")
			}
			return err
		}, counts{builds: 1}},
		{"create deployment", func(ctx context.Context, c *twilio.Client, s site) error {
			deployment, err := c.CreateDeployment(ctx, s.service.SID, s.environment.SID, s.next.SID)
			return expect(deployment.BuildSID, s.next.SID, err)
		}, counts{deployments: 1}},
	}
}

func updates() []call {
	return []call{
		{"update service", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.UpdateService(ctx, s.service.SID, twilio.ServiceChanges{FriendlyName: new("other"), UIEditable: new(true)})
			return expect([]any{got.FriendlyName, got.UIEditable, got.IncludeCredentials}, []any{"other", true, true}, err)
		}, counts{}},
		{"update variable", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.UpdateVariable(ctx, s.service.SID, s.environment.SID, s.variable.SID, "KEY", secret.New("v"))
			return expect(got.Value.Reveal(), "v", err)
		}, counts{}},
		{"update function", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.UpdateFunction(ctx, s.service.SID, s.function.SID, "/other")
			return expect(got.FriendlyName, "/other", err)
		}, counts{}},
		{"update asset", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.UpdateAsset(ctx, s.service.SID, s.asset.SID, "/other.txt")
			return expect(got.FriendlyName, "/other.txt", err)
		}, counts{}},
	}
}

func deletions() []call {
	return []call{
		{"delete service", func(ctx context.Context, c *twilio.Client, s site) error {
			return c.DeleteService(ctx, s.service.SID)
		}, counts{services: -1, environments: -1, variables: -1, functions: -2, assets: -2, builds: -2, deployments: -1}},
		{"delete environment", func(ctx context.Context, c *twilio.Client, s site) error {
			return c.DeleteEnvironment(ctx, s.service.SID, s.environment.SID)
		}, counts{environments: -1, variables: -1, deployments: -1}},
		{"delete variable", func(ctx context.Context, c *twilio.Client, s site) error {
			return c.DeleteVariable(ctx, s.service.SID, s.environment.SID, s.variable.SID)
		}, counts{variables: -1}},
		{"delete function", func(ctx context.Context, c *twilio.Client, s site) error {
			return c.DeleteFunction(ctx, s.service.SID, s.idleFunction.SID)
		}, counts{functions: -1}},
		{"delete asset", func(ctx context.Context, c *twilio.Client, s site) error {
			return c.DeleteAsset(ctx, s.service.SID, s.idleAsset.SID)
		}, counts{assets: -1}},
		{"delete build", func(ctx context.Context, c *twilio.Client, s site) error {
			return c.DeleteBuild(ctx, s.service.SID, s.next.SID)
		}, counts{builds: -1}},
	}
}

func fetches() []call {
	return []call{
		{"fetch service", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchService(ctx, string(s.service.SID))
			return expect([]string{got.UniqueName, string(got.AccountSID)}, []string{"site", user}, err)
		}, counts{}},
		{"fetch environment", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchEnvironment(ctx, s.service.SID, s.environment.SID)
			return expect(got.DomainName, s.environment.DomainName, err)
		}, counts{}},
		{"fetch variable", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchVariable(ctx, s.service.SID, s.environment.SID, s.variable.SID)
			return expect(got.Key+"="+got.Value.Reveal(), "KEY=value", err)
		}, counts{}},
		{"fetch function", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchFunction(ctx, s.service.SID, s.function.SID)
			return expect(got.FriendlyName, "/hello", err)
		}, counts{}},
		{"fetch function version", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchFunctionVersion(ctx, s.service.SID, s.function.SID, s.versions[0].SID)
			return expect([]string{got.Path, got.Visibility, string(got.FunctionSID)}, []string{"/hello", "public", string(s.function.SID)}, err)
		}, counts{}},
		{"fetch function version content", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchFunctionVersionContent(ctx, s.service.SID, s.function.SID, s.versions[0].SID)
			return expect(got, helloSource, err)
		}, counts{}},
		{"fetch asset", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchAsset(ctx, s.service.SID, s.asset.SID)
			return expect(got.FriendlyName, "/a.txt", err)
		}, counts{}},
		{"fetch asset version", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchAssetVersion(ctx, s.service.SID, s.asset.SID, s.versions[1].SID)
			return expect([]string{got.Path, got.Visibility, string(got.AssetSID)}, []string{"/a.txt", "public", string(s.asset.SID)}, err)
		}, counts{}},
		{"fetch build", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchBuild(ctx, s.service.SID, s.build.SID)
			return expect(got.VersionSIDs(), sorted(s.versions[0].SID, s.versions[1].SID), err)
		}, counts{}},
		{"fetch build status", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchBuildStatus(ctx, s.service.SID, s.build.SID)
			return expect(got, twilio.BuildCompleted, err)
		}, counts{}},
		{"wait for build", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.WaitForBuild(ctx, s.service.SID, s.build.SID)
			return expect(got, twilio.BuildCompleted, err)
		}, counts{}},
		{"fetch deployment", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchDeployment(ctx, s.service.SID, s.environment.SID, s.deployment.SID)
			return expect(got.BuildSID, s.build.SID, err)
		}, counts{}},
		{"fetch log", func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := c.FetchLog(ctx, s.service.SID, s.environment.SID, s.log.SID)
			return expect([]string{got.Message, string(got.Level), string(got.FunctionSID)}, []string{s.log.Message, "info", string(s.function.SID)}, err)
		}, counts{}},
	}
}

func listings() []call {
	// listing names a listing, and how many it has in a site.
	listing := func(name string, want int, count func(context.Context, *twilio.Client, site) (int, error)) call {
		return call{name, func(ctx context.Context, c *twilio.Client, s site) error {
			got, err := count(ctx, c, s)
			return expect(got, want, err)
		}, counts{}}
	}
	return []call{
		listing("list services", 1, func(ctx context.Context, c *twilio.Client, _ site) (int, error) {
			return length(c.Services(ctx))
		}),
		listing("list environments", 1, func(ctx context.Context, c *twilio.Client, s site) (int, error) {
			return length(c.Environments(ctx, s.service.SID))
		}),
		listing("list variables", 1, func(ctx context.Context, c *twilio.Client, s site) (int, error) {
			return length(c.Variables(ctx, s.service.SID, s.environment.SID))
		}),
		listing("list functions", 2, func(ctx context.Context, c *twilio.Client, s site) (int, error) {
			return length(c.Functions(ctx, s.service.SID))
		}),
		listing("list function versions", 1, func(ctx context.Context, c *twilio.Client, s site) (int, error) {
			return length(c.FunctionVersions(ctx, s.service.SID, s.function.SID))
		}),
		listing("list assets", 2, func(ctx context.Context, c *twilio.Client, s site) (int, error) {
			return length(c.Assets(ctx, s.service.SID))
		}),
		listing("list asset versions", 1, func(ctx context.Context, c *twilio.Client, s site) (int, error) {
			return length(c.AssetVersions(ctx, s.service.SID, s.asset.SID))
		}),
		listing("list builds", 2, func(ctx context.Context, c *twilio.Client, s site) (int, error) {
			return length(c.Builds(ctx, s.service.SID))
		}),
		listing("list deployments", 1, func(ctx context.Context, c *twilio.Client, s site) (int, error) {
			return length(c.Deployments(ctx, s.service.SID, s.environment.SID))
		}),
		listing("list logs", 1, func(ctx context.Context, c *twilio.Client, s site) (int, error) {
			return length(c.Logs(ctx, s.service.SID, s.environment.SID, twilio.LogQuery{}))
		}),
	}
}

// expect is err, or that got is not what was wanted.
func expect(got, want any, err error) error {
	if err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return err
}

// length counts a listing.
func length[T any](items iter.Seq2[T, error]) (int, error) {
	n := 0
	for _, err := range items {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func sorted(sids ...twilio.VersionSID) []twilio.VersionSID {
	slices.Sort(sids)
	return sids
}
