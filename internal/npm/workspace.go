package npm

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// isMember reports whether the package.json in dir makes the folder below it a
// member of its workspace. One that cannot be read has no members.
func isMember(fsys fs.FS, dir, folder string) bool {
	return isIn(workspacePatterns(fsys, dir), within(dir, folder))
}

// isIn reports whether a folder is in patterns, of which what comes later counts.
func isIn(patterns []string, target string) bool {
	found := false
	for _, pattern := range patterns {
		if out, isOut := strings.CutPrefix(pattern, "!"); isOut {
			found = found && !matches(out, target)
		} else {
			found = found || matches(pattern, target)
		}
	}
	return found
}

// workspacePatterns returns what the package.json in dir has for "workspaces".
func workspacePatterns(fsys fs.FS, dir string) []string {
	whole, err := readJSON(fsys, path.Join(dir, "package.json"), maxPackageBytes)
	if err != nil || whole == nil {
		return nil
	}
	workspaces := whole.pick("workspaces")["workspaces"].value
	if workspaces.kind() == "an object" { // yarn's way to write it, which npm reads too
		workspaces = workspaces.pick("packages")["packages"].value
	}
	var patterns []string
	if workspaces.kind() != "an array" || json.Unmarshal(workspaces.raw, &patterns) != nil {
		return nil
	}
	return patterns
}

// isPNPMMember does the same for pnpm, which has its members in a file of their
// own. There a pattern that takes folders out counts wherever it stands.
func isPNPMMember(fsys fs.FS, dir, folder string) bool {
	whole, err := readYAML(fsys, path.Join(dir, "pnpm-workspace.yaml"))
	if err != nil || whole == nil {
		return false
	}
	found, target := false, within(dir, folder)
	for _, pattern := range whole.get("packages").texts() {
		out, isOut := strings.CutPrefix(pattern, "!")
		if isOut && matches(out, target) {
			return false
		}
		found = found || !isOut && matches(pattern, target)
	}
	return found
}

// maxFolders is how many folders are searched for members of a workspace.
const maxFolders = 10_000

// findMembers returns the folders of the members of the workspace with its root
// in dir, as seen from there, by their names.
func findMembers(fsys fs.FS, dir string) map[string]string {
	found, folders := map[string]string{}, 0
	patterns := workspacePatterns(fsys, dir)
	if len(patterns) == 0 {
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
		if folders++; folders > maxFolders {
			return fs.SkipAll
		}
		if !isIn(patterns, within(dir, folder)) {
			return nil
		}
		whole, err := readJSON(fsys, path.Join(folder, "package.json"), maxPackageBytes)
		if err != nil || whole == nil {
			return nil //nolint:nilerr // the same
		}
		if name, ok := whole.pick("name")["name"].value.text(); ok {
			found[name] = within(dir, folder)
		}
		return nil
	})
	return found
}

// matches reports whether a pattern with *, **, ? and {a,b} names a folder.
func matches(pattern, folder string) bool {
	expression, err := regexp.Compile("^" + expressionOf(path.Clean(strings.TrimPrefix(pattern, "/"))) + "$")
	return err == nil && expression.MatchString(folder)
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
