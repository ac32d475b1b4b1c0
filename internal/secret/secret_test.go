package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/secret"
)

func TestStringNeverShowsItsValue(t *testing.T) {
	t.Parallel()
	const value = "s3cr3t-value"
	hidden := secret.New(value)
	type holder struct {
		Token secret.String            `json:"token"`
		Many  map[string]secret.String `json:"many"`
	}
	holding := holder{Token: hidden, Many: map[string]secret.String{"KEY": hidden}}

	encoded, err := json.Marshal(holding)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("message", "token", hidden, "holder", holding)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("message", "token", hidden, "holder", holding)

	shown := []string{string(encoded), logged.String(), errors.Join(fmt.Errorf("with %v", hidden)).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, hidden), fmt.Sprintf(verb, holding), fmt.Sprintf(verb, &holding))
	}
	for _, text := range shown {
		for _, form := range []string{value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value)} {
			if strings.Contains(text, form) {
				t.Errorf("the secret shows in %q", text)
			}
		}
	}
	if got := hidden.Reveal(); got != value {
		t.Errorf("Reveal() = %q, want %q", got, value)
	}
}

// TestStringNeverShowsItsValueWithoutMethods holds secrets where fmt calls no
// methods: it prints what an unexported field is made of.
func TestStringNeverShowsItsValueWithoutMethods(t *testing.T) {
	t.Parallel()
	const value = "s3cr3t-value"
	type inner struct {
		User     string
		password secret.String
	}
	type holder struct {
		password secret.String
		pointer  *secret.String
		inner    inner
		deeper   *inner
		keyed    map[string]secret.String
		keys     map[secret.String]bool
		many     []secret.String
		array    [1]secret.String
		boxed    any
		inners   []inner
	}
	hidden := secret.New(value)
	in := inner{"user", hidden}
	holding := holder{
		password: hidden, pointer: &hidden, inner: in, deeper: &in,
		keyed: map[string]secret.String{"KEY": hidden}, keys: map[secret.String]bool{hidden: true},
		many: []secret.String{hidden}, array: [1]secret.String{hidden}, boxed: hidden, inners: []inner{in},
	}
	shapes := []any{
		holding, &holding,
		[]holder{holding},
		[]*holder{&holding},
		map[string]holder{"h": holding},
		struct{ any }{holding},
		struct{ wrapped *holder }{&holding},
		in, &in,
		[]inner{in},
		&hidden,
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%#x", "% x", "%d", "%t", "%p"} {
		for _, shape := range shapes {
			text := fmt.Sprintf(verb, shape)
			for _, form := range []string{
				value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value), fmt.Sprintf("% x", value), fmt.Sprintf("%d", []byte(value)),
			} {
				if strings.Contains(text, form) {
					t.Errorf("the secret shows with %s in %q", verb, text)
				}
			}
		}
	}
}

func TestStringComparesByValue(t *testing.T) {
	t.Parallel()
	// Built at run time, so that equal values are not one string by chance.
	a, b := secret.New(strings.Repeat("ab", 3)), secret.New(strings.Repeat("ababab", 1))
	if a != b || !reflect.DeepEqual(a, b) {
		t.Error("equal values differ")
	}
	if a == secret.New("ababa") || reflect.DeepEqual(a, secret.New("ababa")) {
		t.Error("different values are equal")
	}
	if secret.New("") != (secret.String{}) || a == (secret.String{}) {
		t.Error("the empty secret is not the zero String, or another one is")
	}
	if a.Len() != 6 || secret.New("").Reveal() != "" {
		t.Errorf("Len() = %d, the empty secret reveals %q", a.Len(), secret.New("").Reveal())
	}
}

func TestZeroString(t *testing.T) {
	t.Parallel()
	var empty secret.String
	if !empty.IsZero() || empty.String() != "" || empty.Len() != 0 {
		t.Errorf("the zero String is not the empty secret: %q", empty.String())
	}
	if secret.New("x").IsZero() {
		t.Error("a value counts as zero")
	}
}
