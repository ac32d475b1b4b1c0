package project

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
)

// Sizes an Asset may have (Twilio's guide to Functions and Assets). Whether its
// MB are 10⁶ or 2²⁰ bytes is not said: the larger is allowed here, so that
// nothing is refused that Twilio takes.
const (
	maxAssetBytes        = 25 << 20
	maxPrivateAssetBytes = 10 << 20
)

// add makes a File of a regular file, or Problems.
func (f *finder) add(t tree, name string, info fs.FileInfo) {
	rel := within(t.root, name)
	placed, problems := place(t.kind, rel)
	for _, p := range problems {
		f.problems.AddAt(name, 0, p.Message, p.Fix)
	}
	if len(problems) > 0 {
		return
	}
	if placed.toolkitPath != "" {
		f.warnings.AddAt(name, 0, fmt.Sprintf("is served at %q; the Toolkit would put it at %q", placed.path, placed.toolkitPath),
			"Rename it if its address has to stay.")
	}
	if placed.isUnmarked {
		f.warnings.AddAt(name, 0, fmt.Sprintf("is served at %q: \".public\" in a name is taken out, as the Toolkit has it", placed.path),
			"Rename it to show its address.")
	}
	if first, taken := f.byPath[placed.path]; taken {
		f.problems.AddAt(name, 0, fmt.Sprintf("takes the path %q, which %s has already", placed.path, first),
			"Rename one of the two.")
		return
	}
	if f.byPath == nil {
		f.byPath = map[string]string{}
	}
	f.byPath[placed.path] = name
	limit := sizeLimit(t.kind, placed.visibility)
	if limit > 0 && info.Size() > limit {
		f.problems.AddAt(name, 0, fmt.Sprintf("has %d bytes; Twilio takes %s Assets of up to %d MB",
			info.Size(), placed.visibility, limit>>20), "Make it smaller, or serve it from elsewhere.")
		return
	}
	size, sum, err := f.hash(name)
	if err != nil {
		f.problems.AddAt(name, 0, "cannot be read: "+reason(err), "Check the file and its permissions.")
		return
	}
	f.files = append(f.files, File{
		Kind:        t.kind,
		Path:        placed.path,
		Visibility:  placed.visibility,
		Name:        name,
		ContentType: contentType(t.kind, name),
		Size:        size,
		SHA256:      sum,
	})
}

// sizeLimit is how many bytes a file may have; 0 means that no limit is known.
func sizeLimit(kind Kind, visibility Visibility) int64 {
	switch {
	case kind == KindFunction:
		return 0
	case visibility == Private:
		return maxPrivateAssetBytes
	default:
		return maxAssetBytes
	}
}

// hash reads a file once, in pieces.
func (f *finder) hash(name string) (size int64, sum string, err error) {
	opened, err := openRegular(f.fsys, name)
	if err != nil {
		return 0, "", err
	}
	defer opened.Close()
	digest := sha256.New()
	size, err = io.Copy(digest, opened)
	if err != nil {
		return 0, "", fmt.Errorf("read %s: %w", name, err)
	}
	return size, hex.EncodeToString(digest.Sum(nil)), nil
}
