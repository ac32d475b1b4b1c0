// Package source gives a commit's tree as a file system: today the folder a
// checkout lies in, later the tarball GitHub serves.
//
// A Source is rooted at the repository's root, so that a project in a folder of
// its own can use what lies above it, such as the lock file of a workspace.
// Nothing outside the root can be reached through it, links included. It runs
// neither git nor npm.
//
// Level 0: of the project it imports problem alone.
package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Source is the tree of one commit. Make one with Folder and Close it after
// use. It is safe for concurrent reading.
type Source struct {
	// FS is the tree from the repository's root. Links are followed inside the
	// root; one that leaves it is an error. It fails once the Source is closed.
	FS fs.FS
	// Root is where FS is on this machine, as an absolute path free of links.
	Root string
	// Folder is the project's folder in FS, with slashes; "." for the root.
	Folder string
	// Commit is the full SHA of the commit that is checked out, in lower case;
	// empty when it is not known. Files that differ from it are not noticed.
	Commit string
	// Origin is the address of the git remote of that name, as git has it; empty when
	// there is none.
	Origin string

	release func() error
}

// Close frees what the Source holds open.
func (s *Source) Close() error {
	if s.release == nil {
		return nil
	}
	return s.release()
}

// Folder opens the repository that a folder belongs to. Its root is the nearest
// folder at or above dir that holds .git; failing that the nearest whose
// package.json has workspaces; failing that dir itself.
//
// A dir that is missing, no folder or not readable is a *problem.Problem.
func Folder(dir string) (*Source, error) { return FolderIn("", dir) }

// FolderIn opens as Folder does, and looks no higher than top, at or above dir:
// where no .git is between the two, top is the root. An empty top is no bound.
func FolderIn(top, dir string) (*Source, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the current folder: %w", err)
	}
	info, err := os.Stat(absolute)
	if err != nil {
		return nil, unusable(dir, err)
	}
	// Links are resolved, so that "above" means what it means to git.
	folder, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return nil, unusable(dir, err)
	}
	if !info.IsDir() {
		return nil, &problem.Problem{
			Message: fmt.Sprintf("%q is a file, not a folder", dir),
			Fix:     "Name the folder that holds package.json, functions and assets.",
		}
	}
	if _, err := os.ReadDir(folder); err != nil {
		return nil, unusable(dir, err)
	}
	if top, err = resolved(top); err != nil {
		return nil, err
	}
	rootDir, git := rootOf(folder, top)
	root, err := os.OpenRoot(rootDir)
	if err != nil {
		return nil, unusable(rootDir, err)
	}
	relative, err := filepath.Rel(rootDir, folder)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locate %s in %s: %w", folder, rootDir, err), root.Close())
	}
	return &Source{
		FS:      root.FS(),
		Root:    rootDir,
		Folder:  filepath.ToSlash(relative),
		Commit:  commitOf(git),
		Origin:  originOf(git),
		release: root.Close,
	}, nil
}

// resolved makes a folder's name absolute and free of links; an empty one stays.
func resolved(folder string) (string, error) {
	if folder == "" {
		return "", nil
	}
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("find the current folder: %w", err)
	}
	real, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return "", unusable(folder, err)
	}
	return real, nil
}

// unusable turns an error of the file system into a Problem about dir.
func unusable(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &problem.Problem{
			Message: fmt.Sprintf("the folder %q does not exist", dir),
			Fix:     "Check the name, and that the repository was checked out.",
		}
	case errors.Is(err, fs.ErrPermission):
		return &problem.Problem{
			Message: fmt.Sprintf("the folder %q cannot be read: permission denied", dir),
			Fix:     "Let this user read it.",
		}
	default:
		return &problem.Problem{
			Message: fmt.Sprintf("the folder %q cannot be opened: %s", dir, problem.Reason(err)),
			Fix:     "Check that it is a folder that can be read.",
		}
	}
}
