package publish_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-dev/slipway/internal/publish"
)

// packed is a file that goes into an archive.
type packed struct {
	text  string
	mode  int64
	date  time.Time
	owner string
	id    int // the owner's
}

// dist is the folder that GoReleaser writes, file by file of its archives.
type dist map[string]map[string]packed

var expected = publish.Contents{Version: "1.2.3", Pages: []string{"slipway.1", "slipway-deploy.1"}, MaxBinary: 1000}

// newDist returns one in which all is as it should be.
func newDist() dist {
	machines := map[string]string{
		"linux_amd64.tar.gz":  elfBinary(elf.EM_X86_64, false),
		"linux_arm64.tar.gz":  elfBinary(elf.EM_AARCH64, false),
		"darwin_amd64.tar.gz": machoBinary(macho.CpuAmd64),
		"darwin_arm64.tar.gz": machoBinary(macho.CpuArm64),
		"windows_amd64.zip":   peBinary(pe.IMAGE_FILE_MACHINE_AMD64),
		"windows_arm64.zip":   peBinary(pe.IMAGE_FILE_MACHINE_ARM64),
	}
	made := make(dist)
	for platform, program := range machines {
		files := make(map[string]packed)
		for _, name := range []string{
			"LICENSE", "README.md", "CHANGELOG.md", "man/man1/slipway.1", "man/man1/slipway-deploy.1",
			"completions/slipway.bash", "completions/slipway.fish", "completions/slipway.ps1", "completions/slipway.zsh",
		} {
			files[name] = packed{text: "text", mode: 0o644, date: time.Unix(1_800_000_000, 0), owner: "root"}
		}
		name := "slipway"
		if strings.HasSuffix(platform, ".zip") {
			name += ".exe"
		}
		files[name] = packed{text: program, mode: 0o755, date: time.Unix(1_800_000_000, 0), owner: "root"}
		made["slipway_1.2.3_"+platform] = files
	}
	return made
}

// pack makes the archives, and the file with their checksums.
func (d dist) pack(t *testing.T) fstest.MapFS {
	t.Helper()
	var sums strings.Builder
	made := make(fstest.MapFS)
	for _, name := range slices.Sorted(maps.Keys(d)) {
		content := tarball(t, d[name])
		if strings.HasSuffix(name, ".zip") {
			content = zipped(t, d[name])
		}
		made[name] = &fstest.MapFile{Data: content}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), name)
	}
	made["slipway_1.2.3_checksums.txt"] = &fstest.MapFile{Data: []byte(sums.String())}
	return made
}

