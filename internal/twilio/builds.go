package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
)

// BuildStatus is where a Build stands, in lower case.
type BuildStatus string

// The statuses of a Build (Twilio's Build page).
const (
	BuildBuilding  BuildStatus = "building"
	BuildCompleted BuildStatus = "completed"
	BuildFailed    BuildStatus = "failed"
)

// UnmarshalJSON folds case: Twilio's pages show the words capitalised too.
func (s *BuildStatus) UnmarshalJSON(body []byte) error {
	var word string
	if err := json.Unmarshal(body, &word); err != nil {
		return err //nolint:wrapcheck // wrapped by send, with the operation.
	}
	*s = BuildStatus(strings.ToLower(word))
	return nil
}

// Dependency is an npm package that a Build installs.
type Dependency struct {
	Name string `json:"name"`
	// Version is exact, or a range as npm has them.
	Version string `json:"version"`
}

// Build is Function Versions and Asset Versions packed together with their
// dependencies.
type Build struct {
	SID              BuildSID     `json:"sid"`
	Status           BuildStatus  `json:"status"`
	FunctionVersions []Version    `json:"function_versions"`
	AssetVersions    []Version    `json:"asset_versions"`
	Dependencies     dependencies `json:"dependencies"`
	Runtime          string       `json:"runtime"`
	DateCreated      *time.Time   `json:"date_created"`
}

func (b Build) check() error { return checkSID("ZB", string(b.SID)) }

// VersionSIDs returns the SIDs of all Versions in the Build, sorted.
func (b Build) VersionSIDs() []VersionSID {
	sids := make([]VersionSID, 0, len(b.FunctionVersions)+len(b.AssetVersions))
	for _, version := range slices.Concat(b.FunctionVersions, b.AssetVersions) {
		sids = append(sids, version.SID)
	}
	slices.Sort(sids)
	return sids
}

// HandlerPackage runs Functions on Twilio. The platform raises its version to what
// the runtime needs (Twilio's changelog of 2026-07-08).
const HandlerPackage = "@twilio/runtime-handler"

// NewBuild is what a Build is made from. It needs at least one Version, and it
// holds the Versions listed here and no others.
type NewBuild struct {
	FunctionVersions []VersionSID
	AssetVersions    []VersionSID
	// Dependencies may be empty; Twilio adds its own.
	Dependencies []Dependency
	// Runtime is "node22" and the like; empty leaves the choice to Twilio.
	Runtime string
}

// FetchBuild returns a Build of a Service.
func (c *Client) FetchBuild(ctx context.Context, service ServiceSID, build BuildSID) (Build, error) {
	return get[Build](ctx, c, "fetch build", "Services", string(service), "Builds", string(build))
}

// Builds lists a Service's Builds. The order is not reliable.
func (c *Client) Builds(ctx context.Context, service ServiceSID) iter.Seq2[Build, error] {
	return list[Build](ctx, c, "list builds", pageSize(fullBuilds), "Services", string(service), "Builds")
}

// EachBuild calls each for one Build of a Service after the other; it may be called
// again for one. The order is not reliable. It takes the memory of one Build,
// whatever is in them, and each must make no calls.
func (c *Client) EachBuild(ctx context.Context, service ServiceSID, each func(Build)) error {
	return walk(ctx, c, "list builds", pageSize(fullBuilds), each, "Services", string(service), "Builds")
}

// NewestBuilds returns those of the 20 newest Builds of a Service that keep reports
// true for. The order is not reliable. It takes the memory of those that are kept,
// and of one more.
func (c *Client) NewestBuilds(ctx context.Context, service ServiceSID, keep func(Build) bool) ([]Build, error) {
	return newest(ctx, c, "list builds", keep, "Services", string(service), "Builds")
}

// CreateBuild starts a Build and returns it in the state "building". Wait for
// it with WaitForBuild. When the answer is lost, the Build is looked for among
// the newest of the Service.
func (c *Client) CreateBuild(ctx context.Context, service ServiceSID, build NewBuild) (Build, error) {
	form, err := build.form()
	if err != nil {
		return Build{}, fmt.Errorf("%s: %w", OpCreateBuild, err)
	}
	path := []string{"Services", string(service), "Builds"}
	began := time.Now()
	find := func(ctx context.Context) (Build, bool, error) {
		// An older one may be of the same Versions, and of dependencies that cannot
		// be told apart from the ones that are asked for.
		isIt := func(b Build) bool { return c.clock.isSince(b.DateCreated, began) && build.isMadeInto(b) }
		builds, err := newest(ctx, c, "list builds", isIt, path...)
		if err != nil || len(builds) == 0 {
			return Build{}, false, err
		}
		return builds[0], true, nil
	}
	return create(ctx, c, OpCreateBuild, form, lookUp[Build]{find: find}, path...)
}

// DeleteBuild removes a Build. The API refuses it while the Build is live in an
// Environment (RJPearson94/terraform-provider-twilio issue 28). One that is not
// there is no error.
func (c *Client) DeleteBuild(ctx context.Context, service ServiceSID, build BuildSID) error {
	return c.remove(ctx, OpDeleteBuild, "Services", string(service), "Builds", string(build))
}

