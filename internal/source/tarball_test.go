package source_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/source"
)

// entry is one of a tarball: a file unless it says otherwise.
type entry struct {
	name, content string
	kind          byte
	link          string
}

// tarball packs entries as GitHub does.
func tarball(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var packed bytes.Buffer
	stream := gzip.NewWriter(&packed)
	writer := tar.NewWriter(stream)
	write := func(header *tar.Header, content string) {
		if err := writer.WriteHeader(header); err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(writer, content); err != nil {
			tb.Fatal(err)
		}
	}
	write(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": sha1}}, "")
	for _, one := range entries {
		header := &tar.Header{Name: one.name, Typeflag: tar.TypeReg, Linkname: one.link, Mode: 0o664, Size: int64(len(one.content))}
		if strings.HasSuffix(one.name, "/") {
			header.Typeflag, header.Mode = tar.TypeDir, 0o775
		}
		if one.kind != 0 {
			header.Typeflag = one.kind
		}
		write(header, one.content)
	}
	if err := errors.Join(writer.Close(), stream.Close()); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// tree lists what is in a folder.
func tree(tb testing.TB, dir string) []string {
	tb.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, at fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		switch {
		case err != nil:
			return err
		case at.Type()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(path)
			found = append(found, name+" -> "+target)
		case !at.IsDir():
			content, _ := os.ReadFile(path)
			found = append(found, name+": "+string(content))
		case name != ".":
			found = append(found, name+"/")
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	packed := tarball(
		t, entry{name: "acme-voice-0123456/"}, entry{name: "acme-voice-0123456/package.json", content: "{}"},
		entry{name: "acme-voice-0123456/functions/"}, entry{name: "acme-voice-0123456/functions/a b é.js", content: "x"},
		entry{name: "acme-voice-0123456/deep/er/file", content: ""}, // its folders are not in it
		entry{name: "acme-voice-0123456/functions/same.js", kind: tar.TypeSymlink, link: "../deep/er/file"},
		entry{name: "acme-voice-0123456/nowhere", kind: tar.TypeSymlink, link: "gone"},
		entry{name: "acme-voice-0123456/circle", kind: tar.TypeSymlink, link: "circle"},
	)
	if err := source.Unpack(t.Context(), bytes.NewReader(packed), dir, source.Limits{}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"circle -> circle", "deep/", "deep/er/", "deep/er/file: ", "functions/", "functions/a b é.js: x",
		"functions/same.js -> ../deep/er/file", "nowhere -> gone", "package.json: {}",
	}
	if got := tree(t, dir); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	opened, err := source.FolderIn(dir, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	if content, err := fs.ReadFile(opened.FS, "package.json"); err != nil || string(content) != "{}" {
		t.Errorf("package.json is %q, %v", content, err)
	}
}

// TestUnpackRefuses sees that hostile tarballs write nothing outside, and are refused.
func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		entries []entry
		want    string
	}{
		"a name that climbs":            {[]entry{{name: "top/../../stolen", content: "x"}}, "leads elsewhere"},
		"a name that climbs at once":    {[]entry{{name: "../stolen", content: "x"}}, "not all in one folder"},
		"an absolute name":              {[]entry{{name: "/stolen", content: "x"}}, "not all in one folder"},
		"an absolute name inside":       {[]entry{{name: "top//stolen", content: "x"}}, "leads elsewhere"},
		"a name with a dot":             {[]entry{{name: "top/./x", content: "x"}}, "leads elsewhere"},
		"a name of Windows":             {[]entry{{name: `top/..\..\stolen`, content: "x"}}, "leads elsewhere"},
		"two folders":                   {[]entry{{name: "one/x"}, {name: "two/x"}}, "not all in one folder"},
		"a file on top":                 {[]entry{{name: "top"}}, "not all in one folder"},
		"nothing":                       {nil, "it is empty"},
		"a link that climbs":            {[]entry{{name: "top/x", kind: tar.TypeSymlink, link: "../stolen"}}, "not in the repository"},
		"a link that is absolute":       {[]entry{{name: "top/x", kind: tar.TypeSymlink, link: "/etc/passwd"}}, "not in the repository"},
		"a link to nothing":             {[]entry{{name: "top/x", kind: tar.TypeSymlink}}, "not in the repository"},
		"a link that climbs by another": {[]entry{{name: "top/here", kind: tar.TypeSymlink, link: "."}, {name: "top/x", kind: tar.TypeSymlink, link: "here/.."}, {name: "top/y", kind: tar.TypeSymlink, link: "here/here/../../x"}}, "not in the repository"},
		"a file through a link":         {[]entry{{name: "top/x", kind: tar.TypeSymlink, link: "y"}, {name: "top/y/"}, {name: "top/x/../../stolen", content: "x"}}, "leads elsewhere"},
		"a file over a link":            {[]entry{{name: "top/x", kind: tar.TypeSymlink, link: "y"}, {name: "top/x", content: "x"}}, "a file twice"},
		"a link over a file":            {[]entry{{name: "top/x"}, {name: "top/x", kind: tar.TypeSymlink, link: "y"}}, "a file twice"},
		"a file twice":                  {[]entry{{name: "top/x"}, {name: "top/x"}}, "a file twice"},
		"a hard link":                   {[]entry{{name: "top/x", kind: tar.TypeLink, link: "top/y"}}, "no file, folder or link"},
		"a device":                      {[]entry{{name: "top/x", kind: tar.TypeChar}}, "no file, folder or link"},
		"a pipe":                        {[]entry{{name: "top/x", kind: tar.TypeFifo}}, "no file, folder or link"},
		"files of git":                  {[]entry{{name: "top/services/.GIT", content: "gitdir: /etc"}}, "git's own files"},
		"a folder of git":               {[]entry{{name: "top/.git/HEAD", content: sha1}}, "git's own files"},
		"a long name":                   {[]entry{{name: "top/" + strings.Repeat("a/", 2100) + "x"}}, "too long"},
		"folders in folders":            {[]entry{{name: "top/" + strings.Repeat("a/", 60) + "x"}, {name: "top/b/" + strings.Repeat("a/", 60) + "x"}}, "more than 100 files"},
		"too many":                      {slices.Repeat([]entry{{name: "top/"}}, 101), "more than 100 files"},
		"too large":                     {[]entry{{name: "top/x", content: strings.Repeat("x", 3<<20)}}, "more than 2 MiB"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			around := t.TempDir()
			dir := filepath.Join(around, "into")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			err := source.Unpack(t.Context(), bytes.NewReader(tarball(t, test.entries...)), dir, source.Limits{Bytes: 2 << 20, Entries: 100})
			if _, isProblem := errors.AsType[*problem.Problem](err); !isProblem || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
			if left, _ := os.ReadDir(around); len(left) != 1 {
				t.Errorf("something was written outside: %v", left)
			}
		})
	}
}

// TestUnpackOfBrokenStreams has streams that are cut off, spoilt, endless or stopped.
func TestUnpackOfBrokenStreams(t *testing.T) {
	t.Parallel()
	whole := tarball(t, entry{name: "top/"}, entry{name: "top/x", content: strings.Repeat("hello ", 1000)})
	unpack := func(ctx context.Context, stream io.Reader, limits source.Limits) error {
		return source.Unpack(ctx, stream, t.TempDir(), limits)
	}
	for _, at := range []int{0, 1, 9, 20, len(whole) / 2, len(whole) - 9, len(whole) - 1} {
		if err := unpack(t.Context(), bytes.NewReader(whole[:at]), source.Limits{}); err == nil {
			t.Errorf("cut off at %d of %d, it was taken", at, len(whole))
		}
	}
	spoilt := slices.Clone(whole)
	spoilt[len(spoilt)-6] ^= 1 // in the sum
	if err := unpack(t.Context(), bytes.NewReader(spoilt), source.Limits{}); err == nil {
		t.Error("with a wrong sum, it was taken")
	}
	if err := unpack(t.Context(), bytes.NewReader(bomb(t)), source.Limits{Bytes: 8 << 20}); err == nil || !strings.Contains(err.Error(), "more than 8 MiB") {
		t.Errorf("a bomb: %v", err)
	}
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("enough"))
	if err := unpack(stopped, bytes.NewReader(whole), source.Limits{}); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("stopped: %v", err)
	}
}

