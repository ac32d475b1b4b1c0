package deploy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
)

// Plan is the difference between a Project and what is live in a Target. It is
// plain data: keys of variables, never their values.
type Plan struct {
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
	// Fingerprint names the live state that the Plan was made from.
	Fingerprint string `json:"fingerprint"`

	// Functions and Assets are sorted by path.
	Functions []FilePlan `json:"functions"`
	Assets    []FilePlan `json:"assets"`
	// Dependencies are sorted by name.
	Dependencies []twilio.Dependency `json:"dependencies"`
	Runtime      string              `json:"runtime"`
	// Variables are keys by what happens to them.
	Variables job.Changes `json:"variables"`
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
}

// Diff works out what takes a Project live: a pure function, whose output is
// sorted. variables are the values that the Environment shall have.
func Diff(target job.Target, environment Environment, wanted *project.Project, variables map[string]secret.String, live Live) Plan {
	plan := Plan{
		Service:        target.Service,
		ServiceSID:     live.Service.SID,
		Environment:    environment,
		EnvironmentSID: live.Environment.SID,
		Domain:         live.Environment.DomainName,
		LiveBuildSID:   live.Environment.BuildSID,
		Fingerprint:    live.fingerprint(),
		Dependencies:   make([]twilio.Dependency, 0, len(wanted.Dependencies)),
		Runtime:        wanted.Runtime,
		Variables:      diffVariables(values(live.Variables), variables),
	}
	if live.Service.SID != "" {
		plan.Service = live.Service.UniqueName
	}
	for _, dependency := range wanted.Dependencies {
		plan.Dependencies = append(plan.Dependencies, twilio.Dependency{Name: dependency.Name, Version: dependency.Version})
	}
	there := live.versions()
	for _, file := range wanted.Functions {
		plan.Functions = append(plan.Functions, planFile(file, there, string(live.Functions[file.Path])))
	}
	for _, file := range wanted.Assets {
		plan.Assets = append(plan.Assets, planFile(file, there, string(live.Assets[file.Path])))
	}
	plan.Functions = append(plan.Functions, removedFrom(live.Build.FunctionVersions, plan.Functions, project.KindFunction)...)
	plan.Assets = append(plan.Assets, removedFrom(live.Build.AssetVersions, plan.Assets, project.KindAsset)...)
	plan.Digest = digest(wanted)
	return plan
}

func planFile(file project.File, there map[string]twilio.Version, parentSID string) FilePlan {
	change := Created
	if _, ok := there[file.Path]; ok {
		change = Updated
	}
	return FilePlan{File: file, Change: change, ParentSID: parentSID}
}

// removedFrom lists what is live and in no plan any more, sorted by path.
func removedFrom(versions []twilio.Version, planned []FilePlan, kind project.Kind) []FilePlan {
	kept := make(map[string]bool, len(planned))
	for _, file := range planned {
		kept[file.Path] = true
	}
	var removed []FilePlan
	for _, version := range versions {
		if !kept[version.Path] {
			file := project.File{Kind: kind, Path: version.Path, Visibility: project.Visibility(version.Visibility)}
			removed = append(removed, FilePlan{File: file, Change: Removed})
		}
	}
	slices.SortFunc(removed, func(a, b FilePlan) int { return cmp.Compare(a.Path, b.Path) })
	return removed
}

// diffVariables compares by value and returns keys. Keys that only the
// Environment has stay: nothing says that they are the Project's.
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
	var uploads []FilePlan
	for _, file := range slices.Concat(p.Functions, p.Assets) {
		if file.Change != Removed {
			uploads = append(uploads, file)
		}
	}
	return uploads
}

// digest names what a Build holds: its files, with where and to whom they are
// served, its dependencies as requested, and its runtime.
func digest(wanted *project.Project) string {
	type content struct {
		Kind        project.Kind       `json:"kind"`
		Path        string             `json:"path"`
		Visibility  project.Visibility `json:"visibility"`
		ContentType string             `json:"content_type"`
		SHA256      string             `json:"sha256"`
	}
	var files []content
	for _, file := range slices.Concat(wanted.Functions, wanted.Assets) {
		files = append(files, content{file.Kind, file.Path, file.Visibility, file.ContentType, file.SHA256})
	}
	return hashOf([]any{files, wanted.Dependencies, wanted.Runtime})
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
