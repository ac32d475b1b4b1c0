package acceptance_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// invocation is what act is asked to do. Only event and file are needed.
type invocation struct {
	event   string // push, pull_request, ...
	file    string // of .github/workflows
	payload string // file of the event; act's own is an empty object
	args    []string
	// masks lets act replace secrets in what it prints, as a runner does. The
	// others show what the Action itself prints.
	masks bool
}

// entry is a line of act's log.
type entry struct {
	Message string   `json:"msg"`
	Printed bool     `json:"raw_output"` // by the step itself
	StepID  []string `json:"stepID"`     //nolint:tagliatelle // act's name for it.
	// Command is the workflow command that the entry is about, or set-output or
	// summary; empty for others.
	Command    string `json:"command"`
	Name       string `json:"name"`       // of an output
	Arg        string `json:"arg"`        // of a command or an output
	Content    string `json:"content"`    // of a summary
	StepResult string `json:"stepResult"` //nolint:tagliatelle // act's name for it.
	JobResult  string `json:"jobResult"`  //nolint:tagliatelle // act's name for it.

	fields map[string]any // all of them
}

// running is a workflow that act runs.
type running struct {
	command        *exec.Cmd
	stdout, stderr bytes.Buffer
	end            func() // lets others run the workflow
}

// finished is a workflow that has run.
type finished struct {
	green  bool
	log    []entry
	stderr string // act's own
}

// act runs a workflow to its end.
func (w *world) act(t *testing.T, asked invocation) finished {
	t.Helper()
	return w.start(t, asked).wait(t)
}

// start starts act with the world's secrets and addresses.
func (w *world) start(t *testing.T, asked invocation) *running {
	t.Helper()
	file, err := buildAct()
	if err != nil {
		t.Fatalf("build act: %v", err)
	}
	end := w.waitForTurn(t, workflowName(t, filepath.Join(w.repository, ".github", "workflows", asked.file)))
	w.runs++
	w.secrets["GITHUB_TOKEN"] = w.tokens[asked.file]
	runner := cmp.Or(os.Getenv("SLIPWAY_RUNNER_IMAGE"), "busybox:1.37")
	args := []string{
		asked.event, "--workflows", filepath.Join(".github", "workflows", asked.file),
		"--json", "--rm", "--pull=false", "--network", "host", "--container-daemon-socket", "-", "--no-cache-server",
		"--container-options", "--label " + mark + " --label " + w.label,
		"--platform", "ubuntu-latest=" + runner, "--platform", "ubuntu-24.04=" + runner,
		"--local-repository", "slipway-dev/slipway@v1=" + w.action,
		"--local-repository", "actions/checkout@v7=" + w.checkout(t),
		"--env", "TREES_URL=" + w.treesURL, "--env", "GITHUB_RUN_ID=" + strconv.Itoa(100+w.runs),
		"--env", "SLIPWAY_API_URL=" + w.twilioURL, "--env", "GITHUB_API_URL=" + w.githubURL,
	}
	if asked.payload != "" {
		args = append(args, "--eventpath", asked.payload)
	}
	if !asked.masks {
		args = append(args, "--insecure-secrets")
	}
	for name, value := range w.secrets {
		args = append(args, "--secret", name+"="+value)
	}
	ctx, cancel := context.WithTimeout(t.Context(), runPatience)
	t.Cleanup(cancel)
	started := &running{command: exec.CommandContext(ctx, file, append(args, asked.args...)...), end: end}
	// On an interrupt act removes its containers, the Action's aside.
	started.command.Cancel = func() error { return started.command.Process.Signal(os.Interrupt) }
	started.command.WaitDelay = 10 * time.Second
	started.command.Dir = w.repository
	// Nothing of this machine's own GitHub, nor of its user's settings of act.
	started.command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.home}
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "DOCKER_") {
			started.command.Env = append(started.command.Env, variable)
		}
	}
	started.command.Stdout, started.command.Stderr = &started.stdout, &started.stderr
	if err := started.command.Start(); err != nil {
		t.Fatalf("start act: %v", err)
	}
	return started
}

// turns are held by the runs of workflows, by their names: act names containers after
// workflow and job, so that runs of one name at the same time take each other's.
var turns sync.Map

