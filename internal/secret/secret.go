// Package secret holds values that must never be shown: credentials and the
// values of Twilio variables. A String prints as a placeholder wherever Go
// would print it, so a secret that ends up in a log line, an error or a JSON
// document by mistake does no harm.
//
// It does not encrypt, and it does not keep values out of memory dumps.
// Level 0: it imports nothing of the project.
package secret

import (
	"fmt"
	"log/slog"
	"unique"
)

// Placeholder is what a String shows instead of its value.
const Placeholder = "[secret]"

// String is a value that fmt, slog and encoding/json cannot print. The zero
// value is the empty secret; two Strings are equal with == when their values
// are. It is immutable and safe for concurrent use.
type String struct {
	// fmt calls no methods on what it reaches through an unexported field; of a
	// handle it can print no more than an address.
	handle unique.Handle[string]
}

// New wraps value.
func New(value string) String {
	if value == "" {
		return String{}
	}
	return String{handle: unique.Make(value)}
}

// Reveal returns the value itself. Call it only where the value leaves for the
// one place that needs it, such as a request's credentials.
func (s String) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.handle.Value()
}

// IsZero reports whether the secret is empty.
func (s String) IsZero() bool { return s == String{} }

// Len is the length of the value in bytes.
func (s String) Len() int { return len(s.Reveal()) }

// String returns the placeholder, or nothing for the empty secret.
func (s String) String() string {
	if s.IsZero() {
		return ""
	}
	return Placeholder
}

// Format prints the placeholder for every verb, %#v and %x included.
func (s String) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte(s.String()))
}

// LogValue makes slog print the placeholder.
func (s String) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText makes JSON, YAML and every other text encoder write the
// placeholder.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
