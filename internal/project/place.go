package project

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Rules for paths: the API takes 255 characters (its OpenAPI file); the marks
// are those the Toolkit refuses before it sends anything (its utils/fs.ts).
const (
	maxPathChars   = 255
	forbiddenChars = `#;,?:@+&$()'"`
	// reservedPath and what is below it belongs to the Manifest.
	reservedPath = "/_slipway"
)

// placement is what a file's name says about it.
type placement struct {
	path       string
	visibility Visibility
	// toolkitPath is where the Toolkit would put the file, when that differs.
	toolkitPath string
	// isUnmarked says that ".public" was taken out of the middle of the name, as
	// the Toolkit does it.
	isUnmarked bool
}

// place works out path and visibility from a file's name, relative to the
// folder of its kind. A backslash is a slash, as it becomes one in the path. It
// is a pure function.
//
// The visibility is a marker right before the extension: "admin.private.js".
// A marker anywhere else would be read as a part of the name, and the file be
// public, which is what its author least wants; so it is a Problem.
func place(kind Kind, rel string) (placement, []problem.Problem) {
	rel = strings.ReplaceAll(rel, `\`, "/")
	dir, base := path.Split(rel)
	if problems := checkFolders(dir); problems != nil {
		return placement{}, problems
	}
	visibility, bare, misplaced := readMarker(base)
	if misplaced != nil {
		return placement{}, []problem.Problem{*misplaced}
	}
	if toolkit := toolkitVisibility(rel); toolkit != visibility {
		return placement{}, []problem.Problem{{
			Message: fmt.Sprintf("the name %q means %s here, but %s to the Toolkit", rel, visibility, toolkit),
			Fix:     "Rename the file or its folder.",
		}}
	}
	found := placement{path: urlPath(kind, dir, bare), visibility: visibility}
	if toolkit := urlPath(kind, dir, toolkitName(base, visibility)); toolkit != found.path {
		if takesWholePart(base, visibility) {
			found.path, found.isUnmarked = toolkit, true
		} else {
			found.toolkitPath = toolkit
		}
	}
	return found, checkPath(found.path)
}

// readMarker takes the visibility marker out of a file's name.
func readMarker(base string) (visibility Visibility, bare string, misplaced *problem.Problem) {
	parts := strings.Split(base, ".")
	var markers []int
	for i, part := range parts[1:] {
		if marker, _ := markerIn(part); marker != "" {
			markers = append(markers, i+1)
		}
	}
	if len(markers) == 0 {
		return Public, base, nil
	}
	if len(markers) > 1 {
		return "", "", &problem.Problem{
			Message: fmt.Sprintf("the name %q has more than one visibility marker", base),
			Fix:     `Keep one of ".protected" and ".private", right before the extension.`,
		}
	}
	at := markers[0]
	marker, glued := markerIn(parts[at])
	rest := slices.Delete(slices.Clone(parts), at, at+1)
	isBeforeExtension := at == len(parts)-2
	switch {
	case isBeforeExtension && parts[at] == string(marker):
		return marker, strings.Join(rest, "."), nil
	case marker == Public:
		return Public, base, nil // in the wrong place it is just a part of the name
	}
	rest[at-1] += strings.TrimRightFunc(glued, unicode.IsSpace)
	if len(rest) == 1 {
		return "", "", &problem.Problem{
			Message: fmt.Sprintf("the name %q ends in the marker %q, and Twilio's tools would serve the file in public", base, "."+parts[at]),
			Fix:     fmt.Sprintf("Give it an extension after the marker, such as %q.", rest[0]+"."+string(marker)+".txt"),
		}
	}
	wanted := strings.Join(slices.Insert(rest, len(rest)-1, string(marker)), ".")
	return "", "", &problem.Problem{
		Message: fmt.Sprintf("the name %q has %q elsewhere than right before the extension, and Twilio's tools would serve the file in public",
			base, "."+parts[at]),
		Fix: fmt.Sprintf("Rename it to %q.", wanted),
	}
}

// markerIn returns the marker that a part of a name is meant as, empty for none,
// and what is glued to it. "Private" and "private copy" are no markers to the
// Toolkit, but whoever wrote them thinks that they are; "privateer" is a word.
func markerIn(part string) (marker Visibility, glued string) {
	if strings.EqualFold(part, string(Public)) {
		return Public, ""
	}
	for _, marker := range []Visibility{Protected, Private} {
		if length := len(marker); len(part) >= length && strings.EqualFold(part[:length], string(marker)) {
			glued := part[length:]
			if first, _ := utf8.DecodeRuneInString(glued); !unicode.IsLetter(first) {
				return marker, glued
			}
		}
	}
	return "", ""
}

// checkFolders looks for markers where they have no effect: in folders.
func checkFolders(dir string) []problem.Problem {
	for segment := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		for _, part := range strings.Split(segment, ".")[1:] {
			if marker, _ := markerIn(part); marker == Protected || marker == Private {
				return []problem.Problem{{
					Message: fmt.Sprintf("the folder %q has a visibility marker, which counts in names of files only", segment),
					Fix:     "Rename the folder, and mark each file in it.",
				}}
			}
		}
	}
	return nil
}

// toolkitVisibility is a file's visibility as the Toolkit has it: it looks for
// the marker and the extension anywhere in the name, folders included.
func toolkitVisibility(rel string) Visibility {
	ext := path.Ext(rel)
	for _, marker := range []Visibility{Protected, Private} {
		if strings.Contains(rel, "."+string(marker)+ext) {
			return marker
		}
	}
	return Public
}

// toolkitName is a file's name without its marker as the Toolkit does it: it
// drops the first place where the marker's letters stand, be it in the middle
// of a word.
func toolkitName(base string, visibility Visibility) string {
	ext := path.Ext(base)
	return strings.Replace(strings.TrimSuffix(base, ext), "."+string(visibility), "", 1) + ext
}

// takesWholePart reports whether what the Toolkit drops from a name is all that
// stands between two dots.
func takesWholePart(base string, visibility Visibility) bool {
	marker := "." + string(visibility)
	_, after, found := strings.Cut(base, marker)
	return found && strings.HasPrefix(after, ".")
}

// urlPath builds the path from the name without its marker.
func urlPath(kind Kind, dir, base string) string {
	if kind == KindFunction {
		base = strings.TrimSuffix(base, ".js")
	}
	return strings.Map(func(r rune) rune {
		if isSpace(r) {
			return '-'
		}
		return r
	}, "/"+dir+base)
}

// checkPath lists what is wrong with a path.
func checkPath(urlPath string) []problem.Problem {
	var problems []problem.Problem
	add := func(message, fix string) {
		problems = append(problems, problem.Problem{Message: message, Fix: fix})
	}
	var forbidden []string
	for _, r := range urlPath {
		if isForbidden := strings.ContainsRune(forbiddenChars, r) || unicode.IsControl(r) || r == utf8.RuneError; isForbidden {
			if shown := fmt.Sprintf("%q", string(r)); !slices.Contains(forbidden, shown) {
				forbidden = append(forbidden, shown)
			}
		}
	}
	if len(forbidden) > 0 {
		add(fmt.Sprintf("the path %q contains %s, which paths on Twilio cannot", urlPath, strings.Join(forbidden, " ")),
			"Rename the file.")
	}
	if chars := utf8.RuneCountInString(urlPath); chars > maxPathChars {
		add(fmt.Sprintf("the path %.40q… has %d characters, and Twilio takes %d", urlPath, chars, maxPathChars),
			"Shorten the names of the file or its folders.")
	}
	if clean := path.Clean(urlPath); clean != urlPath {
		add(fmt.Sprintf("the path %q has empty or dotted parts", urlPath), "Rename the file.")
	}
	if urlPath == reservedPath || strings.HasPrefix(urlPath, reservedPath+"/") {
		add(fmt.Sprintf("the path %q is reserved: Slipway keeps its Manifest below %s", urlPath, reservedPath),
			"Rename the file or its folder.")
	}
	return problems
}

// isSpace reports whether r is white space to JavaScript, whose rules the
// Toolkit's are; Go's differ in two runes.
func isSpace(r rune) bool {
	return r == '\ufeff' || unicode.IsSpace(r) && r != '\u0085'
}
