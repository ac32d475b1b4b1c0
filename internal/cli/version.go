package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

// version is the release's, set by the linker; a build from source has "".
var version string

// build is what is known of the binary.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// thisBuild reads the version that the linker set, else the one that go
// install recorded.
func thisBuild() build {
	read := build{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if read.Version == "" {
			read.Version = info.Main.Version
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				read.Commit = setting.Value
			}
		}
	}
	if read.Version == "" || read.Version == "(devel)" {
		read.Version = "dev"
	}
	return read
}

// String is the version, and the commit when it is known.
func (b build) String() string {
	if b.Commit == "" {
		return b.Version
	}
	return b.Version + " (" + b.Commit[:min(len(b.Commit), 7)] + ")"
}

func userAgent() string {
	b := thisBuild()
	return fmt.Sprintf("slipway/%s (%s %s; %s)", b.Version, b.OS, b.Arch, b.Go)
}

func newVersion(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Args:  noArguments,
	}
	output := addOutput(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		var problems problem.List
		form := output.read(&problems)
		if err := problems.Err(); err != nil {
			return err
		}
		b := thisBuild()
		if form == formatJSON {
			return printJSON(env, b)
		}
		commit := ""
		if b.Commit != "" {
			commit = ", commit " + b.Commit
		}
		_, err := fmt.Fprintf(env.Stdout, "slipway %s%s (%s, %s/%s)\n", b.Version, commit, b.Go, b.OS, b.Arch)
		return err //nolint:wrapcheck // nothing to add.
	}
	return cmd
}

func printJSON(env Env, value any) error {
	text, err := report.JSON(value)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(env.Stdout, text)
	return err //nolint:wrapcheck // nothing to add.
}
