package npm

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// specKind is what the right-hand side of a dependency stands for.
type specKind int

const (
	rangeSpec   specKind = iota // a range or an exact version
	tagSpec                     // a tag of the registry, such as "latest"
	aliasSpec                   // "npm:other@^1"
	foreignSpec                 // a folder, a git address, a tarball, a workspace package
	invalidSpec
)

// classify says what a dependency's spec stands for, as npm reads it.
func classify(spec string) specKind {
	spec = strings.TrimSpace(spec)
	switch {
	case strings.HasPrefix(spec, "npm:"):
		return aliasSpec
	case isForeign(spec):
		return foreignSpec
	}
	if _, err := ParseRange(spec); err == nil {
		return rangeSpec
	}
	isNumber := strings.Trim(spec, "0123456789xX*.") == "" // meant as a range, such as "1.*.3"
	if isURLSafe(spec) && !isNumber {
		return tagSpec
	}
	return invalidSpec
}

// isForeign reports whether a spec, or the "resolved" of a lock, names anything
// but a package of a registry: no range and no tag has a slash or a colon in
// it, while all the rest has.
func isForeign(spec string) bool {
	return strings.ContainsAny(spec, `/\:`) ||
		strings.HasPrefix(spec, ".") ||
		strings.HasSuffix(spec, ".tgz") || strings.HasSuffix(spec, ".tar.gz") || strings.HasSuffix(spec, ".tar")
}

// aliasOf splits "npm:other@^1" into the package's own name and the range. The
// name is empty in "npm:^1", by which all but npm mean the name it stands for.
func aliasOf(spec string) (name, versions string) {
	target := strings.TrimPrefix(strings.TrimSpace(spec), "npm:")
	if _, err := ParseRange(target); err == nil && target != "" {
		return "", target
	}
	return cutVersion(target)
}

// cutVersion splits "name@^1"; the range is empty when there is none.
func cutVersion(full string) (name, versions string) {
	// A scope begins with "@" too, so the search starts behind it.
	if at := strings.LastIndex(full, "@"); at > 0 {
		return full[:at], full[at+1:]
	}
	return full, ""
}

// checkName says why npm has no package of this name; empty when it may.
func checkName(name string) string {
	bare := name
	if strings.HasPrefix(name, "@") {
		scope, rest, found := strings.Cut(name[1:], "/")
		if !found || !isURLSafe(scope) {
			return "a scope is written @scope/name, in letters, digits, dashes, dots and underscores"
		}
		bare = rest
	}
	switch {
	case bare == "":
		return "it is empty"
	case len(name) > 214:
		return fmt.Sprintf("it has %d characters, and npm allows 214", utf8.RuneCountInString(name))
	case strings.HasPrefix(bare, "."), strings.HasPrefix(bare, "_"):
		return "it begins with a dot or an underscore"
	case !isURLSafe(bare):
		return "it has characters that are not safe in an address"
	case strings.EqualFold(bare, "node_modules"), strings.EqualFold(bare, "favicon.ico"):
		return "npm keeps that name for itself"
	default:
		return ""
	}
}

// isURLSafe reports whether text stays as it is in an address. The marks are
// those that encodeURIComponent leaves alone, which is npm's own test; old
// packages do use capitals and marks.
func isURLSafe(text string) bool {
	if text == "" {
		return false
	}
	for _, r := range text {
		isLetter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		isDigit := r >= '0' && r <= '9'
		if !isLetter && !isDigit && !strings.ContainsRune("-_.!~*'()", r) {
			return false
		}
	}
	return true
}

// userinfo matches the user and password in an address.
var userinfo = regexp.MustCompile(`//[^/\s]*@`)

// shown returns a spec for a message, without the secrets that an address may
// carry: user and password, and what follows a question mark.
func shown(spec string) string {
	if address, _, found := strings.Cut(spec, "?"); found && strings.Contains(address, "//") {
		spec = address
	}
	return short(userinfo.ReplaceAllString(spec, "//"))
}

// short cuts a text that is too long for a message.
func short(text string) string {
	const most = 250
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
