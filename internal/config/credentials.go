package config

import (
	"strings"

	"github.com/slipway-dev/slipway/internal/secret"
)

// chooseCredentials blanks the pair of credentials that does not count: of an
// API key and its secret, and an account and its auth token, the one whose
// secret part is given less explicitly, or the token when that ties. A pair of
// which half is missing gives way only to a whole one that is more explicit;
// otherwise it stays, to be told as a problem.
func (values Values) chooseCredentials() {
	key, keySecret := values[APIKey], values[APISecret]
	account, token := values[AccountSID], values[AuthToken]
	keyIsWhole := key.Text != "" && keySecret.Text != ""
	tokenIsWhole := account.Text != "" && token.Text != ""

	keyOrigin := keySecret.Origin
	if keySecret.Text == "" {
		keyOrigin = key.Origin
	}
	switch {
	case tokenIsWhole && token.Origin < keyOrigin:
		values.blank(APIKey, APISecret)
	case keyIsWhole && keyOrigin < token.Origin, keyIsWhole && tokenIsWhole:
		// The account's SID stays: it may go with a key.
		values.blank(AuthToken)
	}
}

func (values Values) blank(names ...string) {
	for _, name := range names {
		values[name] = Value{Setting: values[name].Setting, Origin: FromDefault}
	}
}

// credentials reads the pair that is left.
func (r *reader) credentials() (user string, password secret.String) {
	account, token := r.text(AccountSID), r.text(AuthToken)
	key, keySecret := r.text(APIKey), r.text(APISecret)
	const where = "Create a key in the Twilio Console under Account > API keys & tokens."
	empty := ""
	if r.isStep {
		empty = " A secret that is not set arrives empty: look under Settings > Secrets and variables > Actions. Runs for forks and Dependabot get none."
	}
	if r.isWithoutSecrets {
		return "", secret.String{}
	}
	if key == "" && keySecret == "" && token == "" {
		r.problems.Add("there are no Twilio credentials",
			"Give api-key and api-secret (TWILIO_API_KEY, TWILIO_API_SECRET), or account-sid and auth-token (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN). "+where+empty)
	}
	if key == "" && keySecret != "" {
		r.wrong(APISecret, "is given without api-key", "Give api-key (TWILIO_API_KEY) too."+empty)
	}
	if key != "" && keySecret == "" {
		r.wrong(APIKey, "is given without api-secret",
			"Give api-secret (TWILIO_API_SECRET) too."+empty)
	}
	if token != "" && account == "" {
		r.wrong(AuthToken, "is given without account-sid", "Give account-sid (TWILIO_ACCOUNT_SID) too."+empty)
	}
	r.visible(APISecret, "Twilio")
	r.visible(AuthToken, "Twilio")
	if key != "" {
		return key, secret.New(keySecret)
	}
	return account, secret.New(token)
}

// HasSecret reports whether a credential of Twilio's is given that is a secret. A run
// that gets no secrets may well have the SIDs beside it.
func (values Values) HasSecret() bool {
	return values[APISecret].Text != "" || values[AuthToken].Text != ""
}

// visible refuses what was pasted with line breaks or blanks inside.
func (r *reader) visible(name, platform string) {
	for _, character := range r.text(name) {
		if character <= ' ' || character > '~' {
			r.wrong(name, "holds blanks, line breaks or other characters that no secret of "+platform+" has",
				"Copy it again, without anything around it.")
			return
		}
	}
}

// HoldsCredential reports whether an environment variable holds, or may hold, a
// credential of Slipway's or of the runner's. No file of the repository may have it
// sent anywhere.
func HoldsCredential(variable string) bool {
	for _, setting := range Inputs() {
		if setting.Kind == Secret && setting.Env != "" && setting.Env == variable {
			return true
		}
	}
	return variable == "GITHUB_TOKEN" || strings.HasPrefix(variable, "INPUT_") || strings.HasPrefix(variable, "ACTIONS_")
}
