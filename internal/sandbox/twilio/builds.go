package twilio

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// build is a Build. It holds copies of its Versions, so that it is whole also
// when a Function is deleted that no live Build uses.
type build struct {
	record
	Versions     []version    `json:"versions"`
	Dependencies []dependency `json:"dependencies"`
	Runtime      string       `json:"runtime"`
	ReadyAt      time.Time    `json:"ready_at"` // when it leaves "building"
	Fails        bool         `json:"fails"`
}

func (b *build) blobs() []string {
	hashes := make([]string, len(b.Versions))
	for i, one := range b.Versions {
		hashes[i] = one.Blob
	}
	return hashes
}

const (
	statusBuilding  = "building"
	statusCompleted = "completed"
	statusFailed    = "failed"
)

// status follows from the time, so it only ever moves forward and goes on
// while the Sandbox is closed.
func (b *build) status(now time.Time) string {
	switch {
	case now.Before(b.ReadyAt):
		return statusBuilding
	case b.Fails:
		return statusFailed
	default:
		return statusCompleted
	}
}

type buildBody struct {
	SID              string       `json:"sid"`
	AccountSID       string       `json:"account_sid"`
	ServiceSID       string       `json:"service_sid"`
	Status           string       `json:"status"`
	AssetVersions    []any        `json:"asset_versions"` // of versionBody; see Switches.BareVersions
	FunctionVersions []any        `json:"function_versions"`
	Dependencies     []dependency `json:"dependencies"`
	Runtime          string       `json:"runtime"`
	DateCreated      string       `json:"date_created"`
	DateUpdated      string       `json:"date_updated"`
	URL              string       `json:"url"`
	Links            buildLinks   `json:"links"`
}

type buildLinks struct {
	Status string `json:"build_status"`
}

func (c *call) buildBody(one *build) any {
	return c.buildBodyAs(one, one.status(time.Now()))
}

func (c *call) buildBodyAs(one *build, status string) buildBody {
	address := c.url("Services", one.Parent, "Builds", one.SID)
	body := buildBody{
		SID: one.SID, AccountSID: c.world.account.SID, ServiceSID: one.Parent,
		Status: status, Runtime: one.Runtime, Dependencies: one.Dependencies,
		AssetVersions: []any{}, FunctionVersions: []any{},
		DateCreated: timestamp(one.Created), DateUpdated: timestamp(one.Created),
		URL: address, Links: buildLinks{Status: address + "/Status"},
	}
	if status != statusBuilding {
		body.DateUpdated = timestamp(one.ReadyAt)
	}
	if c.switches().RangesResolved {
		body.Dependencies = resolve(one.Dependencies)
	}
	for i := range one.Versions {
		held := c.heldVersion(&one.Versions[i])
		if one.Versions[i].Kind == kindFunction {
			body.FunctionVersions = append(body.FunctionVersions, held)
		} else {
			body.AssetVersions = append(body.AssetVersions, held)
		}
	}
	return body
}

// heldVersion is a Version as Builds show it. The visibility is in upper case
// here, and in lower case on Versions: examples of the OpenAPI file. The create
// reply of the reference page has bare SIDs instead.
func (c *call) heldVersion(one *version) any {
	if c.op.method == http.MethodPost && c.switches().BareVersions {
		return one.SID
	}
	held := c.bareVersionBody(one)
	held.Visibility = strings.ToUpper(held.Visibility)
	return held
}

func listBuilds(c *call) (reply, error) {
	parent, err := c.service()
	if err != nil {
		return reply{}, err
	}
	return page(c, "builds", c.world.builds.of(parent.SID), unlessShuffled[*build](c.switches().ShuffledBuilds), c.buildBody)
}

func createBuild(c *call) (reply, error) {
	parent, err := c.service()
	if err != nil {
		return reply{}, err
	}
	versions, err := c.versionsFor(parent)
	if err != nil {
		return reply{}, err
	}
	equipped, err := c.equipmentFor(parent)
	if err != nil {
		return reply{}, err
	}
	if c.switches().BuildRateLimit && c.world.builtSince(time.Now().Add(-time.Hour)) >= maxBuildsAnHour {
		return reply{}, badRequest("Builds are limited to less than or equal to %d an hour", maxBuildsAnHour)
	}
	one := &build{
		record:   c.world.newRecord(sidBuild, parent.SID),
		Versions: versions, Dependencies: equipped.dependencies, Runtime: equipped.runtime,
		Fails: c.sandbox.options.FailBuilds || equipped.fails,
	}
	lasts := c.sandbox.buildTime()
	one.ReadyAt = one.Created.Add(lasts)
	if err := c.world.commit(change{Build: one}); err != nil {
		return reply{}, err
	}
	c.buildTime = lasts
	return created(c.buildBodyAs(one, statusBuilding))
}

// equipment is what a Build has beside its Versions.
type equipment struct {
	dependencies []dependency
	runtime      string
	fails        bool
}

// equipmentFor is what a Build asks for, with what the platform adds. A refusal
// that may come late makes the Build fail instead, if the switch says so.
func (c *call) equipmentFor(parent *service) (equipment, error) {
	asked, err := decodeDependencies(c.form["Dependencies"])
	if err != nil {
		return equipment{}, err
	}
	if err := checkDependencies(asked); err != nil {
		return equipment{}, err
	}
	late := c.switches().LateRuntimeErrors
	verdict := judgeRuntime(c.runtimeFor(parent), c.switches())
	if mayWait := verdict.isLate && late; verdict.refusal != nil && !mayWait {
		return equipment{}, verdict.refusal
	}
	if c.switches().OlderDefaultDependencies && len(asked) == 0 {
		asked = olderDefaults()
	}
	all, isTooOld := complete(asked, verdict.runtime)
	if isTooOld && !late {
		return equipment{}, badRequest("The runtime %s needs %s %s or later", verdict.runtime, handlerName, node24Handler)
	}
	fails := slices.ContainsFunc(all, func(d dependency) bool { return d.Name == FailsBuild })
	return equipment{all, verdict.runtime, fails || isTooOld || verdict.refusal != nil}, nil
}

