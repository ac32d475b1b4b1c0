package grants

import (
	"slices"

	"github.com/slipway-dev/slipway/internal/config"
)

// scope is a kind of mapping in the file, in words.
type scope string

const (
	ofFile        scope = "the file"
	ofRepository  scope = "a repository"
	ofAccount     scope = "an account"
	ofService     scope = "a service"
	ofEnvironment scope = "an environment"
	ofPreviews    scope = "previews"
	ofCredential  scope = "a credential" //nolint:gosec // it is none.
	ofVariable    scope = "a variable"
)

// form is how the value of a key is written.
type form int

const (
	// plainText is text on one line.
	plainText form = iota
	// reference says where the value is to be found.
	reference
	// textOrReference is one of the two.
	textOrReference
	// wholeNumber is a number without a fraction.
	wholeNumber
	// length is a length of time.
	length
	// own is what only the key itself knows.
	own
)

// key is what may stand in a scope.
type key struct {
	name string
	form form
	// help says what it does, in a sentence.
	help string
}

// The names of the keys that are no settings.
const (
	keyVersion      = "version"
	keyRepositories = "repositories"
	keyAccounts     = "accounts"
	keyServices     = "services"
	keyAccount      = "account"
	keyService      = "service"
	keyEnvironments = "environments"
	keyPreviews     = "previews"
	keyVariables    = "variables"
	keyMax          = "max"
	keyTTL          = "ttl"
	keyEnv          = "env"
	keyFile         = "file"
	keyValue        = "value"
)

// keys returns what may stand in a scope. Parse and the JSON Schema are made of it.
func keys(s scope) []key {
	const (
		account   = "The account that it is in (default that of the service, which may be left out where the repository has a single one)."
		service   = "The unique name or the SID of the Service at Twilio (default that of the service)."
		variables = "Where the values of variables come from, over those of the service."
	)
	byEnv := key{keyEnv, plainText, "A variable of the server's environment that holds it."}
	byFile := key{keyFile, plainText, "A file that holds it, from the folder of this one or absolute."}
	switch s {
	case ofFile:
		return []key{
			{keyVersion, own, "The version of this file's form: 1."},
			{keyRepositories, own, "What each repository may do, by owner/name. All others may do nothing."},
		}
	case ofRepository:
		return []key{
			{keyAccounts, own, "The accounts at Twilio that the repository may use, by names that its services use here."},
			{keyServices, own, "What each service of the repository may do, by the names that slipway.yml has for them."},
		}
	case ofAccount:
		return []key{
			{config.AccountSID, textOrReference, "The account's SID; required with an auth token."},
			{config.APIKey, reference, "The SID of an API key of the account, preferred to the auth token."},
			{config.APISecret, reference, "The API key's secret."},
			{config.AuthToken, reference, "The account's auth token."},
			{config.Region, plainText, "The Twilio region, such as ie1 (default us1)."},
			{config.Edge, plainText, "The Twilio edge, such as dublin (default the region's own)."},
			{config.APIURL, plainText, "Scheme, host and port instead of Twilio's API host, such as a sandbox's."},
			{config.UploadURL, plainText, "The same for Twilio's upload host (default api-url)."},
			{config.LiveURL, plainText, "Where deployed domains answer (default https://{domain})."},
		}
	case ofService:
		return []key{
			{keyAccount, plainText, "The account that it is in (default the only one of the repository)."},
			{keyService, plainText, "The unique name or the SID of the Service at Twilio (default the service's name)."},
			{keyEnvironments, own, "The environments that it may go to: names, or a mapping of names where some have an account, a Service or variables of their own."},
			{keyPreviews, own, "Whether pull requests may have previews (true; default false), or where these go."},
			{keyVariables, own, "Where the values of variables come from in all of its environments; previews have their own."},
		}
	case ofEnvironment:
		return []key{{keyAccount, plainText, account}, {keyService, plainText, service}, {keyVariables, own, variables}}
	case ofPreviews:
		return []key{
			{keyAccount, plainText, account},
			{keyService, plainText, service},
			{keyMax, wholeNumber, "How many previews there may be at once (default 10)."},
			{keyTTL, length, "How long a preview may stay that is not updated, such as 7d (default for ever)."},
			{keyVariables, own, "Where the values of variables come from. Those of the service do not hold in previews, which run what nobody has reviewed."},
		}
	case ofCredential:
		return []key{byEnv, byFile}
	case ofVariable:
		return []key{byEnv, byFile, {keyValue, own, "The value itself, where it is no secret."}}
	default:
		return nil
	}
}

// names returns the names of keys.
func names(of []key) []string {
	made := make([]string, len(of))
	for i, one := range of {
		made[i] = one.name
	}
	return made
}

// isKnown reports whether a name may stand in a scope.
func isKnown(s scope, name string) bool { return slices.Contains(names(keys(s)), name) }
