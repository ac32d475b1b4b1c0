package npm

import (
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// findLock returns the lock file that governs the project in folder, nil when
// there is none, and warnings. As for npm 11, that is the lock of the workspace
// that the folder is a member of, else the one beside its package.json. Failing
// both it is the nearest above that lists the folder.
//
// Above the folder only the lock of its workspace can be a Problem: any other
// belongs to something else.
func findLock(fsys fs.FS, folder string, names []string) (*lock, problem.List, error) {
	folder = path.Clean(folder)
	own := firstFile(fsys, folder, npmLocks())
	var nearest *lock
	for dir := range above(folder) {
		isMember := isMember(fsys, dir, folder)
		if own != "" && !isMember {
			continue
		}
		found, err := readLock(fsys, dir, folder, names)
		switch {
		case err != nil && isMember:
			return nil, nil, err
		case err != nil || found == nil:
			continue
		case isMember:
			warnings := besideLock(fsys, found)
			if own != "" {
				warnings.AddAt(own, 0, fmt.Sprintf("is not used: the folder belongs to a workspace, whose %s governs it, as it does for npm", found.file),
					"Delete it.")
			}
			return found, warnings, nil
		case nearest == nil:
			nearest = found
		}
	}
	if own != "" {
		found, err := readLock(fsys, folder, folder, names)
		if err != nil {
			return nil, nil, err
		}
		nearest = found
	}
	if nearest == nil {
		return nil, otherLock(fsys, folder), nil
	}
	return nearest, besideLock(fsys, nearest), nil
}

// npmLocks names npm's lock files, the one that npm prefers first.
func npmLocks() []string { return []string{"npm-shrinkwrap.json", "package-lock.json"} }

// otherLocks names the lock files of other package managers.
func otherLocks() []string {
	return []string{"yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"}
}

// readLock reads the lock file in dir, as far as it is about the folder, which
// is dir itself or lies below it. It returns nil when there is no lock file, or
// one that does not list the folder.
func readLock(fsys fs.FS, dir, folder string, names []string) (*lock, error) {
	for _, base := range npmLocks() {
		file := path.Join(dir, base)
		whole, err := readJSON(fsys, file, maxLockBytes)
		if err != nil {
			return nil, lockProblem(err)
		}
		if whole != nil {
			return parseLock(file, *whole, within(dir, folder), names)
		}
	}
	return nil, nil //nolint:nilnil // a folder without a lock file is fine
}

// lockProblem gives a lock file that cannot be read its own way out.
func lockProblem(err error) error {
	var list problem.List
	if rest := list.Take(err); rest != nil {
		return rest
	}
	for _, p := range list {
		if p.Line > 0 {
			p.Fix = "Remove what a merge has left in it, or delete it and run `npm install`."
		}
	}
	return list.Err()
}

// besideLock warns of other package managers' locks beside one that is used: one
// of the two is out of date some day.
func besideLock(fsys fs.FS, used *lock) problem.List {
	var warnings problem.List
	if file := firstFile(fsys, path.Dir(used.file), otherLocks()); file != "" {
		warnings.AddAt(file, 0, fmt.Sprintf("is not read: the versions come from %s beside it, which may be older", used.file),
			"Delete the one that is not kept up to date, or choose dependencies: ranges.")
	}
	return warnings
}

// otherLock warns of the lock of another package manager that governs the
// folder, for which ranges are used.
func otherLock(fsys fs.FS, folder string) problem.List {
	var warnings problem.List
	file := firstFile(fsys, folder, otherLocks())
	for dir := range above(folder) {
		if file == "" && (isMember(fsys, dir, folder) || firstFile(fsys, dir, []string{"pnpm-workspace.yaml"}) != "") {
			file = firstFile(fsys, dir, otherLocks())
		}
	}
	if file != "" {
		warnings.AddAt(file, 0, "is not read yet, so the ranges of package.json are used",
			"Choose dependencies: ranges if that is fine, or commit a package-lock.json for exact versions.")
	}
	return warnings
}

// firstFile returns the path of the first of these names that a folder has, also
// if it is a link to nothing; empty when it has none.
func firstFile(fsys fs.FS, folder string, names []string) string {
	for _, name := range names {
		file := path.Join(folder, name)
		if _, err := fs.Lstat(fsys, file); err == nil {
			return file
		}
	}
	return ""
}

// above yields the folders above a clean path, the nearest first.
func above(folder string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for folder != "." && folder != "/" {
			folder = path.Dir(folder)
			if !yield(folder) {
				return
			}
		}
	}
}

// within returns folder as seen from dir, which is folder itself or above it.
func within(dir, folder string) string {
	switch dir {
	case folder:
		return "."
	case ".":
		return folder
	default:
		return strings.TrimPrefix(folder, dir+"/")
	}
}
