package source

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/slipway-dev/slipway/internal/problem"
)

// maxPath is how long a name may be, in bytes: what Linux takes (limits.h, PATH_MAX).
const maxPath = 4096

// Limits bound what a tarball may unpack to. A zero value is the default.
type Limits struct {
	// Bytes is how much all of it may be, headers included; 0 means 1 GiB.
	Bytes int64
	// Entries is how many files, folders and links there may be; 0 means 100,000.
	Entries int
}

// Unpack writes the tree of a commit into an empty folder. packed is a tarball as GitHub
// makes one, compressed with gzip and with everything in one folder, which is left out.
// It is read as it comes; what it may become is bounded by the limits, and how long it
// takes by ctx.
//
// Nothing is written outside of dir, whatever the tarball says. One that tries to, by a
// name or by a link, or that holds what no commit can, is refused with a
// *problem.Problem; what was written by then is the caller's to remove.
func Unpack(ctx context.Context, packed io.Reader, dir string, limits Limits) error {
	limits.Bytes, limits.Entries = cmp.Or(limits.Bytes, 1<<30), cmp.Or(limits.Entries, 100_000)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("unpack the commit's tarball: %w", err)
	}
	defer func() { _ = root.Close() }()
	stream, err := gzip.NewReader(&untilDone{ctx, packed})
	if err != nil {
		return fmt.Errorf("unpack the commit's tarball: %w", err)
	}
	stream.Multistream(false)
	unpacking := &unpacking{
		root: root, limits: limits, bounded: &io.LimitedReader{R: stream, N: limits.Bytes + 1}, folders: map[string]bool{".": true},
	}
	if err := unpacking.all(); err != nil {
		if unpacking.bounded.N <= 0 { // whatever it looked like
			return tooLarge(fmt.Sprintf("it unpacks to more than %d MiB", limits.Bytes>>20))
		}
		return fmt.Errorf("unpack the commit's tarball: %w", err)
	}
	return unpacking.checkLinks()
}

// unpacking is a tarball under way.
type unpacking struct {
	root    *os.Root
	limits  Limits
	bounded *io.LimitedReader
	top     string // the folder that everything is in
	entries int
	folders map[string]bool // that were made
	links   []string
}

func (u *unpacking) all() error {
	reader := tar.NewReader(u.bounded)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return u.checkEnd()
		}
		if err != nil {
			return err //nolint:wrapcheck // Unpack says what it was.
		}
		if header.Typeflag == tar.TypeXGlobalHeader { // in which git keeps the commit's SHA
			continue
		}
		if err := u.count(); err != nil {
			return err
		}
		if err := u.one(header, reader); err != nil {
			return err
		}
	}
}

// count counts what is to be written.
func (u *unpacking) count() error {
	if u.entries++; u.entries > u.limits.Entries {
		return tooLarge(fmt.Sprintf("it has more than %d files and folders", u.limits.Entries))
	}
	return nil
}

// hasHoles reports whether a file is stored without what is zero in it: one of any size
// may be a few bytes, which the limits would not see (GNU tar's manual, Storing Sparse
// Files).
func hasHoles(header *tar.Header) bool {
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// checkEnd sees that the stream ends where the tarball does: what is cut off has no sum.
func (u *unpacking) checkEnd() error {
	rest, err := io.Copy(io.Discard, u.bounded)
	switch {
	case err != nil:
		return err //nolint:wrapcheck // Unpack says what it was.
	case u.bounded.N <= 0:
		return tooLarge("it goes on behind its end")
	case u.entries == 0:
		return refused("it is empty", rest)
	}
	return nil
}

// one unpacks an entry.
func (u *unpacking) one(header *tar.Header, content io.Reader) error {
	name, err := u.inside(header.Name)
	if err != nil {
		return err
	}
	if name == "." {
		if header.Typeflag != tar.TypeDir {
			return refused("it is not all in one folder", header.Name)
		}
		return nil
	}
	if err := u.above(name); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return u.folder(name)
	case tar.TypeReg:
		if hasHoles(header) {
			return refused("it has a file with holes", header.Name)
		}
		return u.file(name, content)
	case tar.TypeSymlink:
		return u.link(name, header.Linkname)
	default:
		return refused("it has something that is no file, folder or link", header.Name)
	}
}

