package config

import (
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
}

// Shown is the text as a log may show it.
func (v Value) Shown() string {
	if v.Text == "" || v.Setting.Kind != Secret && v.Setting.Kind != Lines {
		return v.Text
	}
	return "[not shown]" // Lines hold the values of variables
}

// Values are the resolved settings by name.
type Values map[string]Value

// Resolve looks each setting of the table up: explicit first, then its
// environment variable, then its default. Empty text counts as not given, as
// GitHub Actions passes unset inputs and secrets. White space around text goes.
func Resolve(explicit func(name string) (string, bool), getenv func(string) string) Values {
	values := make(Values)
	for _, setting := range Settings() {
		value := Value{Setting: setting, Text: setting.Default, Origin: FromDefault}
		if setting.Env != "" {
			if text := strings.TrimSpace(getenv(setting.Env)); text != "" {
				value.Text, value.Origin = text, FromEnvironment
			}
		}
		if text, ok := explicit(setting.Name); ok && strings.TrimSpace(text) != "" {
			value.Text, value.Origin = strings.TrimSpace(text), Explicit
		}
		values[setting.Name] = value
	}
	return values
}

// Source names what gives the setting, for an error: its environment variable
// when that did, else its flag or input.
func (v Value) Source() string {
	if v.Origin == FromEnvironment {
		return v.Setting.Env
	}
	return v.Setting.Name
}
