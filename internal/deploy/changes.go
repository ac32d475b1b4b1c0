package deploy

import (
	"cmp"
	"slices"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// DependencyChange is what happens to an npm package: its version before and
// after, either of which is empty when the Build does not have it.
type DependencyChange struct {
	Name string `json:"name"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// DependencyChanges compares the dependencies with those of the live Build, sorted
// by name. Packages that Twilio adds by itself are none of the project's. A release
// that is not compared has none.
func (p *Plan) DependencyChanges() []DependencyChange {
	changes := []DependencyChange{}
	if p.LiveBuildSID == "" || p.Release != nil && !p.Release.IsCompared {
		return changes
	}
	before := make(map[string]string, len(p.LiveDependencies))
	for _, one := range p.LiveDependencies {
		before[one.Name] = one.Version
	}
	for _, one := range p.Dependencies {
		if from := before[one.Name]; from != one.Version {
			changes = append(changes, DependencyChange{Name: one.Name, From: from, To: one.Version})
		}
		delete(before, one.Name)
	}
	added := twilioAdds(len(p.Dependencies) == 0)
	for name, version := range before {
		if !slices.Contains(added, name) {
			changes = append(changes, DependencyChange{Name: name, From: version})
		}
	}
	slices.SortFunc(changes, func(a, b DependencyChange) int { return cmp.Compare(a.Name, b.Name) })
	return changes
}

// dependencies are what the live Build was asked for. Where that is not known it is
// taken to be what is wanted, as far as that may have become what is installed.
func (l *Live) dependencies(wanted []twilio.Dependency) []twilio.Dependency {
	if l.Known.Digest != "" || l.Known.Dependencies != nil {
		return l.Known.Dependencies
	}
	asked := slices.Clone(l.Build.Dependencies)
	for i, one := range asked {
		at := slices.IndexFunc(wanted, func(w twilio.Dependency) bool { return w.Name == one.Name })
		if at < 0 {
			continue
		}
		accepted := wanted[at].Version
		if one.Name == twilio.HandlerPackage {
			accepted = ">=" + accepted // Twilio raises it
		}
		if mayBecome(accepted, one.Version) {
			asked[i].Version = wanted[at].Version
		}
	}
	return asked
}

// twilioAdds names the packages that Twilio adds to a Build: more of them where
// none are asked for (page "Dependencies" of Twilio's documentation, and
// RJPearson94's Terraform provider).
func twilioAdds(asksForNone bool) []string {
	added := []string{"twilio", twilio.HandlerPackage}
	if asksForNone {
		added = append(added, "fs", "lodash", "util", "xmldom")
	}
	return added
}

// VisibilityChanges are the files that become more or less open than they are.
func (p *Plan) VisibilityChanges() []FilePlan {
	return slices.DeleteFunc(p.files(), func(file FilePlan) bool { return file.WasVisibility == "" })
}

// UploadedBytes is how much the Plan uploads.
func (p *Plan) UploadedBytes() int64 {
	var bytes int64
	for _, file := range p.Uploads() {
		bytes += file.Size
	}
	return bytes
}
