package npm

import (
	"cmp"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// findLock returns the lock file that governs the project in folder, nil when
// there is none, and warnings. As for npm 11, pnpm and bun, that is the lock of
// the workspace that the folder is a member of, else the one beside its
// package.json. Failing both it is the nearest above that lists the folder.
//
// Of several in one folder, the one of the package manager that package.json
// names counts, else the first in the order of managers.
//
// Above the folder only the lock of its workspace can be a Problem: any other
// belongs to something else.
func findLock(fsys fs.FS, folder string, of *wants) (*lock, problem.List, error) {
	finding := finder{fsys: fsys, folder: path.Clean(folder), wants: of}
	finding.named = findNamed(fsys, finding.folder)
	found, err := finding.find()
	switch {
	case err != nil:
		return nil, nil, err
	case found == nil:
		finding.warnOfNone()
	default:
		finding.warnBeside(found)
	}
	return found, finding.warnings, nil
}

// finder looks for the lock file of one project.
type finder struct {
	fsys   fs.FS
	folder string
	wants  *wants
	named  named
	// unlisted is a lock that should list the folder, and does not: one in it, or
	// that of its workspace.
	unlisted *candidate
	warnings problem.List
}

// candidate is a lock file.
type candidate struct {
	file string
	by   manager
}

// candidates returns the lock files in a folder, one for each package manager,
// the one that counts first.
func (f *finder) candidates(dir string) []candidate {
	var found []candidate
	for _, by := range managers() {
		file := firstFile(f.fsys, dir, by.files)
		switch {
		case file == "":
		case by.name == f.named.manager:
			found = slices.Insert(found, 0, candidate{file, by})
		default:
			found = append(found, candidate{file, by})
		}
	}
	return found
}

// read reads a lock file as far as it is about the project.
func (f *finder) read(of candidate, isMember bool) (*lock, error) {
	found, err := of.by.read(query{
		fsys: f.fsys, file: of.file, by: of.by,
		folder: within(path.Dir(of.file), f.folder), isMember: isMember,
		project: f.wants.project, requests: f.wants.dependencies,
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (f *finder) find() (*lock, error) {
	var own *candidate
	var beside *lock
	var ownErr error
	for _, one := range f.candidates(f.folder) {
		if beside, ownErr = f.read(one, false); beside != nil || ownErr != nil {
			own = &one
			break
		}
		f.unlisted = cmp.Or(f.unlisted, &one)
	}
	if beside != nil && beside.standsAlone {
		return beside, nil
	}
	found, err := f.findAbove(own)
	if found != nil || err != nil {
		return found, err
	}
	return beside, ownErr
}

// findAbove looks for the lock of the folder's workspace and, when the folder has
// no lock of its own, for the nearest that lists it.
func (f *finder) findAbove(own *candidate) (*lock, error) {
	var nearest *lock
	for dir := range above(f.folder) {
		for _, one := range f.candidates(dir) {
			isMember := one.by.isMember(f.fsys, dir, f.folder)
			isOwnNamed := own != nil && own.by.name == f.named.manager && one.by.name != own.by.name
			if own != nil && (!isMember || isOwnNamed) {
				continue
			}
			found, err := f.read(one, isMember)
			switch {
			case err != nil && isMember:
				return nil, err
			case found != nil && isMember:
				f.warnOfOwn(own, found)
				return found, nil
			case found != nil && nearest == nil:
				nearest = found
			case isMember:
				f.unlisted = cmp.Or(f.unlisted, &one)
			}
		}
	}
	return nearest, nil
}

// warnOfOwn warns of the folder's own lock, when that of its workspace counts.
func (f *finder) warnOfOwn(own *candidate, used *lock) {
	if own != nil {
		f.warnings.AddAt(own.file, 0, fmt.Sprintf("is not used: the folder belongs to a workspace, whose %s governs it, as it does for %s",
			used.file, used.by.name), "Delete it.")
	}
}

// warnBeside warns of the locks of other package managers beside the one that is
// used: one of the two is out of date some day. It says nothing where package.json
// names the one to use.
func (f *finder) warnBeside(used *lock) {
	if f.named.manager == used.by.name {
		return
	}
	dir := path.Dir(used.file)
	var files []string
	for _, other := range f.candidates(dir) {
		if other.by.name != used.by.name {
			files = append(files, other.file)
		}
	}
	if used.by.name != "bun" { // which itself leaves its binary one aside
		files = append(files, firstFile(f.fsys, dir, binaryLocks()))
	}
	for _, file := range files {
		if file != "" {
			f.warnings.AddAt(file, 0, fmt.Sprintf("is not read: the versions come from %s beside it, which may be older", used.file),
				`Delete the one that is not kept up to date, name its owner as "packageManager" in package.json, or choose dependencies: ranges.`)
		}
	}
	if f.named.manager != "" {
		f.warnings.AddAt(f.named.file, f.named.line, fmt.Sprintf("the package manager is %q, but the versions come from %s", f.named.manager, used.file),
			fmt.Sprintf("Commit the lock file of %s and delete that one, or correct the package manager.", f.named.manager))
	}
}

// warnOfNone warns of a lock file that may be meant to govern the folder, and does
// not: the ranges are used then.
func (f *finder) warnOfNone() {
	if f.unlisted != nil {
		what := "the project beside it"
		if dir := path.Dir(f.unlisted.file); dir != f.folder {
			what = within(dir, f.folder) + ", a member of its workspace"
		}
		f.warnings.AddAt(f.unlisted.file, 0, fmt.Sprintf("does not list %s, so the ranges of package.json are used", what), f.unlisted.by.refresh())
		return
	}
	file := firstFile(f.fsys, f.folder, binaryLocks())
	for dir := range above(f.folder) {
		if file == "" && isMember(f.fsys, dir, f.folder) {
			file = firstFile(f.fsys, dir, binaryLocks())
		}
	}
	if file != "" {
		f.warnings.AddAt(file, 0, "is binary and not read, so the ranges of package.json are used",
			"Run `bun install --save-text-lockfile --frozen-lockfile --lockfile-only`, commit bun.lock and delete this one, or choose dependencies: ranges.")
	}
}

// binaryLocks names the lock files that nothing but their owner reads.
func binaryLocks() []string { return []string{"bun.lockb"} }

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

// upFrom yields a clean path and the folders above it, the nearest first.
func upFrom(folder string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(folder) {
			return
		}
		above(folder)(yield)
	}
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
