package acceptance_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestImage(t *testing.T) {
	t.Parallel()
	needsEngine(t)
	name := image(t)

	t.Run("configuration", func(t *testing.T) {
		t.Parallel()
		got, err := docker(t.Context(), "image", "inspect",
			"--format", "{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{json .Config.User}}", name)
		if err != nil {
			t.Fatal(err)
		}
		// A shell in front of it would be process 1 and get the runner's signals; a user
		// other than root could not write to what the runner mounts.
		if want := regexp.MustCompile(`^\["/slipway"\] (null|\[\]) "(|0|root|0:0)"$`); !want.MatchString(got) {
			t.Errorf("got the entry point, arguments and user %s, want them to match %s", got, want)
		}
	})

	t.Run("version", func(t *testing.T) {
		t.Parallel()
		got, err := docker(t.Context(), "run", "--rm", "--network", "none", name, "version")
		if err != nil {
			t.Fatal(err)
		}
		if want := regexp.MustCompile(`^slipway ` + regexp.QuoteMeta(imageVersion) + ` \(go1\.[0-9.]+, linux/[a-z0-9]+\)$`); !want.MatchString(got) {
			t.Errorf("got %q, want it to match %s", got, want)
		}
	})

	t.Run("files", func(t *testing.T) {
		t.Parallel()
		container, err := docker(t.Context(), "create", "--network", "none", name, "version")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { removeContainers(t, container) })
		modes := map[string]int64{}
		read(t, func(archive io.Reader) error {
			files := tar.NewReader(archive)
			for {
				header, err := files.Next()
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				modes[strings.TrimPrefix(header.Name, "./")] = header.Mode
			}
		}, "export", container)
		if got := modes["slipway"] & 0o777; got != 0o755 {
			t.Errorf("/slipway has the mode %o, want 755", got)
		}
		if _, found := modes["etc/ssl/certs/ca-certificates.crt"]; !found {
			t.Error("the image trusts no certificate")
		}
		for file := range modes {
			if slices.Contains([]string{"sh", "bash", "ash", "dash", "busybox", "git", "go"}, file[strings.LastIndex(file, "/")+1:]) {
				t.Errorf("the image holds /%s, which nothing needs", file)
			}
		}
	})

	t.Run("size", func(t *testing.T) {
		t.Parallel()
		const ceiling = 12 << 20
		var size counter
		compressed := gzip.NewWriter(&size)
		read(t, func(archive io.Reader) error {
			_, err := io.Copy(compressed, archive)
			return errors.Join(err, compressed.Close())
		}, "save", name)
		t.Logf("%.1f MB compressed, ceiling %d MB", float64(size)/(1<<20), ceiling>>20)
		if size > ceiling {
			t.Errorf("got %d bytes compressed, want at most %d", size, ceiling)
		}
	})
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// read passes what a command of the Docker client prints to a function.
func read(t *testing.T, pass func(io.Reader) error, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "docker", args...)
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	passed := pass(stdout)
	if err := errors.Join(passed, command.Wait()); err != nil {
		t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
}
