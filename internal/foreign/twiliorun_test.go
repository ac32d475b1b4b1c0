//go:build unix

package foreign_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// step is a command of the page, and what it leads to.
type step struct {
	command string
	holds   func(t *testing.T, printed string)
}

// TestTwilioRun runs the page's commands of twilio-run, one after the other.
func TestTwilioRun(t *testing.T) {
	t.Parallel()
	inBothPositions(t, runTwilioRun)
}

func runTwilioRun(t *testing.T, options twilio.Options) {
	t.Helper()
	w, preload := onNode(t, options)
	r := &twilioRun{
		world: w, files: helloProject(),
		setup: preload + block(t, "give each command", "sh"),
		want:  environment{Runtime: "node22", Dependencies: dependencies()},
	}
	w.write(t, r.files)
	steps := r.steps()
	var commands []string
	for _, one := range steps {
		commands = append(commands, one.command)
	}
	shown := strings.Split(strings.TrimSpace(block(t, "everything is as usual", "sh")), "\n")
	if diff := cmp.Diff(shown, commands); diff != "" {
		t.Fatalf("commands of docs/sandbox.md (-) and of this test (+):\n%s", diff)
	}
	for _, one := range steps {
		printed := ""
		if !strings.HasSuffix(one.command, " --tail") { // which does not end
			printed = w.shell(t, r.setup, one.command)
		}
		one.holds(t, printed)
		if t.Failed() {
			t.Fatalf("after %s, which printed:\n%s", one.command, printed)
		}
	}
	w.holdColumn(t, "twilio-run")
}

// twilioRun is what the steps share.
type twilioRun struct {
	*world
	files map[string]string // of the project
	setup string
	want  environment // what every Environment has, names and variables aside
	first string      // SID of the first Build
}

func (r *twilioRun) steps() []step {
	return []step{
		{"in_sandbox deploy --runtime node22", r.deployed},
		{"in_sandbox deploy --runtime node22 --output-format json", r.deployedAgain},
		{"in_sandbox promote --from=dev --to=stage --create-environment", r.promoted},
		{"in_sandbox promote --from=dev --production --create-environment", r.promotedToProduction},
		{"in_sandbox list services --output-format json", r.listedServices},
		{"in_sandbox list environments,variables,builds,functions,assets --output-format json", r.listed},
		{"in_sandbox env set --key GREETING --value 'Good morning'", r.variableSet},
		{"in_sandbox env get --key GREETING", r.variableRead},
		{"in_sandbox env list --show-values", r.variablesRead},
		{"in_sandbox env unset --key GREETING", r.variableDeleted},
		{"in_sandbox env import", r.variablesImported},
		{"in_sandbox logs --output-format json", r.logsRead},
		{"in_sandbox logs --function-sid /hello", r.logsOfHello},
		{"in_sandbox logs --tail", r.logsFollowed},
	}
}

// holdHello compares the whole Service with one that has these variables, by
// Environment.
func (r *twilioRun) holdHello(t *testing.T, variables map[string]map[string]string) {
	t.Helper()
	want := state{
		Functions:    []string{"/hello", "/lib/words", "/sms/reply"},
		Assets:       []string{"/img/dot.png", "/index.html", "/prices.json", "/style.css"},
		Environments: map[string]environment{},
	}
	for name := range variables {
		one := r.want
		one.UniqueName, one.Variables, one.Files = name+"-environment", variables[name], deployed(r.files)
		if name == "production" {
			one.UniqueName = name
		}
		want.Environments[name] = one
	}
	r.holdState(t, "hello", want)
}

func fromFile() map[string]string {
	return map[string]string{"GREETING": "Hello", "PRICE": "3 € & more"}
}

