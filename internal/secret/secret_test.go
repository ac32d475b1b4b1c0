package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