// FetchBuildStatus returns where a Build stands. It is the cheaper call while
// that is all there is to know: FetchBuild's reply has every Version in it.
func (c *Client) FetchBuildStatus(ctx context.Context, service ServiceSID, build BuildSID) (BuildStatus, error) {
	read, err := get[buildStatusReply](ctx, c, opFetchBuildStatus, buildStatusPath(service, build)...)
	return read.Status, err
}

// WaitForBuild watches a Build until it is completed or failed and returns the
// last status it saw. Its pace and budget are the Config's Polling; when that
// budget is used up first, the error matches retry.ErrBudget, also when a look
// was under way. Looks that fail are repeated at the same pace, up to ten in a
// row.
func (c *Client) WaitForBuild(ctx context.Context, service ServiceSID, build BuildSID) (BuildStatus, error) {
	r := c.request(opFetchBuildStatus, http.MethodGet, nil, buildStatusPath(service, build)...)
	var last BuildStatus
	err := retry.Poll(ctx, c.polling, func(ctx context.Context) (bool, error) {
		// A single attempt: the next look is its repetition.
		reply, err := try[buildStatusReply](ctx, c, r)
		if err != nil {
			c.logger.DebugContext(ctx, "look at the build did not succeed", "build", string(build), "cause", err.Error())
			return false, err
		}
		last = reply.Status
		return last != BuildBuilding, nil
	})
	if err != nil {
		return last, fmt.Errorf("wait for build %s: %w", build, err)
	}
	return last, nil
}

const opFetchBuildStatus = "fetch build status"

func buildStatusPath(service ServiceSID, build BuildSID) []string {
	return []string{"Services", string(service), "Builds", string(build), "Status"}
}

// buildStatusReply is the Build Status resource. It gives no reason for a
// failure, and nothing else of the API does.
type buildStatusReply struct {
	SID    BuildSID    `json:"sid"`
	Status BuildStatus `json:"status"`
}

func (s buildStatusReply) check() error {
	switch s.Status {
	case BuildBuilding, BuildCompleted, BuildFailed:
		return checkSID("ZB", string(s.SID))
	default:
		return fmt.Errorf("%q is no status of a Build", oneLine(string(s.Status), 40))
	}
}

func (b NewBuild) form() (url.Values, error) {
	form := url.Values{}
	for _, sid := range b.FunctionVersions {
		form.Add("FunctionVersions", string(sid))
	}
	for _, sid := range b.AssetVersions {
		form.Add("AssetVersions", string(sid))
	}
	if len(b.Dependencies) > 0 {
		// A plain JSON array, the documented one of the shapes that the API takes
		// (Twilio's Build page). ">=1" must arrive as it is.
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(b.Dependencies); err != nil {
			return nil, fmt.Errorf("encode its dependencies: %w", err)
		}
		form.Set("Dependencies", strings.TrimSpace(text.String()))
	}
	if b.Runtime != "" {
		form.Set("Runtime", b.Runtime)
	}
	return form, nil
}

// isMadeInto reports whether a Build that exists is the one that b asked for:
// exactly its Versions, its runtime, and its dependencies among others that
// Twilio adds. When in doubt it is not; a second Build costs only time.
func (b NewBuild) isMadeInto(build Build) bool {
	wanted := slices.Concat(b.FunctionVersions, b.AssetVersions)
	slices.Sort(wanted)
	if build.Status == BuildFailed || !slices.Equal(wanted, build.VersionSIDs()) || (b.Runtime != "" && b.Runtime != build.Runtime) {
		return false
	}
	installed := make(map[string]string, len(build.Dependencies))
	for _, dependency := range build.Dependencies {
		installed[dependency.Name] = dependency.Version
	}
	for _, dependency := range b.Dependencies {
		version, ok := installed[dependency.Name]
		// A range may have been resolved, and Twilio raises its own handler.
		isExact := strings.Trim(dependency.Version, "0123456789.") == ""
		if !ok || isExact && version != dependency.Version && dependency.Name != HandlerPackage {
			return false
		}
	}
	return true
}

// dependencies are a Build's, as a list or as the JSON string of a list.
type dependencies []Dependency

func (d *dependencies) UnmarshalJSON(body []byte) error {
	var text string
	if json.Unmarshal(body, &text) == nil && text != "" {
		body = []byte(text)
	} else if string(body) == `""` {
		body = []byte("null")
	}
	var items []Dependency
	if err := json.Unmarshal(body, &items); err != nil {
		// Numeric keys instead of a list, as a sample of Twilio's Build page.
		var numbered map[string]Dependency
		if json.Unmarshal(body, &numbered) != nil {
			return err //nolint:wrapcheck // wrapped by send, with the operation.
		}
		items = slices.SortedFunc(maps.Values(numbered), func(a, b Dependency) int { return strings.Compare(a.Name, b.Name) })
	}
	*d = items
	return nil
}
