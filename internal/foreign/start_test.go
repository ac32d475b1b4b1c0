package foreign_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/cli"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestPageFromItsStart runs the page's first command, and leads a client to that
// Sandbox with nothing but the lines that it prints.
func TestPageFromItsStart(t *testing.T) {
	t.Parallel()
	w, preload := onNode(t, twilio.Options{})
	_, text, _ := strings.Cut(readPage(t), "\nStart the Sandbox in one terminal:\n\n    slipway ")
	command, _, found := strings.Cut(text, "\n")
	if !found || !strings.Contains(command, "127.0.0.1:8765") {
		t.Fatalf("docs/sandbox.md starts with %q", command)
	}
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	printed, stdout := io.Pipe()
	var log bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Main(ctx, cli.Env{
			// The port may be in use here.
			Args:   strings.Fields(strings.Replace(command, "127.0.0.1:8765", "127.0.0.1:0", 1)),
			Getenv: func(string) string { return "" }, Stdout: stdout, Stderr: &log,
		})
		stdout.Close()
	}()
	lines := bufio.NewScanner(printed)
	var exports []string
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "export ") {
			exports = append(exports, lines.Text())
		}
		if strings.HasPrefix(lines.Text(), "export SLIPWAY_LIVE_URL=") {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, printed) }()

	w.write(t, helloProject())
	w.write(t, map[string]string{"deploy.cjs": block(t, "`deploy.cjs`", "js")})
	w.environ = []string{"PATH=" + w.value("PATH"), "HOME=" + w.value("HOME"), "NODE_PATH=" + w.value("NODE_PATH")}
	domain := strings.TrimSpace(w.shell(t, strings.Join(exports, "\n"), preload, block(t, "and run it", "sh")))
	if !strings.HasPrefix(domain, "on-the-api-") || !strings.HasSuffix(domain, "-dev.twil.io") {
		t.Errorf("it deployed to %q", domain)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("the Sandbox ended with %d:\n%s", code, log.String())
	}
	if !strings.Contains(log.String(), "operation=CreateDeployment method=POST") {
		t.Errorf("the Sandbox's log does not show the deploy:\n%s", log.String())
	}
}
