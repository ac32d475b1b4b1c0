package grants

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

var updateSchema = flag.Bool("update-schema", false, "write schema/server.schema.json")

var schemaFile = filepath.Join("..", "..", "schema", "server.schema.json")

// TestSchema holds the published schema to the table that the parser goes by.
func TestSchema(t *testing.T) {
	t.Parallel()
	schematest.Hold(t, schemaFile, schema(), *updateSchema)
}

type object = map[string]any

// schema is the JSON Schema of the file. Draft 7 is what editors know.
func schema() object {
	mapping := func(s scope, owns map[string]object) object {
		properties := object{}
		for _, one := range keys(s) {
			property, isOwn := owns[one.name]
			if !isOwn {
				property = valueSchema(one)
			}
			property["description"] = one.help
			properties[one.name] = property
		}
		return object{"type": "object", "additionalProperties": false, "properties": properties}
	}
	of := func(definition string) object { return object{"$ref": "#/definitions/" + definition} }
	orNothing := func(definition string) object {
		return object{"anyOf": []any{of(definition), object{"type": "null"}}}
	}
	// keyed is a mapping whose names are somebody's own.
	keyed := func(names, each object, least, most int) object {
		return object{"type": "object", "minProperties": least, "maxProperties": most, "propertyNames": names, "additionalProperties": each}
	}
	// exactlyOne is a mapping that says one thing.
	exactlyOne := func(s scope, owns map[string]object) object {
		made := mapping(s, owns)
		made["minProperties"], made["maxProperties"] = 1, 1
		return made
	}
	environment := object{"anyOf": []any{
		object{"pattern": `^\s*[a-zA-Z0-9]([a-zA-Z0-9-]{0,14}[a-zA-Z0-9])?\s*$`, "not": object{"pattern": `^\s*[Pp][Rr]-[0-9]+\s*$`}},
		object{"pattern": `^\s*ZE[0-9a-fA-F]{32}\s*$`},
	}}
	oneEnvironment := object{"type": "string", "anyOf": environment["anyOf"]}
	variables := func() object { return object{"$ref": "#/definitions/variables"} }
	nothing := object{"type": "null"}

	top := mapping(ofFile, map[string]object{
		keyVersion:      {"const": 1},
		keyRepositories: keyed(object{"pattern": repositoryName.String(), "not": object{"pattern": noRepository.String()}}, of("repository"), 1, maxRepositories),
	})
	top["$schema"] = "http://json-schema.org/draft-07/schema#"
	top["$id"] = "https://raw.githubusercontent.com/slipway-dev/slipway/main/schema/server.schema.json"
	top["title"] = "server.yml"
	top["description"] = "What each repository may do on this server, and where credentials come from."
	top["required"] = []string{keyVersion, keyRepositories}

	repository := mapping(ofRepository, map[string]object{
		keyAccounts: keyed(object{"pattern": `^[^\s\x00](?:[^\r\n\t\x00]{0,62}[^\s\x00])?$`}, of("account"), 1, maxAccounts),
		keyServices: keyed(object{"pattern": serviceName}, of("service"), 1, maxServices),
	})
	repository["required"] = []string{keyAccounts, keyServices}
	account := mapping(ofAccount, nil)
	account["oneOf"] = []any{
		object{"required": []string{config.APIKey, config.APISecret}, "not": object{"required": []string{config.AuthToken}}},
		object{
			"required": []string{config.AccountSID, config.AuthToken},
			"not":      object{"anyOf": []any{object{"required": []string{config.APIKey}}, object{"required": []string{config.APISecret}}}},
		},
	}
	service := mapping(ofService, map[string]object{
		keyEnvironments: {"anyOf": []any{
			oneEnvironment,
			object{"type": "array", "items": oneEnvironment, "minItems": 1, "maxItems": maxEnvironments},
			keyed(environment, orNothing("environment"), 1, maxEnvironments),
		}},
		keyPreviews:  {"anyOf": []any{object{"type": "boolean"}, of("previews")}},
		keyVariables: variables(),
	})
	service["anyOf"] = []any{
		object{"required": []string{keyEnvironments}},
		object{"required": []string{keyPreviews}, "properties": object{keyPreviews: object{"not": object{"const": false}}}},
	}
	top["definitions"] = object{
		"repository":  repository,
		"account":     account,
		"service":     service,
		"environment": mapping(ofEnvironment, map[string]object{keyVariables: variables()}),
		"previews":    mapping(ofPreviews, map[string]object{keyVariables: variables()}),
		"variables": object{"anyOf": []any{
			keyed(object{"pattern": variableKey.String(), "not": object{"pattern": credentialPattern()}}, of("variable"), 0, maxVariables), nothing,
		}},
		"credential": exactlyOne(ofCredential, referenceSchemas()),
		"variable": exactlyOne(ofVariable, func() map[string]object {
			owns := referenceSchemas()
			owns[keyValue] = object{"type": []string{"string", "number", "boolean"}, "pattern": `\S`}
			return owns
		}()),
	}
	return top
}

const serviceName = `^[^/?#\\ \x00-\x1f]{1,50}$`

// referenceSchemas are those of the two places that a secret may be in.
func referenceSchemas() map[string]object {
	return map[string]object{
		keyEnv:  {"type": "string", "pattern": `^\s*[A-Za-z_][A-Za-z0-9_]{0,127}\s*$`},
		keyFile: {"type": "string", "pattern": `^\s*[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?\s*$`, "maxLength": document.MaxText},
	}
}

