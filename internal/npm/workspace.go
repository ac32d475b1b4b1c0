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
	whole, err := readJSON(fsys, path.Join(dir, "package.json"), maxPackageBytes)
	if err != nil || whole == nil {
		return false
	}
	workspaces := whole.pick("workspaces")["workspaces"].value
	if workspaces.kind() == "an object" { // yarn's way to write it, which npm reads too
		workspaces = workspaces.pick("packages")["packages"].value
	}
	var patterns []string
	if workspaces.kind() != "an array" || json.Unmarshal(workspaces.raw, &patterns) != nil {
		return false
	}
	found, target := false, within(dir, folder)
	for _, pattern := range patterns { // what comes later counts
		if out, isOut := strings.CutPrefix(pattern, "!"); isOut {
			found = found && !matches(out, target)
		} else {
			found = found || matches(pattern, target)
		}
	}
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
