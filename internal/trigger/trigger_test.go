package trigger_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/trigger"
)

func resolve(given, environment map[string]string) config.Values {
	all := append(config.Inputs(), config.GitHubSettings()...)
	return config.Resolve(all, func(name string) (string, bool) { text, ok := given[name]; return text, ok },
		func(name string) string { return environment[name] })
}

func TestAskedOf(t *testing.T) {
	t.Parallel()
	values := resolve(map[string]string{config.Service: "voice", config.PromoteFrom: "stage"}, map[string]string{"SLIPWAY_ENVIRONMENT": "qa"}).
		WithFiles(config.Layer{config.Service: {Text: "other"}})
	want := trigger.Asked{Command: "auto", Ref: "refs/heads/main", Service: "voice", Environment: "qa", PromoteFrom: "stage"}
	if got := trigger.AskedOf(values, "refs/heads/main"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// Neither a default nor a file gives what the rules are asked for.
	byFile := resolve(nil, nil).WithFiles(config.Layer{config.Service: {Text: "voice"}, config.Environment: {Text: "qa"}})
	if got := trigger.AskedOf(byFile, ""); got != (trigger.Asked{Command: "auto"}) {
		t.Errorf("got %+v", got)
	}
}

func TestSettingsOfARequest(t *testing.T) {
	t.Parallel()
	first := func(event gh.Event) trigger.Request {
		decided, err := trigger.Decide(event, file(t), trigger.Asked{Command: "auto"})
		if err != nil || len(decided.Requests) == 0 {
			t.Fatal(decided, err)
		}
		return decided.Requests[0]
	}
	tests := []struct {
		name  string
		event gh.Event
		given map[string]string
		want  map[string]string
	}{
		{
			"a deploy", pushTo("refs/heads/main"), nil,
			map[string]string{config.Service: "voice", config.Environment: "stage", config.WorkingDirectory: "services/voice", config.HealthCheckPath: "/health"},
		},
		{
			"explicit input beats the file", pushTo("refs/heads/main"),
			map[string]string{config.Service: "voice-eu", config.HealthCheckPath: "/up"},
			map[string]string{config.Service: "voice-eu", config.Environment: "stage", config.HealthCheckPath: "/up"},
		},
		{
			"a preview", pull("opened"),
			map[string]string{config.Environment: "stage"},
			map[string]string{
				config.Service: "voice-previews", config.Environment: "pr-7", config.VariablesLike: "stage", config.PreviewMax: "3", config.PreviewTTL: "7d",
				config.HealthCheckPath: "",
			},
		},
		{
			"a preview elsewhere", pull("closed"),
			map[string]string{config.PreviewService: "sandbox", config.Service: "voice"},
			map[string]string{config.Service: "sandbox", config.Environment: "pr-7"},
		},
		{
			"preview-service is not for others", pushTo("refs/heads/main"),
			map[string]string{config.PreviewService: "sandbox"},
			map[string]string{config.Service: "voice"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			values := first(test.event).Settings(resolve(test.given, nil))
			for name, want := range test.want {
				if got := values[name].Text; got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
	values := settingsOf(t, gh.Event{Name: gh.EventSchedule}, trigger.Asked{Command: "sweep", Service: "voice"})
	if values[config.Service].Text != "voice-previews" || values[config.PreviewTTL].Text != "7d" {
		t.Errorf("a sweep is of %q with %q", values[config.Service].Text, values[config.PreviewTTL].Text)
	}
	values = settingsOf(t, pushTo("refs/heads/main"), trigger.Asked{Command: "deploy", Service: "billing", Environment: "stage"})
	if values[config.Service].Text != "acme-billing" {
		t.Errorf("the input names the service, and %q is deployed to", values[config.Service].Text)
	}
	values = first(pushTo("refs/heads/main")).Settings(resolve(nil, nil))
	if file, line := values.Where(config.Environment); file != "slipway.yml" || line != 7 {
		t.Errorf("the environment is at %s:%d", file, line)
	}
	if values[config.Environment].Origin != config.Explicit {
		t.Error("the environment counts as a file's, which no promote would follow")
	}
}

// settingsOf are those of the only Request, where the inputs give what is asked.
func settingsOf(t *testing.T, event gh.Event, asked trigger.Asked) config.Values {
	t.Helper()
	decided, err := trigger.Decide(event, file(t), asked)
	if err != nil || len(decided.Requests) != 1 {
		t.Fatal(decided, err)
	}
	return decided.Requests[0].Settings(resolve(map[string]string{config.Service: asked.Service, config.Environment: asked.Environment}, nil))
}

// TestVariablesAreForDeploys has what sets none not ask for their values.
func TestVariablesAreForDeploys(t *testing.T) {
	t.Parallel()
	layer := config.Layer{config.Variables: {Text: "TOKEN"}, config.Watch: {Text: "2m"}, config.HealthCheckPath: {Text: "/up"}}
	for verb, want := range map[trigger.Verb]string{
		trigger.Deploy: "TOKEN 2m", trigger.Release: "TOKEN 2m", trigger.Preview: "TOKEN 2m", trigger.Promote: " 2m",
		trigger.Rollback: " 0s", trigger.Teardown: " 0s", trigger.RemovePreview: " 0s", trigger.Sweep: " 0s",
	} {
		values := trigger.Request{Verb: verb, Layer: layer}.Settings(resolve(nil, nil))
		if got := values[config.Variables].Text + " " + values[config.Watch].Text; got != want {
			t.Errorf("%s: %q, want %q", verb, got, want)
		}
	}
}

func TestTouched(t *testing.T) {
	t.Parallel()
	service := rules.Service{Path: "services/voice", Watch: []string{"shared/**", "*.json", "lib"}}
	for name, want := range map[string]bool{
		"services/voice/functions/a.js": true, "services/voice": true, "shared/a": true, "shared/a/b": true, "package.json": true, "lib/a/b": true, "lib": true,
		"slipway.yml":             true,
		"services/voicemail/a.js": false, "services": false, "a/package.json": false, "README.md": false, ".github/slipway.yml": false, "library/a": false,
		"services/voice\n/a": false, "": false,
	} {
		if got := trigger.Touched(file(t), service, []string{"other", name}, true); got != want {
			t.Errorf("%q concerns it: %v, want %v", name, got, want)
		}
	}
	if trigger.Touched(file(t), service, nil, true) {
		t.Error("no change concerns it")
	}
	if !trigger.Touched(file(t), service, nil, false) {
		t.Error("changes that nobody knows do not concern it")
	}
	if !trigger.Touched(file(t), rules.Service{Path: "."}, []string{"README.md"}, true) {
		t.Error("a file of the root does not concern the project there")
	}
}

// TestHostileNames has every message be one printable line of bounded length, in
// which a name is quoted.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"🚀/näme", "a/../../b", strings.Repeat("x", 255), strings.Repeat("é", 255), "a\nb", "::error::x", "`id`", "<img src=x>", "@everyone", "\x1b[31m", "\u202egpj", "%0A",
		`"; rm`, "\xff\xfe", "a\u2028b",
	} {
		for _, event := range []gh.Event{
			pushTo("refs/heads/" + name), pushTo("refs/tags/" + name), pushTo("refs/x/" + name), published("published", name, asPrerelease), published(name, name),
			changed(pushTo("refs/heads/"+name), func(e *gh.Event) { e.Deleted = true }), pull(name),
			{Name: name},
		} {
			for _, asked := range []trigger.Asked{
				{Command: "auto", Service: "billing"}, {Command: "deploy", Service: name}, {Command: "auto", WorkingDirectory: name}, {Command: "auto", Ref: name},
			} {
				decided, err := trigger.Decide(event, file(t), asked)
				text := decided.Skip
				if err != nil {
					text = err.Error()
				}
				isOdd := func(r rune) bool { return !unicode.IsGraphic(r) }
				if strings.ContainsFunc(text, isOdd) || !utf8.ValidString(text) || len(text) > 800 {
					t.Errorf("%q is told as %q", name, text)
				}
				if len(decided.Requests) == 0 && text == "" {
					t.Errorf("%q: nothing is done, and nothing said", name)
				}
			}
		}
	}
}