// bomb is a small tarball with a large file.
func bomb(tb testing.TB) []byte {
	tb.Helper()
	packed := tarball(tb, entry{name: "top/x", content: strings.Repeat("\x00", 64<<20)})
	if len(packed) > 1<<20 {
		tb.Fatalf("the bomb has %d bytes", len(packed))
	}
	return packed
}

// TestUnpackOfHoles has a file that is as large as it says, in a few bytes.
func TestUnpackOfHoles(t *testing.T) {
	t.Parallel()
	for version, file := range map[string][]string{
		"0.1": {record("GNU.sparse.numblocks", "1") + record("GNU.sparse.map", "0,0") + record("GNU.sparse.size", "8388608"), ""},
		"1.0": {record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.realsize", "8388608"), "1\n0\n0\n" + strings.Repeat("\x00", 506)},
	} {
		var packed bytes.Buffer
		stream := gzip.NewWriter(&packed)
		_, err := io.WriteString(stream, block("pax", tar.TypeXHeader, file[0])+block("top/x", tar.TypeReg, file[1])+strings.Repeat("\x00", 1024))
		if err := errors.Join(err, stream.Close()); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		err = source.Unpack(t.Context(), &packed, dir, source.Limits{Bytes: 1 << 20, Entries: 10})
		if _, isProblem := errors.AsType[*problem.Problem](err); !isProblem || !strings.Contains(err.Error(), "a file with holes") {
			t.Errorf("%s: %v", version, err)
		}
		if left := tree(t, dir); len(left) > 0 {
			t.Errorf("%s: something of %d bytes was written", version, len(left[0]))
		}
	}
}

// block is a header of a tarball with content behind it (pax(1), ustar Interchange
// Format), as tar.Writer makes none.
func block(name string, kind byte, content string) string {
	var header [512]byte
	copy(header[:], name)
	copy(header[100:], "0000644\x00")
	copy(header[124:], fmt.Sprintf("%011o\x0000000000000\x00        ", len(content)))
	header[156] = kind
	copy(header[257:], "ustar\x0000")
	sum := 0
	for _, one := range header {
		sum += int(one)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
	return string(header[:]) + content + strings.Repeat("\x00", (512-len(content)%512)%512)
}

// record is one of those in a pax header, which begin with how long they are.
func record(key, value string) string {
	length := len(" =\n") + len(key) + len(value)
	return fmt.Sprintf("%d %s=%s\n", length+len(strconv.Itoa(length)), key, value)
}

// FuzzUnpack writes nothing outside, and no more than the limits.
func FuzzUnpack(f *testing.F) {
	f.Add("top/x", "content", "top/y", "x", byte(tar.TypeSymlink))
	f.Add("top/../x", "", "top/x/y", "..", byte(tar.TypeSymlink))
	f.Add("top/x", "", "top/x", "/etc", byte(tar.TypeLink))
	f.Add("top", "", "top/a/b/c/d", "../../../..", byte(tar.TypeSymlink))
	f.Fuzz(func(t *testing.T, first, content, second, link string, kind byte) {
		var packed bytes.Buffer
		stream := gzip.NewWriter(&packed)
		writer := tar.NewWriter(stream)
		for _, header := range []*tar.Header{
			{Name: second, Linkname: link, Typeflag: kind},
			{Name: first, Typeflag: tar.TypeReg, Size: int64(len(content))},
			{Name: second + "/" + first, Typeflag: tar.TypeReg},
			{Name: second, Linkname: link, Typeflag: kind},
		} {
			if writer.WriteHeader(header) == nil && header.Size > 0 {
				_, _ = io.WriteString(writer, content)
			}
		}
		_ = errors.Join(writer.Close(), stream.Close())
		around := t.TempDir()
		dir := filepath.Join(around, "into")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_ = source.Unpack(t.Context(), &packed, dir, source.Limits{Bytes: 1 << 20, Entries: 10})
		if left, _ := os.ReadDir(around); len(left) != 1 {
			t.Errorf("something was written outside: %v", fmt.Sprint(left))
		}
	})
}
