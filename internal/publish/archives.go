package publish

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Contents is what the archives of a release have to hold.
type Contents struct {
	// Version is the version in the archives' names, without a v.
	Version string
	// Pages are the names of the manual pages, such as slipway-deploy.1.
	Pages []string
	// MaxBinary is the most bytes that a binary may have.
	MaxBinary int64
}

// Completions are the names of the files with completions.
func Completions() []string {
	return []string{"slipway.bash", "slipway.fish", "slipway.ps1", "slipway.zsh"}
}

// entry is a file of an archive.
type entry struct {
	mode    fs.FileMode
	changed time.Time
	content []byte
}

// Check holds the folder that GoReleaser wrote to what a release promises: an archive
// for each platform and nothing else, each with the checksum that the file of them
// names; in it the binary of that platform, static, with the licence, the documents,
// the manual and the completions; and no trace of when and by whom it was made. The
// error is a problem.List.
func (c Contents) Check(dist fs.FS) error {
	var problems problem.List
	wanted := c.checksums(dist, &problems)
	for _, platform := range platforms() {
		name := fmt.Sprintf("slipway_%s_%s_%s.%s", c.Version, platform.os, platform.arch, platform.format())
		packed, err := fs.ReadFile(dist, name)
		if err != nil {
			problems.AddAt(name, 0, problem.Reason(err), "")
			continue
		}
		checkSum(name, packed, wanted, &problems)
		// What it is made of, where the release tells that; a snapshot does not.
		if document, err := fs.ReadFile(dist, name+".spdx.json"); err == nil {
			checkSum(name+".spdx.json", document, wanted, &problems)
		}
		files, err := platform.unpack(packed)
		if err != nil {
			problems.AddAt(name, 0, err.Error(), "")
			continue
		}
		c.checkFiles(name, platform, files, &problems)
	}
	for name := range wanted {
		problems.AddAt(name, 0, "there is a checksum for it, and no release should have it", "")
	}
	return problems.Err()
}

// checksums reads the file of checksums, by the names of archives.
func (c Contents) checksums(dist fs.FS, problems *problem.List) map[string]string {
	file := "slipway_" + c.Version + "_checksums.txt"
	text, err := fs.ReadFile(dist, file)
	if err != nil {
		problems.AddAt(file, 0, problem.Reason(err), "")
	}
	sums := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		// The form of sha256sum: the sum, two spaces, the name.
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		sums[name] = sum
	}
	return sums
}

// checkSum holds a file to the checksum that is wanted, which is then no longer.
func checkSum(name string, content []byte, wanted map[string]string, problems *problem.List) {
	sum := sha256.Sum256(content)
	if got := hex.EncodeToString(sum[:]); wanted[name] != got {
		problems.AddAt(name, 0, fmt.Sprintf("its SHA-256 is %s, and %q in the checksums", got, wanted[name]), "")
	}
	delete(wanted, name)
}

// checkFiles holds the files of an archive to what has to be in it.
func (c Contents) checkFiles(archive string, platform platform, files map[string]entry, problems *problem.List) {
	expected := []string{platform.binary(), "LICENSE", "README.md", "CHANGELOG.md"}
	for _, page := range c.Pages {
		expected = append(expected, "man/man1/"+page)
	}
	for _, completion := range Completions() {
		expected = append(expected, "completions/"+completion)
	}
	for _, name := range expected {
		file, found := files[name]
		want := fs.FileMode(0o644)
		if name == platform.binary() {
			want = 0o755
		}
		switch {
		case !found:
			problems.AddAt(archive, 0, name+" is missing", "")
		case len(file.content) == 0:
			problems.AddAt(archive, 0, name+" is empty", "")
		case file.mode.Perm() != want:
			problems.AddAt(archive, 0, fmt.Sprintf("%s has the mode %o, not %o", name, file.mode.Perm(), want), "")
		}
	}
	dates := make(map[int64]bool)
	for name, file := range files {
		if !slices.Contains(expected, name) {
			problems.AddAt(archive, 0, "nobody expects "+name, "")
		}
		dates[file.changed.Unix()] = true
	}
	if len(dates) > 1 {
		problems.AddAt(archive, 0, fmt.Sprintf("its files are of %d dates, not all of the commit's", len(dates)), "")
	}
	binary := files[platform.binary()].content
	if len(binary) == 0 {
		return // told already
	}
	if int64(len(binary)) > c.MaxBinary {
		problems.AddAt(archive, 0, fmt.Sprintf("the binary has %d bytes, more than %d", len(binary), c.MaxBinary), "")
	}
	if err := platform.checkBinary(bytes.NewReader(binary)); err != nil {
		problems.AddAt(archive, 0, err.Error(), "")
	}
}

// unpack returns the files of an archive by their names.
func (p platform) unpack(packed []byte) (map[string]entry, error) {
	if p.format() == "zip" {
		return unzip(packed)
	}
	return untar(packed)
}

func untar(packed []byte) (map[string]entry, error) {
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	if !plain.ModTime.IsZero() && plain.ModTime.Unix() != 0 {
		return nil, fmt.Errorf("gzip's header tells when it was made: %s", plain.ModTime)
	}
	files := make(map[string]entry)
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		if header.Uname != "root" || header.Gname != "root" || header.Uid != 0 || header.Gid != 0 {
			return nil, fmt.Errorf("%s belongs to %s:%s (%d:%d), not to root", header.Name, header.Uname, header.Gname, header.Uid, header.Gid)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", header.Name, err)
		}
		files[header.Name] = entry{mode: header.FileInfo().Mode(), changed: header.ModTime, content: content}
	}
}

func unzip(packed []byte) (map[string]entry, error) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	files := make(map[string]entry)
	for _, file := range archive.File {
		reader, err := file.Open()
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", file.Name, err)
		}
		content, err := io.ReadAll(reader)
		if err := errors.Join(err, reader.Close()); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", file.Name, err)
		}
		files[file.Name] = entry{mode: file.Mode(), changed: file.Modified, content: content}
	}
	return files, nil
}
