package deploy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Change is what a deploy does to a path.
type Change string

// The changes.
const (
	Created Change = "created"
	Updated Change = "updated"
	Removed Change = "removed"
	// Unchanged is what is live already: its Version is used again.
	Unchanged Change = "unchanged"
)

// BuildChoice is where the Build comes from that a deploy makes live.
type BuildChoice string

// Where the Build comes from.
const (
	// BuildNew is made of the project's files.
	BuildNew BuildChoice = "new"
	// BuildReused was made before of the same, and goes live again.
	BuildReused BuildChoice = "reused"
	// BuildLive is live already.
	BuildLive BuildChoice = "live"
	// BuildNone is that of a teardown: nothing is live behind it.
	BuildNone BuildChoice = "none"
)

// Plan is the difference between a Project and what is live in a Target. It is
// plain data: keys of variables, never their values.
type Plan struct {
	// Account is where it was made, as far as that is known.
	Account Account `json:"account"`
	// Service is the Service's unique name; its SID is empty when the Service
	// has to be created.
	Service    string            `json:"service"`
	ServiceSID twilio.ServiceSID `json:"service_sid,omitempty"`
	// Environment is where the Build goes live; EnvironmentSID and Domain are
	// empty when it has to be created.
	Environment    Environment           `json:"environment"`
	EnvironmentSID twilio.EnvironmentSID `json:"environment_sid,omitempty"`
	Domain         string                `json:"domain,omitempty"`
	// LiveBuildSID is the Build that is live now; empty when none is.
	LiveBuildSID twilio.BuildSID `json:"live_build_sid,omitempty"`
	// LiveRuntime and LiveDependencies are that Build's, the latter as they were
	// asked for, when that is known, and else as Twilio tells of them.
	LiveRuntime      string              `json:"live_runtime,omitempty"`
	LiveDependencies []twilio.Dependency `json:"live_dependencies,omitempty"`
	// Fingerprint names the live state that the Plan was made from.
	Fingerprint string `json:"fingerprint"`

	// Build says where the Build comes from; ReusedBuildSID is the one that goes
	// live again, and ReusedBuildStatus where it stood.
	Build             BuildChoice        `json:"build"`
	ReusedBuildSID    twilio.BuildSID    `json:"reused_build_sid,omitempty"`
	ReusedBuildStatus twilio.BuildStatus `json:"reused_build_status,omitempty"`
	// Release is set when a Build goes live because it was asked for, and not for
	// what a Project holds: by a promote or a roll-back.
	Release *Release `json:"release,omitempty"`
	// Tag is set for the deploy of a tag.
	Tag *Tag `json:"tag,omitempty"`
	// Manifest says whether a new Build has a Manifest; ManifestParentSID is the
	// Function that keeps it, empty when it has to be created.
	Manifest          bool               `json:"manifest"`
	ManifestParentSID twilio.FunctionSID `json:"manifest_parent_sid,omitempty"`
	// Notes say why more is done than the changes ask for, what is lost by it, and
	// which limits are near.
	Notes []string `json:"notes,omitempty"`

	// Functions and Assets are sorted by path.
	Functions []FilePlan `json:"functions"`
	Assets    []FilePlan `json:"assets"`
	// Dependencies are sorted by name.
	Dependencies []twilio.Dependency `json:"dependencies"`
	Runtime      string              `json:"runtime"`
	// Variables are keys by what happens to them; Copied says which of the created
	// ones come from another Environment, and is nil where none is asked.
	Variables job.Changes      `json:"variables"`
	Copied    *CopiedVariables `json:"copied,omitempty"`
	// Digest names the content of the Build: equal digest, equal deploy.
	Digest string `json:"digest"`
}

// FilePlan is what happens to one path.
type FilePlan struct {
	project.File
	Change Change `json:"change"`
	// ParentSID is the Function or the Asset that has the path for a name; empty
	// when it has to be created.
	ParentSID string `json:"parent_sid,omitempty"`
	// VersionSID is the Version that is used again when nothing changes.
	VersionSID twilio.VersionSID `json:"version_sid,omitempty"`
	// LiveVersionSID is the Version that an updated path has now.
	LiveVersionSID twilio.VersionSID `json:"live_version_sid,omitempty"`
	// WasVisibility is what an updated path has now, when that changes.
	WasVisibility project.Visibility `json:"was_visibility,omitempty"`
}

