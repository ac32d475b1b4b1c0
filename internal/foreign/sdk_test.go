package foreign_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// inBothPositions runs a test of a client against a Sandbox as it is by default, and one
// with all switches in their other position. Listings have several pages in both.
func inBothPositions(t *testing.T, run func(*testing.T, sandbox.Options)) {
	t.Helper()
	for name, switches := range map[string]sandbox.Switches{"default": {}, "otherwise": otherwise()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, sandbox.Options{PageSize: 2, BuildTime: 50 * time.Millisecond, Switches: switches})
		})
	}
}

func TestNodeSDK(t *testing.T) {
	t.Parallel()
	needs(t, "npm", "node", "sh")
	script, err := filepath.Abs(filepath.Join("testdata", "node", "twilio.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	inBothPositions(t, func(t *testing.T, options sandbox.Options) {
		t.Helper()
		w, preload := onNode(t, options)
		w.seed(t)
		listsSeeded(t, w.shell(t, preload, block(t, "### twilio, the SDK", "sh")))
		w.holdExercise(t, w.shell(t, preload, "node "+script))
		w.holdColumn(t, "twilio (Node.js)")
	})
}

func TestPythonSDK(t *testing.T) {
	t.Parallel()
	needs(t, "python3", "sh")
	python := pythonWithTwilio(t)
	exercise, err := os.ReadFile(filepath.Join("testdata", "python", "exercise.py"))
	if err != nil {
		t.Fatal(err)
	}
	inBothPositions(t, func(t *testing.T, options sandbox.Options) {
		t.Helper()
		w := newWorld(t, options, "PATH="+filepath.Dir(python)+string(os.PathListSeparator)+os.Getenv("PATH"))
		w.seed(t)
		w.write(t, map[string]string{"sandbox.py": block(t, "`sandbox.py`", "python"), "exercise.py": string(exercise)})
		listsSeeded(t, w.shell(t, block(t, "and use its client", "sh")))
		w.holdExercise(t, w.shell(t, "python3 exercise.py"))
		w.holdColumn(t, "twilio-python")
	})
}

// pythonWithTwilio finds a python3 that has the SDK. The first on PATH may be one that
// does not see Debian's packages.
func pythonWithTwilio(t *testing.T) string {
	t.Helper()
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		python := filepath.Join(folder, "python3")
		version, err := exec.CommandContext(t.Context(), python, "-c", "import twilio; print(twilio.__version__)").Output()
		if err == nil {
			t.Logf("twilio-python %s of %s", strings.TrimSpace(string(version)), python)
			return python
		}
	}
	t.Skip("no python3 on PATH has twilio-python: the test needs it, such as from Debian's python3-twilio")
	return ""
}

func TestGoSDK(t *testing.T) {
	t.Parallel()
	needs(t, "go")
	module := t.TempDir()
	if err := os.CopyFS(module, os.DirFS(filepath.Join("testdata", "twilio-go"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(module, "sandbox.go"), []byte(block(t, "`sandbox.go`", "go")), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), installPatience)
	defer cancel()
	exercise := filepath.Join(module, "exercise")
	build := exec.CommandContext(ctx, "go", "build", "-o", exercise, ".")
	build.Dir = module
	if printed, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, printed)
	}
	inBothPositions(t, func(t *testing.T, options sandbox.Options) {
		t.Helper()
		w := newWorld(t, options)
		w.seed(t)
		w.holdExercise(t, w.run(t, exercise))
		w.holdColumn(t, "twilio-go")
	})
}

