package project

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// The folders looked for when none is named, the first that exists.
func functionsFolders() []string { return []string{"functions", "src"} }
func assetsFolders() []string    { return []string{"assets", "static"} }

// shareApart is what to do about a file that would be a Function and an Asset.
const shareApart = "Keep what both share in a folder of its own."

// tree is a folder of one kind of file. The zero value is one that a project
// does not have.
type tree struct {
	kind Kind
	root string
	// real is where root leads, when it is a link or below one.
	real string
}

// tree returns the folder that is named, else the first candidate that exists,
// else the zero value.
func (f *finder) tree(kind Kind, opts Options, named, setting string, candidates []string) tree {
	root := ""
	if named != "" {
		root = f.namedRoot(opts, named, setting)
	} else {
		root = f.firstRoot(candidates)
	}
	if root == "" {
		return tree{kind: kind}
	}
	real, err := realPath(f.fsys, root)
	if err != nil {
		f.badLink(root, err)
		return tree{kind: kind}
	}
	return tree{kind: kind, root: root, real: real}
}

// namedRoot returns a folder that a setting names, or nothing and a Problem.
func (f *finder) namedRoot(opts Options, named, setting string) string {
	folder, err := opts.inside(f.folder, named, setting)
	if err != nil {
		_ = f.problems.Take(err) // it is a list
		return ""
	}
	info, err := fs.Stat(f.fsys, folder)
	linkErr := linkError(f.fsys, folder)
	switch {
	case err == nil && info.IsDir():
		return folder
	case err == nil:
		f.problems.AddAt(folder, 0, fmt.Sprintf("is a file, but %s must be a folder", setting), "Name the folder that holds it.")
	case linkErr != nil:
		f.badLink(folder, linkErr)
	case errors.Is(err, fs.ErrNotExist):
		opts.add(&f.problems, setting, fmt.Sprintf("%s is %q, but there is no folder %s", setting, named, folder),
			"Name a folder relative to the project's folder; build it first if a compiler makes it.")
	default:
		f.unreadable(folder, err)
	}
	return ""
}

// firstRoot returns the first of the candidates that is a folder. One that
// cannot be read is a Problem, for whoever made it meant it.
func (f *finder) firstRoot(candidates []string) string {
	for _, candidate := range candidates {
		folder := path.Join(f.folder, candidate)
		info, err := fs.Stat(f.fsys, folder)
		if err == nil && info.IsDir() {
			return folder
		}
		if linkErr := linkError(f.fsys, folder); linkErr != nil {
			f.badLink(folder, linkErr)
			return ""
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.unreadable(folder, err)
			return ""
		}
	}
	return ""
}

func (f *finder) unreadable(folder string, err error) {
	f.problems.AddAt(folder, 0, "the folder cannot be read: "+problem.Reason(err), "Check its permissions.")
}

// other returns the tree of the other kind.
func (f *finder) other(t tree) tree {
	if t.kind == KindFunction {
		return f.assets
	}
	return f.functions
}

// overlap reports whether two trees share files. One may lie in the other, whose
// walk leaves it out; but not by a link, which shows nobody what it takes away.
func overlap(a, b tree) bool {
	if a.root == "" || b.root == "" {
		return false
	}
	return a.real == b.real ||
		isBelow(a.real, b.real) && !isBelow(a.root, b.root) ||
		isBelow(b.real, a.real) && !isBelow(b.root, a.root)
}

// isBelow reports whether a clean path lies in a folder.
func isBelow(name, folder string) bool {
	return name != folder && (folder == "." || strings.HasPrefix(name, folder+"/"))
}
