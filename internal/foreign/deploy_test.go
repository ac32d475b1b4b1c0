package foreign_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/cli"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// compared is the Service that a project is deployed to.
const compared = "compared"

// outcome is how a deploy ended.
type outcome struct {
	Refused bool
	Printed string // on both streams

	// What it left behind, when it was not refused:
	Friendly                        string // name of the Service
	IncludesCredentials, IsEditable bool
	Requested                       map[string]string // dependencies asked for, without those that the platform adds
	Live                            state
}

// withToolkit deploys a project with twilio-run to a Sandbox of its own.
func withToolkit(t *testing.T, project fs.FS, flags ...string) outcome {
	t.Helper()
	w, preload := onNode(t, twilio.Options{})
	w.copy(t, project)
	script := preload + block(t, "give each command", "sh") + `in_sandbox deploy "$@"`
	args := append([]string{"-euc", script, "sh", "--service-name", compared}, flags...)
	stdout, stderr, err := w.try(t, "sh", args...)
	return w.outcome(t, err != nil, stdout+stderr)
}

// withSlipway deploys a project with Slipway to a Sandbox of its own. Versions of
// dependencies are those of package.json, and there is no Manifest, as in the Toolkit.
func withSlipway(t *testing.T, project fs.FS) outcome {
	t.Helper()
	w := newWorld(t, twilio.Options{})
	w.copy(t, project)
	var stdout, stderr bytes.Buffer
	code := cli.Main(t.Context(), cli.Env{
		Args:   []string{"deploy", w.folder, "--service", compared, "--dependencies", "ranges", "--manifest=false"},
		Getenv: w.value, Stdout: &stdout, Stderr: &stderr,
	})
	return w.outcome(t, code != 0, stdout.String()+stderr.String())
}

// copy puts a project's files into the folder.
func (w *world) copy(t *testing.T, project fs.FS) {
	t.Helper()
	if err := os.CopyFS(w.folder, project); err != nil {
		t.Fatal(err)
	}
}

func (w *world) outcome(t *testing.T, refused bool, printed string) outcome {
	t.Helper()
	ended := outcome{Refused: refused, Printed: printed}
	if refused {
		return ended
	}
	service := w.service(t, compared)
	ended.Friendly, ended.IncludesCredentials, ended.IsEditable = service.FriendlyName, service.IncludeCredentials, service.UIEditable
	ended.Requested, ended.Live = w.requested(t), w.state(t, compared)
	return ended
}

// requested are the dependencies that the last Build was asked for. The Toolkit puts
// quotation marks around their JSON.
func (w *world) requested(t *testing.T) map[string]string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	text := w.built.Get("Dependencies")
	if text == "" {
		return nil
	}
	var list []struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	if err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`)), &list); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	requested := map[string]string{}
	for _, one := range list {
		requested[one.Name] = one.Version
	}
	return requested
}
