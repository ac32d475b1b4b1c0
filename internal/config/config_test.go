package config_test

import (
	"fmt"
	"maps"
	"reflect"
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
	return config.ReadDeploy(config.Resolve(config.Settings(), lookup, getenv), getenv)
}

func TestSettingsAreToldApart(t *testing.T) {
	t.Parallel()
	names, envs := make(map[string]bool), make(map[string]bool)
	for _, setting := range config.Settings() {
		if names[setting.Name] || setting.Env != "" && envs[setting.Env] {
			t.Errorf("%s stands twice", setting.Name)
		}
		names[setting.Name], envs[setting.Env] = true, true
		if setting.Help == "" || (setting.Placeholder == "") != (setting.Kind == config.Boolean) {
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
				config.Settings(),
				func(name string) (string, bool) { return test.explicit, name == config.Environment },
				func(name string) string { return map[string]string{"SLIPWAY_ENVIRONMENT": test.environment}[name] },
			)
			if got := values[config.Environment]; got.Text != test.want || got.Origin != test.origin {
				t.Errorf("got %q from %s, want %q from %s", got.Text, got.Origin, test.want, test.origin)
			}
		})
	}
}

func TestShownHidesWhatMayBeASecret(t *testing.T) {
	t.Parallel()
	const hidden = "[not shown]"
	tests := []struct{ name, text, want string }{
		{config.APISecret, "sesame", hidden},
		{config.AuthToken, "sesame", hidden},
		{config.Variables, "KEY=sesame", hidden},
		{config.AccountSID, account, account},
		{config.AccountSID, key, key},
		{config.AccountSID, "sesame", hidden},
		{config.AccountSID, strings.TrimPrefix(account, "AC"), hidden},
		{config.APIKey, key, key},
		{config.APIKey, "SK" + strings.Repeat("z", 32), hidden},
		{config.APIKey, key + "0", hidden},
		{config.APIURL, "https://api.example.com:8443", "https://api.example.com:8443"},
		{config.APIURL, "https://me:sesame@api.example.com", hidden},
		{config.APIURL, "me:sesame@api.example.com", hidden},
		{config.APIURL, "https://me:ses%ame@api.example.com", hidden},
		{config.UploadURL, "https://example.com/?token=sesame", hidden},
		{config.UploadURL, "https://example.com/#sesame", hidden},
		{config.LiveURL, "http://127.0.0.1:1/_live/{domain}", "http://127.0.0.1:1/_live/{domain}"},
		{config.LiveURL, "https://me:sesame@{domain}", hidden},
		{config.Service, "voice", "voice"},
		{config.Service, "", ""},
		{config.APIKey, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.text, func(t *testing.T) {
			t.Parallel()
			values := config.Resolve(
				config.Settings(),
				func(name string) (string, bool) { return test.text, name == test.name },
				func(string) string { return "" },
			)
			value := values[test.name]
			if got := value.Shown(); got != test.want {
				t.Errorf("%s %q is shown as %q, want %q", test.name, test.text, got, test.want)
			}
			want := test.name
			if test.text != "" && test.want != hidden {
				want += ` "` + test.text + `"`
			}
			if got := value.Cited(); got != want {
				t.Errorf("cited as %s, want %s", got, want)
			}
		})
	}
}

func TestNoProblemShowsASecretInTheWrongPlace(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		config.AccountSID, config.APIKey, config.APISecret, config.AuthToken,
		config.APIURL, config.UploadURL, config.LiveURL, config.Variables,
	} {
		for _, text := range []string{"sesame==@", "https://me:sesame@{domain}/%", "sesame@host", "KEY=1\nsesame/\nsesame+/=="} {
			if _, err := read(map[string]string{name: text}, nil); err == nil || strings.Contains(err.Error(), "sesame") {
				t.Errorf("%s %q: %v", name, text, err)
			}
		}
	}
}

func TestRunnerDebugMeansDebug(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		explicit, environment, runner string
		want                          string
		origin                        config.Origin
	}{
		"nothing":             {"", "", "", "info", config.FromDefault},
		"debugging":           {"", "", "1", "debug", config.FromEnvironment},
		"another word":        {"", "", "true", "info", config.FromDefault},
		"the flag wins":       {"warn", "", "1", "warn", config.Explicit},
		"the variable wins":   {"", "error", "1", "error", config.FromEnvironment},
		"a blank is no level": {" ", " ", "1", "debug", config.FromEnvironment},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := config.Resolve(
				config.Settings(),
				func(name string) (string, bool) { return test.explicit, name == config.LogLevel },
				func(name string) string {
					return map[string]string{"SLIPWAY_LOG_LEVEL": test.environment, "RUNNER_DEBUG": test.runner}[name]
				},
			)
			if got := values[config.LogLevel]; got.Text != test.want || got.Origin != test.origin {
				t.Errorf("got %q from %s, want %q from %s", got.Text, got.Origin, test.want, test.origin)
			}
		})
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

func TestReadDeployNamesEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	good := map[string]string{"TWILIO_API_KEY": key, "TWILIO_API_SECRET": "s"}
	tests := map[string]struct {
		explicit, environment map[string]string
		want                  []string // a part of each line, in any order
	}{
		"no credentials": {nil, nil, []string{"there are no Twilio credentials. Give api-key and api-secret (TWILIO_API_KEY, "}},
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
				`live-url "https://example.org" does not say where the domain goes`, `variables: line 1: "UNSET_KEY" has no value here`,
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

func TestVariablesShowNoPartOfAValue(t *testing.T) {
	t.Parallel()
	const unreadable = " is neither KEY=VALUE nor a KEY that the environment of this process sets. " +
		"Write KEY=VALUE on one line; a value of several lines goes into the environment, and its KEY alone here."
	environment := map[string]string{"TWILIO_API_KEY": key, "TWILIO_API_SECRET": "s", "lower": "x"}
	tests := map[string]struct{ text, want string }{
		"a PEM": {
			"A=1\nKEY=-----BEGIN PRIVATE KEY-----\nMIIEvQsesame\nMIIEsesame+/\nsesame==\n-----END PRIVATE KEY-----",
			"variables: line 3" + unreadable,
		},
		"blank lines count":   {"\n\n# note\nsesame", "variables: line 4" + unreadable},
		"a token alone":       {"sesame", "variables: line 1" + unreadable},
		"padded base64":       {"sesame==", "variables: line 1" + unreadable},
		"more padded base64":  {"sesame+/x=", "variables: line 1" + unreadable},
		"a URL with a query":  {"https://example.com?sesame=1", "variables: line 1" + unreadable},
		"JSON":                {`{"sesame": "a=b"}`, "variables: line 1" + unreadable},
		"a long bare word":    {strings.Repeat("A", 65), "variables: line 1" + unreadable},
		"lower case, not set": {"lower\nupper", "variables: line 2" + unreadable},
		"no key": {
			"A=1\n =sesame", `variables: line 2: there is no key in front of the "=". Write KEY=VALUE.`,
		},
		"a key that is not set": {
			strings.Repeat("A", 64),
			`variables: line 1: "` + strings.Repeat("A", 64) + `" has no value here: the environment of this process does not set it. ` +
				"Write KEY=VALUE, or set it for this step.",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(map[string]string{config.Variables: test.text}, environment)
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
			for key := range got.Variables {
				if strings.Contains(key, "sesame") {
					t.Errorf("%q is taken for a key", key)
				}
			}
		})
	}
}

