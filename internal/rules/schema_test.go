package rules

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/document/schematest"
)

var updateSchema = flag.Bool("update-schema", false, "write schema/slipway.schema.json")

var schemaFile = filepath.Join("..", "..", "schema", "slipway.schema.json")

// TestSchema holds the published schema to the table that the parser goes by.
func TestSchema(t *testing.T) {
	t.Parallel()
	schematest.Hold(t, schemaFile, schema(), *updateSchema)
}

type object = map[string]any

// schema is the JSON Schema of the file. Draft 7 is what editors know.
func schema() object {
	const (
		label   = `^[a-zA-Z0-9]([a-zA-Z0-9-]{0,14}[a-zA-Z0-9])?$`
		sid     = `^ZE[0-9a-fA-F]{32}$`
		preview = `^[Pp][Rr]-[0-9]+$`
	)
	orNothing := func(definition string) object {
		return object{"anyOf": []any{object{"$ref": "#/definitions/" + definition}, object{"type": "null"}}}
	}
	properties := func(s scope, owns map[string]object) object {
		all := object{}
		for _, one := range keys(s) {
			property, isOwn := owns[one.name]
			if !isOwn {
				property = valueSchema(one)
			}
			property["description"] = sentence(one.help)
			all[one.name] = property
		}
		return all
	}
	mapping := func(s scope, owns map[string]object) object {
		return object{"type": "object", "additionalProperties": false, "properties": properties(s, owns)}
	}
	events := mapping(ofEvents, map[string]object{
		keyBranch: several(patternSchema()), keyTag: several(patternSchema()), keyRelease: {"enum": []any{true, false, Prereleases, AnyRelease}},
	})
	events["minProperties"] = 1
	textBut := func(not string) object {
		text := textSchema()
		text["not"] = object{"pattern": not}
		return text
	}
	const outside = `(^|/)\.\.(/|$)|^\s*/|\\|^.:|[\x00-\x1f]`
	top := mapping(ofFile, map[string]object{
		keyVersion: {"const": 1},
		keyServices: {
			"type": "object", "minProperties": 1, "maxProperties": maxServices,
			"propertyNames": object{"pattern": `^[^/?#\\ \x00-\x1f]{1,50}$`}, "additionalProperties": orNothing("service"),
		},
	})
	top["$schema"] = "http://json-schema.org/draft-07/schema#"
	top["$id"] = "https://raw.githubusercontent.com/slipway-dev/slipway/main/schema/slipway.schema.json"
	top["title"] = "slipway.yml"
	top["description"] = "Where the Twilio Functions and Assets of a repository go, and on which events."
	top["required"] = []string{keyVersion, keyServices}
	top["definitions"] = object{
		"service": mapping(ofService, map[string]object{
			keyPath:      textBut(outside),
			config.Watch: several(textBut(outside + `|^\s*!|^\s*[-+]?[0-9.]+(ns|us|ms|s|m|h|d)`)),
			keyEnvironments: {
				"type": []string{"object", "null"}, "maxProperties": maxEnvironments,
				"propertyNames":        object{"anyOf": []any{object{"pattern": label, "not": object{"pattern": preview}}, object{"pattern": sid}}},
				"additionalProperties": orNothing("environment"),
			},
			keyPreviews: {"anyOf": []any{object{"type": "boolean"}, object{"$ref": "#/definitions/previews"}}},
		}),
		"environment": mapping(ofEnvironment, map[string]object{keyOn: {"$ref": "#/definitions/on"}}),
		"on":          events,
		"previews":    mapping(ofPreviews, map[string]object{config.VariablesLike: textBut(`^\s*production\s*$`)}),
	}
	return top
}

// sentence is a help text as one.
func sentence(help string) string {
	if strings.HasPrefix(help, "npm ") {
		return help + "."
	}
	return strings.TrimSuffix(strings.ToUpper(help[:1])+help[1:], ".") + "."
}

// valueSchema is what the value of a key has to be.
func valueSchema(one key) object {
	switch one.form {
	case plainText:
		if words := one.setting.Words(); words != nil {
			return object{"enum": words}
		}
		if one.name == config.Service {
			return object{"type": "string", "pattern": `^\s*[^/?#\\\s\x00-\x1f]{1,50}\s*$`}
		}
		return textSchema()
	case textOrNumber:
		return object{"anyOf": []any{textSchema(), object{"type": "number"}}}
	case trueOrFalse:
		return object{"type": "boolean"}
	case length:
		return object{"type": "string", "pattern": `^\s*([0-9]{1,6}d)?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))*\s*$`, "minLength": 2}
	case wholeNumber:
		least, most := one.setting.Range()
		return object{"type": "integer", "minimum": least, "maximum": most}
	case texts:
		if one.setting.Name == config.Variables {
			return several(object{"type": "string", "pattern": `^\s*[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\s*$`, "not": object{"pattern": credentialPattern()}})
		}
		return several(textSchema())
	case own:
	}
	panic("no schema for " + one.name)
}

