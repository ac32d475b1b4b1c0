package contract_test

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// officialFile reads Twilio's OpenAPI file, or skips the test.
func officialFile(t *testing.T) *openapi3.T {
	t.Helper()
	name := os.Getenv("SLIPWAY_OPENAPI")
	if name == "" {
		t.Skip("SLIPWAY_OPENAPI does not name Twilio's OpenAPI file of the Serverless API (twilio_serverless_v1.json)")
	}
	return document(t, name)
}

func document(t *testing.T, name string) *openapi3.T {
	t.Helper()
	read, err := openapi3.NewLoader().LoadFromFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// tighten makes a document say what it leaves open: that replies have all their
// properties and no others, that a form with required fields is required itself,
// that links are addresses.
func tighten(document *openapi3.T) {
	for _, schema := range document.Components.Schemas {
		closeObject(schema.Value)
	}
	for _, operation := range operations(document) {
		for _, response := range operation.Responses.Map() {
			for _, media := range response.Value.Content {
				closeObject(media.Schema.Value)
			}
		}
		if body := operation.RequestBody; body != nil {
			for _, media := range body.Value.Content {
				body.Value.Required = len(media.Schema.Value.Required) > 0
			}
		}
	}
}

// tightenBuilds says what a Build's lists hold, for which the file has words and
// examples, but no schema.
func tightenBuilds(document *openapi3.T) {
	const resource = "serverless.v1.service."
	schemas := document.Components.Schemas
	build := schemas[resource+"build"].Value.Properties
	build["function_versions"].Value.Items = schemas[resource+"function.function_version"]
	build["asset_versions"].Value.Items = schemas[resource+"asset.asset_version"]
	dependency := openapi3.NewObjectSchema().
		WithProperty("name", openapi3.NewStringSchema().WithMinLength(1)).
		WithProperty("version", openapi3.NewStringSchema().WithMinLength(1))
	closeObject(dependency)
	build["dependencies"].Value.Items = dependency.NewRef()
}

func closeObject(schema *openapi3.Schema) {
	switch {
	case schema.Type.Is("array"):
		closeObject(schema.Items.Value)
	case schema.Format == "uri-map":
		schema.WithAdditionalProperties(openapi3.NewStringSchema().WithFormat("uri"))
	case schema.Type.Is("object"):
		schema.WithoutAdditionalProperties()
		schema.Required = slices.Sorted(maps.Keys(schema.Properties))
		for _, property := range schema.Properties {
			if property.Ref == "" {
				closeObject(property.Value)
			}
		}
	}
}

// operations are a document's operations by their names.
func operations(document *openapi3.T) map[string]*openapi3.Operation {
	all := map[string]*openapi3.Operation{}
	for _, item := range document.Paths.Map() {
		for _, operation := range item.Operations() {
			all[operation.OperationID] = operation
		}
	}
	return all
}

// formats are the formats of strings that the documents name, as Twilio means
// them: times are in UTC and whole seconds, addresses absolute.
func formats() openapi3.SchemaValidationOption {
	return openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
		"date-time": openapi3.NewCallbackValidator(func(text string) error {
			read, err := time.Parse(time.RFC3339, text)
			if err == nil && read.UTC().Format(time.RFC3339) != text {
				err = fmt.Errorf("%q is not in UTC and whole seconds", text)
			}
			return err
		}),
		"uri": openapi3.NewCallbackValidator(func(text string) error {
			address, err := url.Parse(text)
			if err == nil && (address.Scheme != "https" || !strings.HasSuffix(address.Host, ".twilio.com")) {
				err = fmt.Errorf("%q is no address of Twilio's", text)
			}
			return err
		}),
	})
}

// parameters are what an operation takes beside its path, as "Operation name".
func parameters(operation *openapi3.Operation) map[string]*openapi3.Schema {
	all := map[string]*openapi3.Schema{}
	for _, parameter := range operation.Parameters {
		if parameter.Value.In == openapi3.ParameterInQuery {
			all[parameter.Value.Name] = parameter.Value.Schema.Value
		}
	}
	for name, field := range formOf(operation).Properties {
		all[name] = field.Value
	}
	return all
}

// formOf is the form that an operation takes; empty when it takes none.
func formOf(operation *openapi3.Operation) *openapi3.Schema {
	if operation.RequestBody == nil {
		return openapi3.NewObjectSchema()
	}
	for _, media := range operation.RequestBody.Value.Content {
		return media.Schema.Value
	}
	return openapi3.NewObjectSchema()
}
