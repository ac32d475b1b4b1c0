package config_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
)

// withFiles resolves settings and adds what a file says.
func withFiles(explicit, environment map[string]string, layer config.Layer) config.Values {
	lookup := func(name string) (string, bool) { text, ok := explicit[name]; return text, ok }
	return config.Resolve(config.Settings(), lookup, func(name string) string { return environment[name] }).WithFiles(layer)
}

func TestFilesBeatDefaultsAlone(t *testing.T) {
	t.Parallel()
	const file = "app/rc"
	tests := map[string]struct {
		explicit, environment, written string
		want                           string
		origin                         config.Origin
		file                           string
		line                           int
	}{
		"a file beats the default":             {"", "", " stage ", "stage", config.FromFile, file, 3},
		"the environment beats a file":         {"", "qa", "stage", "qa", config.FromEnvironment, "", 0},
		"explicit beats a file":                {"qa", "", "stage", "qa", config.Explicit, "", 0},
		"explicit beats with a default's text": {"dev", "", "stage", "dev", config.Explicit, "", 0},
		"blank counts as not given":            {"", "", " ", "dev", config.FromDefault, "", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := withFiles(
				map[string]string{config.Environment: test.explicit}, map[string]string{"SLIPWAY_ENVIRONMENT": test.environment},
				config.Layer{config.Environment: {Text: test.written, File: file, Line: 3}},
			)
			got := values[config.Environment]
			if got.Text != test.want || got.Origin != test.origin {
				t.Errorf("got %q from %s, want %q from %s", got.Text, got.Origin, test.want, test.origin)
			}
			if file, line := values.Where(config.Environment); file != test.file || line != test.line {
				t.Errorf("it is at %s:%d, want %s:%d", file, line, test.file, test.line)
			}
		})
	}
}

// Whoever may change a file of the repository must not be able to send
// credentials elsewhere, or to choose the account.
func TestFilesGiveNoAccount(t *testing.T) {
	t.Parallel()
	mayGive := []string{
		config.Service, config.Environment, config.FunctionsFolder, config.AssetsFolder, config.Runtime, config.EnvFile,
	}
	layer := config.Layer{"no-such": {Text: "sesame"}}
	for _, setting := range config.Settings() {
		layer[setting.Name] = config.Written{Text: "sesame", File: "rc", Line: 1}
	}
	for name, value := range withFiles(nil, nil, layer) {
		if got, want := value.Text == "sesame", slices.Contains(mayGive, name); got != want {
			t.Errorf("%s: a file gives it: %v, want %v", name, got, want)
		}
	}
}

func TestWithFilesLeavesTheValues(t *testing.T) {
	t.Parallel()
	values := withFiles(nil, nil, nil)
	values.WithFiles(config.Layer{config.Runtime: {Text: "node22", File: "rc", Line: 1}})
	if got := values[config.Runtime].Text; got != "" {
		t.Errorf("the runtime is %q", got)
	}
}

func TestReadProject(t *testing.T) {
	t.Parallel()
	values := withFiles(map[string]string{config.Service: "voice"}, nil, config.Layer{
		config.Environment: {Text: "stage"}, config.FunctionsFolder: {Text: "dist"}, config.AssetsFolder: {Text: "public"},
		config.Runtime: {Text: "node24"}, config.EnvFile: {Text: ".env.stage"},
	})
	got, err := config.ReadProject(values)
	want := config.Project{
		Service: "voice", Environment: "stage", FunctionsFolder: "dist", AssetsFolder: "public", Runtime: "node24", EnvFile: ".env.stage",
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	_, err = config.ReadProject(withFiles(nil, nil, config.Layer{config.Runtime: {Text: "node\n::error::22", File: "rc", Line: 2}}))
	if want := `rc:2: runtime "node\n::error::22" has more than one line`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestLogTellsTheFile(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	values := withFiles(nil, nil, config.Layer{
		config.Runtime: {Text: "node22", File: "app/rc", Line: 7}, config.Service: {Text: "voice", File: "package.json"},
	})
	values.Log(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for _, want := range []string{
		"name=runtime value=node22 origin=file file=app/rc line=7\n", "name=service value=voice origin=file file=package.json\n",
		"name=environment value=dev origin=default\n",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
}
