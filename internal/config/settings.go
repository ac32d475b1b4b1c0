// Package config holds the one table of settings: their names as flags and
// Action inputs, their environment variables, defaults and help. The front
// doors look settings up through it, so that a name or a default exists once,
// and read them as a typed Deploy with every Problem at once.
//
// A flag or input beats the environment, which beats a file, which beats the
// default. What a file says is a Layer, which comes when the project's folder is
// open. URLs, accounts and credentials never come from a repository's files.
// Level 0: it imports problem and secret.
package config

import "slices"

// Kind is how a setting's text is read.
type Kind int

// The kinds of settings.
const (
	// Text is taken as it is, white space around it aside.
	Text Kind = iota
	// Secret is text that is never shown.
	Secret
	// Boolean is true or false, in the spellings of YAML 1.2.
	Boolean
	// Duration is a number with a unit, such as 90s or 15m.
	Duration
	// Integer is a whole number.
	Integer
	// Lines is several entries, one a line; a flag may be repeated.
	Lines
)

// The names of the settings, as flags (with two dashes) and as Action inputs.
const (
	AccountSID         = "account-sid"
	APIKey             = "api-key"
	APISecret          = "api-secret"
	AuthToken          = "auth-token"
	Region             = "region"
	Edge               = "edge"
	APIURL             = "api-url"
	UploadURL          = "upload-url"
	LiveURL            = "live-url"
	Service            = "service"
	Environment        = "environment"
	WorkingDirectory   = "working-directory"
	FunctionsFolder    = "functions-folder"
	AssetsFolder       = "assets-folder"
	Runtime            = "runtime"
	Variables          = "variables"
	EnvFile            = "env-file"
	VariablesLike      = "variables-like"
	PruneVariables     = "prune-variables"
	Dependencies       = "dependencies"
	BuildTimeout       = "build-timeout"
	HealthCheckPath    = "health-check"
	HealthCheckStatus  = "health-check-status"
	HealthCheckText    = "health-check-text"
	HealthCheckHeader  = "health-check-header"
	HealthCheckTimeout = "health-check-timeout"
	Watch              = "watch"
	WatchErrors        = "watch-errors"
	RollbackOnFailure  = "rollback-on-failure"
	Concurrency        = "concurrency"
	Manifest           = "manifest"
	ConfigFile         = "config"
	DryRun             = "dry-run"
	Timeout            = "timeout"
	LogLevel           = "log-level"
)

// The names of what says which Build goes live, and what may be made or taken away:
// inputs of the Action, and flags of the commands that need them. PromoteFrom is
// the flag "from".
const (
	PromoteFrom       = "promote-from"
	BuildSID          = "build-sid"
	To                = "to"
	CreateEnvironment = "create-environment"
	AllowProduction   = "allow-production"
)

// The names of what says where pull requests go, and where that shows on GitHub.
const (
	PreviewService    = "preview-service"
	PreviewMax        = "preview-max"
	PreviewTTL        = "preview-ttl"
	GitHubEnvironment = "github-environment"
)

// The names of the inputs that the Action alone has.
const (
	GitHubToken      = "github-token"
	Command          = "command"
	CommitStatus     = "commit-status"
	GitHubDeployment = "github-deployment"
	Comment          = "comment"
	ReleaseNotes     = "release-notes"
	ForkSHA          = "fork-sha"
)

// Setting is one row of the table.
type Setting struct {
	// Name is the flag's and the input's name.
	Name string
	// Env is the environment variable that gives it; empty when none does.
	Env string
	// Default is what holds when nothing gives the setting; empty means that
	// there is none, or that it is found out.
	Default string
	// Kind is how its text is read.
	Kind Kind
	// Placeholder stands for the value in help texts.
	Placeholder string
	// Help says in one line what it does, with what an empty Default means.
	Help string
}

