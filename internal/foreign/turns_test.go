package foreign_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/cli"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestInTurns deploys a project with twilio-run and with Slipway in turns, each time
// with one file changed. What is live is the project each time, and Slipway uploads
// what it cannot tell to be live, and nothing else.
func TestInTurns(t *testing.T) {
	t.Parallel()
	inBothPositions(t, func(t *testing.T, options twilio.Options) {
		t.Helper()
		options.Switches.ReservedPathsRefused = false // then no Build has a Manifest
		w, preload := onNode(t, options)
		files := helloProject()
		toolkit := func(t *testing.T) {
			t.Helper()
			w.shell(t, preload+block(t, "give each command", "sh"), "in_sandbox deploy --runtime node22 --override-existing-project")
		}
		assets := []string{"/img/dot.png", "/index.html", "/prices.json", "/style.css"}
		changed := func(name, content string) {
			files = with(t, files, map[string]string{name: content})
			w.write(t, files)
		}
		hold := func(t *testing.T) {
			t.Helper()
			got := w.state(t, "hello").Environments["dev"].Files
			maps.DeleteFunc(got, func(path string, _ file) bool { return strings.HasPrefix(path, "/_slipway/") })
			if diff := cmp.Diff(got, deployed(files)); diff != "" {
				t.Fatalf("live is (-), want (+):\n%s", diff)
			}
		}

		w.write(t, files)
		toolkit(t)
		hold(t)
		changed("functions/hello.js", "exports.handler = () => 2;\n")
		first := w.slipway(t)
		hold(t)
		w.holdUploads(t, first, []string{"/hello"}, assets) // the Toolkit's Assets cannot be read back
		changed("functions/hello.js", "exports.handler = () => 3;\n")
		toolkit(t)
		hold(t)
		changed("assets/index.html", "<title>Three</title>\n")
		second := w.slipway(t)
		hold(t)
		w.holdUploads(t, second, nil, assets)
		changed("assets/index.html", "<title>Four</title>\n")
		third := w.slipway(t)
		hold(t)
		w.holdUploads(t, third, nil, []string{"/index.html"}) // behind its own, it can tell
		if again := w.slipway(t); again.Status != "unchanged" {
			t.Errorf("nothing changed, and it was %s", again.Status)
		}
	})
}

// result is what the test reads of Slipway's.
type result struct {
	Status    string   `json:"status"`
	Functions uploaded `json:"functions"`
	Assets    uploaded `json:"assets"`
}

type uploaded struct {
	Created []string `json:"created"`
	Updated []string `json:"updated"`
}

// slipway deploys the folder with Slipway.
func (w *world) slipway(t *testing.T) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cli.Main(t.Context(), cli.Env{
		Args:   []string{"deploy", w.folder, "--dependencies", "ranges", "--output", "json"},
		Getenv: w.value, Stdout: &stdout, Stderr: &stderr,
	})
	var read result
	if err := json.Unmarshal(stdout.Bytes(), &read); err != nil || code != 0 {
		t.Fatalf("exit %d, %v:\n%s%s", code, err, &stdout, &stderr)
	}
	return read
}

// holdUploads compares what Slipway uploaded with what it should have.
func (w *world) holdUploads(t *testing.T, got result, functions, assets []string) {
	t.Helper()
	want := result{Status: "deployed", Functions: uploaded{[]string{}, append([]string{}, functions...)}, Assets: uploaded{[]string{}, assets}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Fatalf("uploaded (-), want (+):\n%s", diff)
	}
}
