package config_test

import (
	"bytes"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/secret"
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
	mayNotGive := []string{
		config.AccountSID, config.APIKey, config.APISecret, config.AuthToken, config.Region, config.Edge, config.APIURL, config.UploadURL,
		config.LiveURL, config.WorkingDirectory, config.ConfigFile, config.Concurrency, config.DryRun, config.Timeout, config.LogLevel,
	}
	layer := config.Layer{"no-such": {Text: "sesame"}}
	for _, setting := range config.Settings() {
		layer[setting.Name] = config.Written{Text: "sesame", File: "rc", Line: 1}
	}
	for name, value := range withFiles(nil, nil, layer) {
		if got, want := value.Text == "sesame", !slices.Contains(mayNotGive, name); got != want {
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
	getenv := func(name string) string { return map[string]string{"TOKEN": "sesame"}[name] }
	values := withFiles(map[string]string{config.Service: "voice", config.Watch: "2m"}, nil, config.Layer{
		config.Environment: {Text: "stage"}, config.FunctionsFolder: {Text: "dist"}, config.AssetsFolder: {Text: "public"},
		config.Runtime: {Text: "node24"}, config.EnvFile: {Text: ".env.stage"}, config.Dependencies: {Text: "ranges"},
		config.Variables: {Text: "TOKEN"}, config.VariablesLike: {Text: "dev"}, config.PruneVariables: {Text: "true"},
		config.BuildTimeout: {Text: "9m"}, config.HealthCheckPath: {Text: "/health"}, config.HealthCheckHeader: {Text: "A: b\nC: d"},
		config.Watch: {Text: "5m"}, config.WatchErrors: {Text: "3"}, config.RollbackOnFailure: {Text: "false"}, config.Manifest: {Text: "false"},
	})
	got, err := config.ReadProject(values, getenv)
	want := config.Project{
		Service: "voice", Environment: "stage", FunctionsFolder: "dist", AssetsFolder: "public", Runtime: "node24", EnvFile: ".env.stage",
		Dependencies: "ranges", Variables: map[string]secret.String{"TOKEN": secret.New("sesame")}, VariablesLike: "dev", PruneVariables: true,
		BuildTimeout: 9 * time.Minute, Watch: 2 * time.Minute, WatchErrors: 3,
		HealthCheck: config.HealthCheck{Path: "/health", Status: "2xx", Headers: []string{"A: b", "C: d"}, Timeout: 30 * time.Second},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestReadProjectTellsThePlace(t *testing.T) {
	t.Parallel()
	for want, layer := range map[string]config.Layer{
		`rc:2: runtime "node\n::error::22" has more than one line`: {config.Runtime: {Text: "node\n::error::22"}},
		`rc:2: build-timeout "soon" is not a length of time. Give a number and a unit, such as 90s or 15m.`: {
			config.BuildTimeout: {Text: "soon"},
		},
		`rc:2: watch "1h" does not end within timeout "15m", which is for the whole run. Give a shorter watch, or a longer timeout.`: {
			config.Watch: {Text: "1h"},
		},
		`rc:2: variables: "TOKEN" has no value here: the environment of this process does not set it. ` +
			"Set it where Slipway runs; in a workflow, under env of the step.": {config.Variables: {Text: "TOKEN"}},
	} {
		for name, written := range layer {
			layer[name] = config.Written{Text: written.Text, File: "rc", Line: 2}
		}
		_, err := config.ReadProject(withFiles(nil, nil, layer), func(string) string { return "" })
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// A check's details may be given for every Environment, and the check for some.
func TestDetailsOfAFileNeedNoCheck(t *testing.T) {
	t.Parallel()
	getenv := func(string) string { return "" }
	layer := config.Layer{config.HealthCheckTimeout: {Text: "1m"}, config.WatchErrors: {Text: "2"}}
	if _, err := config.ReadProject(withFiles(nil, nil, layer), getenv); err != nil {
		t.Errorf("a file's: %v", err)
	}
	if got := layer.IdleDetails(); !slices.Equal(got, []string{config.HealthCheckTimeout, config.WatchErrors}) {
		t.Errorf("idle are %v", got)
	}
	given := map[string]string{config.HealthCheckText: "ok", config.APIKey: key, config.APISecret: "s"}
	if _, err := config.ReadDeploy(withFiles(given, nil, nil), getenv); err == nil {
		t.Error("health-check-text alone is no Problem")
	}
	if _, err := config.ReadDeploy(withFiles(given, nil, config.Layer{config.HealthCheckPath: {Text: "/"}}), getenv); err != nil {
		t.Errorf("with the path in a file: %v", err)
	}
}

func TestWhatIsGivenIsToldOnce(t *testing.T) {
	t.Parallel()
	given := map[string]string{config.Dependencies: "newest", config.Variables: "UNSET", config.Watch: "1h", config.HealthCheckText: "ok"}
	if _, err := config.ReadProject(withFiles(given, nil, nil), func(string) string { return "" }); err != nil {
		t.Errorf("told again: %v", err)
	}
}

func TestTheFirstLayerIsTheStronger(t *testing.T) {
	t.Parallel()
	first := config.Layer{config.Runtime: {Text: "node24", File: "slipway.yml", Line: 1}}
	second := config.Layer{config.Runtime: {Text: "node22", File: "rc", Line: 2}, config.EnvFile: {Text: ".env.rc", File: "rc", Line: 3}}
	values := withFiles(nil, nil, first).WithFiles(second)
	if got := values[config.Runtime]; got.Text != "node24" || got.File != "slipway.yml" {
		t.Errorf("the runtime is %q of %s", got.Text, got.File)
	}
	if got := values[config.EnvFile].Text; got != ".env.rc" {
		t.Errorf("the env-file is %q", got)
	}
	over := second.Over(first)
	if over[config.Runtime].Text != "node22" || len(over) != 2 || len(first) != 1 {
		t.Errorf("over each other they are %v", over)
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	before := withFiles(map[string]string{config.Environment: "dev"}, nil, nil)
	after := before.With(config.Environment, config.Written{Text: "pr-7", File: "slipway.yml", Line: 9})
	got := after[config.Environment]
	if got.Text != "pr-7" || got.Origin != config.Explicit || got.File != "slipway.yml" || got.Line != 9 || got.Setting.Name != config.Environment {
		t.Errorf("got %+v", got)
	}
	if before[config.Environment].Text != "dev" {
		t.Error("the values before have changed")
	}
}

func TestCheckOfALayer(t *testing.T) {
	t.Parallel()
	at := func(text string) config.Written { return config.Written{Text: text, File: "rc", Line: 2} }
	for want, layer := range map[string]config.Layer{
		"": {
			config.Variables: at("NOT_SET"), config.Watch: at("1h"), config.HealthCheckTimeout: at("1m"), config.PreviewTTL: at("7d"),
			config.PreviewMax: at("1"),
		},
		`rc:2: dependencies "newest" is not known. Use locked or ranges.`:                                                   {config.Dependencies: at("newest")},
		`rc:2: watch-errors "0" is not a number from 1 to 1000`:                                                             {config.WatchErrors: at("0")},
		`rc:2: preview-max "101" is not a number from 1 to 100`:                                                             {config.PreviewMax: at("101")},
		`rc:2: preview-ttl "5m" is not a length of time from 1h to 365d. ` + "Give a number and a unit, such as 12h or 7d.": {config.PreviewTTL: at("5m")},
	} {
		err := layer.Check()
		if want == "" && err == nil {
			continue
		}
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestReadPreviews(t *testing.T) {
	t.Parallel()
	given := map[string]string{config.PreviewService: "voice-previews", config.PreviewMax: "3", config.PreviewTTL: "1d12h"}
	values := config.Resolve(config.GitHubSettings(), func(name string) (string, bool) { text, ok := given[name]; return text, ok }, func(string) string { return "" })
	got, err := config.ReadPreviews(values)
	if want := (config.Previews{Service: "voice-previews", Max: 3, TTL: 36 * time.Hour}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if got, err := config.ReadPreviews(config.Resolve(config.GitHubSettings(), func(string) (string, bool) { return "", false }, func(string) string { return "" })); err != nil || got != (config.Previews{Max: 10}) {
		t.Errorf("by default: %+v, %v", got, err)
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "0": 0, "0d": 0, "1d0s": 24 * time.Hour,
	} {
		if got, err := config.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "7", "d", "7D", "-7d", "7d-1h", "7d+1h", "1.5d", "999999d", "1d1d", "7 d", "1d2562047h"} {
		if got, err := config.ParseDuration(text); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func TestHoldsCredential(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET", "GITHUB_TOKEN", "INPUT_AUTH-TOKEN", "ACTIONS_RUNTIME_TOKEN"} {
		if !config.HoldsCredential(name) {
			t.Errorf("%s is taken for a variable like others", name)
		}
	}
	for _, name := range []string{"TWILIO_API_KEY", "API_SECRET", ""} {
		if config.HoldsCredential(name) {
			t.Errorf("%q is taken for a credential", name)
		}
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