// workflowName is what act calls the workflow in a file.
func workflowName(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Name string `yaml:"name"`
	}
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return cmp.Or(read.Name, filepath.Base(file))
}

// waitForTurn waits until nobody runs a workflow of that name, and returns what lets
// others run it again: at the test's end at the latest.
func (w *world) waitForTurn(t *testing.T, name string) func() {
	t.Helper()
	turn := make(chan struct{}, 1)
	if others, isThere := turns.LoadOrStore(name, turn); isThere {
		turn, _ = others.(chan struct{})
	}
	turn <- struct{}{}
	end := sync.OnceFunc(func() {
		removeContainers(t, containers(t, "label="+w.label)...)
		<-turn
	})
	t.Cleanup(end)
	return end
}

// wait waits for act to end, and shows its log when the test fails.
func (r *running) wait(t *testing.T) finished {
	t.Helper()
	err := r.command.Wait()
	r.end()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Fatalf("act: %v\n%s%s", err, r.stdout.Bytes(), r.stderr.Bytes())
	}
	run := finished{green: err == nil, stderr: r.stderr.String()}
	for line := range strings.Lines(r.stdout.String()) {
		var read entry
		if err := errors.Join(json.Unmarshal([]byte(line), &read), json.Unmarshal([]byte(line), &read.fields)); err != nil {
			t.Fatalf("act printed %q: %v", line, err)
		}
		run.log = append(run.log, read)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("act's log:\n%s%s", run.text(), run.stderr)
		}
	})
	return run
}

// text is the log as a person reads it.
func (f finished) text() string {
	var text strings.Builder
	for _, read := range f.log {
		text.WriteString(strings.TrimSuffix(read.Message, "\n") + "\n")
	}
	return text.String()
}

// of returns the entries of a step.
func (f finished) of(id string) []entry {
	var found []entry
	for _, read := range f.log {
		if len(read.StepID) == 1 && read.StepID[0] == id {
			found = append(found, read)
		}
	}
	return found
}

// printed returns the lines that a step printed.
func (f finished) printed(id string) []string {
	var lines []string
	for _, read := range f.of(id) {
		if read.Printed {
			lines = append(lines, strings.TrimSuffix(read.Message, "\n"))
		}
	}
	return lines
}

// lastLines returns the end of a step's log as a person reads it.
func (f finished) lastLines(id string, count int) string {
	var lines []string
	for _, read := range f.of(id) {
		if read.Printed || read.Command == "error" {
			lines = append(lines, strings.TrimSuffix(read.Message, "\n"))
		}
	}
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

// shown returns what the step read of testdata/outputs.yml saw of the outputs.
func (f finished) shown() map[string]string {
	values := make(map[string]string)
	for _, line := range f.printed("read") {
		name, value, _ := strings.Cut(line, "=")
		values[name] = value
	}
	return values
}

// summary returns the step summaries that were written, one below the other.
func (f finished) summary() string {
	var written strings.Builder
	for _, read := range f.log {
		if read.Command == "summary" {
			written.WriteString(read.Content)
		}
	}
	return written.String()
}

// exitCode is what the Action's container exited with.
func (f finished) exitCode() string {
	for _, read := range f.log {
		if match := regexp.MustCompile("^exit with `FAILURE`: ([0-9]+)$").FindStringSubmatch(read.Message); match != nil {
			return match[1]
		}
	}
	return "0"
}

// containers returns those that match all filters.
func containers(t *testing.T, filters ...string) []string {
	t.Helper()
	args := []string{"ps", "--all", "--quiet"}
	for _, filter := range filters {
		args = append(args, "--filter", filter)
	}
	found, err := docker(context.WithoutCancel(t.Context()), args...)
	if err != nil {
		t.Error(err)
	}
	return strings.Fields(found)
}

func removeContainers(t *testing.T, names ...string) {
	t.Helper()
	if len(names) == 0 {
		return
	}
	args := append([]string{"rm", "--force", "--volumes"}, names...)
	if _, err := docker(context.WithoutCancel(t.Context()), args...); err != nil {
		t.Error(err)
	}
}