// Words returns the words that will do for the setting, or nil where others will, too.
func (s Setting) Words() []string {
	switch s.Name {
	case Dependencies:
		return []string{"locked", "ranges"}
	case LogLevel:
		return []string{"debug", "info", "warn", "error"}
	case Command:
		return []string{"auto", "deploy", "plan", "promote", "rollback", "teardown", "sweep"}
	case Comment:
		return []string{"on-change", "always", "false"}
	default:
		return nil
	}
}

// Range returns the least and the most that an Integer may be.
func (s Setting) Range() (least, most int) {
	if s.Name == PreviewMax {
		return 1, 100 // a Service has a limit of its own, which is lower
	}
	return 1, 1000
}

// Settings returns the rows of the table that every front door has, in the
// order in which help shows them: as flags of the command line and as inputs of
// the Action.
func Settings() []Setting {
	return []Setting{
		{AccountSID, "TWILIO_ACCOUNT_SID", "", Text, "SID", "the Twilio account; required with an auth token, optional with an API key"},
		{APIKey, "TWILIO_API_KEY", "", Text, "SID", "an API key of the account, preferred to the auth token"},
		{APISecret, "TWILIO_API_SECRET", "", Secret, "SECRET", "the API key's secret"},
		{AuthToken, "TWILIO_AUTH_TOKEN", "", Secret, "TOKEN", "the account's auth token"},
		{Region, "TWILIO_REGION", "", Text, "REGION", "Twilio region, such as ie1 (default us1)"},
		{Edge, "TWILIO_EDGE", "", Text, "EDGE", "Twilio edge, such as dublin (default the region's own)"},
		{APIURL, "SLIPWAY_API_URL", "", Text, "URL", "scheme, host and port instead of Twilio's API host"},
		{UploadURL, "SLIPWAY_UPLOAD_URL", "", Text, "URL", "the same for Twilio's upload host (default api-url)"},
		{LiveURL, "SLIPWAY_LIVE_URL", "", Text, "URL", "where deployed domains answer (default https://{domain})"},
		{Service, "SLIPWAY_SERVICE", "", Text, "NAME", "the Service's unique name or ZS… (default the name in package.json)"},
		{Environment, "SLIPWAY_ENVIRONMENT", "dev", Text, "NAME", "a domain suffix, production for the bare domain, or ZE…"},
		{WorkingDirectory, "", ".", Text, "DIR", "the project's folder"},
		{FunctionsFolder, "", "", Text, "DIR", "the folder with Functions (default functions, else src)"},
		{AssetsFolder, "", "", Text, "DIR", "the folder with Assets (default assets, else static)"},
		{Runtime, "", "", Text, "NODE", "the Node runtime, such as node22 (default what engines.node in package.json allows)"},
		{Variables, "", "", Lines, "KEY=VALUE", "a variable of the Environment; a bare KEY takes its value from this process's environment"},
		{EnvFile, "", "", Text, "FILE", "a file of variables in the project (default .env when there is one)"},
		{VariablesLike, "", "", Text, "ENV", "an Environment of the Service whose variables a new one starts from; those of the project beat them"},
		{PruneVariables, "", "false", Boolean, "", "remove the variables that the project does not have, once the Build is live"},
		{Dependencies, "", "locked", Text, "locked|ranges", "npm versions: exact from the lock file, or as package.json has them"},
		{BuildTimeout, "", "5m", Duration, "DURATION", "how long Twilio may take for the Build"},
		{HealthCheckPath, "", "", Text, "PATH", "a path such as /health that has to answer once the Build is live"},
		{HealthCheckStatus, "", "2xx", Text, "STATUS", "the statuses that will do, such as 200 or 2xx,301-302"},
		{HealthCheckText, "", "", Text, "TEXT", "what has to be in the answer"},
		{HealthCheckHeader, "", "", Lines, "HEADER", "a header to send, as in 'Authorization: Bearer ${TOKEN}', with ${KEY} from this process's environment"},
		{HealthCheckTimeout, "", "30s", Duration, "DURATION", "how long the right answer may take to come"},
		{Watch, "", "0s", Duration, "DURATION", "how long to follow the logs once the Build is live"},
		{WatchErrors, "", "1", Integer, "N", "how many entries of the level error, while they are watched, mean that it does not work"},
		{RollbackOnFailure, "", "true", Boolean, "", "bring back what was live before when the health check or the watch fails"},
		{Concurrency, "", "", Integer, "N", "most API calls at once (default adaptive, at most 20)"},
		{Manifest, "", "true", Boolean, "", "keep in each Build what it was made of, so that the next deploy uploads only what changed"},
		{ConfigFile, "", "", Text, "FILE", "the file with rules, from the repository's root (default slipway.yml, else .github/slipway.yml, when there is one)"},
		{DryRun, "", "false", Boolean, "", "plan only: say what would change, and change nothing"},
		{Timeout, "SLIPWAY_TIMEOUT", "15m", Duration, "DURATION", "how long the whole run may take"},
		{LogLevel, "SLIPWAY_LOG_LEVEL", "info", Text, "LEVEL", "debug, info, warn or error (debug where RUNNER_DEBUG is 1)"},
	}
}

