package project

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// maxLinks is how many links one name may lead through, as on Linux.
const maxLinks = 40

// What a link may do wrong; the texts stand behind "the link ".
var (
	errLinkOut      = errors.New("leads out of the repository")
	errLinkAbsolute = errors.New("is absolute, and only relative links lead to the same place everywhere")
	errLinkCircle   = errors.New("leads in a circle")
	errLinkGit      = errors.New("leads into .git")
	errLinkNowhere  = errors.New("leads to nothing")
)

// realPath resolves every link in a name and returns where it really leads. On
// a file system without links that is the name itself.
func realPath(fsys fs.FS, name string) (string, error) {
	links, ok := fsys.(fs.ReadLinkFS)
	if !ok {
		return name, nil
	}
	pending := strings.Split(name, "/")
	done, followed := ".", 0
	for len(pending) > 0 {
		part := pending[0]
		pending = pending[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if done == "." {
				return "", errLinkOut
			}
			done = path.Dir(done) // it holds no links, so this is the real parent
			continue
		case ".git":
			return "", errLinkGit
		}
		next := path.Join(done, part)
		info, err := links.Lstat(next)
		if errors.Is(err, fs.ErrNotExist) {
			return "", errLinkNowhere
		}
		if err != nil {
			return "", fmt.Errorf("cannot be followed: %s", problem.Reason(err))
		}
		if info.Mode().Type() != fs.ModeSymlink {
			done = next
			continue
		}
		if followed++; followed > maxLinks {
			return "", errLinkCircle
		}
		target, err := links.ReadLink(next)
		if err != nil {
			return "", fmt.Errorf("cannot be followed: %s", problem.Reason(err))
		}
		if path.IsAbs(target) {
			return "", errLinkAbsolute
		}
		pending = slices.Concat(strings.Split(target, "/"), pending)
	}
	return done, nil
}

// linkError says what is wrong with the links that a name leads through; nil
// when nothing is, and when there is nothing of that name at all.
func linkError(fsys fs.FS, name string) error {
	_, err := realPath(fsys, name)
	if !errors.Is(err, errLinkNowhere) {
		return err
	}
	if _, missing := fs.Lstat(fsys, name); missing != nil {
		return nil //nolint:nilerr // a file that is not there is no bad link
	}
	return err
}

// linkProblem is the Problem that a link leads where it must not.
func linkProblem(name string, err error) *problem.Problem {
	return &problem.Problem{
		File: name, Message: "the link " + err.Error(),
		Fix: "Replace it with the file or folder itself, or remove it.",
	}
}

// openRegular opens a regular file. It looks before it opens, for to open a
// pipe would wait for ever.
func openRegular(fsys fs.FS, name string) (fs.File, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	opened, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return opened, nil
}
