package deploy

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Manifest says what a Build was made from. It is kept inside the Build, as the
// source of a private Function, which is the only content that the API reads
// back; so it needs no store of its own and goes live with what it tells of. A
// Build is shared by Environments and commits: it names neither an Environment
// nor a person.
type Manifest struct {
	// Digest is that of Files, Dependencies and Runtime.
	Digest string
	// Files are the Functions, then the Assets, each sorted by path, with the
	// Versions that the Build has of them.
	Files []ManifestFile
	// Dependencies are as they were asked for: what a Build says of them differs.
	Dependencies []twilio.Dependency
	Runtime      string
	// Commit is the commit's SHA, and Tool who made the Build; both may be empty.
	Commit string
	Tool   string
}

// ManifestFile is one file of a Build.
type ManifestFile struct {
	Kind        project.Kind
	Path        string
	Visibility  project.Visibility
	ContentType string
	SHA256      string // hexadecimal
	VersionSID  twilio.VersionSID
}

const (
	// ManifestFunction is the friendly name of the Function that keeps Manifests.
	ManifestFunction = "_slipway"
	// manifestPath begins the path of a Manifest; its digest follows.
	manifestPath = "/_slipway/"
	// maxManifest bounds a Manifest's source, in bytes.
	maxManifest = 256 << 10

	manifestVersion = 1
	manifestPrefix  = "exports.manifest = "
	manifestSuffix  = ";"
)

// isManifest tells a Manifest among the Versions of a Build. What anybody could
// call is none, whoever put it there.
func isManifest(version twilio.Version) bool {
	return strings.HasPrefix(version.Path, manifestPath) && version.AssetSID == "" && version.Visibility == string(project.Private)
}

// WithoutManifest is a Build as the project's files make it: without the Manifest
// among its Functions.
func WithoutManifest(build twilio.Build) twilio.Build {
	build.FunctionVersions = slices.DeleteFunc(slices.Clone(build.FunctionVersions), isManifest)
	return build
}

// ProjectFunctions lists the Functions of a Service, without the one that keeps
// Manifests.
func ProjectFunctions(ctx context.Context, client *twilio.Client, service twilio.ServiceSID) iter.Seq2[twilio.Function, error] {
	return func(yield func(twilio.Function, error) bool) {
		for function, err := range client.Functions(ctx, service) {
			if err == nil && function.FriendlyName == ManifestFunction {
				continue
			}
			if !yield(function, err) {
				return
			}
		}
	}
}

// manifestJSON is the JSON in a Manifest. Files are arrays and hashes in base64:
// a Manifest goes up with each deploy, and there is one for thousands of files.
type manifestJSON struct {
	Version      int                 `json:"version"`
	Digest       string              `json:"digest"`
	Runtime      string              `json:"runtime"`
	Dependencies []twilio.Dependency `json:"dependencies"`
	Commit       string              `json:"commit,omitempty"`
	Tool         string              `json:"tool,omitempty"`
	ContentTypes []string            `json:"content_types"`
	// Files are kind and visibility, path, index of the content type, SHA-256 and
	// Version SID.
	Files []manifestRow `json:"files"`
}

type manifestRow struct {
	marks       string
	path        string
	contentType int
	hash, sid   string
}

// MarshalJSON writes the row as an array.
func (r manifestRow) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{r.marks, r.path, r.contentType, r.hash, r.sid}) //nolint:wrapcheck // wrapped by Source.
}

// UnmarshalJSON reads the row from an array.
func (r *manifestRow) UnmarshalJSON(text []byte) error {
	cells := []any{&r.marks, &r.path, &r.contentType, &r.hash, &r.sid}
	want := len(cells)
	if err := json.Unmarshal(text, &cells); err != nil {
		return err //nolint:wrapcheck // wrapped by ParseManifest.
	}
	if len(cells) != want {
		return fmt.Errorf("a file has %d parts, not %d", len(cells), want)
	}
	return nil
}

// Source is the Manifest as a Function's source. It exports a handler that does
// nothing, because code may walk over Runtime.getFunctions().
func (m Manifest) Source() (string, error) {
	plain := manifestJSON{
		Version: manifestVersion, Digest: m.Digest, Runtime: m.Runtime, Commit: m.Commit, Tool: m.Tool,
		Dependencies: append([]twilio.Dependency{}, m.Dependencies...), ContentTypes: []string{}, Files: []manifestRow{},
	}
	for _, file := range m.Files {
		at := slices.Index(plain.ContentTypes, file.ContentType)
		if at < 0 {
			at = len(plain.ContentTypes)
			plain.ContentTypes = append(plain.ContentTypes, file.ContentType)
		}
		hash, err := hex.DecodeString(file.SHA256)
		if err != nil {
			return "", fmt.Errorf("the SHA-256 of %s: %w", file.Path, err)
		}
		plain.Files = append(plain.Files, manifestRow{
			marks: marksOf(file.Kind, file.Visibility), path: file.Path, contentType: at,
			hash: base64.RawStdEncoding.EncodeToString(hash), sid: shortSID(file.VersionSID),
		})
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return "", fmt.Errorf("encode the Manifest: %w", err)
	}
	return "// Slipway's Manifest: what this Build was made from. It is read by the next deploy, and never run.\n" +
		manifestPrefix + string(text) + manifestSuffix + "\n" +
		"exports.handler = (context, event, callback) => callback(null, '');\n", nil
}

