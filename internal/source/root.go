package source

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxPackageBytes bounds the package.json files looked at on the way up.
const maxPackageBytes = 1 << 20

// rootOf finds the repository's root for an absolute folder, and the path of
// its .git (a folder, or a file in a worktree or submodule); empty without one.
// It looks no higher than top, which is the root without a .git, unless it is
// empty.
func rootOf(folder, top string) (root, git string) {
	for dir := range upwards(folder) {
		candidate := filepath.Join(dir, ".git")
		if isRepository(candidate) {
			return dir, candidate
		}
		if dir == top {
			return top, ""
		}
	}
	for dir := range upwards(folder) {
		if hasWorkspaces(filepath.Join(dir, "package.json")) {
			return dir, ""
		}
	}
	return folder, ""
}

// isRepository reports whether a .git is one: a folder with a HEAD, or a file
// that names such a folder. An empty one, as a broken clone leaves it, is none.
func isRepository(git string) bool {
	if strings.HasPrefix(readLine(git), "gitdir:") {
		return true
	}
	_, err := os.Lstat(filepath.Join(git, "HEAD"))
	return err == nil
}

// upwards yields an absolute folder and all that are above it.
func upwards(folder string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for yield(folder) {
			parent := filepath.Dir(folder)
			if parent == folder {
				return
			}
			folder = parent
		}
	}
}

// hasWorkspaces reports whether a package.json is that of a workspace's root.
// One that cannot be read is not: whoever needs it will say what is wrong.
func hasWorkspaces(file string) bool {
	data, err := readSmall(file, maxPackageBytes)
	if err != nil {
		return false
	}
	var content struct {
		Workspaces json.RawMessage `json:"workspaces"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &content); err != nil {
		return false
	}
	return len(content.Workspaces) > 0 && string(content.Workspaces) != "null"
}

// readSmall reads a regular file, but not more than limit bytes of it.
func readSmall(file string, limit int64) ([]byte, error) {
	// Looking before opening matters: to open a pipe would wait for ever.
	info, err := os.Stat(file)
	if err != nil {
		return nil, err //nolint:wrapcheck // callers only ask whether it could be read
	}
	if !info.Mode().IsRegular() {
		return nil, os.ErrInvalid
	}
	opened, err := os.Open(file) //nolint:gosec // a fixed name in a folder the user named, or one git's own files name
	if err != nil {
		return nil, err //nolint:wrapcheck // callers only ask whether it could be read
	}
	defer opened.Close()
	return io.ReadAll(io.LimitReader(opened, limit)) //nolint:wrapcheck // as above
}