// credentialPattern matches what config.HoldsCredential does.
func credentialPattern() string {
	names := []string{"GITHUB_TOKEN"}
	for _, setting := range config.Inputs() {
		if setting.Kind == config.Secret && setting.Env != "" {
			names = append(names, setting.Env)
		}
	}
	slices.Sort(names)
	return `^\s*((` + strings.Join(names, "|") + `)\s*$|INPUT_|ACTIONS_)`
}

func textSchema() object {
	return object{"type": "string", "pattern": `^\s*\S([^\r\n]*\S)?\s*$`, "maxLength": document.MaxText}
}

func patternSchema() object {
	return object{"type": "string", "maxLength": document.MaxText, "pattern": `^[^?\[\]\\^~: !/][^?\[\]\\^~: ]*$`, "not": object{"pattern": "^refs/"}}
}

// several is one, or a list of them.
func several(one object) object {
	return object{"anyOf": []any{one, object{"type": "array", "items": one, "minItems": 1, "maxItems": maxEntries}}}
}

// TestSchemaAndParserAgree has both look at each example.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	published := schematest.Open(t, schemaFile)
	// What only a parser can see: what holds between several places, or is no YAML.
	unseen := []string{"bomb", "clashes", "duplicates", "idle_details", "latin1", "nul", "tabs", "two_documents", "wildcard_without_quotes", "yaml_features"}
	for _, sort := range []string{"valid", "invalid"} {
		files, err := filepath.Glob(filepath.Join("testdata", sort, "*.yml"))
		if err != nil || len(files) == 0 {
			t.Fatal("there are no examples", err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(filepath.Base(file), ".yml")
			if !bytes.Contains(source[:120], []byte("yaml-language-server: $schema=../../../../schema/slipway.schema.json")) {
				t.Errorf("%s does not name the schema", file)
			}
			err = published.Validate(source)
			switch {
			case sort == "valid" && err != nil:
				t.Errorf("%s: the schema refuses it: %v", file, err)
			case sort == "invalid" && err == nil && !slices.Contains(unseen, name):
				t.Errorf("%s: the schema takes it", file)
			}
		}
	}
}

// TestSchemaAndParserAgreeOnEachKey gives each key of the table values of all kinds.
func TestSchemaAndParserAgreeOnEachKey(t *testing.T) {
	t.Parallel()
	published := schematest.Open(t, schemaFile)
	frames := map[scope]struct {
		frame  string
		others []string // what has to be there as well
		apart  string
	}{
		ofFile:        {"%s\n", []string{"version: 1", "services: {voice: }"}, "\n"},
		ofService:     {"version: 1\nservices:\n  voice:\n    %s\n", []string{"health-check: /", "environments: {a: {watch: 1m}}"}, "\n    "},
		ofEnvironment: {"version: 1\nservices: {voice: {environments: {a: {%s}}}}\n", []string{"health-check: /", "watch: 1m"}, ", "},
		ofEvents:      {"version: 1\nservices: {voice: {environments: {a: {on: {%s}}}}}\n", nil, ", "},
		ofPreviews:    {"version: 1\nservices: {voice: {previews: {%s}}}\n", []string{"health-check: /", "watch: 1m"}, ", "},
	}
	values := []string{
		"", "true", "false", "1", "0", "-1", "1001", "101", "1.5", "2m", "12h", "1d", "7d12h", "-2m", "0s", "soon", "text", "' '", "'a b'", "\"a\\nb\"",
		"[]", "[a]", "[a, b]", "[1]", "[[a]]", "{}", "{a: b}", "'1'", "'true'", "production", "locked", "ranges", "prerelease", "any", "../a", "/a", "'a\\b'",
		"A=1", "TWILIO_AUTH_TOKEN", "INPUT_X", "'!a'", "'a*'", "refs/heads/a", "'a?'", strings.Repeat("a", 1025), "b",
	}
	cells := 0
	for s, frame := range frames {
		for _, one := range keys(s) {
			for _, written := range values {
				parts := []string{one.name + ": " + written}
				for _, other := range frame.others {
					if !strings.HasPrefix(other, one.name+":") {
						parts = append(parts, other)
					}
				}
				source := fmt.Sprintf(frame.frame, strings.Join(parts, frame.apart))
				_, parseErr := Parse("slipway.yml", []byte(source))
				schemaErr := published.Validate([]byte(source))
				if cells++; (parseErr == nil) != (schemaErr == nil) && !isBeyondSchema(one, written) {
					t.Errorf("%s\nparser: %v\nschema: %v", source, parseErr, schemaErr)
				}
			}
		}
	}
	t.Logf("%d cells", cells)
}

// isBeyondSchema reports whether only the parser can know that a value is wrong.
func isBeyondSchema(one key, written string) bool {
	switch one.name {
	case config.PromoteFrom: // of which environments there are
		return true
	case config.Watch, keyTTL, config.BuildTimeout, config.HealthCheckTimeout: // how long a time is
		return slices.Contains([]string{"0s", "2m", "1d", "7d12h", "12h"}, written)
	case config.VariablesLike: // what the environment is called
		return written == "a"
	}
	return false
}