// ParseManifest reads a Manifest from the source of a Function. It must be one
// of this version, whole, and of the digest that it says it is.
func ParseManifest(source string) (Manifest, error) {
	if len(source) > maxManifest {
		return Manifest{}, fmt.Errorf("it is larger than %d bytes", maxManifest)
	}
	var text string
	for line := range strings.Lines(source) {
		if found, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), manifestPrefix); ok {
			text = strings.TrimSuffix(found, manifestSuffix)
			break
		}
	}
	if text == "" {
		return Manifest{}, errors.New("it has no Manifest in it")
	}
	var plain manifestJSON
	if err := json.Unmarshal([]byte(text), &plain); err != nil {
		return Manifest{}, fmt.Errorf("it cannot be read: %w", err)
	}
	if plain.Version != manifestVersion {
		return Manifest{}, fmt.Errorf("it has the version %d, not %d", plain.Version, manifestVersion)
	}
	manifest := Manifest{
		Digest: plain.Digest, Dependencies: plain.Dependencies, Runtime: plain.Runtime, Commit: plain.Commit, Tool: plain.Tool,
	}
	for _, row := range plain.Files {
		file, err := row.file(plain.ContentTypes)
		if err != nil {
			return Manifest{}, err
		}
		manifest.Files = append(manifest.Files, file)
	}
	if digest := manifest.digest(); digest != manifest.Digest {
		return Manifest{}, fmt.Errorf("its content has the digest %.12s, not %.12s", digest, manifest.Digest)
	}
	return manifest, nil
}

func (r manifestRow) file(contentTypes []string) (ManifestFile, error) {
	kind, visibility, ok := readMarks(r.marks)
	hash, err := base64.RawStdEncoding.DecodeString(r.hash)
	if !ok || err != nil || len(hash) != 32 || r.contentType < 0 || r.contentType >= len(contentTypes) {
		return ManifestFile{}, fmt.Errorf("the file %q in it cannot be read", r.path)
	}
	return ManifestFile{
		Kind: kind, Path: r.path, Visibility: visibility, ContentType: contentTypes[r.contentType],
		SHA256: hex.EncodeToString(hash), VersionSID: wholeSID(r.sid),
	}, nil
}

// digest names the content of a Manifest: Versions, commit and tool are no part
// of it.
func (m Manifest) digest() string {
	files := make([]digestedFile, len(m.Files))
	for i, file := range m.Files {
		files[i] = digestedFile{file.Kind, file.Path, file.Visibility, file.ContentType, file.SHA256}
	}
	return digestOf(files, m.Dependencies, m.Runtime)
}

// digestedFile is what a digest says of a file.
type digestedFile struct {
	Kind        project.Kind       `json:"kind"`
	Path        string             `json:"path"`
	Visibility  project.Visibility `json:"visibility"`
	ContentType string             `json:"content_type"`
	SHA256      string             `json:"sha256"`
}

// digestOf names what a Build holds: its files, with where and to whom they are
// served, its dependencies as requested, and its runtime. Equal digest, equal
// deploy.
func digestOf(files []digestedFile, dependencies []twilio.Dependency, runtime string) string {
	if len(dependencies) == 0 {
		dependencies = []twilio.Dependency{}
	}
	return hashOf([]any{files, dependencies, runtime})
}

// marksOf writes a kind and a visibility in two characters.
func marksOf(kind project.Kind, visibility project.Visibility) string {
	mark := "f"
	if kind == project.KindAsset {
		mark = "a"
	}
	switch visibility {
	case project.Public:
		return mark + "+"
	case project.Protected:
		return mark + "~"
	default:
		return mark + "-"
	}
}

func readMarks(marks string) (project.Kind, project.Visibility, bool) {
	for _, kind := range []project.Kind{project.KindFunction, project.KindAsset} {
		for _, visibility := range []project.Visibility{project.Public, project.Protected, project.Private} {
			if marks == marksOf(kind, visibility) {
				return kind, visibility, true
			}
		}
	}
	return "", "", false
}

// shortSID writes the 32 hexadecimal digits of a Version SID in 22 characters,
// where nothing is lost by that.
func shortSID(sid twilio.VersionSID) string {
	digits, ok := strings.CutPrefix(string(sid), "ZN")
	number, err := hex.DecodeString(digits)
	if !ok || err != nil || len(number) != 16 || hex.EncodeToString(number) != digits {
		return string(sid)
	}
	return base64.RawStdEncoding.EncodeToString(number)
}

func wholeSID(text string) twilio.VersionSID {
	if number, err := base64.RawStdEncoding.DecodeString(text); err == nil && len(number) == 16 {
		return twilio.VersionSID("ZN" + hex.EncodeToString(number))
	}
	return twilio.VersionSID(text)
}
