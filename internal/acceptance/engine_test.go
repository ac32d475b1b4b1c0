package acceptance_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	// Nothing of it is used, but go test must not take an earlier result for that
	// of an image whose sources have changed.
	_ "github.com/slipway-dev/slipway/internal/cli"
)

const (
	// buildPatience bounds what is made once: on a machine without caches, the
	// toolchain compiles the whole standard library for it.
	buildPatience = 8 * time.Minute
	// runPatience bounds a run of a workflow, which takes seconds.
	runPatience = 2 * time.Minute
	// imageVersion is what the image's binary shows.
	imageVersion = "v0.0.0-acceptance"
)

// project is the root of the repository.
var project = filepath.Join("..", "..")

// mark names everything of this process at the Docker engine.
var mark = "slipway-acceptance-" + strings.ToLower(rand.Text()[:10])

func TestMain(m *testing.M) {
	code := m.Run()
	if os.Getenv("DOCKER_HOST") != "" {
		// Containers are gone by now, with the tests that made them.
		_, _ = docker(context.Background(), "image", "rm", "--force", mark)
	}
	os.Exit(code)
}

// needsEngine skips a test where no Docker engine is named.
func needsEngine(t *testing.T) {
	t.Helper()
	if os.Getenv("DOCKER_HOST") == "" {
		t.Skip("DOCKER_HOST is not set: this test needs a Docker engine, such as that of unix:///var/run/docker.sock")
	}
}

// docker runs a command of the Docker client and returns what it prints.
func docker(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "docker", args...)
	// Without BuildKit, which not every runner has.
	command.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	return output(command)
}

// output runs a command and returns what it prints, with what it complains of in
// the error.
func output(command *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(command.Args, " "), err, stdout.Bytes(), stderr.Bytes())
	}
	return strings.TrimSpace(stdout.String()), nil
}

// buildImage makes the image once for all tests.
var buildImage = sync.OnceValues(func() (string, error) {
	// To go test these are files that the result depends on.
	for _, file := range []string{"Dockerfile", ".dockerignore", "go.mod", "go.sum", "main.go"} {
		if _, err := os.ReadFile(filepath.Join(project, file)); err != nil {
			return "", err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildPatience)
	defer cancel()
	// The host's network, because an engine may have no other.
	_, err := docker(ctx, "build", "--quiet", "--network", "host", "--build-arg", "VERSION="+imageVersion, "--tag", mark, project)
	return mark, err
})

// image returns the name of the image under test.
func image(t *testing.T) string {
	t.Helper()
	name, err := buildImage()
	if err != nil {
		t.Fatalf("build the image: %v", err)
	}
	return name
}

// buildAct makes act once for all tests, as tools/act pins it. The go command
// keeps it for the next time.
var buildAct = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), buildPatience)
	defer cancel()
	command := exec.CommandContext(ctx, "go", "tool", "-modfile="+filepath.Join("tools", "act", "go.mod"), "-n", "act")
	command.Dir = project
	return output(command)
})