func TestReadRemoteNeedsNoProject(t *testing.T) {
	t.Parallel()
	values := config.Resolve(
		config.Settings(),
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

func TestReadActionReadsItsOwnSettings(t *testing.T) {
	t.Parallel()
	inputs := config.Inputs()
	read := func(given map[string]string) (config.Action, error) {
		given["api-key"], given["api-secret"] = "SK"+strings.Repeat("0", 32), "secret"
		return config.ReadAction(config.Resolve(inputs, func(name string) (string, bool) {
			text, ok := given[name]
			return text, ok
		}, func(name string) string {
			return map[string]string{"GITHUB_TOKEN": "token-of-the-environment"}[name] // whose it is, nobody says
		}), func(string) string { return "" })
	}

	got, err := read(map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Command != "auto" || !got.CommitStatus || !got.GitHubToken.IsZero() {
		t.Errorf("by default: command %q, commit-status %t, github-token %q", got.Command, got.CommitStatus, got.GitHubToken.Reveal())
	}
	got, err = read(map[string]string{"command": "deploy", "commit-status": "False", "github-token": " given\n"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Command != "deploy" || got.CommitStatus || got.GitHubToken.Reveal() != "given" {
		t.Errorf("as given: command %q, commit-status %t, github-token %q", got.Command, got.CommitStatus, got.GitHubToken.Reveal())
	}
	got, err = read(map[string]string{
		"command": "destroy", "commit-status": "no", "github-token": "a b", "environment": "dev\nstage", "timeout": "never",
	})
	const want = `timeout "never" is not a length of time. Give a number and a unit, such as 90s or 15m.
environment "dev\nstage" has more than one line
command "destroy" is not known. Use auto, deploy, plan, promote, rollback, teardown or sweep.
commit-status "no" is neither true nor false. Write true or false.
github-token holds blanks, line breaks or other characters that no secret of GitHub has. Copy it again, without anything around it.`
	lines := func(text string) []string { return slices.Sorted(strings.SplitSeq(text, "\n")) }
	if !got.CommitStatus {
		t.Error("a wrong word silences the commit status")
	}
	if err == nil || !slices.Equal(lines(err.Error()), lines(want)) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestInputsOfAnotherCommand makes sure that nobody waits for a promote that a deploy
// would be.
func TestInputsOfAnotherCommand(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"auto", "deploy", "plan", "promote", "rollback", "teardown", "sweep"} {
		given := map[string]string{
			"api-key": key, "api-secret": "secret", "command": command, "promote-from": "dev", "build-sid": "ZB1", "to": "ZB2",
		}
		_, err := config.ReadAction(config.Resolve(config.Inputs(), func(name string) (string, bool) {
			text, ok := given[name]
			return text, ok
		}, func(string) string { return "" }), func(string) string { return "" })
		for name, wanted := range map[string]string{"promote-from": "promote", "build-sid": "promote", "to": "rollback"} {
			told := fmt.Sprintf("is for command: %s, and this is command: %s", wanted, command)
			if isTold := err != nil && strings.Contains(err.Error(), name+` "`+given[name]+`" `+told); isTold != (command != wanted && (name != "promote-from" || command != "auto" && command != "plan")) { // which a tag's Build comes from
				t.Errorf("command %s with %s: %v", command, name, err)
			}
		}
	}
}

// TestForkSHA: what is not the whole SHA, as GitHub has it, is none.
func TestForkSHA(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("0a", 20)
	for text, isOne := range map[string]bool{
		sha: true, " " + sha + "\n": true, "": true,
		sha[:7]: false, sha[:39]: false, sha + "0": false, strings.ToUpper(sha): false, "refs/pull/7/head": false, "main": false, sha + "\n" + sha: false,
	} {
		read, err := config.ReadAction(config.Resolve(config.Inputs(), func(name string) (string, bool) {
			return map[string]string{"api-key": key, "api-secret": "secret", "fork-sha": text}[name], true
		}, func(string) string { return "" }), func(string) string { return "" })
		if (err == nil) != isOne || isOne && read.ForkSHA != strings.TrimSpace(text) || !isOne && read.ForkSHA != "" {
			t.Errorf("%q: got %q, error %v", text, read.ForkSHA, err)
		}
	}
}

// TestReadWithoutSecrets: no credentials are asked for, and all else is looked at.
func TestReadWithoutSecrets(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"": "", "api-key": "", "timeout": "timeout"} {
		values := config.Resolve(config.Inputs(), func(name string) (string, bool) { return key, name == given }, func(string) string { return "" })
		read, err := config.ReadWithoutSecrets(values, func(string) string { return "" })
		if told := fmt.Sprint(err); (err == nil) != (want == "") || !strings.Contains(told, want) || strings.Contains(told, "credentials") {
			t.Errorf("with %q: %v", given, err)
		}
		if !read.Account.Password.IsZero() || read.Account.User != "" {
			t.Errorf("with %q: the account is %+v", given, read.Account)
		}
		if values.HasSecret() {
			t.Errorf("with %q: there is a secret", given)
		}
	}
}

// TestEverySettingIsRead gives each setting by itself another value, and looks
// whether that makes a difference.
func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	all := config.Inputs()
	other := map[string]string{
		"account-sid": "AC" + strings.Repeat("1", 32), "api-key": "SK" + strings.Repeat("1", 32), "api-secret": "another",
		"region": "ie1", "edge": "dublin", "api-url": "http://localhost:1", "upload-url": "http://localhost:2",
		"live-url": "http://localhost/{domain}", "service": "voice", "environment": "stage", "working-directory": "a",
		"functions-folder": "b", "assets-folder": "c", "runtime": "node24", "variables": "A=1", "env-file": "d",
		"variables-like": "stage", "prune-variables": "true",
		"dependencies": "ranges", "build-timeout": "1m", "concurrency": "3", "timeout": "2m", "log-level": "debug",
		"github-token": "token", "command": "deploy", "commit-status": "false", "manifest": "false", "config": "rules.yml", "dry-run": "true",
		"health-check": "/health", "health-check-status": "200", "health-check-text": "ok", "health-check-header": "A: b",
		"health-check-timeout": "1m", "watch": "2m", "watch-errors": "3", "rollback-on-failure": "false",
		"promote-from": "dev", "build-sid": "ZB1", "to": "ZB2", "create-environment": "true", "allow-production": "true",
		"preview-service": "previews", "preview-max": "3", "preview-ttl": "7d", "github-environment": "qa", "github-deployment": "false",
		"comment": "always", "release-notes": "true", "fork-sha": strings.Repeat("a", 40),
	}
	read := func(pair map[string]string, name, text string) config.Action {
		given := maps.Clone(pair)
		if text != "" {
			given[name] = text
		}
		read, err := config.ReadAction(config.Resolve(all, func(name string) (string, bool) {
			text, ok := given[name]
			return text, ok
		}, func(string) string { return "" }), func(string) string { return "" })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return read
	}
	for _, setting := range all {
		pair := map[string]string{"api-key": key, "api-secret": "secret"}
		if strings.HasPrefix(setting.Name, "health-check-") {
			pair["health-check"] = "/"
		}
		if setting.Name == "watch-errors" {
			pair["watch"] = "1m"
		}
		if command := map[string]string{"promote-from": "promote", "build-sid": "promote", "to": "rollback"}[setting.Name]; command != "" {
			pair["command"] = command
		}
		if setting.Name == "auth-token" {
			pair, other[setting.Name] = map[string]string{"account-sid": account, "auth-token": "token"}, "another"
		}
		if other[setting.Name] == "" {
			t.Errorf("this test has no other value for %s", setting.Name)
		}
		if reflect.DeepEqual(read(pair, setting.Name, ""), read(pair, setting.Name, other[setting.Name])) {
			t.Errorf("%s makes no difference", setting.Name)
		}
	}
}
