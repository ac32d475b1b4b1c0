package rules

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/problem"
)

// The places where the file is looked for, the one that counts first.
const (
	Path       = "slipway.yml"
	GitHubPath = ".github/slipway.yml"
)

// Find looks for the file where named says, or else in its two places, and reads
// it; nil means that there is none. read gives the content of a path from the
// repository's root, of which it need not read more than MaxBytes and one, or an
// error that is fs.ErrNotExist where nothing is.
//
// The list returned holds warnings. The error is a problem.List about the file, or
// one of read's with the path in front: whether there are rules is not known then.
func Find(read func(file string) ([]byte, error), named string) (*File, problem.List, error) {
	if named != "" {
		return findNamed(read, named)
	}
	source, err := look(read, Path)
	if err != nil {
		return nil, nil, err
	}
	other, err := look(read, GitHubPath)
	var warnings problem.List
	switch {
	case err != nil && source == nil:
		return nil, nil, err
	case source == nil && other == nil:
		warnOfOtherEnding(read, &warnings)
		return nil, warnings, nil
	case source == nil:
		return parsed(GitHubPath, other, nil)
	case other != nil:
		warnings.AddAt(GitHubPath, 0, fmt.Sprintf("is passed over, because there is %s as well", Path), "Remove one of them.")
	}
	return parsed(Path, source, warnings)
}

// findNamed reads the file that a setting names, which has to be there.
func findNamed(read func(string) ([]byte, error), named string) (*File, problem.List, error) {
	var problems problem.List
	if fault := faultOfPath(named); fault != "" {
		problems.Add(fmt.Sprintf("config %q %s", document.Shortened(named), fault), "Name a file of the repository from its root.")
		return nil, nil, problems.Err()
	}
	file := path.Clean(named)
	source, err := look(read, file)
	switch {
	case err != nil:
		return nil, nil, err
	case source == nil:
		problems.AddAt(file, 0, "is not there, and config names it", "Correct config, or add the file.")
		return nil, nil, problems.Err()
	}
	return parsed(file, source, nil)
}

func parsed(file string, source []byte, warnings problem.List) (*File, problem.List, error) {
	read, err := Parse(file, source)
	if err != nil {
		return nil, warnings, err
	}
	return &read, warnings, nil
}

// look reads a file; nil means that there is none.
func look(read func(string) ([]byte, error), file string) ([]byte, error) {
	source, err := read(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		if found, isProblem := errors.AsType[*problem.Problem](err); isProblem {
			return nil, problem.List{found}
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	case source == nil:
		return []byte{}, nil
	}
	return source, nil
}

// warnOfOtherEnding warns of a file that is meant to be the one.
func warnOfOtherEnding(read func(string) ([]byte, error), warnings *problem.List) {
	for _, file := range []string{Path, GitHubPath} {
		other := strings.TrimSuffix(file, ".yml") + ".yaml"
		if source, err := look(read, other); err == nil && source != nil {
			warnings.AddAt(other, 0, "is passed over, because of its ending", "Call it "+file+".")
		}
	}
}

// In returns what reads the files of a folder, for Find. Links out of the folder are
// for fsys to refuse.
func In(fsys fs.FS) func(file string) ([]byte, error) {
	return func(file string) ([]byte, error) {
		opened, err := fsys.Open(file)
		if err != nil {
			return nil, err //nolint:wrapcheck // Find names the file.
		}
		defer func() { _ = opened.Close() }()
		info, err := opened.Stat()
		if err != nil {
			return nil, err //nolint:wrapcheck // Find names the file.
		}
		if !info.Mode().IsRegular() {
			return nil, &problem.Problem{File: file, Message: "is no file", Fix: "Put a file with rules in its place, or remove it."}
		}
		source, err := io.ReadAll(io.LimitReader(opened, MaxBytes+1))
		if err == nil && len(source) > MaxBytes {
			return source, nil // Parse says that it is too large
		}
		return source, err //nolint:wrapcheck // Find names the file.
	}
}
