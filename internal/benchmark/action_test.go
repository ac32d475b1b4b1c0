//go:build unix

package benchmark_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkActionWithoutCredentials starts the Action's binary, taken out of its
// image, in a workflow whose secrets are missing: what a run costs before its
// first call of a platform.
func BenchmarkActionWithoutCredentials(b *testing.B) {
	const (
		runs     = 20
		ceiling  = actionCeiling
		badInput = 2 // the exit code
	)
	if os.Getenv("DOCKER_HOST") == "" {
		b.Skip("DOCKER_HOST is not set: this benchmark needs a Docker engine, such as that of unix:///var/run/docker.sock")
	}
	missing := regexp.MustCompile(`(?i)api[-_]key.*api[-_]secret`)
	file, err := takeOut()
	if err != nil {
		b.Fatalf("take slipway out of its image: %v", err)
	}
	env := runnerEnv(b)
	for b.Loop() {
		var walls []time.Duration
		for range runs {
			command := exec.Command(file, "action")
			command.Env = env
			var log bytes.Buffer
			command.Stdout, command.Stderr = &log, &log
			started := time.Now()
			err := command.Run()
			walls = append(walls, time.Since(started))
			if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != badInput || !missing.MatchString(log.String()) {
				b.Fatalf("got %v, want a failure for missing credentials:\n%s", err, log.Bytes())
			}
		}
		middle := median(walls)
		b.Logf("median %s, ceiling %s", middle.Round(10*time.Microsecond), ceiling)
		b.ReportMetric(float64(middle.Microseconds())/1000, "ms-start")
		if middle > ceiling {
			b.Errorf("got a median of %s, want at most %s", middle, ceiling)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// takeOut builds the image as it is released and copies its binary to the
// folder of the benchmarks.
var takeOut = sync.OnceValues(func() (file string, err error) {
	image := filepath.Base(folder)
	file = filepath.Join(folder, "slipway-of-image")
	docker := func(args ...string) (string, error) {
		command := exec.Command("docker", args...)
		command.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
		output, err := command.Output()
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("docker %s: %w\n%s%s", args[0], err, output, failed.Stderr)
		}
		return strings.TrimSpace(string(output)), err
	}
	if _, err := docker("build", "--quiet", "--network", "host", "--tag", image, filepath.Join("..", "..")); err != nil {
		return "", err
	}
	defer func() {
		_, removed := docker("image", "rm", "--force", image)
		err = errors.Join(err, removed)
	}()
	container, err := docker("create", "--network", "none", image)
	if err != nil {
		return "", err
	}
	_, copied := docker("cp", container+":/slipway", file)
	_, removed := docker("rm", container)
	return file, errors.Join(copied, removed)
})

// runnerEnv is what a runner tells the step of a push, in which all secrets are
// empty. No status is written, as that would measure the way to GitHub.
func runnerEnv(b *testing.B) []string {
	b.Helper()
	workspace := filepath.Join(b.TempDir(), "hello")
	if err := os.CopyFS(workspace, os.DirFS(filepath.Join("..", "..", "testdata", "projects", "hello"))); err != nil {
		b.Fatal(err)
	}
	const sha = "1f0c5a8e6d3b7294e05f1c2d3a4b5968778695a4"
	push := `{"ref": "refs/heads/main", "before": "` + strings.Repeat("0", 40) + `", "after": "` + sha + `", "created": true, "deleted": false,
		"head_commit": {"id": "` + sha + `"}, "sender": {"login": "ada"},
		"repository": {"name": "hello", "full_name": "acme/hello", "default_branch": "main", "owner": {"login": "acme"}}}`
	files := b.TempDir()
	for name, content := range map[string]string{"event.json": push, "output": "", "summary": ""} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(content), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return []string{
		"HOME=" + folder, "CI=true", "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + workspace,
		"GITHUB_REPOSITORY=acme/hello", "GITHUB_SHA=" + sha, "GITHUB_REF=refs/heads/main",
		"GITHUB_EVENT_NAME=push", "GITHUB_EVENT_PATH=" + filepath.Join(files, "event.json"), "GITHUB_RUN_ID=1",
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_API_URL=https://api.github.com",
		"GITHUB_OUTPUT=" + filepath.Join(files, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(files, "summary"),
		"INPUT_COMMAND=auto", "INPUT_COMMIT-STATUS=false", "INPUT_GITHUB-TOKEN=", "INPUT_API-KEY=", "INPUT_API-SECRET=",
	}
}
