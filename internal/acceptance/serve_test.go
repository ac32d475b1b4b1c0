package acceptance_test

import (
	"strings"
	"testing"
	"time"
)

// TestImageServes runs the webhook server in the image as docs/server.md has it: as
// nobody in particular, with nothing to write to but its data. A push to it goes live.
func TestImageServes(t *testing.T) {
	t.Parallel()
	needsEngine(t)
	container, err := docker(t.Context(), "run", "--detach", "--network", "none", "--read-only", "--user", "65532:65532",
		"--tmpfs", "/data:uid=65532,mode=0700", image(t), "serve", "--sandbox", "--data", "/data")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeContainers(t, container) })
	pushed, err := docker(t.Context(), "exec", container, "/slipway", "demo", "push")
	for began := time.Now(); err != nil && strings.Contains(err.Error(), "nothing answers") && time.Since(began) < time.Minute; {
		select {
		case <-t.Context().Done():
		case <-time.After(100 * time.Millisecond): // it is starting
		}
		pushed, err = docker(t.Context(), "exec", container, "/slipway", "demo", "push")
	}
	if err != nil || !strings.HasPrefix(pushed, "Release 1 is live: http://127.0.0.1:8082/_live/hello-") {
		told, _ := docker(t.Context(), "logs", container)
		t.Fatalf("got %q, %v; the server told\n%s", pushed, err, told)
	}
	if copied, err := docker(t.Context(), "exec", container, "/slipway", "serve", "back-up", "--data", "/data", "/data/copy.db"); err != nil {
		t.Errorf("got %q, %v", copied, err)
	}
	if _, err := docker(t.Context(), "stop", container); err != nil {
		t.Fatal(err)
	}
	if code, err := docker(t.Context(), "inspect", "--format", "{{.State.ExitCode}}", container); err != nil || code != "0" {
		t.Errorf("it exited with %q, %v", code, err)
	}
}
