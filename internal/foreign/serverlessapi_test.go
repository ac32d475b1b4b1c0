package foreign_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestServerlessAPI runs the page's script for @twilio-labs/serverless-api, then one
// with the rest of what it can do.
func TestServerlessAPI(t *testing.T) {
	t.Parallel()
	inBothPositions(t, runServerlessAPI)
}

func runServerlessAPI(t *testing.T, options twilio.Options) {
	t.Helper()
	options.PageSize = 1
	w, preload := onNode(t, options)
	files := helloProject()
	w.write(t, files)
	w.write(t, map[string]string{"deploy.cjs": block(t, "`deploy.cjs`", "js")})
	run := block(t, "and run it", "sh")

	printed := w.shell(t, preload, run)
	// Again: the Service's name is taken now.
	printed += w.shell(t, preload, run)
	dev := w.environment(t, "on-the-api", "dev")
	if want := strings.Repeat(dev.DomainName+"\n", 2); printed != want {
		t.Errorf("deploy.cjs printed %q, want %q", printed, want)
	}
	want := onTheAPI(files)
	w.holdState(t, "on-the-api", want)

	script, err := filepath.Abs(filepath.Join("testdata", "node", "serverless-api.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	told, err := os.ReadFile(filepath.Join("testdata", "node", "serverless-api.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.shell(t, preload, "node "+script), string(told)); diff != "" {
		t.Errorf("it was told (-), want (+):\n%s", diff)
	}
	memory := environment{
		UniqueName: "memory-environment", Variables: map[string]string{"KEPT": "ä€", "ADDED": "a=b&c"}, Runtime: "node22",
		Dependencies: map[string]string{"@twilio/runtime-handler": "2.0.1", "twilio": "5.0.3", "lodash": "*"},
		Files: map[string]file{
			"/one":      {true, "public", "application/javascript", content("exports.handler = (context, event, callback) => callback(null, \"1\");\n")},
			"/two.json": {false, "private", "application/json", content(`{"two": 2}`)},
		},
	}
	production := memory
	production.UniqueName, production.Variables = "production", map[string]string{"STAGE": "production"}
	want.Functions = []string{"/hello", "/lib/words", "/one", "/sms/reply"}
	want.Assets = append(want.Assets, "/two.json")
	want.Environments["memory"], want.Environments["production"] = memory, production
	w.holdState(t, "on-the-api", want)
	w.holdColumn(t, "serverless-api")
}

// onTheAPI is the Service that the page's script makes of the project's files.
func onTheAPI(files map[string]string) state {
	return state{
		Functions: []string{"/hello", "/lib/words", "/sms/reply"},
		Assets:    []string{"/img/dot.png", "/index.html", "/prices.json", "/style.css"},
		Environments: map[string]environment{"dev": {
			UniqueName: "dev-environment", Variables: map[string]string{"GREETING": "Hello"},
			Runtime: "node22", Dependencies: dependencies(), Files: deployed(files),
		}},
	}
}