// Diff works out what takes a Project live: a pure function, whose output is
// sorted. variables are the values that the Environment shall have.
func Diff(asked Question, variables map[string]secret.String, live Live) Plan {
	wanted := asked.Wanted
	plan := Plan{
		Account:        asked.Account,
		Service:        asked.Service,
		ServiceSID:     live.Service.SID,
		Environment:    asked.Environment,
		EnvironmentSID: live.Environment.SID,
		Domain:         live.Environment.DomainName,
		LiveBuildSID:   live.Environment.BuildSID,
		LiveRuntime:    live.Build.Runtime,
		Fingerprint:    live.fingerprint(),
		Dependencies:   dependenciesOf(wanted),
		Runtime:        wanted.Runtime,
		Digest:         digest(wanted),
	}
	if live.Service.SID != "" {
		plan.Service = live.Service.UniqueName
		plan.Account.SID = string(live.Service.AccountSID)
	}
	plan.LiveDependencies = live.dependencies(plan.Dependencies)
	there := live.versions()
	for _, file := range wanted.Functions {
		plan.Functions = append(plan.Functions, live.planFile(file, there[file.Path], string(live.Functions[file.Path])))
	}
	for _, file := range wanted.Assets {
		plan.Assets = append(plan.Assets, live.planFile(file, there[file.Path], string(live.Assets[file.Path])))
	}
	plan.Functions = append(plan.Functions, removedFrom(live.Build.FunctionVersions, plan.Functions, project.KindFunction)...)
	plan.Assets = append(plan.Assets, removedFrom(live.Build.AssetVersions, plan.Assets, project.KindAsset)...)
	plan.chooseBuild(asked, live)
	plan.planTag(asked, live)
	plan.planVariables(asked, variables, live)
	plan.Notes = append(plan.Notes, plan.headroom(live)...)
	return plan
}

// chooseBuild says where the Build comes from.
func (p *Plan) chooseBuild(asked Question, live Live) {
	p.Manifest = asked.Manifest
	if p.ManifestParentSID = live.Known.Manifest; p.ManifestParentSID == "" {
		p.ManifestParentSID = live.Functions[ManifestFunction]
	}
	if live.Known.Digest == p.Digest {
		p.Build = BuildLive
		return
	}
	if live.Service.UIEditable {
		p.Notes = append(p.Notes, fmt.Sprintf("the Service %s can be edited in the Twilio Console: what is changed there is lost with this deploy", live.Service.UniqueName))
	}
	if live.Twin.SID != "" {
		p.Build, p.ReusedBuildSID = BuildReused, live.Twin.SID
		return
	}
	p.Build = BuildNew
	uploadsAssets := slices.ContainsFunc(p.Assets, func(f FilePlan) bool { return f.Change == Updated })
	switch {
	case live.Known.Doubt != "":
		p.Notes = append(p.Notes, fmt.Sprintf("Build %s is live, and %s: what it does not tell is uploaded again", live.Environment.BuildSID, live.Known.Doubt))
	case live.Build.SID != "" && live.Known.Manifest == "" && uploadsAssets:
		p.Notes = append(p.Notes, fmt.Sprintf("Build %s is live, and has no Manifest: what its Assets hold cannot be told, so all of them are uploaded", live.Build.SID))
	case live.Build.SID != "" && live.Known.Manifest == "" && p.seemsTheSame():
		p.Notes = append(p.Notes, fmt.Sprintf("Build %s is live, and has no Manifest: whether it was made of all the same cannot be told, so a new one is made", live.Build.SID))
	}
}

