package twilio

import (
	"encoding/binary"
	"encoding/hex"
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
	SID              string        `json:"sid"`
	AccountSID       string        `json:"account_sid"`
	ServiceSID       string        `json:"service_sid"`
	Status           string        `json:"status"`
	AssetVersions    []versionBody `json:"asset_versions"`
	FunctionVersions []versionBody `json:"function_versions"`
	Dependencies     []dependency  `json:"dependencies"`
	Runtime          string        `json:"runtime"`
	DateCreated      string        `json:"date_created"`
	DateUpdated      string        `json:"date_updated"`
	URL              string        `json:"url"`
	Links            buildLinks    `json:"links"`
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
		AssetVersions: []versionBody{}, FunctionVersions: []versionBody{},
		DateCreated: timestamp(one.Created), DateUpdated: timestamp(one.Created),
		URL: address, Links: buildLinks{Status: address + "/Status"},
	}
	if status != statusBuilding {
		body.DateUpdated = timestamp(one.ReadyAt)
	}
	if c.sandbox.options.Switches.RangesResolved {
		body.Dependencies = resolve(one.Dependencies)
	}
	for i := range one.Versions {
		held := c.bareVersionBody(&one.Versions[i])
		// Upper case here, lower case on Versions: examples of the OpenAPI file.
		held.Visibility = strings.ToUpper(held.Visibility)
		if one.Versions[i].Kind == kindFunction {
			body.FunctionVersions = append(body.FunctionVersions, held)
		} else {
			body.AssetVersions = append(body.AssetVersions, held)
		}
	}
	return body
}

func listBuilds(c *call) (reply, error) {
	parent, err := c.service()
	if err != nil {
		return reply{}, err
	}
	place := newestFirst[*build]
	if c.sandbox.options.Switches.ShuffledBuilds {
		place = byChance[*build]
	}
	return page(c, "builds", c.world.builds.of(parent.SID), place, c.buildBody)
}

// byChance orders by the random half of the SID.
func byChance[T row](one T) uint64 {
	random, err := hex.DecodeString(one.head().SID[2:])
	if err != nil || len(random) < 8 {
		return one.head().Seq
	}
	return binary.BigEndian.Uint64(random)
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
	asked, err := decodeDependencies(c.form["Dependencies"])
	if err != nil {
		return reply{}, err
	}
	if err := checkDependencies(asked); err != nil {
		return reply{}, err
	}
	late := c.sandbox.options.Switches.LateRuntimeErrors
	verdict := judgeRuntime(c.form.Get("Runtime"))
	if mayWait := verdict.isLate && late; verdict.refusal != nil && !mayWait {
		return reply{}, verdict.refusal
	}
	all, isTooOld := complete(asked, verdict.runtime)
	if isTooOld && !late {
		return reply{}, badRequest("The runtime %s needs %s %s or later", verdict.runtime, handlerName, node24Handler)
	}
	one := &build{
		record:   c.world.newRecord(sidBuild, parent.SID),
		Versions: versions, Dependencies: all, Runtime: verdict.runtime,
		Fails: c.sandbox.options.FailBuilds || verdict.refusal != nil || isTooOld ||
			slices.ContainsFunc(all, func(d dependency) bool { return d.Name == FailsBuild }),
	}
	lasts := c.sandbox.buildTime()
	one.ReadyAt = one.Created.Add(lasts)
	if err := c.world.commit(change{Build: one}); err != nil {
		return reply{}, err
	}
	c.buildTime = lasts
	return created(c.buildBodyAs(one, statusBuilding))
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
			if other, taken := paths[one.Path]; taken {
				return nil, badRequest("Duplicate path %s: Versions %s and %s", one.Path, other, sid)
			}
			paths[one.Path] = sid
			versions = append(versions, *one)
		}
	}
	if len(versions) == 0 {
		return nil, badRequest("At least one Function Version or Asset Version is required for Build")
	}
	slices.SortFunc(versions, func(a, b version) int { return strings.Compare(a.SID, b.SID) })
	return versions, nil
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
		return reply{}, c.guard("Cannot delete Build %s because it is part of an active Deployment", one.SID)
	}
	if err := c.world.commit(change{Removed: one.SID}); err != nil {
		return reply{}, err
	}
	return deleted()
}