func (r *twilioRun) deployed(t *testing.T, printed string) {
	t.Helper()
	r.holdHello(t, map[string]map[string]string{"dev": fromFile()})
	dev := r.environment(t, "hello", "dev")
	r.first = dev.BuildSID
	if !strings.Contains(printed, "https://"+dev.DomainName+"/hello ") {
		t.Errorf("the URL of /hello is not printed")
	}
	remembered, err := os.ReadFile(filepath.Join(r.folder, ".twiliodeployinfo"))
	if err != nil {
		t.Fatal(err)
	}
	var entries map[string]struct {
		ServiceSID  string `json:"serviceSid"`  //nolint:tagliatelle // twilio-run's name for it.
		LatestBuild string `json:"latestBuild"` //nolint:tagliatelle // twilio-run's name for it.
	}
	if err := json.Unmarshal(remembered, &entries); err != nil {
		t.Fatal(err)
	}
	entry := entries[twilio.DefaultAccount().SID+":us1"]
	if entry.ServiceSID != dev.ServiceSID || entry.LatestBuild != dev.BuildSID {
		t.Errorf(".twiliodeployinfo has %s, want %s and %s", remembered, dev.ServiceSID, dev.BuildSID)
	}
	// The next deploy is one of another content.
	r.files = with(t, r.files, map[string]string{"functions/hello.js": "exports.handler = () => {};\n"})
	r.write(t, r.files)
}

func (r *twilioRun) deployedAgain(t *testing.T, printed string) {
	t.Helper()
	r.holdHello(t, map[string]map[string]string{"dev": fromFile()})
	dev := r.environment(t, "hello", "dev")
	if dev.BuildSID == r.first {
		t.Error("the first Build is still live")
	}
	var said struct {
		Domain, ServiceSID, EnvironmentSID, BuildSID, Runtime string
		Functions, Assets                                     []struct{ Access, Path string }
	}
	r.read(t, printed, &said)
	if said.Domain != dev.DomainName || said.ServiceSID != dev.ServiceSID || said.EnvironmentSID != dev.SID ||
		said.BuildSID != dev.BuildSID || said.Runtime != "node22" || len(said.Functions) != 3 || len(said.Assets) != 4 {
		t.Errorf("it is %+v that is live", dev)
	}
}

func (r *twilioRun) promoted(t *testing.T, _ string) {
	t.Helper()
	r.holdHello(t, map[string]map[string]string{"dev": fromFile(), "stage": fromFile()})
	if dev, stage := r.environment(t, "hello", "dev"), r.environment(t, "hello", "stage"); dev.BuildSID != stage.BuildSID {
		t.Errorf("dev has %s, stage has %s", dev.BuildSID, stage.BuildSID)
	}
}

// everywhere are the variables of all Environments, dev's as given.
func everywhere(dev map[string]string) map[string]map[string]string {
	return map[string]map[string]string{"dev": dev, "stage": fromFile(), "production": fromFile()}
}

func (r *twilioRun) promotedToProduction(t *testing.T, _ string) {
	t.Helper()
	r.holdHello(t, everywhere(fromFile()))
	// A third Build, so that each listing has a second page.
	r.shell(t, r.setup, "in_sandbox deploy --runtime node22 --log-level error")
	r.holdHello(t, everywhere(fromFile()))
}

func (r *twilioRun) listedServices(t *testing.T, printed string) {
	t.Helper()
	var said struct {
		Services []struct {
			SID        string
			UniqueName string `json:"unique_name"`
		}
	}
	r.read(t, printed, &said)
	if len(said.Services) != 1 || said.Services[0].SID != r.service(t, "hello").SID || said.Services[0].UniqueName != "hello" {
		t.Errorf("listed %+v", said)
	}
}