// ReleaseSettings returns the rows of what a promote, a roll-back and a teardown
// ask for beside Settings.
func ReleaseSettings() []Setting {
	return []Setting{
		{PromoteFrom, "", "", Text, "NAME", "the environment whose live Build is promoted"},
		{BuildSID, "", "", Text, "SID", "the Build to promote (ZB…), instead of an environment's"},
		{To, "", "", Text, "BUILD|COMMIT", "the Build or the commit to roll back to (default the Release before the live one)"},
		{CreateEnvironment, "", "false", Boolean, "", "let a promote create the environment when there is none"},
		{AllowProduction, "", "false", Boolean, "", "let a teardown take production away"},
	}
}

// GitHubSettings returns the rows of what says where pull requests go, and where
// that shows on GitHub.
func GitHubSettings() []Setting {
	return []Setting{
		{PreviewService, "", "", Text, "NAME", "the Service that previews of pull requests go to (default the service itself)"},
		{PreviewMax, "", "10", Integer, "N", "how many previews the Service may have; the next one takes the place of another"},
		{PreviewTTL, "", "", Duration, "DURATION", "take previews away that were not updated for so long, such as 7d (default they stay)"},
		{GitHubEnvironment, "", "", Text, "NAME", "the GitHub environment that deploys show under (default the environment's name)"},
	}
}

// ActionSettings returns the rows that the Action alone has, as inputs.
func ActionSettings() []Setting {
	return []Setting{
		{GitHubToken, "", "", Secret, "TOKEN", "reads pull requests, and writes the commit status, the GitHub Deployment and the comment; needs the permissions that the README lists"},
		{Command, "", "auto", Text, "auto|deploy|plan|promote|rollback|teardown|sweep", "what to do: auto decides by the event; deploy deploys on further events, such as schedule; plan says what deploy would change; promote makes a Build live that was made for another environment; rollback makes the Release before live again; teardown takes an environment away; sweep takes previews away that nobody needs"},
		{CommitStatus, "", "true", Boolean, "", "write a commit status: first pending, then the outcome"},
		{GitHubDeployment, "", "true", Boolean, "", "make a GitHub Deployment, and keep its state"},
		{Comment, "", "on-change", Text, "on-change|always|false", "when a pull request has a comment: once something was deployed, failed or was removed; always; or never"},
		{ReleaseNotes, "", "false", Boolean, "", "add what a tag made live to the text of its GitHub Release: Service, environment, Build and digest"},
		{ForkSHA, "", "", Text, "SHA", "the head of a fork's pull request that may be deployed, as it was reviewed: all 40 digits; see docs/forks.md"},
	}
}

// Inputs returns all rows: those that are inputs of the Action.
func Inputs() []Setting {
	return slices.Concat(Settings(), ReleaseSettings(), GitHubSettings(), ActionSettings())
}

// Lookup returns the row with that name.
func Lookup(name string) (Setting, bool) {
	for _, setting := range Inputs() {
		if setting.Name == name {
			return setting, true
		}
	}
	return Setting{}, false
}
