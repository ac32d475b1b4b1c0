// Package schematest holds the JSON Schemas of Slipway's own files to the code, in
// tests: that what is published is what the code's tables make, and that a schema takes
// a file that the parser takes. Nothing but tests imports it.
package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// Schema is a published schema, ready to validate. It is safe for concurrent use.
type Schema struct{ compiled *jsonschema.Schema }

// Hold fails the test unless the file holds what was made; update writes it anew.
func Hold(t *testing.T, file string, made map[string]any, update bool) {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(made); err != nil {
		t.Fatal(err)
	}
	if update {
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil { //nolint:gosec // it is published.
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(file) //nolint:gosec // a test names it.
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text.String(), string(published)); diff != "" {
		t.Errorf("made (-), published (+); -update-schema writes it anew:\n%s", diff)
	}
}

// Open compiles a published schema.
func Open(t *testing.T, file string) Schema {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // a test names it.
	if err != nil {
		t.Fatal(err)
	}
	read, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", read); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return Schema{compiled}
}

// Validate says why the schema does not take a text of YAML.
func (s Schema) Validate(source []byte) error {
	var read any
	if err := yaml.Unmarshal(source, &read); err != nil {
		return fmt.Errorf("no YAML: %w", err)
	}
	if err := s.compiled.Validate(stringKeyed(read)); err != nil {
		return fmt.Errorf("refused: %w", err)
	}
	return nil
}

// stringKeyed makes what JSON can hold of a YAML document.
func stringKeyed(read any) any {
	switch read := read.(type) {
	case map[any]any:
		made := map[string]any{}
		for key, content := range read {
			made[fmt.Sprintf("%v", key)] = stringKeyed(content)
		}
		return made
	case map[string]any:
		for key, content := range read {
			read[key] = stringKeyed(content)
		}
	case []any:
		for i, content := range read {
			read[i] = stringKeyed(content)
		}
	}
	return read
}
