package twilio

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// contract is what a request has to look like, by one side's account.
type contract struct {
	Method, Path     string
	Query            []string
	Fields, Required []string
	OtherThanString  map[string]string
}

// TestOperationsAreThoseOfTheOpenAPIFile compares the table of operations with
// Twilio's own: names, paths, parameters, their types and which of them
// are required. Uploads are not in the file, and lengths only in its prose. What
// is said over the wire is held to the file by internal/contract; that the
// Sandbox takes nothing besides can only be seen here.
func TestOperationsAreThoseOfTheOpenAPIFile(t *testing.T) {
	t.Parallel()
	name := os.Getenv("SLIPWAY_OPENAPI")
	if name == "" {
		t.Skip("SLIPWAY_OPENAPI does not name Twilio's OpenAPI file")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := theirContracts(t, text)
	got := map[string]contract{}
	for _, op := range operations() {
		if op.side == apiSide {
			got[op.name] = ourContract(op)
		}
	}
	if len(want) != 39 {
		t.Errorf("the file has %d operations, not 39", len(want))
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want)\n%s", diff)
	}
}

func ourContract(op operation) contract {
	one := contract{Method: strings.ToLower(op.method), Path: op.pattern, OtherThanString: map[string]string{}}
	one.Query = slices.Clone(op.filters)
	if op.pages {
		one.Query = append(one.Query, "PageSize", "Page", "PageToken")
	}
	slices.Sort(one.Query)
	for _, f := range op.fields {
		if op.name == "CreateEnvironment" && f.name == "FriendlyName" {
			continue // not in the file, but sent and passed over
		}
		one.Fields = append(one.Fields, f.name)
		if f.required {
			one.Required = append(one.Required, f.name)
		}
		switch {
		case f.isBool:
			one.OtherThanString[f.name] = "boolean"
		case f.isList && f.name != "Dependencies": // a string, that some clients repeat
			one.OtherThanString[f.name] = "array"
		}
	}
	slices.Sort(one.Fields)
	slices.Sort(one.Required)
	return one
}

func theirContracts(t *testing.T, text []byte) map[string]contract {
	t.Helper()
	type schema struct {
		Type       string            `json:"type"`
		Required   []string          `json:"required"`
		Properties map[string]schema `json:"properties"`
	}
	type operation struct {
		OperationID string `json:"operationId"` //nolint:tagliatelle // OpenAPI's name
		Parameters  []struct {
			Name string `json:"name"`
			In   string `json:"in"`
		} `json:"parameters"`
		RequestBody struct {
			Content map[string]struct {
				Schema schema `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"` //nolint:tagliatelle // OpenAPI's name
	}
	var file struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	all := map[string]contract{}
	for path, methods := range file.Paths {
		for _, method := range []string{"get", "post", "delete", "put", "patch"} {
			if methods[method] == nil {
				continue
			}
			var op operation
			if err := json.Unmarshal(methods[method], &op); err != nil {
				t.Fatal(err)
			}
			one := contract{Method: method, Path: path, OtherThanString: map[string]string{}}
			for _, p := range op.Parameters {
				if p.In == "query" {
					one.Query = append(one.Query, p.Name)
				}
			}
			slices.Sort(one.Query)
			body := op.RequestBody.Content["application/x-www-form-urlencoded"].Schema
			one.Fields = slices.Sorted(maps.Keys(body.Properties))
			one.Required = body.Required
			slices.Sort(one.Required)
			for name, property := range body.Properties {
				if property.Type != "string" {
					one.OtherThanString[name] = property.Type
				}
			}
			all[op.OperationID] = one
		}
	}
	return all
}
