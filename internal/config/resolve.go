package config

import (
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Origin is where a setting's text came from, strongest first.
type Origin int

// The origins.
const (
	// Explicit is a flag, an argument or an Action input.
	Explicit Origin = iota
	// FromEnvironment is an environment variable.
	FromEnvironment
	// FromFile is a file of the repository.
	FromFile
	// FromDefault is the table.
	FromDefault
)

// String names the origin for logs.
func (o Origin) String() string {
	switch o {
	case Explicit:
		return "given"
	case FromEnvironment:
		return "environment"
	case FromFile:
		return "file"
	case FromDefault:
		return "default"
	default:
		return "unknown"
	}
}

// Value is a setting's text and where it came from.
type Value struct {
	Setting Setting
	Text    string
	Origin  Origin
	// File and Line are where in the repository it stands, when a file gives it: by
	// itself (FromFile), or as what was meant by what was given.
	File string
	Line int
}

// Source names what gives the setting, for an error: its environment variable
// when that did, else its flag or input.
func (v Value) Source() string {
	if v.Origin == FromEnvironment {
		return v.Setting.Env
	}
	return v.Setting.Name
}

// Shown is the text as a log or an error may show it. Secrets and variables are
// never shown, and neither is what may be a secret in the wrong place: text that
// should be a SID or a URL and is none, and a URL that may hold a password.
func (v Value) Shown() string {
	if v.Text == "" || v.isHarmless() {
		return v.Text
	}
	return "[not shown]"
}

// Cited is the Source, with the text where that may be shown, for an error.
func (v Value) Cited() string {
	if v.Text == "" || !v.isHarmless() {
		return v.Source()
	}
	return fmt.Sprintf("%s %q", v.Source(), v.Text)
}

func (v Value) isHarmless() bool {
	switch v.Setting.Name {
	case AccountSID, APIKey:
		return regexp.MustCompile(`^(AC|SK)[0-9a-fA-F]{32}$`).MatchString(v.Text)
	case APIURL, UploadURL, LiveURL:
		_, err := url.Parse(strings.ReplaceAll(v.Text, "{domain}", "example.twil.io"))
		return err == nil && !strings.ContainsAny(v.Text, "@?#")
	default:
		return v.Setting.Kind != Secret && v.Setting.Kind != Lines
	}
}

// Values are the resolved settings by name.
type Values map[string]Value

// Resolve looks the settings up: each explicit first, then its environment
// variable, then its default. Empty text counts as not given, as
// GitHub Actions passes unset inputs and secrets. White space around text goes.
//
// A workflow that is run again with debug logging (RUNNER_DEBUG is 1) has the
// log level debug unless another is given. Of two pairs of credentials only the
// one that counts stays.
func Resolve(settings []Setting, explicit func(name string) (string, bool), getenv func(string) string) Values {
	values := make(Values)
	for _, setting := range settings {
		value := Value{Setting: setting, Text: setting.Default, Origin: FromDefault}
		if setting.Env != "" {
			value = value.with(getenv(setting.Env), FromEnvironment)
		}
		if text, ok := explicit(setting.Name); ok {
			value = value.with(text, Explicit)
		}
		if setting.Name == LogLevel && value.Origin == FromDefault && getenv("RUNNER_DEBUG") == "1" {
			value = value.with("debug", FromEnvironment)
		}
		values[setting.Name] = value
	}
	values.chooseCredentials()
	return values
}

// with is the value with another text, unless that is blank.
func (v Value) with(text string, origin Origin) Value {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return v
	}
	v.Text, v.Origin = trimmed, origin
	if v.Setting.Kind == Lines {
		v.Text = text // an error names a line by its number
	}
	return v
}

// Log tells where each setting that holds came from, at debug level, with no
// more of its text than may be shown.
func (values Values) Log(logger *slog.Logger) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		if value.Text == "" {
			continue
		}
		attributes := []any{"name", name, "value", value.Shown(), "origin", value.Origin.String()}
		if value.File != "" {
			attributes = append(attributes, "file", value.File)
		}
		if value.Line > 0 {
			attributes = append(attributes, "line", value.Line)
		}
		logger.Debug("setting", attributes...)
	}
}
