package source

import (
	"bufio"
	"bytes"
	"path/filepath"
	"strings"
)

const (
	maxRefBytes = 4 << 10
	// A packed-refs file has some 60 bytes for each branch and tag.
	maxPackedRefsBytes = 64 << 20
	// Git itself follows at most five refs that name another.
	maxRefHops = 5
)

// commitOf reads which commit is checked out from git's own files
// (gitrepository-layout(5)). The path is that of .git. It returns the full SHA,
// or nothing when that cannot be told: an empty branch, another storage of
// refs, no repository at all.
func commitOf(git string) string {
	if git == "" {
		return ""
	}
	git, common := foldersOf(git)
	ref := "HEAD"
	for range maxRefHops {
		content := readLine(filepath.Join(git, filepath.FromSlash(ref)))
		if content == "" {
			content = readLine(filepath.Join(common, filepath.FromSlash(ref)))
		}
		if content == "" {
			content = packedRef(filepath.Join(common, "packed-refs"), ref)
		}
		next, isRef := strings.CutPrefix(content, "ref:")
		if !isRef {
			return sha(content)
		}
		ref = strings.TrimSpace(next)
		if !strings.HasPrefix(ref, "refs/") || !filepath.IsLocal(filepath.FromSlash(ref)) {
			return ""
		}
	}
	return ""
}

// foldersOf returns the folder that .git is or names, and the one that it shares with
// others: a worktree keeps its HEAD to itself, and shares refs and configuration.
func foldersOf(git string) (own, common string) {
	// In a worktree and in a submodule .git is a file that names the folder.
	if target, found := strings.CutPrefix(readLine(git), "gitdir: "); found {
		git = from(filepath.Dir(git), target)
	}
	if target := readLine(filepath.Join(git, "commondir")); target != "" {
		return git, from(git, target)
	}
	return git, git
}

// from resolves a path that may be relative to a folder.
func from(folder, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// readLine returns the first line of a small file without the space around it;
// empty when it cannot be read.
func readLine(file string) string {
	data, err := readSmall(file, maxRefBytes)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(line)
}

// packedRef looks a ref up in a packed-refs file, whose lines are "SHA ref".
func packedRef(file, ref string) string {
	data, err := readSmall(file, maxPackedRefsBytes)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if commit, name, found := strings.Cut(lines.Text(), " "); found && strings.TrimSpace(name) == ref {
			return commit
		}
	}
	return ""
}

// sha returns text in lower case if it is a full SHA-1 or SHA-256, else nothing.
func sha(text string) string {
	if len(text) != 40 && len(text) != 64 {
		return ""
	}
	text = strings.ToLower(text)
	if strings.Trim(text, "0123456789abcdef") != "" {
		return ""
	}
	return text
}
