package npm

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// What a workspace may have: of patterns longer than that together the rest is not
// read, and no folder is searched for members beyond that many, or beyond that
// many bytes of paths times bytes of patterns, which takes less than a second.
const (
	maxPatternBytes = 64 << 10
	maxFolders      = 10_000
	maxMatching     = 1 << 25
)

// isMember reports whether the package.json in dir makes the folder below it a
// member of its workspace. One that cannot be read has no members.
func isMember(fsys fs.FS, dir, folder string) bool {
	return readPatterns(fsys, dir).match(within(dir, folder))
}

// readPatterns returns what the package.json in dir has for "workspaces".
func readPatterns(fsys fs.FS, dir string) patterns {
	whole, err := readJSON(fsys, path.Join(dir, "package.json"), maxPackageBytes)
	if err != nil || whole == nil {
		return patterns{}
	}
	workspaces := get(*whole, "workspaces")
	if workspaces.kind() == "an object" { // yarn's way to write it, which npm reads too
		workspaces = get(workspaces, "packages")
	}
	var texts []string
	if workspaces.kind() != "an array" || json.Unmarshal(workspaces.raw, &texts) != nil {
		return patterns{}
	}
	return patternsOf(texts)
}

// isPNPMMember does the same as isMember for pnpm, which has its members in a file
// of their own. There a pattern that takes folders out counts wherever it stands.
func isPNPMMember(fsys fs.FS, dir, folder string) bool {
	whole, err := readYAML(fsys, path.Join(dir, "pnpm-workspace.yaml"))
	if err != nil || whole == nil {
		return false
	}
	members, target := patternsOf(get(*whole, "packages").list()), within(dir, folder)
	return members.match(target) && !slices.ContainsFunc(members.list, func(one pattern) bool {
		return one.isOut && one.expression.MatchString(target)
	})
}

// findMembers returns the folders of the members of the workspace with its root
// in dir, as seen from there, by their names.
func findMembers(fsys fs.FS, dir string) map[string]string {
	found, folders, matching := map[string]string{}, 0, 0
	members := readPatterns(fsys, dir)
	if len(members.list) == 0 {
		return found
	}
	_ = fs.WalkDir(fsys, dir, func(folder string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil, !entry.IsDir():
			return nil //nolint:nilerr // what cannot be read has no members
		case folder == dir:
			return nil
		case entry.Name() == "node_modules", strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		}
		target := within(dir, folder)
		folders++
		matching += len(target) * members.bytes
		if folders > maxFolders || matching > maxMatching {
			return fs.SkipAll
		}
		if !members.match(target) {
			return nil
		}
		whole, err := readJSON(fsys, path.Join(folder, "package.json"), maxPackageBytes)
		if err != nil || whole == nil {
			return nil //nolint:nilerr // the same
		}
		if name, ok := get(*whole, "name").text(); ok {
			found[name] = target
		}
		return nil
	})
	return found
}

// patterns name the members of a workspace. The zero value names none.
type patterns struct {
	list []pattern // what comes later counts
	// bytes is the length of all of them together.
	bytes int
}

// pattern is a path with *, **, ? and {a,b}.
type pattern struct {
	expression *regexp.Regexp
	// isOut marks one that takes folders out again.
	isOut bool
}

// patternsOf reads patterns; of those that take folders out the first letter is
// "!". What is no pattern names nothing.
func patternsOf(texts []string) patterns {
	var found patterns
	for _, text := range texts {
		if found.bytes += len(text); found.bytes > maxPatternBytes {
			break
		}
		bare, isOut := strings.CutPrefix(text, "!")
		expression, err := regexp.Compile("^" + expressionOf(path.Clean(strings.TrimPrefix(bare, "/"))) + "$")
		if err == nil {
			found.list = append(found.list, pattern{expression, isOut})
		}
	}
	return found
}

// match reports whether the patterns name a folder.
func (p patterns) match(folder string) bool {
	for _, one := range slices.Backward(p.list) {
		if one.expression.MatchString(folder) {
			return !one.isOut
		}
	}
	return false
}

// expressionOf turns a pattern for paths into a regular expression.
func expressionOf(pattern string) string {
	var expression strings.Builder
	depth := 0
	for pattern != "" {
		token, written := pattern[:1], ""
		switch {
		case strings.HasPrefix(pattern, "**/"):
			token, written = "**/", "(?:.*/)?"
		case strings.HasPrefix(pattern, "**"):
			token, written = "**", ".*"
		case token == "*":
			written = "[^/]*"
		case token == "?":
			written = "[^/]"
		case token == "{":
			depth++
			written = "(?:"
		case token == "}" && depth > 0:
			depth--
			written = ")"
		case token == "," && depth > 0:
			written = "|"
		default:
			written = regexp.QuoteMeta(token)
		}
		expression.WriteString(written)
		pattern = pattern[len(token):]
	}
	return expression.String()
}
