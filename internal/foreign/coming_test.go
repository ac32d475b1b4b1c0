//go:build unix

package foreign_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/slipway-dev/slipway/internal/cli"
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// workflowStep is a step of a workflow, as far as the page's have it.
type workflowStep struct {
	Uses string            `yaml:"uses"`
	Run  string            `yaml:"run"`
	With map[string]string `yaml:"with"`
	Env  map[string]string `yaml:"env"`
}

// comingPage returns docs/from-twilio-run.md, and the steps of its two workflows.
func comingPage(t *testing.T) (text string, toolkit, slipway []workflowStep) {
	t.Helper()
	read, err := os.ReadFile(filepath.Join("..", "..", "docs", "from-twilio-run.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllSubmatch(read, -1)
	if len(blocks) != 2 {
		t.Fatalf("the page has %d workflows, want two", len(blocks))
	}
	steps := func(workflow []byte) []workflowStep {
		var read struct {
			Jobs map[string]struct {
				Steps []workflowStep `yaml:"steps"`
			} `yaml:"jobs"`
		}
		if err := yaml.Unmarshal(workflow, &read); err != nil {
			t.Fatal(err)
		}
		return read.Jobs["deploy"].Steps
	}
	return string(read), steps(blocks[0][1]), steps(blocks[1][1])
}

// TestComingFromTwilioRun runs the page's workflow with the Toolkit, then what becomes of
// it, and then goes back. It is one Service with its Environments all the time.
func TestComingFromTwilioRun(t *testing.T) {
	t.Parallel()
	w, preload := onNode(t, twilio.Options{})
	_, theirs, ours := comingPage(t)
	files := helloProject()
	delete(files, ".env") // which the workflow writes
	w.write(t, files)
	secrets := map[string]string{"GREETING": "Good morning"}

	// The promote of the first run has to be told the SID that its deploy has printed.
	deploys := func() {
		for _, step := range theirs {
			command, isInstalled := strings.CutPrefix(step.Run, "npm install --global ")
			if isInstalled && !strings.HasPrefix(command, "twilio-run@5") || step.Run == "" {
				continue
			}
			lines := []string{preload}
			for name, value := range step.Env {
				lines = append(lines, name+"='"+evaluated(t, value, secrets)+"'")
			}
			if !isInstalled {
				w.shell(t, append(lines, step.Run)...)
			}
			secrets["SERVICE_SID"] = serviceSID(w)
		}
	}
	variables := map[string]string{"GREETING": "Good morning"}
	hold := func(when string) (stage, production twilio.Environment) {
		t.Helper()
		state := w.state(t, "hello")
		for _, name := range []string{"stage", "production"} {
			got := state.Environments[name].Files
			maps.DeleteFunc(got, func(path string, _ file) bool { return strings.HasPrefix(path, "/_slipway/") })
			if diff := cmp.Diff(got, deployed(files)); diff != "" {
				t.Fatalf("%s: live in %s is (-), want (+):\n%s", when, name, diff)
			}
			if diff := cmp.Diff(state.Environments[name].Variables, variables); diff != "" {
				t.Fatalf("%s: variables of %s are (-), want (+):\n%s", when, name, diff)
			}
		}
		return w.environment(t, "hello", "stage"), w.environment(t, "hello", "")
	}

	deploys()
	stage, production := hold("with the Toolkit")

	files = with(t, files, map[string]string{"functions/hello.js": "exports.handler = () => 2;\n"})
	w.write(t, files)
	if err := os.Remove(filepath.Join(w.folder, ".env")); err != nil { // it is in no repository
		t.Fatal(err)
	}
	for _, step := range ours {
		if !strings.HasPrefix(step.Uses, "slipway-dev/slipway@") {
			continue
		}
		command, args := "deploy", []string{"--working-directory", w.folder}
		for name, value := range step.With {
			switch name {
			case "command":
				command = value
			case "promote-from":
				args = append(args, "--from", value)
			case "create-environment":
				args = append(args, "--"+name+"="+value)
			default:
				args = append(args, "--"+name, strings.TrimSpace(evaluated(t, value, secrets)))
			}
		}
		var printed bytes.Buffer
		if code := cli.Main(t.Context(), cli.Env{Args: append([]string{command}, args...), Getenv: w.value, Stdout: &printed, Stderr: &printed}); code != 0 {
			t.Fatalf("slipway %s %q: exit code %d:\n%s", command, args, code, &printed)
		}
	}
	ourStage, ourProduction := hold("with Slipway")

	files = with(t, files, map[string]string{"functions/hello.js": "exports.handler = () => 3;\n"})
	w.write(t, files)
	deploys()
	backStage, backProduction := hold("with the Toolkit again")
	for what, pairs := range map[string][2]twilio.Environment{
		"stage": {stage, ourStage}, "production": {production, ourProduction},
		"stage again": {stage, backStage}, "production again": {production, backProduction},
	} {
		if pairs[0].SID != pairs[1].SID || pairs[0].DomainName != pairs[1].DomainName || pairs[0].BuildSID == pairs[1].BuildSID {
			t.Errorf("%s: %+v became %+v, want the same Environment with another Build", what, pairs[0], pairs[1])
		}
	}
}

// evaluated fills in the secrets of a workflow.
func evaluated(t *testing.T, text string, secrets map[string]string) string {
	t.Helper()
	return regexp.MustCompile(`\$\{\{ secrets\.(\w+) \}\}`).ReplaceAllStringFunc(text, func(expression string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(expression, "${{ secrets."), " }}")
		value, isThere := secrets[name]
		if !isThere {
			t.Fatalf("there is no secret %s", name)
		}
		return value
	})
}

// serviceSID is that of the only Service, once there is one.
func serviceSID(w *world) string {
	for _, one := range w.sandbox.Snapshot().Services {
		return one.SID
	}
	return ""
}

// TestComingTable holds what the page says of flags and inputs to those that there are.
func TestComingTable(t *testing.T) {
	t.Parallel()
	w, _ := onNode(t, twilio.Options{})
	text, _, _ := comingPage(t)
	known := w.shell(t, "twilio-run deploy --help; twilio-run promote --help")
	_, table, _ := strings.Cut(text, "## What each line becomes")
	table, _, _ = strings.Cut(table, "\n## ")
	flags, inputs := 0, 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || !strings.Contains(cells[1], "`") {
			continue
		}
		for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(strings.ReplaceAll(cells[1], "npm install --global", ""), -1) {
			flags++
			name := strings.Replace(flag, "--no-", "--", 1)
			if !regexp.MustCompile(regexp.QuoteMeta(name) + `\b`).MatchString(known) {
				t.Errorf("twilio-run has no %s", flag)
			}
		}
		for _, name := range regexp.MustCompile("`([a-z]+(?:-[a-z]+)*)(?::[^`]*)?`").FindAllStringSubmatch(cells[2], -1) {
			if name[1] == "result" || name[1] == "env" { // an output, and a word of workflows
				continue
			}
			inputs++
			if _, isThere := config.Lookup(name[1]); !isThere {
				t.Errorf("the Action has no input %s", name[1])
			}
		}
	}
	if flags < 15 || inputs < 15 {
		t.Errorf("%d flags and %d inputs were found", flags, inputs)
	}
}
