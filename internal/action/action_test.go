package action

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
)

// TestPanicIsToldAsAFailure lets a run panic in the midst of its work.
func TestPanicIsToldAsAFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("package.json", `{"name": "hello"}`)
	environment := map[string]string{
		"GITHUB_WORKSPACE": dir, "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": write("event.json", "{}"),
		"GITHUB_OUTPUT": write("output", ""), "GITHUB_STEP_SUMMARY": write("summary", ""), "INPUT_COMMIT-STATUS": "false",
	}
	asked := 0
	var stdout bytes.Buffer
	result := Run(t.Context(), Env{Stdout: &stdout, Getenv: func(name string) string {
		if name == "GITHUB_WORKSPACE" {
			if asked++; asked == 2 { // the first look checks it, the second is the deploy's
				panic("out of cheese")
			}
		}
		return environment[name]
	}})
	if result.Status != job.Failed || result.Error == nil || result.Error.Reason != job.Internal {
		t.Errorf("the result is %+v", result)
	}
	got := watch(stdout.Bytes())
	if len(got.annotations) != 1 || !strings.Contains(got.annotations[0].message, "out of cheese") {
		t.Errorf("annotations are %+v", got.annotations)
	}
	if !strings.Contains(strings.Join(got.log, "\n"), "action_test.go") {
		t.Errorf("the log shows no stack:\n%s", strings.Join(got.log, "\n"))
	}
	outputs := readOutputs(t, environment["GITHUB_OUTPUT"])
	if outputs["status"] != "failed" {
		t.Errorf("outputs are %v", outputs)
	}
}