// inside returns an entry's path in the tree.
func (u *unpacking) inside(name string) (string, error) {
	top, rest, _ := strings.Cut(strings.TrimSuffix(name, "/"), "/")
	if u.top == "" {
		u.top = top
	}
	if top != u.top || !fs.ValidPath(top) || top == "." {
		return "", refused("it is not all in one folder", name)
	}
	if rest == "" {
		return ".", nil
	}
	switch {
	case !fs.ValidPath(rest) || strings.ContainsAny(rest, "\\\x00"):
		return "", refused("it has a name that leads elsewhere", name)
	case len(rest) > maxPath:
		return "", refused("it has a name that is too long", name)
	}
	for part := range strings.SplitSeq(rest, "/") {
		if strings.EqualFold(part, ".git") { // which would tell of another commit, and lead to any folder
			return "", refused("it has git's own files, which no commit has", name)
		}
	}
	return rest, nil
}

// above makes the folders that a name is in. They count, whether or not the tarball has
// them: a name may have thousands.
func (u *unpacking) above(name string) error {
	folder := path.Dir(name)
	if u.folders[folder] {
		return nil
	}
	if err := u.above(folder); err != nil {
		return err
	}
	if err := u.count(); err != nil {
		return err
	}
	return u.folder(folder)
}

func (u *unpacking) folder(name string) error {
	u.folders[name] = true
	return u.root.MkdirAll(name, 0o700) //nolint:wrapcheck // Unpack says what it was.
}

func (u *unpacking) file(name string, content io.Reader) error {
	file, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return refused("it has a file twice", name)
	}
	if err != nil {
		return err //nolint:wrapcheck // Unpack says what it was.
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

// link makes a link, unless it leads out of the tree by its name.
func (u *unpacking) link(name, target string) error {
	if target == "" || path.IsAbs(target) || strings.ContainsAny(target, "\\\x00") || !fs.ValidPath(path.Join(path.Dir(name), target)) {
		return leavesTree(name, target)
	}
	err := u.root.Symlink(target, name)
	if errors.Is(err, fs.ErrExist) {
		return refused("it has a file twice", name)
	}
	u.links = append(u.links, name)
	return err //nolint:wrapcheck // Unpack says what it was.
}

// checkLinks refuses links that lead out of the tree by way of other links. Those that
// lead nowhere, or in a circle, do no harm.
func (u *unpacking) checkLinks() error {
	for _, name := range u.links {
		if _, err := u.root.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ELOOP) && !errors.Is(err, syscall.ENOTDIR) {
			target, _ := u.root.Readlink(name)
			return leavesTree(name, target)
		}
	}
	return nil
}

func leavesTree(name, target string) error {
	return &problem.Problem{
		File: name, Message: fmt.Sprintf("it is a link to %.200q, which is not in the repository", target),
		Fix: "Remove the link, or have it lead to a file of the repository.",
	}
}

func tooLarge(why string) error {
	return &problem.Problem{Message: "the commit's tarball is too large: " + why, Fix: "Take what is not needed out of the repository."}
}

func refused(why string, what any) error {
	return &problem.Problem{Message: fmt.Sprintf("the commit's tarball is not one that GitHub makes: %s (%.200q)", why, fmt.Sprint(what))}
}

// untilDone reads until a context ends.
type untilDone struct {
	ctx  context.Context //nolint:containedctx // it is that of one call, and a Read takes none.
	from io.Reader
}

func (u *untilDone) Read(into []byte) (int, error) {
	if err := context.Cause(u.ctx); err != nil {
		return 0, err
	}
	return u.from.Read(into) //nolint:wrapcheck // io.EOF is one.
}
