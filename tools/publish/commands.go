package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/cli"
	"github.com/slipway-dev/slipway/internal/manual"
	"github.com/slipway-dev/slipway/internal/publish"
)

// maxBinary is the ceiling of a binary's size, in bytes.
const maxBinary = 30 << 20

// environment is what the commands have of the process around them.
type environment struct {
	stdout  io.Writer
	environ []string
}

// run carries out one command.
func run(ctx context.Context, args []string, env environment) error {
	root := newRoot(env) //nolint:contextcheck // cobra hands the context to each command.
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

func newRoot(env environment) *cobra.Command {
	root := &cobra.Command{
		Use: "publish", Short: "Make a release of Slipway", SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.AddCommand(newCheck(env), newNotes(env), newAction(env), newCommit(env), newTag(env), newMoveTag(env), newManual(), newContents())
	root.SetOut(env.stdout)
	return root
}

func newCheck(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "check VERSION",
		Short: "Hold a version to what a release needs, and print what the workflow has to know",
		Long: `Holds the version to its form, wants a section for it in CHANGELOG.md, and no tag at
origin. It prints lines for $GITHUB_OUTPUT.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, _, err := readNotes(args[0])
			if err != nil {
				return err
			}
			tags, err := publish.Repository{Environ: env.environ}.Tags(cmd.Context())
			if err != nil {
				return err
			}
			if sha, isThere := tags[version.String()]; isThere {
				return fmt.Errorf("%s is released already, as the commit %s: release the next version", version, sha)
			}
			_, err = fmt.Fprintf(env.stdout, "version=%s\nbare=%s\nprerelease=%t\nlatest=%t\n",
				version, version.Bare(), version.IsPrerelease(), version.IsLatest(slices.Collect(maps.Keys(tags))))
			return err
		},
	}
}

func newNotes(env environment) *cobra.Command {
	return &cobra.Command{
		Use: "notes VERSION", Short: "Print what CHANGELOG.md says of a version", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			_, notes, err := readNotes(args[0])
			if err != nil {
				return err
			}
			_, err = io.WriteString(env.stdout, notes)
			return err
		},
	}
}

// readNotes reads a version, and what CHANGELOG.md of the current folder says of it.
func readNotes(text string) (publish.Version, string, error) {
	version, err := publish.ParseVersion(text)
	if err != nil {
		return version, "", err
	}
	changelog, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return version, "", err
	}
	notes, err := publish.Notes(string(changelog), version)
	return version, notes, err
}

func newAction(env environment) *cobra.Command {
	return &cobra.Command{
		Use: "action IMAGE", Short: "Print action.yml as a release with that image has it", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := os.ReadFile("action.yml")
			if err != nil {
				return err
			}
			released, err := publish.Action(string(text), args[0])
			if err != nil {
				return err
			}
			_, err = io.WriteString(env.stdout, released)
			return err
		},
	}
}

func newCommit(env environment) *cobra.Command {
	return &cobra.Command{
		Use: "commit VERSION IMAGE", Short: "Make the commit of a release, and print its SHA", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := publish.ParseVersion(args[0])
			if err != nil {
				return err
			}
			sha, err := publish.Repository{Environ: env.environ}.Commit(cmd.Context(), version, args[1])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(env.stdout, sha)
			return err
		},
	}
}

func newTag(env environment) *cobra.Command {
	return &cobra.Command{
		Use: "tag VERSION COMMIT", Short: "Push the tag of a release", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := publish.ParseVersion(args[0])
			if err != nil {
				return err
			}
			return publish.Repository{Environ: env.environ}.Tag(cmd.Context(), version, args[1])
		},
	}
}

func newMoveTag(env environment) *cobra.Command {
	return &cobra.Command{
		Use: "move-tag VERSION COMMIT", Short: "Have the tag of its major name a release, where it is the newest", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := publish.ParseVersion(args[0])
			if err != nil {
				return err
			}
			moved, err := publish.Repository{Environ: env.environ}.MoveTag(cmd.Context(), version, args[1])
			if err != nil {
				return err
			}
			if moved == "" {
				moved = "no tag"
			}
			_, err = fmt.Fprintf(env.stdout, "%s moves %s.\n", version, moved)
			return err
		},
	}
}

func newManual() *cobra.Command {
	var version, date string
	cmd := &cobra.Command{
		Use: "manual FOLDER", Short: "Write manual pages and completions into a folder of their own", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			day, err := time.Parse(time.RFC3339, date)
			if err != nil {
				return fmt.Errorf("read --date: %w", err)
			}
			files := make(map[string]string)
			for name, page := range manual.Pages(cli.Commands(), manual.Source{Version: version, Date: day}) {
				files[filepath.Join("man", name)] = page
			}
			for _, name := range publish.Completions() {
				script, err := completion(cmd.Context(), shells()[filepath.Ext(name)])
				if err != nil {
					return err
				}
				files[filepath.Join("completions", name)] = script
			}
			if err := os.RemoveAll(args[0]); err != nil {
				return err
			}
			return write(args[0], files)
		},
	}
	cmd.Flags().StringVar(&version, "version", "", "the release's, such as v1.2.3")
	cmd.Flags().StringVar(&date, "date", "", "the commit's, in the form of RFC 3339")
	return cmd
}

// shells are those that completions are for, by the ending of the file.
func shells() map[string]string {
	return map[string]string{".bash": "bash", ".fish": "fish", ".ps1": "powershell", ".zsh": "zsh"}
}

// completion returns what slipway completion prints for a shell.
func completion(ctx context.Context, shell string) (string, error) {
	var script, complaints bytes.Buffer
	code := cli.Main(ctx, cli.Env{
		Args: []string{"completion", shell}, Getenv: func(string) string { return "" }, Stdout: &script, Stderr: &complaints,
	})
	if code != 0 {
		return "", errors.New("slipway completion " + shell + ": " + strings.TrimSpace(complaints.String()))
	}
	return script.String(), nil
}

func write(folder string, files map[string]string) error {
	for name, text := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // goes into archives for everybody.
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // the same.
			return err
		}
	}
	return nil
}

func newContents() *cobra.Command {
	return &cobra.Command{
		Use: "contents DIST VERSION", Short: "Hold the archives in a folder to what a release promises", Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			pages := slices.Sorted(maps.Keys(manual.Pages(cli.Commands(), manual.Source{})))
			return publish.Contents{Version: args[1], Pages: pages, MaxBinary: maxBinary}.Check(os.DirFS(args[0]))
		},
	}
}