func (r *twilioRun) listed(t *testing.T, printed string) {
	t.Helper()
	var said struct {
		Environments, Builds         []json.RawMessage
		Variables, Functions, Assets struct {
			Entries []struct{ Key, Path string }
		}
	}
	r.read(t, printed, &said)
	got := map[string][]string{}
	for _, one := range said.Variables.Entries {
		got["variables"] = append(got["variables"], one.Key)
	}
	for _, one := range said.Functions.Entries {
		got["functions"] = append(got["functions"], one.Path)
	}
	for _, one := range said.Assets.Entries {
		got["assets"] = append(got["assets"], one.Path)
	}
	for _, names := range got {
		slices.Sort(names)
	}
	want := map[string][]string{
		"variables": {"GREETING", "PRICE"}, "functions": {"/hello", "/lib/words", "/sms/reply"},
		"assets": {"/img/dot.png", "/index.html", "/prices.json", "/style.css"},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
	if len(said.Environments) != 3 || len(said.Builds) != 3 {
		t.Errorf("listed %d Environments and %d Builds, want 3 and 3", len(said.Environments), len(said.Builds))
	}
}

func (r *twilioRun) variableSet(t *testing.T, _ string) {
	t.Helper()
	r.holdHello(t, everywhere(map[string]string{"GREETING": "Good morning", "PRICE": "3 € & more"}))
}

func (r *twilioRun) variableRead(t *testing.T, printed string) {
	t.Helper()
	if printed != "Good morning\n" {
		t.Errorf("it is not the value that was printed")
	}
}

func (r *twilioRun) variablesRead(t *testing.T, printed string) {
	t.Helper()
	for _, line := range []string{"GREETING Good morning\n", "PRICE 3 € & more\n"} {
		if !strings.Contains(printed, line) {
			t.Errorf("%q was not printed", line)
		}
	}
}

func (r *twilioRun) variableDeleted(t *testing.T, _ string) {
	t.Helper()
	r.holdHello(t, everywhere(map[string]string{"PRICE": "3 € & more"}))
	// The next import is of a file that lacks a variable and has another value.
	r.write(t, map[string]string{".env": "GREETING=Grüezi\n"})
}

func (r *twilioRun) variablesImported(t *testing.T, _ string) {
	t.Helper()
	r.holdHello(t, everywhere(map[string]string{"GREETING": "Grüezi"}))
	dev := r.environment(t, "hello", "dev")
	r.callHello(t, dev.DomainName)
	r.callHello(t, dev.DomainName)
}

func (r *twilioRun) logsRead(t *testing.T, printed string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	if len(lines) != 2 {
		t.Errorf("%d lines, want 2", len(lines))
	}
	for _, line := range lines {
		var said struct{ Level, Message string }
		r.read(t, line, &said)
		if !strings.EqualFold(said.Level, "info") || !strings.HasPrefix(said.Message, "GET /hello ") {
			t.Errorf("printed %s", line)
		}
	}
}

func (r *twilioRun) logsOfHello(t *testing.T, printed string) {
	t.Helper()
	if strings.Count(strings.ToLower(printed), "[info][") != 2 || strings.Count(printed, ": GET /hello (") != 2 {
		t.Errorf("two calls of /hello were not printed")
	}
}

// logsFollowed starts the command, and calls a Function once it has printed the calls
// before.
func (r *twilioRun) logsFollowed(t *testing.T, _ string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tail := r.command(ctx, "sh", "-euc", r.setup+"in_sandbox logs --tail")
	// The shell and twilio-run end together.
	tail.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	tail.Cancel = func() error { return syscall.Kill(-tail.Process.Pid, syscall.SIGKILL) }
	printed, err := tail.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tail.Start(); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for scanner := bufio.NewScanner(printed); lines < 3 && scanner.Scan(); {
		if !strings.Contains(scanner.Text(), ": GET /hello (") {
			continue
		}
		if lines++; lines == 2 {
			r.callHello(t, r.environment(t, "hello", "dev").DomainName)
		}
	}
	cancel()
	_ = tail.Wait() // it was killed
	if lines != 3 {
		t.Errorf("%d calls were printed, want 3", lines)
	}
}

// read decodes what was printed.
func (r *twilioRun) read(t *testing.T, printed string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(printed), into); err != nil {
		t.Fatalf("%v in:\n%s", err, printed)
	}
}
