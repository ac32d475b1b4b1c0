package publish

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io"
)

// platform is one that a release has an archive for.
type platform struct {
	os, arch string // in Go's words
}

func platforms() []platform {
	var all []platform
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			all = append(all, platform{os: system, arch: arch})
		}
	}
	return all
}

// format is the ending of the archive's name.
func (p platform) format() string {
	if p.os == "windows" {
		return "zip"
	}
	return "tar.gz"
}

// binary is the name of the binary in the archive.
func (p platform) binary() string {
	if p.os == "windows" {
		return "slipway.exe"
	}
	return "slipway"
}

// checkBinary tells what keeps a binary from running on the platform; on Linux, that
// it needs a library, too, since it has to run in an image that has none.
func (p platform) checkBinary(content io.ReaderAt) error {
	switch p.os {
	case "darwin":
		file, err := macho.NewFile(content)
		if err != nil {
			return fmt.Errorf("the binary is none of macOS: %w", err)
		}
		return p.checkMachine(file.Cpu, map[string]any{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64})
	case "windows":
		file, err := pe.NewFile(content)
		if err != nil {
			return fmt.Errorf("the binary is none of Windows: %w", err)
		}
		return p.checkMachine(file.Machine, map[string]any{
			"amd64": uint16(pe.IMAGE_FILE_MACHINE_AMD64), "arm64": uint16(pe.IMAGE_FILE_MACHINE_ARM64),
		})
	}
	file, err := elf.NewFile(content)
	if err != nil {
		return fmt.Errorf("the binary is none of Linux: %w", err)
	}
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP {
			return errors.New("the binary is not static: it names a loader of libraries")
		}
	}
	return p.checkMachine(file.Machine, map[string]any{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64})
}

func (p platform) checkMachine(got any, machines map[string]any) error {
	if want := machines[p.arch]; got != want {
		return fmt.Errorf("the binary is for the machine %v, not %v", got, want)
	}
	return nil
}
