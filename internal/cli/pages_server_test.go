package cli

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/grants"
)

const serverPage, serverExamples = "docs/server.md", "examples/server/"

// TestServerFilesOnThePage holds the page to the files that it shows.
func TestServerFilesOnThePage(t *testing.T) {
	t.Parallel()
	for _, one := range []struct{ file, language string }{{"slipway.service", "ini"}, {"slipway.socket", "ini"}, {"compose.yml", "yaml"}} {
		if got, want := fenced(t, serverPage, "("+"../"+serverExamples+one.file+")", one.language), page(t, serverExamples+one.file); got != want {
			t.Errorf("%s shows another %s:\n%s", serverPage, one.file, got)
		}
	}
}

// variables are the "NAME=value" lines of a text.
func variables(text string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, isOne := strings.Cut(strings.TrimSpace(line), "="); isOne && !strings.HasPrefix(name, "#") {
			found[name] = value
		}
	}
	return found
}

// readServer reads settings as the server does, of which each has to be one.
func readServer(t *testing.T, env map[string]string) config.Server {
	t.Helper()
	known := map[string]bool{}
	for _, setting := range config.ServerSettings() {
		known[setting.Env] = true
	}
	for name := range env {
		if strings.HasPrefix(name, "SLIPWAY_") && !known[name] {
			t.Errorf("the server has no setting %s", name)
		}
	}
	notGiven := func(string) (string, bool) { return "", false }
	read, err := config.ReadServer(config.Resolve(config.ServerSettings(), notGiven, func(name string) string { return env[name] }))
	if err != nil {
		t.Error(err)
	}
	return read
}

// TestServerUnit holds the unit to the settings that there are, and to systemd.
func TestServerUnit(t *testing.T) {
	t.Parallel()
	unit, env := page(t, serverExamples+"slipway.service"), variables(page(t, serverExamples+"slipway.env"))
	name, key, _ := strings.Cut(variables(unit)["Environment"], "=")
	env[name] = key
	read := readServer(t, env)
	if !strings.Contains(unit, "StateDirectory=slipway\n") || read.Data != "/var/lib/slipway" {
		t.Errorf("the data is in %s, which is not the unit's to write to", read.Data)
	}
	stop, err := time.ParseDuration(variables(unit)["TimeoutStopSec"] + "s")
	if err != nil || stop <= read.Shutdown {
		t.Errorf("systemd waits for %s, error %v, and the server for %s", stop, err, read.Shutdown)
	}
	if variables(unit)["ExecStart"] != "/usr/local/bin/slipway serve" {
		t.Errorf("it starts %s", variables(unit)["ExecStart"])
	}

	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not on this machine (Debian has it in the package systemd)")
	}
	dir := t.TempDir()
	self, err := os.Executable() // the binary itself is not in its place here
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, name := range []string{"slipway.service", "slipway.socket"} {
		text := strings.Replace(page(t, serverExamples+name), "/usr/local/bin/slipway", self, 1)
		files = append(files, filepath.Join(dir, name))
		if err := os.WriteFile(files[len(files)-1], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	told, err := exec.CommandContext(t.Context(), analyze, append([]string{"verify"}, files...)...).CombinedOutput()
	if err != nil || strings.Contains(string(told), dir) { // what it says of other units is not ours
		t.Errorf("systemd-analyze verify: %v\n%s", err, told)
	}
}

// TestServerConfiguration reads server.yml with what slipway.env has for it.
func TestServerConfiguration(t *testing.T) {
	t.Parallel()
	env := variables(page(t, serverExamples+"slipway.env"))
	held, warnings, err := grants.Load(filepath.Join("..", "..", filepath.FromSlash(serverExamples), "server.yml"), func(name string) string { return env[name] })
	if err != nil || len(warnings) > 0 || len(held.Repositories) != 1 {
		t.Errorf("read %+v with %v, error %v", held, warnings, err)
	}
}

// TestServerCompose holds the container to the settings that there are, and to being
// nobody.
func TestServerCompose(t *testing.T) {
	t.Parallel()
	var file struct {
		Services map[string]struct {
			Image, User string
			Command     []string
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			Stop        string   `yaml:"stop_grace_period"`
			EnvFile     string   `yaml:"env_file"`
			Environment map[string]string
			Ports       []string
			Volumes     []string
		}
	}
	if err := yaml.Unmarshal([]byte(page(t, serverExamples+"compose.yml")), &file); err != nil {
		t.Fatal(err)
	}
	one := file.Services["slipway"]
	env := variables(page(t, serverExamples+one.EnvFile))
	maps.Copy(env, one.Environment)
	read := readServer(t, env)
	mounted := map[string]bool{}
	for _, volume := range one.Volumes {
		parts := strings.Split(volume, ":")
		mounted[parts[1]] = len(parts) == 2 // may be written to
	}
	if _, hasKey := mounted[env["SLIPWAY_GITHUB_PRIVATE_KEY"]]; !mounted[read.Data] || !hasKey {
		t.Errorf("what it needs is not mounted: %v", mounted)
	}
	if _, hasFile := mounted[read.ConfigFile]; !hasFile {
		t.Errorf("%s is not mounted", read.ConfigFile)
	}
	if strings.HasPrefix(one.User, "0") || one.User == "" || !one.ReadOnly || !slices.Equal(one.CapDrop, []string{"ALL"}) {
		t.Errorf("it runs as %q, read only %t, without %v", one.User, one.ReadOnly, one.CapDrop)
	}
	for _, port := range one.Ports {
		if !strings.HasPrefix(port, "127.0.0.1:") {
			t.Errorf("%s is open to others", port)
		}
	}
	if stop, err := time.ParseDuration(one.Stop); err != nil || stop <= read.Shutdown {
		t.Errorf("the engine waits for %s, error %v, and the server for %s", stop, err, read.Shutdown)
	}
	if !slices.Equal(one.Command, []string{"serve"}) || !strings.HasPrefix(one.Image, "ghcr.io/slipway-dev/slipway:") {
		t.Errorf("it runs %q of %s", one.Command, one.Image)
	}
}