// valueSchema is what the value of a key has to be.
func valueSchema(one key) object {
	credential := object{"$ref": "#/definitions/credential"}
	text := object{"type": "string", "pattern": `\S`, "maxLength": document.MaxText}
	switch one.name {
	case keyService:
		text["pattern"] = `^\s*[^/?#\\\s\x00-\x1f]{1,50}\s*$`
	case config.AccountSID:
		text["pattern"] = `^\s*AC[0-9a-fA-F]{32}\s*$`
	case config.Region, config.Edge:
		text["pattern"] = `^\s*[a-z0-9]+(-[a-z0-9]+)*\s*$`
	case config.APIURL, config.UploadURL:
		text["pattern"] = `^\s*(https://[^/?#@\s]+|http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?)/?\s*$`
	case config.LiveURL:
		text["pattern"] = `^\s*https?://[^?\s]*\{domain\}[^?\s]*\s*$`
	}
	switch one.form {
	case plainText:
		return text
	case reference:
		return object{"allOf": []any{credential}}
	case textOrReference:
		return object{"anyOf": []any{text, credential}}
	case wholeNumber:
		setting, _ := config.Lookup(config.PreviewMax)
		least, most := setting.Range()
		return object{"type": "integer", "minimum": least, "maximum": most}
	case length:
		return object{"type": "string", "pattern": `^\s*([0-9]{1,6}d)?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))*\s*$`, "minLength": 2}
	case own:
	}
	panic("no schema for " + one.name)
}

// credentialPattern matches what config.HoldsCredential does.
func credentialPattern() string {
	held := []string{"GITHUB_TOKEN"}
	for _, setting := range config.Inputs() {
		if setting.Kind == config.Secret && setting.Env != "" {
			held = append(held, setting.Env)
		}
	}
	slices.Sort(held)
	return `^((` + strings.Join(held, "|") + `)$|INPUT_|ACTIONS_)`
}

// TestSchemaAndParserAgree has both look at each example.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	published := schematest.Open(t, schemaFile)
	// What only a parser can see: what holds between several places, or is no YAML.
	unseen := []string{"accounts", "clashes", "yaml_features"}
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
			if !bytes.Contains(source, []byte("yaml-language-server: $schema=../../../../schema/server.schema.json")) {
				t.Errorf("%s does not name the schema", file)
			}
			err = published.Validate(source)
			switch name := strings.TrimSuffix(filepath.Base(file), ".yml"); {
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
	const (
		account  = "accounts: {m: {api-key: {env: K}, api-secret: {env: S}}}"
		services = "services: {s: {environments: [e]}}"
		inSame   = "version: 1\nrepositories: {a/b: {" + account + ", services: {s: %s}}}\n"
	)
	frames := map[scope]struct {
		frame  string
		others []string // what has to be there as well
		apart  string
	}{
		ofFile:        {"%s\n", []string{"version: 1", "repositories: {a/b: {" + account + ", " + services + "}}"}, "\n"},
		ofRepository:  {"version: 1\nrepositories: {a/b: {%s}}\n", []string{account, services}, ", "},
		ofAccount:     {"version: 1\nrepositories: {a/b: {" + services + ", accounts: {m: {%s}}}}\n", []string{"account-sid: {env: A}", "auth-token: {env: T}"}, ", "},
		ofService:     {fmt.Sprintf(inSame, "{%s}"), []string{"environments: [e]"}, ", "},
		ofEnvironment: {fmt.Sprintf(inSame, "{environments: {e: {%s}}}"), nil, ", "},
		ofPreviews:    {fmt.Sprintf(inSame, "{previews: {%s}}"), nil, ", "},
		ofCredential:  {"version: 1\nrepositories: {a/b: {" + services + ", accounts: {m: {api-secret: {env: S}, api-key: {%s}}}}}\n", nil, ", "},
		ofVariable:    {fmt.Sprintf(inSame, "{previews: {variables: {V: {%s}}}}"), nil, ", "},
	}
	values := []string{
		"", "true", "false", "1", "0", "-1", "101", "1.5", "2m", "12h", "7d12h", "-2m", "0s", "soon", "text", "' '", "'a b'", "\"a\\nb\"", "m", "s",
		"[]", "[a]", "[a, b]", "[1]", "[[a]]", "{}", "{a: b}", "{env: A}", "{file: a}", "{value: a}", "{env: A, file: a}", "{a: {env: A}}", "{a: {value: 1}}", "{a: {previews: true}}",
		"{a: {env: A, value: b}}", "{TWILIO_AUTH_TOKEN: {env: A}}", "{'a b': {env: A}}", "'1'", "production", "pr-1", "PR-12", "[a, pr-1]", "{pr-1: }", "{a: , b: {service: c}}", "'a*'",
		"AC00000000000000000000000000000001", "SK00000000000000000000000000000001", "ZE00000000000000000000000000000001", "ZS00000000000000000000000000000001",
		"ie1", "EU 1", "https://a.b", "https://a.b/", "https://a.b/v1", "http://a.b", "http://127.0.0.1:80", "https://{domain}", "'https://a@b'", "../a", "/a", "'a\\b'",
		strings.Repeat("a", 51), strings.Repeat("a", 1025), "{a/b: {}}", "A_1", "1A", "$A",
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
				_, parseErr := Parse("server.yml", []byte(source))
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
	case keyAccount: // which accounts there are
		return true
	case keyTTL: // how long a time is
		return slices.Contains([]string{"0s", "2m"}, written)
	}
	return false
}