// runtimeFor is the runtime that a Build asks for, or gets when it asks for none.
func (c *call) runtimeFor(parent *service) string {
	if c.form.Has("Runtime") || !c.switches().RuntimeKept {
		return c.form.Get("Runtime")
	}
	var newest *build
	for sid := range c.world.liveBuilds(parent.SID) {
		if one, found := c.world.builds.get(sid); found && (newest == nil || one.Seq > newest.Seq) {
			newest = one
		}
	}
	if newest == nil {
		return ""
	}
	return newest.Runtime
}

// countBuild counts a Build towards what may be created within an hour. Its
// deletion does not take that back.
func (w *world) countBuild(created time.Time) {
	w.built = append(w.built, created)
	w.built = slices.DeleteFunc(w.built, func(one time.Time) bool { return created.Sub(one) >= time.Hour })
}

// builtSince is how many Builds were created after a time within the last hour.
func (w *world) builtSince(after time.Time) int {
	count := 0
	for _, created := range w.built {
		if created.After(after) {
			count++
		}
	}
	return count
}

// versionsFor collects the Versions that a Build asks for. They are returned in
// the order of their random SIDs: clients must not rely on any (RJPearson94's
// Terraform provider sorts what it gets).
func (c *call) versionsFor(parent *service) ([]version, error) {
	var versions []version
	paths := map[string]string{}
	for _, k := range []kind{kindFunction, kindAsset} {
		for _, sid := range c.form[k.name()+"Versions"] {
			one, found := c.world.versions.get(sid)
			if !found || one.ServiceSID != parent.SID || one.Kind != k {
				return nil, badRequest("%s Version %s was not found in Service %s", k.name(), sid, parent.SID)
			}
			// Functions and Assets share their paths: flex-plugin-builder keeps
			// them apart (scripts/deploy.ts).
			path := c.switches().asServed(one.Path)
			if other, taken := paths[path]; taken {
				return nil, refuseAs(!c.switches().DuplicatePathsAre409, "Duplicate path %s: Versions %s and %s", one.Path, other, sid)
			}
			paths[path] = sid
			versions = append(versions, *one)
		}
	}
	if len(versions) == 0 {
		return nil, badRequest("At least one Function Version or Asset Version is required for Build")
	}
	if err := c.switches().checkCounts(versions); err != nil {
		return nil, err
	}
	slices.SortFunc(versions, func(a, b version) int { return strings.Compare(a.SID, b.SID) })
	return versions, nil
}

// checkCounts holds a Build to how many Versions it may have of each kind.
func (s *Switches) checkCounts(versions []version) error {
	var functions, private, open int
	for i := range versions {
		switch {
		case versions[i].Kind == kindFunction:
			functions++
		case versions[i].Visibility == visibilityPrivate:
			private++
		default:
			open++
		}
	}
	for _, one := range []struct {
		isLimited    bool
		what         string
		number, most int
	}{
		{s.FunctionLimit, "Function Versions", functions, maxFunctions},
		{s.AssetLimits, "private Asset Versions", private, maxPrivateAssets},
		{s.AssetLimits, "public and protected Asset Versions", open, maxOpenAssets},
	} {
		if one.isLimited && one.number > one.most {
			return badRequest("%s of a Build are limited to less than or equal to %d", one.what, one.most)
		}
	}
	return nil
}

// build finds the Build that the path names.
func (c *call) build() (*build, error) {
	parent, err := c.service()
	if err != nil {
		return nil, err
	}
	one, found := c.world.builds.get(c.params["Sid"])
	if !found || one.Parent != parent.SID {
		return nil, c.notFound()
	}
	return one, nil
}

func fetchBuild(c *call) (reply, error) {
	one, err := c.build()
	if err != nil {
		return reply{}, err
	}
	return ok(c.buildBody(one))
}

type statusBody struct {
	SID        string `json:"sid"`
	AccountSID string `json:"account_sid"`
	ServiceSID string `json:"service_sid"`
	Status     string `json:"status"`
	URL        string `json:"url"`
}

func fetchBuildStatus(c *call) (reply, error) {
	one, err := c.build()
	if err != nil {
		return reply{}, err
	}
	return ok(statusBody{
		SID: one.SID, AccountSID: c.world.account.SID, ServiceSID: one.Parent, Status: one.status(time.Now()),
		URL: c.url("Services", one.Parent, "Builds", one.SID, "Status"),
	})
}

// deleteBuild is refused while the Build is live (RJPearson94's Terraform
// provider, issue 28).
func deleteBuild(c *call) (reply, error) {
	one, err := c.build()
	if err != nil {
		return reply{}, err
	}
	if c.world.liveBuilds(one.Parent)[one.SID] {
		return reply{}, refuseAs(c.switches().BuildGuardIs400, "Cannot delete Build %s because it is part of an active Deployment", one.SID)
	}
	if err := c.world.commit(change{Removed: one.SID}); err != nil {
		return reply{}, err
	}
	return deleted()
}
