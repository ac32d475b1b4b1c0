package project

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Sizes an Asset may have (Twilio's guide to Functions and Assets). Whether its
// MB are 10⁶ or 2²⁰ bytes is not said: the larger is allowed here, so that
// nothing is refused that Twilio takes.
const (
	maxAssetBytes        = 25 << 20
	maxPrivateAssetBytes = 10 << 20
)

// Sizes of a Function. Twilio names no limit; these are ours. Above the first a
// file holds what it need not, above the second it is no Function at all.
const (
	largeFunctionBytes = 1 << 20
	maxFunctionBytes   = 16 << 20
)

// shrinkFunction is what to do about a Function that is too large.
const shrinkFunction = "Leave dependencies to package.json, and keep data in private Assets."

// content is what a file holds.
type content struct {
	size int64
	sum  string // SHA-256, in hexadecimal
}

// add makes a File of a regular file, or Problems.
func (f *finder) add(t tree, name, real string, info fs.FileInfo) {
	if f.ended() != nil {
		return
	}
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
	f.byPath[placed.path] = name
	if !f.checkSource(t, name, real, placed) || !f.checkSize(t, name, info.Size(), placed) {
		return
	}
	held, err := f.read(name, real)
	if err != nil {
		f.problems.AddAt(name, 0, "cannot be read: "+problem.Reason(err), "Check the file and its permissions.")
		return
	}
	f.files = append(f.files, File{
		Kind:        t.kind,
		Path:        placed.path,
		Visibility:  placed.visibility,
		Name:        name,
		ContentType: contentType(t.kind, name),
		Size:        held.size,
		SHA256:      held.sum,
	})
}

// checkSource makes sure that a Function's source is not served by a link among
// the Assets. Files that both kinds link to from a third place are meant so.
func (f *finder) checkSource(t tree, name, real string, placed placement) bool {
	if t.kind == KindFunction {
		f.sources[real] = name
		return true
	}
	function, isSource := f.sources[real]
	if !isSource || !isBelow(real, f.functions.real) || placed.visibility == Private {
		return true
	}
	f.problems.AddAt(name, 0, fmt.Sprintf("is the Function %s, whose source would be served", function), shareApart)
	return false
}

// checkSize reports whether a file is small enough to be sent.
func (f *finder) checkSize(t tree, name string, size int64, placed placement) bool {
	limit := int64(maxAssetBytes)
	if placed.visibility == Private {
		limit = maxPrivateAssetBytes
	}
	switch {
	case t.kind == KindFunction && size > maxFunctionBytes:
		f.problems.AddAt(name, 0, fmt.Sprintf("has %d bytes; Twilio names no limit for a Function, and Slipway sends up to %d MB",
			size, maxFunctionBytes>>20), shrinkFunction)
		return false
	case t.kind == KindFunction && size > largeFunctionBytes:
		f.warnings.AddAt(name, 0, fmt.Sprintf("has %d bytes, which is much for a Function: it makes cold starts slow", size), shrinkFunction)
	case t.kind == KindAsset && size > limit:
		f.problems.AddAt(name, 0, fmt.Sprintf("has %d bytes; Twilio takes %s Assets of up to %d MB",
			size, placed.visibility, limit>>20), "Make it smaller, or serve it from elsewhere.")
		return false
	}
	return true
}

// read reads a file in pieces, and but once however many links lead to it.
func (f *finder) read(name, real string) (content, error) {
	if known, ok := f.hashes[real]; ok {
		return known, nil
	}
	opened, err := openRegular(f.fsys, name)
	if err != nil {
		return content{}, err
	}
	defer opened.Close()
	digest := sha256.New()
	size, err := io.Copy(digest, &endingReader{opened, f.ended})
	if err != nil {
		return content{}, fmt.Errorf("read %s: %w", name, err)
	}
	held := content{size: size, sum: hex.EncodeToString(digest.Sum(nil))}
	f.hashes[real] = held
	return held, nil
}

// endingReader reads until the search ends: files may be large, and disks slow.
type endingReader struct {
	io.Reader

	ended func() error
}

func (r *endingReader) Read(p []byte) (int, error) {
	if err := r.ended(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p) //nolint:wrapcheck // a reader passes errors on.
}
