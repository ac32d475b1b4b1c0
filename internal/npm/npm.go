// Package npm reads what a project asks of npm: its name, the Node.js versions
// it wants, and the dependencies Twilio shall install, either as the ranges in
// package.json or as the exact versions in the lock file of npm, pnpm, yarn or bun.
//
// Twilio installs public npm packages under their own names and nothing else,
// so whatever cannot be installed there (folders, git addresses, aliases,
// workspace packages) is reported with its line before anything is sent.
// Nothing is ever installed, downloaded or run.
//
// Level 0: of the project it imports problem alone.
package npm

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Handler is the package that runs Functions on Twilio. It is the one
// dependency that must be an exact version (README of the package).
const Handler = "@twilio/runtime-handler"

// Mode says which versions a project asks for. The zero value means Locked.
type Mode string

const (
	// Locked takes exact versions from the lock file. Without a lock file it
	// is the same as Ranges.
	Locked Mode = "locked"
	// Ranges takes the ranges as package.json has them.
	Ranges Mode = "ranges"
)

// Dependency is one package for Twilio to install.
type Dependency struct {
	// Name is the package's name on npm, with its scope.
	Name string `json:"name"`
	// Version is an exact version, a range or a tag such as "latest".
	Version string `json:"version"`
}

// Package is what Read found. The zero value is a project without a
// package.json.
type Package struct {
	// File is the path of package.json; empty when there is none.
	File string
	// Name is the name as written, with its scope; may be empty.
	Name string
	// NodeRange is engines.node as written; empty when not given.
	NodeRange string
	// NodeRangeLine is the line of engines.node in File; 0 when not given.
	NodeRangeLine int
	// Dependencies is sorted by name.
	Dependencies []Dependency
	// LockFile is the path of the lock file the versions were taken from;
	// empty when none was used.
	LockFile string
}

// ServiceName is the package's name without its scope: "@acme/voice" names the
// Service "voice".
func (p *Package) ServiceName() string {
	if strings.HasPrefix(p.Name, "@") {
		if _, name, found := strings.Cut(p.Name, "/"); found {
			return name
		}
	}
	return p.Name
}

// Read reads package.json and, in mode Locked, the lock file that governs it.
//
// The file system is rooted at the repository's root, and folder is the
// project's folder in it ("." for the root). A missing package.json is an empty
// Package. Only "dependencies" counts, as Twilio's own tools have it: dev, peer
// and optional dependencies are never installed there.
//
// The list returned holds warnings, also beside an error. The error is a problem.List with everything
// that is wrong at once. When that is in the dependencies or the lock file alone,
// the Package is returned too, without Dependencies.
func Read(fsys fs.FS, folder string, mode Mode) (*Package, problem.List, error) {
	var problems problem.List
	switch mode {
	case Locked, Ranges:
	case "":
		mode = Locked
	default:
		problems.Add(fmt.Sprintf("dependencies is %q, which is not a way to choose versions", mode),
			`Use "locked" or "ranges".`)
	}
	file := path.Join(folder, "package.json")
	wants, err := readPackage(fsys, file)
	if err != nil {
		return nil, nil, also(problems, err)
	}
	if wants == nil {
		return &Package{}, nil, problems.Err()
	}
	found := &Package{
		File:          file,
		Name:          wants.name,
		NodeRange:     wants.nodeRange,
		NodeRangeLine: wants.nodeRangeLine,
	}
	warnings := wants.warnings
	shared, err := findCatalogs(fsys, folder, wants.dependencies)
	if err != nil {
		return found, warnings, also(problems, err)
	}
	shared.fill(wants.dependencies)
	resolving := resolver{file: file}
	if mode == Locked && len(wants.dependencies) > 0 {
		var notes problem.List
		resolving.lock, notes, err = findLock(fsys, folder, wants)
		warnings = append(warnings, notes...)
		if err != nil {
			return found, warnings, also(problems, err)
		}
	}
	if resolving.lock != nil {
		resolving.lock.catalogs.fill(wants.dependencies)
	}
	dependencies := resolving.resolve(wants.dependencies)
	problems = append(problems, resolving.problems...)
	if wants.devHandlerLine > 0 {
		problems.AddAt(file, wants.devHandlerLine,
			fmt.Sprintf(`%q is in "devDependencies" only, which Twilio does not install`, Handler),
			`Move it to "dependencies".`)
	}
	if err := problems.Err(); err != nil {
		return found, warnings, err
	}
	found.Dependencies = dependencies
	if resolving.lock != nil {
		found.LockFile = resolving.lock.file
	}
	return found, append(warnings, resolving.warnings()...), nil
}

// also returns the problems found so far together with err.
func also(problems problem.List, err error) error {
	if rest := problems.Take(err); rest != nil {
		return rest
	}
	return problems.Err()
}
