package pipeline_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
)

// propose reads a folder with those files. There is no client that could call anybody.
func propose(t *testing.T, files, given map[string]string) (pipeline.Outcome, error) {
	t.Helper()
	return proposeBeside(t, 0, files, given)
}

// proposeBeside is propose for a run with so many others.
func proposeBeside(t *testing.T, others int, files, given map[string]string) (pipeline.Outcome, error) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	none := func(string) string { return "" }
	values := config.Resolve(config.Inputs(), func(name string) (string, bool) { return given[name], true }, none)
	inputs, err := config.ReadWithoutSecrets(values, none)
	if err != nil {
		t.Fatal(err)
	}
	inputs.WorkingDirectory = folder
	return pipeline.Propose(t.Context(), pipeline.FolderDeploy{
		Settings: inputs.Deploy, Values: values, Top: folder, Logger: slog.New(slog.DiscardHandler),
	}, "it is a stranger's", others+1)
}

func TestPropose(t *testing.T) {
	t.Parallel()
	outcome, err := propose(t, map[string]string{
		"package.json":   `{"name": "@acme/site", "dependencies": {"lodash": "4.17.21"}, "engines": {"node": "24.x"}}`,
		"functions/a.js": "exports.a = 1;", "functions/b.protected.js": "exports.b = 1;", "assets/c.private.txt": "c", ".env": "FROM_FILE=1\n",
	}, map[string]string{"environment": "pr-7", "variables": "GIVEN=1"})
	if err != nil {
		t.Fatal(err)
	}
	result := outcome.Result
	if result.Status != job.Skipped || result.SkipReason != "it is a stranger's" || result.Service != "site" || result.Environment != "pr-7" || result.APICalls != 0 || result.Error != nil {
		t.Errorf("got %+v", result)
	}
	want := &job.Proposal{
		Functions: []job.ProposedFile{{Path: "/a", Visibility: "public"}, {Path: "/b", Visibility: "protected"}},
		Assets:    []job.ProposedFile{{Path: "/c.txt", Visibility: "private"}},
		Runtime:   "node24", Dependencies: []job.ProposedPackage{{Name: "lodash", Version: "4.17.21"}},
		Variables: []string{"FROM_FILE", "GIVEN"}, Problems: []string{},
	}
	if diff := cmp.Diff(result.Proposal, want); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}

	outcome, err = propose(t, map[string]string{"package.json": `{"name": "x", "dependencies": {"a": "file:../b"}}`, "functions/a#b.js": ""}, nil)
	if result := outcome.Result; err == nil || result.Status != job.Skipped || result.Error != nil || len(result.Proposal.Problems) < 2 {
		t.Errorf("what is wrong: %+v, %v", result, err)
	}
}

// TestProposalsAreBounded: a stranger's tree may be of any size.
func TestProposalsAreBounded(t *testing.T) {
	t.Parallel()
	files := map[string]string{"package.json": `{"name": "site"}`}
	var env strings.Builder
	for i := range 150 {
		files[fmt.Sprintf("functions/%s/%03d.js", strings.Repeat("é", 110), i)] = "exports.a = 1;"
		files[fmt.Sprintf("assets/%03d.txt", i)] = "c"
		fmt.Fprintf(&env, "KEY_%d=1\n", i)
	}
	files[".env"] = env.String()
	outcome, err := propose(t, files, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := outcome.Result.Proposal
	if got := []int{len(asked.Functions), len(asked.Assets), len(asked.Variables), asked.LeftOut}; !cmp.Equal(got, []int{100, 100, 100, 150}) {
		t.Errorf("Functions, Assets, variables and what is left out: %v", got)
	}
	for _, file := range asked.Functions {
		if len(file.Path) > 150+len("…") || !utf8.ValidString(file.Path) {
			t.Fatalf("a path of %d bytes: %q", len(file.Path), file.Path)
		}
	}

	broken := map[string]string{"package.json": `{"name": "site"}`}
	for i := range 300 {
		broken[fmt.Sprintf("functions/%03d#.js", i)] = ""
	}
	outcome, err = propose(t, broken, nil)
	if asked := outcome.Result.Proposal; err == nil || len(asked.Problems) != 100 || asked.LeftOut == 0 {
		t.Errorf("%d problems, and %d left out", len(asked.Problems), asked.LeftOut)
	}
	outcome, _ = propose(t, map[string]string{"package.json": `{"name": "site", "dependencies": {"` + strings.Repeat("a", 5000) + `": "file:../b"}}`}, nil)
	for _, one := range outcome.Result.Proposal.Problems {
		if len(one) > 300+len("…") {
			t.Errorf("a problem of %d bytes", len(one))
		}
	}

	// All of one run have to fit into an output of 1 MB.
	full := map[string]string{"package.json": `{"name": "site"}`}
	for i := range 110 {
		name := strings.Repeat("<", 145) + fmt.Sprintf("%03d", i)
		full["functions/"+name+".js"], full["assets/"+name+".txt"] = "exports.a = 1;", "c"
	}
	for _, services := range []int{1, 3, 7} {
		outcome, _ = proposeBeside(t, services-1, full, nil)
		text, err := json.Marshal(outcome.Result)
		if whole := services * len(text); err != nil || whole > 1_000_000 || len(outcome.Result.Proposal.Assets) != 100/services {
			t.Errorf("of %d services: %d bytes and %d Assets, %v", services, whole, len(outcome.Result.Proposal.Assets), err)
		}
	}

	// What it calls itself stands in headings and outputs.
	outcome, _ = propose(t, map[string]string{"package.json": `{"name": "` + strings.Repeat("<", 900_000) + `"}`, "functions/a.js": ""}, nil)
	if got := len(outcome.Result.Service); got > 150+len("…") {
		t.Errorf("the Service's name has %d bytes", got)
	}
}
