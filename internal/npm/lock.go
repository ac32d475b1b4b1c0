package npm

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/problem"
)

// lock is what a lock file holds for the direct dependencies of one project.
// Every format is read into this shape.
type lock struct {
	file string
	// by is the package manager that keeps the file.
	by manager
	// entries is by name of the dependency: what that name resolves to from the
	// project's folder.
	entries map[string]lockEntry
	// catalogs are those that the lock file itself records; may be nil.
	catalogs catalogs
	// standsAlone marks a lock that takes its folder out of any workspace above.
	standsAlone bool
}

// lockEntry is one installed package.
type lockEntry struct {
	line int
	// name is the package's own name when it is installed under another.
	name string
	// version is exact; for what does not come from a registry it may be an
	// address instead.
	version string
	// resolved is where it was downloaded from, or the folder of a link; may be
	// empty.
	resolved string
	// isLink marks a package of the same workspace.
	isLink bool
	// isPatched marks a package whose files are changed once it is installed.
	isPatched bool
	// forced is the range that counts instead of the one in package.json, by
	// "overrides" or "resolutions"; empty when there is none.
	forced string
	// stale is the range that the lock file has the dependency for when it is
	// another than the one wanted, and no version can be told; else empty.
	stale string
}

// manager is a package manager, as far as its lock files are concerned.
type manager struct {
	name string
	// files names its lock files, the one that it prefers first.
	files []string
	// isMember reports whether dir is the root of a workspace that has the folder
	// below it as a member.
	isMember func(fsys fs.FS, dir, folder string) bool
	// read returns nil when the lock file does not govern the folder.
	read func(query) (*lock, error)
}

// managers lists the package managers; the lock of an earlier one is taken
// before that of a later one.
func managers() []manager {
	return []manager{
		{"npm", []string{"npm-shrinkwrap.json", "package-lock.json"}, isMember, readNPMLock},
		{"pnpm", []string{"pnpm-lock.yaml"}, isPNPMMember, readPNPMLock},
		{"yarn", []string{"yarn.lock"}, isMember, readYarnLock},
		{"bun", []string{"bun.lock"}, isMember, readBunLock},
	}
}

// refresh is the way out of a lock file that does not fit.
func (m manager) refresh() string {
	return fmt.Sprintf("Run `%s install` and commit the lock file, or choose dependencies: ranges.", m.name)
}

// mend is the way out of a lock file that cannot be read.
func (m manager) mend() string {
	return fmt.Sprintf("Remove what a merge has left in it, or delete it and run `%s install`.", m.name)
}

// query is what is asked of a lock file.
type query struct {
	fsys fs.FS
	file string
	by   manager
	// folder is the project's, as seen from the lock file's own.
	folder string
	// isMember says that the lock file's folder is the root of a workspace, and the
	// project's a member.
	isMember bool
	project  project
	requests []request
}

// dir is the lock file's folder.
func (q query) dir() string { return path.Dir(q.file) }

// lock returns an empty lock for the query.
func (q query) lock() *lock {
	return &lock{file: q.file, by: q.by, entries: map[string]lockEntry{}}
}

// readable returns err with the way out of a lock file that stops being readable
// at some line.
func (q query) readable(err error) error {
	if one, ok := errors.AsType[*problem.Problem](err); ok && one.Line > 0 {
		one.Fix = q.by.mend()
	}
	return err
}

// names is the set of the names of the dependencies.
func (q query) names() map[string]bool {
	wanted := make(map[string]bool, len(q.requests))
	for _, request := range q.requests {
		wanted[request.name] = true
	}
	return wanted
}

// unknownVersion is the Problem of a lock file in a format that is not known.
func (q query) unknownVersion(line int, key, value, known string) error {
	return &problem.Problem{
		File: q.file, Line: max(1, line),
		Message: fmt.Sprintf("%s is %s; known are %s", key, cmp.Or(asWritten(value), "missing"), known),
		Fix:     fmt.Sprintf("Write it with a current %s, or choose dependencies: ranges.", q.by.name),
	}
}

// asWritten is the beginning of a value, in quotes where it is more than printable
// characters.
func asWritten(value string) string {
	const most = 20
	shown := value
	if runes := []rune(value); len(runes) > most {
		shown = string(runes[:most]) + "…"
	}
	if isPlain := utf8.ValidString(shown) && !strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }); isPlain {
		return shown
	}
	return strconv.Quote(shown)
}
