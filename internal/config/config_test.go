package config_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
)

const (
	account = "AC0123456789abcdef0123456789abcdef"
	key     = "SK0123456789abcdef0123456789abcdef"
)

// read resolves and reads a Deploy from explicit settings and an environment.
func read(explicit, environment map[string]string) (config.Deploy, error) {
	getenv := func(name string) string { return environment[name] }
	lookup := func(name string) (string, bool) { text, ok := explicit[name]; return text, ok }
	return config.ReadDeploy(config.Resolve(lookup, getenv), getenv)
}

func TestSettingsAreToldApart(t *testing.T) {
	t.Parallel()
	names, envs := make(map[string]bool), make(map[string]bool)
	for _, setting := range config.Settings() {
		if names[setting.Name] || setting.Env != "" && envs[setting.Env] {
			t.Errorf("%s stands twice", setting.Name)
		}
		names[setting.Name], envs[setting.Env] = true, true
		if setting.Help == "" || setting.Placeholder == "" {
			t.Errorf("%s has no help", setting.Name)
		}
		if found, ok := config.Lookup(setting.Name); !ok || found != setting {
			t.Errorf("Lookup(%q) = %v, %v", setting.Name, found, ok)
		}
	}
	if _, ok := config.Lookup("no-such"); ok {
		t.Error("Lookup finds a setting that is not there")
	}
}

func TestResolvePrecedence(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		explicit, environment string
		want                  string
		origin                config.Origin
	}{
		"default":                    {"", "", "dev", config.FromDefault},
		"environment":                {"", " stage ", "stage", config.FromEnvironment},
		"explicit beats environment": {"production\n", "stage", "production", config.Explicit},
		"blank counts as not given":  {" \n", "stage", "stage", config.FromEnvironment},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := config.Resolve(
				func(name string) (string, bool) { return test.explicit, name == config.Environment },
				func(name string) string { return map[string]string{"SLIPWAY_ENVIRONMENT": test.environment}[name] },
			)
			if got := values[config.Environment]; got.Text != test.want || got.Origin != test.origin {
				t.Errorf("got %q from %s, want %q from %s", got.Text, got.Origin, test.want, test.origin)
			}
		})
	}
}

func TestShownHidesSecretsAndVariables(t *testing.T) {
	t.Parallel()
	values := config.Resolve(func(name string) (string, bool) { return "KEY=hidden", true }, func(string) string { return "" })
	for name, value := range values {
		shown := strings.Contains(value.Shown(), "hidden")
		if hide := value.Setting.Kind == config.Secret || value.Setting.Kind == config.Lines; shown == hide {
			t.Errorf("%s is shown as %q", name, value.Shown())
		}
	}
}

func TestReadDeploy(t *testing.T) {
	t.Parallel()
	got, err := read(
		map[string]string{config.Variables: "A=1\n# note\n\n B = two words \nC\nD=", config.Concurrency: "7"},
		map[string]string{"TWILIO_API_KEY": key, "TWILIO_API_SECRET": "s", "C": "from outside", "SLIPWAY_TIMEOUT": "90s"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if got.Account.User != key || got.Account.Password.Reveal() != "s" || got.Account.SID != "" {
		t.Errorf("the account is %+v", got.Account)
	}
	if got.Environment != "dev" || got.Dependencies != "locked" || got.BuildTimeout != 5*time.Minute || got.Timeout != 90*time.Second || got.Concurrency != 7 {
		t.Errorf("got %+v", got)
	}
	values := make(map[string]string)
	for key, value := range got.Variables {
		values[key] = value.Reveal()
	}
	if want := map[string]string{"A": "1", "B": "two words", "C": "from outside", "D": ""}; !maps.Equal(values, want) {
		t.Errorf("variables %v, want %v", values, want)
	}
}

func TestReadDeployChoosesCredentials(t *testing.T) {
	t.Parallel()
	both := map[string]string{
		"TWILIO_API_KEY": key, "TWILIO_API_SECRET": "s", "TWILIO_ACCOUNT_SID": account, "TWILIO_AUTH_TOKEN": "t",
	}
	tests := map[string]struct {
		explicit, environment map[string]string
		want                  string
	}{
		"the key is preferred":      {nil, both, key},
		"a token given as a flag":   {map[string]string{config.AuthToken: "t2"}, both, account},
		"both given as flags":       {map[string]string{config.AuthToken: "t2", config.APIKey: key, config.APISecret: "s"}, both, key},
		"a token without its SID":   {map[string]string{config.AuthToken: "t2"}, map[string]string{"TWILIO_API_KEY": key, "TWILIO_API_SECRET": "s"}, key},
		"account and token":         {nil, map[string]string{"TWILIO_ACCOUNT_SID": account, "TWILIO_AUTH_TOKEN": "t"}, account},
		"key with an account named": {nil, map[string]string{"TWILIO_ACCOUNT_SID": account, "TWILIO_API_KEY": key, "TWILIO_API_SECRET": "s"}, key},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(test.explicit, test.environment)
			if err != nil || got.Account.User != test.want {
				t.Errorf("got %s with error %v, want %s", got.Account.User, err, test.want)
			}
		})
	}
}

func TestReadDeployNamesEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	good := map[string]string{"TWILIO_API_KEY": key, "TWILIO_API_SECRET": "s"}
	tests := map[string]struct {
		explicit, environment map[string]string
		want                  []string // a part of each line, in any order
	}{
		"no credentials": {nil, nil, []string{"there are no Twilio credentials. Set TWILIO_API_KEY"}},
		"key alone":      {nil, map[string]string{"TWILIO_API_KEY": key}, []string{"TWILIO_API_KEY \"" + key + "\" is given without api-secret"}},
		"secret alone":   {nil, map[string]string{"TWILIO_API_SECRET": "s"}, []string{"TWILIO_API_SECRET is given without api-key"}},
		"token alone":    {nil, map[string]string{"TWILIO_AUTH_TOKEN": "t"}, []string{"TWILIO_AUTH_TOKEN is given without account-sid"}},
		"account alone":  {nil, map[string]string{"TWILIO_ACCOUNT_SID": account}, []string{"there are no Twilio credentials"}},
		"a broken secret": {
			map[string]string{config.APISecret: "two\nlines"},
			map[string]string{"TWILIO_API_KEY": key},
			[]string{"api-secret holds blanks, line breaks"},
		},
		"many at once": {
			map[string]string{
				config.Dependencies: "newest", config.BuildTimeout: "5", config.Timeout: "-1s", config.Concurrency: "many",
				config.LogLevel: "loud", config.Region: "us1.evil.example", config.LiveURL: "https://example.org", config.Variables: "UNSET_KEY",
			},
			good,
			[]string{
				`log-level "loud" is not known. Use debug, info, warn or error.`,
				`dependencies "newest" is not known. Use locked or ranges.`,
				`build-timeout "5" is not a length of time`, `timeout "-1s" is not a length of time`,
				`concurrency "many" is not a number from 1 to 1000`, `region "us1.evil.example" is no name of a Twilio region`,
				`live-url "https://example.org" does not say where the domain goes`, `variables: "UNSET_KEY" has no value here`,
			},
		},
		"a live URL of another kind": {map[string]string{config.LiveURL: "ftp://{domain}"}, good, []string{`live-url "ftp://{domain}" is not a URL`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(test.explicit, test.environment)
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Errorf("%d problems, want %d:\n%s", len(lines), len(test.want), err)
			}
			for _, want := range test.want {
				if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, want) }) {
					t.Errorf("no line holds %q:\n%s", want, err)
				}
			}
		})
	}
}

func TestReadRemoteNeedsNoProject(t *testing.T) {
	t.Parallel()
	values := config.Resolve(
		func(name string) (string, bool) { return "5", name == config.BuildTimeout },
		func(name string) string {
			return map[string]string{"TWILIO_API_KEY": key, "TWILIO_API_SECRET": "s"}[name]
		},
	)
	if got, err := config.ReadRemote(values); err != nil || got.Account.User != key {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestParseBoolean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{
		"true": {true, true}, "True": {true, true}, "TRUE": {true, true},
		"false": {false, true}, "False": {false, true}, "FALSE": {false, true},
		"yes": {}, "on": {}, "1": {}, "": {}, "tRUE": {},
	} {
		if value, ok := config.ParseBoolean(text); value != want[0] || ok != want[1] {
			t.Errorf("ParseBoolean(%q) = %v, %v, want %v, %v", text, value, ok, want[0], want[1])
		}
	}
}
