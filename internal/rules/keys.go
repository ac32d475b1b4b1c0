package rules

import (
	"slices"

	"github.com/slipway-dev/slipway/internal/config"
)

// scope is a kind of mapping in the file, in words.
type scope string

const (
	ofFile        scope = "the file"
	ofService     scope = "a service"
	ofEnvironment scope = "an environment"
	ofEvents      scope = "on"
	ofPreviews    scope = "previews"
)

// form is how the value of a key is written.
type form int

const (
	// plainText is text on one line.
	plainText form = iota
	// textOrNumber is the same, or a number.
	textOrNumber
	// trueOrFalse is one of YAML's two.
	trueOrFalse
	// length is a length of time.
	length
	// wholeNumber is a number without a fraction.
	wholeNumber
	// texts is one text, or a list of them.
	texts
	// own is what only the key itself knows.
	own
)

// key is what may stand in a scope.
type key struct {
	name string
	form form
	// help says what it does.
	help string
	// setting is the one that it gives; its zero value is none.
	setting config.Setting
}

// Names that are no settings, or that mean something else than the setting does.
const (
	keyVersion      = "version"
	keyServices     = "services"
	keyPath         = "path"
	keyEnvironments = "environments"
	keyPreviews     = "previews"
	keyOn           = "on"
	keyBranch       = "branch"
	keyTag          = "tag"
	keyRelease      = "release"
	keyMax          = "max"
	keyTTL          = "ttl"
)

// keys returns what may stand in a scope: its own keys first, and behind them the
// settings that may be given there. Parse and the JSON Schema are made of it.
func keys(s scope) []key {
	switch s {
	case ofFile:
		return []key{
			{name: keyVersion, form: own, help: "The version of this file's form: 1."},
			{name: keyServices, form: own, help: "The Twilio Services of the repository, by their unique names."},
		}
	case ofService:
		const watch = "Paths beside the service's own whose changes concern it, as patterns from the root of the repository: " +
			"* stands for a part of a name, ** for any number of folders."
		return append([]key{
			{name: keyPath, form: plainText, help: "The project's folder, from the root of the repository (default the root itself)."},
			{name: config.Watch, form: texts, help: watch},
			{name: keyEnvironments, form: own, help: "Where the service goes, by the names of environments: domain suffixes, or production for the bare domain."},
			{name: keyPreviews, form: own, help: "Whether pull requests have previews of the service (true), and with which settings."},
		}, settings(config.Watch)...)
	case ofEnvironment:
		return append([]key{
			{name: keyOn, form: own, help: "The events on which it is deployed to."},
			{name: config.PromoteFrom, form: plainText, help: "The environment of the same service whose live Build goes live here: for a tag or a GitHub Release where it was made of the same files, dependencies and runtime, and for a promote whatever it was made of."},
		}, settings()...)
	case ofEvents:
		return []key{
			{name: keyBranch, form: texts, help: "Pushes to these branches: names or patterns, in which * stands for a part of a name, and ** for names with slashes as well."},
			{name: keyTag, form: texts, help: "Pushes of these tags: names or patterns, as for branch."},
			{name: keyRelease, form: own, help: "Published GitHub Releases: true for full ones, prerelease for the others, any for both."},
		}
	case ofPreviews:
		return append([]key{
			preview(config.Service, config.PreviewService), preview(keyMax, config.PreviewMax), preview(keyTTL, config.PreviewTTL),
		}, settings(config.Service, config.ReleaseNotes)...)
	default:
		return nil
	}
}

// settings returns the keys of the settings that files may give, but for some. The
// Environment is named by a key, and previews have keys of their own.
func settings(but ...string) []key {
	but = append(but, config.Environment, config.PreviewService, config.PreviewMax, config.PreviewTTL)
	var made []key
	for _, setting := range config.FileSettings() {
		if slices.Contains(but, setting.Name) {
			continue
		}
		one := key{setting.Name, formOf(setting), setting.Help, setting}
		if setting.Name == config.Variables {
			one.help = "The keys of variables, whose values are in the environment of where Slipway runs and never here."
		}
		made = append(made, one)
	}
	return made
}

// preview returns the key that gives a setting under another name.
func preview(name, setting string) key {
	for _, one := range config.FileSettings() {
		if one.Name == setting {
			return key{name, formOf(one), one.Help, one}
		}
	}
	return key{name: name}
}

// formOf is how a setting is written in the file.
func formOf(setting config.Setting) form {
	switch {
	case setting.Name == config.HealthCheckStatus: // 200 is no text
		return textOrNumber
	case setting.Kind == config.Boolean:
		return trueOrFalse
	case setting.Kind == config.Duration:
		return length
	case setting.Kind == config.Integer:
		return wholeNumber
	case setting.Kind == config.Lines:
		return texts
	default:
		return plainText
	}
}

// isKnown reports whether a name may stand in a scope.
func isKnown(s scope, name string) bool {
	return slices.ContainsFunc(keys(s), func(one key) bool { return one.name == name })
}
