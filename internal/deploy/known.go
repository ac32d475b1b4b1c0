package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Known is what can be told of a Build beside what the API says of it. The zero
// value knows nothing.
type Known struct {
	// Files are those whose content is known, by path. Each is what the Build has
	// there, under that Version SID.
	Files map[string]ManifestFile
	// Digest is that of the Build as a whole; empty when it is not known.
	Digest string
	// Manifest is the Function that keeps it; empty when the Build has none.
	Manifest twilio.FunctionSID
	// Dependencies are as they were asked for, and Commit is what the Build was
	// made from; empty when they are not known.
	Dependencies []twilio.Dependency
	Commit       string
	// Doubt says why a Manifest that is there does not tell the Digest.
	Doubt string
}

// manifestOf finds the Manifest in a Build.
func manifestOf(build twilio.Build) (twilio.Version, bool) {
	at := slices.IndexFunc(build.FunctionVersions, isManifest)
	if at < 0 {
		return twilio.Version{}, false
	}
	return build.FunctionVersions[at], true
}

// know reads a Build's Manifest, and holds it against the Build. A Manifest that
// cannot be used is no error: the Build is then one without.
func know(ctx context.Context, client *twilio.Client, service twilio.ServiceSID, build twilio.Build) (Known, error) {
	version, ok := manifestOf(build)
	if !ok {
		return Known{}, nil
	}
	source, err := client.FetchFunctionVersionContent(ctx, service, version.FunctionSID, version.SID)
	if twilio.IsNotFound(err) {
		return Known{Manifest: version.FunctionSID, Doubt: "its Manifest is gone"}, nil
	}
	if err != nil {
		return Known{}, err
	}
	manifest, err := ParseManifest(source)
	if err != nil {
		return Known{Manifest: version.FunctionSID, Doubt: "its Manifest is not to be used: " + err.Error()}, nil //nolint:nilerr // a Build may have what it likes at that path.
	}
	return manifest.against(build, version), nil
}

// against is what a Manifest tells of the Build that it was found in. The Build
// is believed, not the Manifest: the Console can make a Build of other Versions
// with an old Manifest among them.
func (m Manifest) against(build twilio.Build, own twilio.Version) Known {
	known := Known{
		Files: make(map[string]ManifestFile, len(m.Files)), Digest: m.Digest, Manifest: own.FunctionSID,
		Dependencies: m.Dependencies, Commit: m.Commit,
	}
	there := make(map[string]held, len(m.Files))
	count := 0 // all but the Manifest, also a second one
	for _, one := range heldIn(build) {
		if one.SID != own.SID {
			there[one.Path] = one
			count++
		}
	}
	for _, file := range m.Files {
		one := there[file.Path]
		if one.SID == file.VersionSID && one.kind == file.Kind && one.Visibility == string(file.Visibility) {
			known.Files[file.Path] = file
		}
	}
	switch {
	case own.Path != manifestPath+m.Digest:
		known.Doubt = "its Manifest is that of another Build"
	case len(known.Files) != len(m.Files) || len(known.Files) != count:
		known.Doubt = "its files are not those of its Manifest"
	case build.Runtime != m.Runtime || !isInstalled(m.Dependencies, build.Dependencies):
		known.Doubt = "its dependencies or its runtime are not those of its Manifest"
	}
	if known.Doubt != "" {
		known.Digest, known.Commit, known.Dependencies = "", "", nil
	}
	return known
}

// isInstalled reports whether dependencies that were asked for have become the
// ones that a Build tells of. Those are more: Twilio adds its own, and has added
// some others where none were asked for; ranges may have been resolved, and the
// runtime handler raised (page "Dependencies" of Twilio's documentation).
func isInstalled(asked, installed []twilio.Dependency) bool {
	versions := make(map[string]string, len(installed))
	for _, one := range installed {
		versions[one.Name] = one.Version
	}
	for _, one := range asked {
		version, ok := versions[one.Name]
		if !ok || one.Name != twilio.HandlerPackage && !mayBecome(one.Version, version) {
			return false
		}
		delete(versions, one.Name)
	}
	added := twilioAdds(len(asked) == 0)
	for name := range versions {
		if !slices.Contains(added, name) {
			return false
		}
	}
	return true
}

// mayBecome reports whether npm can install that version where this one, a range
// or a tag such as "latest" was asked for. A tag may be any version.
func mayBecome(asked, installed string) bool {
	if asked == installed {
		return true
	}
	versions, err := npm.ParseRange(asked)
	return err != nil || versions.Has(installed)
}

// compare reads the sources of the Functions that a Build without a Manifest has,
// where the project has one of the same path and visibility: the API gives the
// source of a Function, and nothing of an Asset.
func compare(
	ctx context.Context, client *twilio.Client, service twilio.ServiceSID, build twilio.Build, wanted *project.Project,
) (map[string]ManifestFile, error) {
	functions := make(map[string]project.File, len(wanted.Functions))
	for _, file := range wanted.Functions {
		functions[file.Path] = file
	}
	var mu sync.Mutex
	known := make(map[string]ManifestFile)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploadsAtOnce)
	for _, version := range build.FunctionVersions {
		file, ok := functions[version.Path]
		if !ok || string(file.Visibility) != version.Visibility {
			continue
		}
		group.Go(guarded(func() error {
			source, err := client.FetchFunctionVersionContent(ctx, service, version.FunctionSID, version.SID)
			if twilio.IsNotFound(err) {
				return nil // it will be uploaded
			}
			if err != nil {
				return fmt.Errorf("compare %s: %w", version.Path, err)
			}
			sum := sha256.Sum256([]byte(source))
			mu.Lock()
			defer mu.Unlock()
			known[version.Path] = ManifestFile{
				Kind: project.KindFunction, Path: version.Path, Visibility: file.Visibility,
				ContentType: file.ContentType, SHA256: hex.EncodeToString(sum[:]), VersionSID: version.SID,
			}
			return nil
		}))
	}
	return known, group.Wait() //nolint:wrapcheck // wrapped above.
}