// seemsTheSame reports whether nothing differs that the API tells of the live Build.
func (p *Plan) seemsTheSame() bool {
	isChanged := func(file FilePlan) bool { return file.Change != Unchanged }
	return !slices.ContainsFunc(p.Functions, isChanged) && !slices.ContainsFunc(p.Assets, isChanged) &&
		p.LiveRuntime == p.Runtime && len(p.DependencyChanges()) == 0
}

// planFile compares a file with what is live at its path.
func (l *Live) planFile(file project.File, there held, listed string) FilePlan {
	planned := FilePlan{File: file, Change: Created, ParentSID: listed}
	if there.SID == "" || there.kind != file.Kind { // an Asset does not update a Function
		return planned
	}
	if parent := there.parent(file.Kind); parent != "" {
		planned.ParentSID = parent
	}
	if known, ok := l.Known.Files[file.Path]; ok && known.SHA256 == file.SHA256 && known.Kind == file.Kind &&
		known.Visibility == file.Visibility && known.ContentType == file.ContentType {
		planned.Change, planned.VersionSID = Unchanged, known.VersionSID
		return planned
	}
	planned.Change, planned.LiveVersionSID = Updated, there.SID
	if was := project.Visibility(there.Visibility); was != file.Visibility {
		planned.WasVisibility = was
	}
	return planned
}

func dependenciesOf(wanted *project.Project) []twilio.Dependency {
	dependencies := make([]twilio.Dependency, 0, len(wanted.Dependencies))
	for _, one := range wanted.Dependencies {
		dependencies = append(dependencies, twilio.Dependency{Name: one.Name, Version: one.Version})
	}
	return dependencies
}

// removedFrom lists what is live and in no plan any more, sorted by path.
func removedFrom(versions []twilio.Version, planned []FilePlan, kind project.Kind) []FilePlan {
	kept := make(map[string]bool, len(planned))
	for _, file := range planned {
		kept[file.Path] = true
	}
	var removed []FilePlan
	for _, version := range versions {
		if !kept[version.Path] && !isManifest(version) {
			file := project.File{Kind: kind, Path: version.Path, Visibility: project.Visibility(version.Visibility)}
			removed = append(removed, FilePlan{File: file, Change: Removed})
		}
	}
	slices.SortFunc(removed, func(a, b FilePlan) int { return cmp.Compare(a.Path, b.Path) })
	return removed
}

// diffVariables compares by value and returns the keys of what is wanted.
func diffVariables(live, wanted map[string]secret.String) job.Changes {
	changes := job.NoChanges()
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		switch value, ok := live[key]; {
		case !ok:
			changes.Created = append(changes.Created, key)
		case value != wanted[key]:
			changes.Updated = append(changes.Updated, key)
		default:
			changes.Unchanged = append(changes.Unchanged, key)
		}
	}
	return changes
}

// Uploads returns the files that have to be uploaded.
func (p *Plan) Uploads() []FilePlan {
	if p.Build != BuildNew {
		return nil
	}
	return slices.DeleteFunc(p.files(), func(file FilePlan) bool { return file.VersionSID != "" })
}

// files are those that the Build holds.
func (p *Plan) files() []FilePlan {
	return slices.DeleteFunc(slices.Concat(p.Functions, p.Assets), func(file FilePlan) bool { return file.Change == Removed })
}

// IsNothing reports whether all that is wanted is live.
func (p *Plan) IsNothing() bool {
	if p.Build == BuildNone {
		return p.EnvironmentSID == ""
	}
	return p.Build == BuildLive && len(p.Variables.Created)+len(p.Variables.Updated)+len(p.Variables.Removed) == 0
}

// digest is that of the Build that a Project asks for.
func digest(wanted *project.Project) string {
	files := make([]digestedFile, 0, len(wanted.Functions)+len(wanted.Assets))
	for _, file := range slices.Concat(wanted.Functions, wanted.Assets) {
		files = append(files, digestedFile{file.Kind, file.Path, file.Visibility, file.ContentType, file.SHA256})
	}
	return digestOf(files, dependenciesOf(wanted), wanted.Runtime)
}

// hashOf is the SHA-256 of a value's JSON form, in hexadecimal.
func hashOf(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic("deploy: plain data does not encode: " + err.Error())
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}
