package cli

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/pflag"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/rules"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// Pages that tests hold to what the program does.
const (
	readme        = "README.md"
	deployingPage = "docs/deploying.md"
	commandsPage  = "docs/commands.md"
	settingsPage  = "docs/settings.md"
	actionPage    = "docs/action.md"
	resultsPage   = "docs/results.md"
	rulesPage     = "docs/rules.md"
	previewsPage  = "docs/previews.md"
	sandboxPage   = "docs/sandbox.md"
	forksPage     = "docs/forks.md"
)

// page returns a page of the repository, by its path from the root.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// cells returns the rows of a page's tables whose first cell matches.
func cells(t *testing.T, name, first string) [][]string {
	t.Helper()
	matches := regexp.MustCompile("^(?:" + first + ")$")
	var rows [][]string
	for line := range strings.Lines(page(t, name)) {
		row := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if len(row) == 4 && matches.MatchString(row[0]) {
			rows = append(rows, row)
		}
	}
	return rows
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

func TestPageHasTheTablesOfSettings(t *testing.T) {
	t.Parallel()
	var want [][]string
	for _, setting := range slices.Concat(config.Settings(), config.ServerSettings()) {
		want = append(want, []string{code("--" + setting.Name), code(setting.Env), code(setting.Default), setting.Help})
	}
	if diff := cmp.Diff(cells(t, settingsPage, "`--[a-z-]+`"), want); diff != "" {
		t.Errorf("%s's tables (-) differ from the settings (+):\n%s", settingsPage, diff)
	}
}

func TestPageHasTheInputsOfTheActionAlone(t *testing.T) {
	t.Parallel()
	var want [][]string
	for _, setting := range config.Inputs()[len(config.Settings()):] {
		fallback := setting.Default
		if setting.Name == config.GitHubToken {
			fallback = "${{ github.token }}"
		}
		want = append(want, []string{code(setting.Name), code(setting.Env), code(fallback)})
	}
	var got [][]string
	for _, row := range cells(t, actionPage, "`[a-z-]+`") {
		got = append(got, row[:3])
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s's table (-) differs from the inputs (+):\n%s", actionPage, diff)
	}
}

// TestReadmeNamesInputs: the README has a choice of them, each with what holds without.
func TestReadmeNamesInputs(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(page(t, readme), "| Input | Default |")
	table, _, _ = strings.Cut(table, "\n\n")
	named := 0
	for line := range strings.Lines(table) {
		row := strings.Split(line, "|")
		if len(row) < 4 || !strings.Contains(row[1], "`") {
			continue
		}
		for _, name := range regexp.MustCompile("[a-z-]+").FindAllString(row[1], -1) {
			named++
			setting, isThere := config.Lookup(name)
			if !isThere || !strings.Contains(row[2], setting.Default) {
				t.Errorf("the README has %s with the default %q; the Action has it: %t, with %q", name, row[2], isThere, setting.Default)
			}
		}
	}
	if named < 10 {
		t.Errorf("%d inputs were found in the README", named)
	}
}

func TestPageHasTheOtherFlags(t *testing.T) {
	t.Parallel()
	got := make(map[string]string)
	for _, row := range cells(t, settingsPage, "`[a-z]+`(, `[a-z]+`)*") {
		for command := range strings.SplitSeq(row[0], ", ") {
			got[command+" "+row[1]] = row[2]
		}
	}
	want := make(map[string]string)
	for _, command := range newRoot(Env{}).Commands() {
		command.Flags().VisitAll(func(flag *pflag.Flag) {
			tables := slices.Concat(config.Settings(), config.ActionSettings(), config.ServerSettings()) // which have their own
			isSetting := slices.ContainsFunc(tables, func(one config.Setting) bool { return one.Name == flag.Name })
			if flag.Name != "help" && flag.Name != "no-descriptions" && (!isSetting || command.Name() == "sandbox") {
				want[code(command.Name())+" "+code("--"+flag.Name)] = code(flag.DefValue)
			}
		})
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s's table (-) differs from the flags (+):\n%s", settingsPage, diff)
	}
}

// fenced returns the first block of code with that language behind a text of a page.
func fenced(t *testing.T, name, behind, language string) string {
	t.Helper()
	_, text, found := strings.Cut(page(t, name), behind)
	if !found {
		t.Fatalf("%s does not say %q", name, behind)
	}
	_, text, _ = strings.Cut(text, "```"+language+"\n")
	text, _, found = strings.Cut(text, "```\n")
	if !found {
		t.Fatalf("no block of %s stands behind %q", language, behind)
	}
	return text
}

// run runs a command line as on a terminal, where both streams meet.
func run(t *testing.T, wantCode int, args ...string) string {
	t.Helper()
	var terminal bytes.Buffer
	code := Main(t.Context(), Env{
		Args: args, Getenv: func(string) string { return "" }, Stdout: &terminal, Stderr: &terminal,
	})
	if code != wantCode {
		t.Errorf("exit code %d, want %d:\n%s", code, wantCode, terminal.String())
	}
	return terminal.String()
}

func TestReadmeShowsWhatADeployPrints(t *testing.T) {
	t.Parallel()
	shown := Tidied(fenced(t, readme, "\n    go run . deploy --sandbox testdata/projects/hello\n", "text"))
	printed := Tidied(run(t, 0, "deploy", "--sandbox", filepath.Join("..", "..", "testdata", "projects", "hello")))
	if diff := cmp.Diff(shown, printed); diff != "" {
		t.Errorf("the README (-) differs from what a deploy prints (+):\n%s", diff)
	}
}

// TestPageShowsWhatAPlanPrints changes the example project in each of the ways
// that the page shows.
func TestPageShowsWhatAPlanPrints(t *testing.T) {
	t.Parallel()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	account := sandbox.DefaultAccount()
	environment := map[string]string{"TWILIO_API_KEY": account.KeySID, "TWILIO_API_SECRET": account.KeySecret, "SLIPWAY_API_URL": server.URL}
	run := func(command string, args ...string) string {
		var stdout, stderr bytes.Buffer
		code := Main(t.Context(), Env{
			Args: append([]string{command}, args...), Getenv: func(name string) string { return environment[name] }, Stdout: &stdout, Stderr: &stderr,
		})
		if code != 0 {
			t.Fatalf("%s exits with %d: %s", command, code, stderr.String())
		}
		return stdout.String()
	}
	project := t.TempDir()
	if err := os.CopyFS(project, os.DirFS(filepath.Join("..", "..", "testdata", "projects", "hello"))); err != nil {
		t.Fatal(err)
	}
	run("deploy", project)
	change := func(name, old, other string) {
		content, err := os.ReadFile(filepath.Join(project, name))
		if err != nil || !strings.Contains(string(content), old) {
			t.Fatalf("%s: %v, without %q", name, err, old)
		}
		if err := os.WriteFile(filepath.Join(project, name), []byte(strings.Replace(string(content), old, other, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	change("functions/hello.js", "Hello,", "Good morning,")
	change("package.json", `"twilio": "^5.3.0"`, `"twilio": "^5.4.0", "got": "11.0.0"`)
	functions := filepath.Join(project, "functions")
	if err := os.Rename(filepath.Join(functions, "sms-reply.protected.js"), filepath.Join(functions, "sms-reply.js")); err != nil {
		t.Fatal(err)
	}
	printed := run("plan", project, "--variables", "GREETING=hello")
	if diff := cmp.Diff(Tidied(fenced(t, commandsPage, "## What a deploy would change", "text")), Tidied(printed)); diff != "" {
		t.Errorf("%s (-) differs from what a plan prints (+):\n%s", commandsPage, diff)
	}
	decode := func(document string) any {
		var result map[string]any
		if err := json.Unmarshal([]byte(document), &result); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		return result["plan"]
	}
	shown := decode("{" + fenced(t, resultsPage, "A plan has the status `planned`", "json") + "}")
	if diff := cmp.Diff(shown, decode(run("plan", project, "--output", "json"))); diff != "" {
		t.Errorf("%s (-) differs from a plan's JSON (+):\n%s", resultsPage, diff)
	}
}

func TestPageShowsWhatProblemsPrint(t *testing.T) {
	t.Parallel()
	project := t.TempDir()
	for name, content := range map[string]string{
		"package.json":                   "{\n  \"name\": \"acme\",\n  \"dependencies\": {\n    \"acme-lib\": \"file:../lib\"\n  }\n}\n",
		"functions/admin.private.api.js": "",
		"assets/prices#1.csv":            "",
	} {
		file := filepath.Join(project, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(fenced(t, deployingPage, "## What it reports", "text"), run(t, 2, "deploy", "--sandbox", project)); diff != "" {
		t.Errorf("%s (-) differs from what is printed (+):\n%s", deployingPage, diff)
	}
}

func TestPageShowsRules(t *testing.T) {
	t.Parallel()
	read, err := rules.Parse(rules.Path, []byte(fenced(t, rulesPage, "# slipway.yml\n", "yaml")))
	if err != nil {
		t.Fatal(err)
	}
	voice := read.Services[0]
	production, hasRules := voice.Environment(job.Production)
	if voice.Path != "services/voice" || !hasRules || production.PromoteFrom != "stage" ||
		voice.In("pr-7")[config.Service].Text != "voice-previews" || voice.In("stage")[config.HealthCheckPath].Text != "/health" {
		t.Errorf("the example of %s says something else than the text below it: %+v", rulesPage, voice)
	}
}

// TestPageShowsAPreview holds the page's lines to be those that a script runs.
func TestPageShowsAPreview(t *testing.T) {
	t.Parallel()
	script, err := txtar.ParseFile(filepath.Join("testdata", "script", "sandbox_preview.txt"))
	if err != nil {
		t.Fatal(err)
	}
	run := make(map[string]string)
	for _, file := range script.Files {
		run[file.Name] = string(file.Data)
	}
	for name, behind := range map[string]string{"walk.sh": "and then these:", "closed.sh": "the preview goes:"} {
		if diff := cmp.Diff(fenced(t, sandboxPage, behind, "sh"), run[name]); diff != "" {
			t.Errorf("%s (-) differs from %s of the script (+):\n%s", sandboxPage, name, diff)
		}
	}
}

func TestReadmeNamesTheTests(t *testing.T) {
	t.Parallel()
	if !strings.Contains(page(t, readme), "\n    go test ./...\n") {
		t.Error("the README does not say how to run the tests")
	}
}

func TestPageShowsTheResultsFields(t *testing.T) {
	t.Parallel()
	decode := func(document string) job.Result {
		var result job.Result
		decoder := json.NewDecoder(strings.NewReader(document))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&result); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		return result
	}
	shown := fenced(t, resultsPage, "With `--output json` a deploy prints", "json")
	if result := decode(shown); result.Version != job.ResultVersion {
		t.Errorf("%s shows version %d", resultsPage, result.Version)
	}
	names := func(document string) []string {
		return regexp.MustCompile(`(?m)^  "[a-z_]+"`).FindAllString(document, -1)
	}
	var want strings.Builder
	if err := printJSON(Env{Stdout: &want}, job.NewResult()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names(shown), names(want.String())); diff != "" {
		t.Errorf("%s (-) differs from the result (+):\n%s", resultsPage, diff)
	}
}
