package rules_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/rules"
)

const several = `version: 1
services:
  voice:
    path: services/voice
    environments:
      stage: {health-check: /up}
      production: {service: acme-voice-live, promote-from: stage}
    previews: {service: voice-previews, variables-like: stage}
  billing:
    path: services/billing
    service: acme-billing
    previews: true
  night:
    path: services/voice
`

func parsed(t *testing.T, source string) *rules.File {
	t.Helper()
	read, err := rules.Parse("slipway.yml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return &read
}

func TestChoose(t *testing.T) {
	t.Parallel()
	const only = "version: 1\nservices: {voice: {path: app}}\n"
	tests := []struct {
		name, file, folder, service string
		want                        string // the names, or the error
	}{
		{"all", several, "", "", "voice billing night"},
		{"by path", several, "services/billing", "", "billing"},
		{"by a path in another spelling", several, "./services/billing/", "", "billing"},
		{"two of a path", several, "services/voice", "", "voice night"},
		{"one of two of a path", several, "services/voice", "night", "night"},
		{"by name", several, "", "voice", "voice"},
		{"by the platform's name", several, "", "acme-billing", "billing"},
		{"by the name in an environment", several, "", "acme-voice-live", "voice"},
		{"by the name of previews", several, "", "voice-previews", "voice"},
		{"by path, under another name", several, "services/billing", "billing-eu", "billing"},
		{"the only one, under another name", only, "", "voice-eu", "voice"},
		{"no such path", several, "services", "", `slipway.yml: no service has the path "services"; there are services/billing, services/voice. Name one of these folders with working-directory, or add the service.`},
		{"no such path, though there is the name", several, ".", "voice", `slipway.yml: no service has the path "."; there are services/billing, services/voice. Name one of these folders with working-directory, or add the service.`},
		{"no such name", several, "", "voic\x1b", `slipway.yml: there is no service "voic\x1b"; there are voice, billing, night. Name one of them with service, or add it to the file.`},
		{"no such name at the path", several, "services/voice", "billing", `slipway.yml: there is no service "billing"; there are voice, night. Name one of them with service, or add it to the file.`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			chosen, err := parsed(t, test.file).Choose(test.folder, test.service)
			got := strings.Join(rules.Names(chosen), " ")
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestIn(t *testing.T) {
	t.Parallel()
	services := parsed(t, several).Services
	for _, test := range []struct {
		service                            int
		environment, wantService, wantLike string
	}{
		{0, "", "voice", ""},
		{0, "qa", "voice", ""},
		{0, "Production", "acme-voice-live", ""},
		{0, "pr-7", "voice-previews", "stage"},
		{0, "PR-7", "voice-previews", "stage"},
		{0, "pr-x", "voice", ""},
		{1, "pr-7", "acme-billing", ""},
		{2, "pr-7", "night", ""},
	} {
		layer := services[test.service].In(test.environment)
		if layer[config.Service].Text != test.wantService || layer[config.VariablesLike].Text != test.wantLike {
			t.Errorf("%s in %q: %v", services[test.service].Name, test.environment, layer)
		}
	}
	if services[0].In("stage")[config.HealthCheckPath].Text != "/up" {
		t.Error("the environment's own settings do not hold")
	}
	if services[0].Previews[config.Service].Text != "voice" {
		t.Error("the rules were changed")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	billing := parsed(t, several).Services[1]
	for given, want := range map[string]string{"": "acme-billing", "billing": "acme-billing", "billing-eu": "billing-eu"} {
		values := config.Resolve(config.Settings(), func(name string) (string, bool) { return given, name == config.Service }, func(string) string { return "" })
		got := rules.Settings(values, billing.Name, billing.Layer)[config.Service]
		if isOfFile := got.File == "slipway.yml" && got.Line == 11; got.Text != want || isOfFile != (given != "billing-eu") {
			t.Errorf("%q becomes %q of %s:%d, want %q", given, got.Text, got.File, got.Line, want)
		}
	}
}
