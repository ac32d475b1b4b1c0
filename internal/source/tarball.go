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
	unpacking := &unpacking{root: root, limits: limits, bounded: &io.LimitedReader{R: stream, N: limits.Bytes + 1}}
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
		if u.entries++; u.entries > u.limits.Entries {
			return tooLarge(fmt.Sprintf("it has more than %d files and folders", u.limits.Entries))
		}
		if err := u.one(header, reader); err != nil {
			return err
		}
	}
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
	switch header.Typeflag {
	case tar.TypeDir:
		return u.root.MkdirAll(name, 0o700) //nolint:wrapcheck // Unpack says what it was.
	case tar.TypeReg:
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
	if !fs.ValidPath(rest) || strings.ContainsAny(rest, "\\\x00") {
		return "", refused("it has a name that leads elsewhere", name)
	}
	return rest, nil
}

func (u *unpacking) file(name string, content io.Reader) error {
	if err := u.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err //nolint:wrapcheck // Unpack says what it was.
	}
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
	if err := u.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err //nolint:wrapcheck // Unpack says what it was.
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
