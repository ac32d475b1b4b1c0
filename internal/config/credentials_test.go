package config_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
)

// given is settings as flags and in the environment.
type given struct{ flags, environment map[string]string }

// give makes settings from words such as "flag:api-key".
func give(words string) given {
	g := given{make(map[string]string), make(map[string]string)}
	texts := map[string][2]string{
		config.AccountSID: {"TWILIO_ACCOUNT_SID", account}, config.AuthToken: {"TWILIO_AUTH_TOKEN", "t"},
		config.APIKey: {"TWILIO_API_KEY", key}, config.APISecret: {"TWILIO_API_SECRET", "s"},
	}
	for word := range strings.FieldsSeq(words) {
		from, name, _ := strings.Cut(word, ":")
		if text := texts[name]; from == "flag" {
			g.flags[name] = text[1]
		} else {
			g.environment[text[0]] = text[1]
		}
	}
	return g
}

// outcome is what comes of the credentials: who signs, or which pair is told
// to be given in half.
func outcome(t *testing.T, words string) string {
	t.Helper()
	g := give(words)
	got, err := read(g.flags, g.environment)
	if err == nil {
		want := map[string]string{key: "s", account: "t"}[got.Account.User]
		if password := got.Account.Password.Reveal(); password != want {
			t.Errorf("%s: %s signs with %q, want %q", words, got.Account.User, password, want)
		}
		return map[string]string{key: "key", account: "token"}[got.Account.User]
	}
	var told []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		switch {
		case strings.Contains(line, "without api-secret"), strings.Contains(line, "without api-key"):
			told = append(told, "half a key")
		case strings.Contains(line, "without account-sid"):
			told = append(told, "a token alone")
		default:
			told = append(told, line)
		}
	}
	return strings.Join(told, ", ")
}

func TestCredentialsGivenMoreExplicitlyWin(t *testing.T) {
	t.Parallel()
	const (
		none  = "there are no Twilio credentials"
		half  = "half a key"
		alone = "a token alone"
		both  = half + ", " + alone
	)
	tokens := []string{
		"", "env:auth-token", "flag:auth-token",
		"env:account-sid env:auth-token", "flag:account-sid flag:auth-token",
		"flag:account-sid env:auth-token", "env:account-sid flag:auth-token",
	}
	tests := []struct {
		keys string
		want [7]string // with each of tokens
	}{
		{"", [7]string{none, alone, alone, "token", "token", "token", "token"}},
		{"env:api-key", [7]string{half, both, both, half, "token", half, "token"}},
		{"env:api-secret", [7]string{half, both, both, half, "token", half, "token"}},
		{"flag:api-key", [7]string{half, both, both, half, half, half, half}},
		{"flag:api-secret", [7]string{half, both, both, half, half, half, half}},
		{"env:api-key env:api-secret", [7]string{"key", alone, alone, "key", "token", "key", "token"}},
		{"flag:api-key env:api-secret", [7]string{"key", alone, alone, "key", "token", "key", "token"}},
		{"env:api-key flag:api-secret", [7]string{"key", "key", alone, "key", "key", "key", "key"}},
		{"flag:api-key flag:api-secret", [7]string{"key", "key", alone, "key", "key", "key", "key"}},
	}
	for _, test := range tests {
		for i, token := range tokens {
			words := test.keys + " " + token
			t.Run(words, func(t *testing.T) {
				t.Parallel()
				if got := outcome(t, words); !strings.HasPrefix(got, test.want[i]) {
					t.Errorf("got %s, want %s", got, test.want[i])
				}
			})
		}
	}
	if got := outcome(t, "env:account-sid"); !strings.HasPrefix(got, none) {
		t.Errorf("an account alone: got %s, want %s", got, none)
	}
	if got := outcome(t, "flag:account-sid env:api-key env:api-secret"); got != "key" {
		t.Errorf("a key with an account named: got %s, want key", got)
	}
}

func TestCredentialsThatLostAreNotChecked(t *testing.T) {
	t.Parallel()
	flags := give("flag:account-sid flag:auth-token").flags
	environment := map[string]string{"TWILIO_API_KEY": "no SID", "TWILIO_API_SECRET": "open sesame"}
	values := config.Resolve(
		config.Settings(),
		func(name string) (string, bool) { text, ok := flags[name]; return text, ok },
		func(name string) string { return environment[name] },
	)
	remote, err := config.ReadRemote(values)
	if err != nil || remote.Account.User != account {
		t.Errorf("got %s, %v, want %s", remote.Account.User, err, account)
	}
	if key, secret := values[config.APIKey].Text, values[config.APISecret].Text; key != "" || secret != "" {
		t.Errorf("the key that lost stays: %q and %q", key, secret)
	}
}