// seed fills the Sandbox with what the SDKs cannot make, because they have no uploads:
// the Service "seeded" with three Versions of a Function and of an Asset, of which the
// newest are live, and three calls of the Function.
func (w *world) seed(t *testing.T) {
	t.Helper()
	needs(t, "curl", "sh")
	client, err := twilio.New(twilio.Config{
		Credentials: twilio.Credentials{User: w.value("TWILIO_API_KEY"), Password: secret.New(w.value("TWILIO_API_SECRET"))},
		APIURL:      w.value("SLIPWAY_API_URL"), UploadURL: w.value("SLIPWAY_UPLOAD_URL"),
		Polling: retry.Polling{Every: time.Millisecond, Steady: time.Second, Max: time.Millisecond, Budget: patience},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	service, err1 := client.CreateService(ctx, twilio.NewService{UniqueName: "seeded", FriendlyName: "Seeded"})
	function, err2 := client.CreateFunction(ctx, service.SID, "/hello")
	asset, err3 := client.CreateAsset(ctx, service.SID, "/index.html")
	dev, err4 := client.CreateEnvironment(ctx, service.SID, "dev-environment", "dev")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	upload := block(t, "`curl` has", "sh")
	ofAsset := strings.NewReplacer(
		"functions/hello.js", "assets/index.html", "/hello", "/index.html", "public", "private",
		"application/javascript", "text/html", "Functions", "Assets").Replace(upload)
	for _, text := range []string{"// one", "// two", "// three"} {
		w.write(t, map[string]string{"functions/hello.js": text, "assets/index.html": text})
		w.shell(t, fmt.Sprintf("SERVICE_SID=%s FUNCTION_SID=%s", service.SID, function.SID), upload)
		w.shell(t, fmt.Sprintf("SERVICE_SID=%s FUNCTION_SID=%s", service.SID, asset.SID), ofAsset)
	}
	build := twilio.NewBuild{Runtime: "node22", Dependencies: []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}}}
	for _, one := range w.sandbox.Snapshot().Versions { // the newest come last
		if one.IsFunction {
			build.FunctionVersions = []twilio.VersionSID{twilio.VersionSID(one.SID)}
		} else {
			build.AssetVersions = []twilio.VersionSID{twilio.VersionSID(one.SID)}
		}
	}
	built, err := client.CreateBuild(ctx, service.SID, build)
	if err != nil {
		t.Fatal(err)
	}
	_, err1 = client.WaitForBuild(ctx, service.SID, built.SID)
	_, err2 = client.CreateDeployment(ctx, service.SID, dev.SID, built.SID)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.callHello(t, dev.DomainName)
	}
	w.forget()
}

// listsSeeded checks what the page's own lines printed.
func listsSeeded(t *testing.T, printed string) {
	t.Helper()
	if printed != "seeded\n" {
		t.Errorf("docs/sandbox.md's lines printed %q, want the Service seeded", printed)
	}
}

// holdExercise compares what an SDK was told, and what it left behind, with what the
// exercise has every SDK do.
func (w *world) holdExercise(t *testing.T, told string) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", "sdk.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(told, string(want)); diff != "" {
		t.Errorf("it was told (-), want (+):\n%s", diff)
	}
	files := map[string]file{
		"/hello":      {true, "public", "application/javascript", content("// three")},
		"/index.html": {false, "private", "text/html", content("// three")},
	}
	dependencies := map[string]string{"@twilio/runtime-handler": "2.0.1", "twilio": "5.0.3", "lodash": "4.17.21"}
	w.holdState(t, "seeded", state{
		Functions: []string{"/hello", "/renamed"},
		Assets:    []string{"/index.html", "/renamed.svg"},
		Environments: map[string]environment{
			"dev": {UniqueName: "dev-environment", Runtime: "node22", Files: files, Dependencies: dependencies},
			"stage": {
				UniqueName: "stage-environment", Runtime: "node22", Files: files, Dependencies: dependencies,
				Variables: map[string]string{"ONE": "1=one & more", "TWO": "ä€"},
			},
		},
	})
	var got []string
	for _, one := range w.sandbox.Snapshot().Services {
		got = append(got, fmt.Sprintf("%s %q %t %t", one.UniqueName, one.FriendlyName, one.IncludeCredentials, one.UIEditable))
	}
	if diff := cmp.Diff(got, []string{`seeded "Seeded" false false`, `made "Remade" false true`}); diff != "" {
		t.Errorf("Services are (-), want (+):\n%s", diff)
	}
	if left := w.sandbox.Snapshot(); len(left.Builds) != 2 || len(left.Deployments) != 4 {
		t.Errorf("%d Builds and %d Deployments are left, want 2 and 4", len(left.Builds), len(left.Deployments))
	}
}