func TestContents(t *testing.T) {
	t.Parallel()
	if err := expected.Check(newDist().pack(t)); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
	const linux, windows = "slipway_1.2.3_linux_amd64.tar.gz", "slipway_1.2.3_windows_arm64.zip"
	change := func(archive, file string, how func(*packed)) func(dist) {
		return func(d dist) {
			changed := d[archive][file]
			how(&changed)
			d[archive][file] = changed
		}
	}
	for name, test := range map[string]struct {
		damage func(dist)
		want   string
	}{
		"a platform is missing": {func(d dist) { delete(d, linux) }, linux + ": file does not exist"},
		"one too many":          {func(d dist) { d["slipway_1.2.3_plan9_amd64.tar.gz"] = d[linux] }, "slipway_1.2.3_plan9_amd64.tar.gz: there is a checksum for it"},
		"no licence":            {func(d dist) { delete(d[linux], "LICENSE") }, linux + ": LICENSE is missing"},
		"no page":               {func(d dist) { delete(d[windows], "man/man1/slipway-deploy.1") }, windows + ": man/man1/slipway-deploy.1 is missing"},
		"no completions":        {func(d dist) { delete(d[linux], "completions/slipway.zsh") }, linux + ": completions/slipway.zsh is missing"},
		"no binary":             {func(d dist) { delete(d[windows], "slipway.exe") }, windows + ": slipway.exe is missing"},
		"a stray file":          {func(d dist) { d[linux]["secrets.txt"] = d[linux]["LICENSE"] }, linux + ": nobody expects secrets.txt"},
		"an empty file":         {change(linux, "README.md", func(p *packed) { p.text = "" }), linux + ": README.md is empty"},
		"not executable":        {change(linux, "slipway", func(p *packed) { p.mode = 0o644 }), linux + ": slipway has the mode 644, not 755"},
		"writable":              {change(windows, "LICENSE", func(p *packed) { p.mode = 0o666 }), windows + ": LICENSE has the mode 666, not 644"},
		"somebody's":            {change(linux, "LICENSE", func(p *packed) { p.owner = "ada" }), linux + ": LICENSE belongs to ada:root"},
		"somebody's by number":  {change(linux, "LICENSE", func(p *packed) { p.id = 1000 }), linux + ": LICENSE belongs to root:root (1000:0)"},
		"of another day":        {change(windows, "LICENSE", func(p *packed) { p.date = p.date.Add(time.Hour) }), windows + ": its files are of 2 dates"},
		"too large": {
			change(linux, "slipway", func(p *packed) { p.text += strings.Repeat("x", 1000) }), linux + ": the binary has ",
		},
		"another machine's": {
			change(linux, "slipway", func(p *packed) { p.text = elfBinary(elf.EM_AARCH64, false) }), linux + ": the binary is for the machine EM_AARCH64, not EM_X86_64",
		},
		"another system's": {
			change(windows, "slipway.exe", func(p *packed) { p.text = elfBinary(elf.EM_AARCH64, false) }), windows + ": the binary is none of Windows",
		},
		"not static": {
			change(linux, "slipway", func(p *packed) { p.text = elfBinary(elf.EM_X86_64, true) }), linux + ": the binary is not static",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			damaged := newDist()
			test.damage(damaged)
			if err := expected.Check(damaged.pack(t)); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	t.Run("changed behind the checksums", func(t *testing.T) {
		t.Parallel()
		files, other := newDist().pack(t), newDist()
		other[linux]["LICENSE"] = other[linux]["slipway"]
		files[linux] = other.pack(t)[linux]
		if err := expected.Check(files); err == nil || !strings.Contains(err.Error(), linux+": its SHA-256 is") {
			t.Errorf("got %v, want that the checksum is another", err)
		}
	})
	t.Run("a time in the head", func(t *testing.T) {
		t.Parallel()
		files := newDist().pack(t)
		// RFC 1952: seconds in four bytes, behind two of mark, method and flags.
		binary.LittleEndian.PutUint32(files[linux].Data[4:], 1_800_000_000)
		if err := expected.Check(files); err == nil || !strings.Contains(err.Error(), linux+": gzip's header tells when it was made") {
			t.Errorf("got %v, want that gzip's header tells a time", err)
		}
	})
	t.Run("what it is made of", func(t *testing.T) {
		t.Parallel()
		files := newDist().pack(t)
		files[linux+".spdx.json"] = &fstest.MapFile{Data: []byte("{}")}
		if err := expected.Check(files); err == nil || !strings.Contains(err.Error(), linux+".spdx.json: its SHA-256 is") {
			t.Errorf("without a checksum: got %v, want that it has none", err)
		}
		sums := files["slipway_1.2.3_checksums.txt"]
		sums.Data = fmt.Appendf(sums.Data, "%x  %s\n", sha256.Sum256([]byte("{}")), linux+".spdx.json")
		if err := expected.Check(files); err != nil {
			t.Errorf("with a checksum: %v", err)
		}
	})
	t.Run("no checksums", func(t *testing.T) {
		t.Parallel()
		files := newDist().pack(t)
		delete(files, "slipway_1.2.3_checksums.txt")
		if err := expected.Check(files); err == nil || !strings.Contains(err.Error(), "slipway_1.2.3_checksums.txt: file does not exist") {
			t.Errorf("got %v, want that the checksums are missing", err)
		}
	})
}

func tarball(t *testing.T, files map[string]packed) []byte {
	t.Helper()
	var content bytes.Buffer
	compressed := gzip.NewWriter(&content)
	archive := tar.NewWriter(compressed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := files[name]
		header := &tar.Header{Name: name, Mode: file.mode, Size: int64(len(file.text)), ModTime: file.date, Uname: file.owner, Gname: "root", Uid: file.id}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(file.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

func zipped(t *testing.T, files map[string]packed) []byte {
	t.Helper()
	var content bytes.Buffer
	archive := zip.NewWriter(&content)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &zip.FileHeader{Name: name, Modified: files[name].date}
		header.SetMode(fs.FileMode(files[name].mode))
		file, err := archive.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(files[name].text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

// elfBinary is the head of a program for Linux, and nothing behind it.
func elfBinary(machine elf.Machine, isDynamic bool) string {
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64,
	}
	parts := []any{&header}
	if isDynamic {
		header.Phoff, header.Phentsize, header.Phnum = 64, 56, 1
		parts = append(parts, elf.Prog64{Type: uint32(elf.PT_INTERP)})
	}
	return encoded(parts...)
}

func machoBinary(cpu macho.Cpu) string {
	return encoded(macho.FileHeader{Magic: macho.Magic64, Cpu: cpu, Type: macho.TypeExec}, uint32(0))
}

func peBinary(machine uint16) string {
	return encoded(pe.FileHeader{Machine: machine}, [100]byte{})
}

func encoded(parts ...any) string {
	var text bytes.Buffer
	for _, part := range parts {
		if err := binary.Write(&text, binary.LittleEndian, part); err != nil {
			panic(err)
		}
	}
	return text.String()
}
