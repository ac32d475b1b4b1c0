package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// departure is something in an exchange that the documents do not have.
type departure struct {
	operation string
	side      string // "request" or "reply"
	at        string // where there, as a JSON pointer or a name
	rule      string // the schema's keyword, or ours
	value     any    // what was there; may be nil
	text      string
}

func (d departure) String() string {
	return fmt.Sprintf("%s: %s at %s: %s (%s)", d.operation, d.side, d.at, d.text, d.rule)
}

// checker holds exchanges to the official file, and to our supplement.
type checker struct {
	official, supplement *openapi3.T
	routers              []routers.Router
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	c := &checker{official: officialFile(t), supplement: document(t, "testdata/supplement.yaml")}
	for _, one := range []*openapi3.T{c.official, c.supplement} {
		tighten(one)
		router, err := legacy.NewRouter(one, openapi3.DisableExamplesValidation())
		if err != nil {
			t.Fatal(err)
		}
		c.routers = append(c.routers, router)
	}
	tightenBuilds(c.official)
	return c
}

// check names the operation of an exchange, and everything in which it departs.
func (c *checker) check(x exchange) (operation string, found []departure) {
	route, params := c.route(x.request)
	if route == nil {
		return "", []departure{{x.request.Method, "request", x.request.URL.String(), "path", nil, "no document has this operation"}}
	}
	options := &openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true,
		AuthenticationFunc:      isSigned,
		SchemaValidationOptions: []openapi3.SchemaValidationOption{formats()},
	}
	asked := x.request.Clone(context.Background())
	asked.Body, asked.GetBody = io.NopCloser(bytes.NewReader(x.sent)), nil
	request := &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route, Options: options}
	note := func(side string, departures []departure) {
		for _, one := range departures {
			one.operation, one.side = route.Operation.OperationID, side
			found = append(found, one)
		}
	}
	// What is refused may be wrong; whether it is refused is another test's matter.
	if x.status < 400 {
		note("request", flatten(openapi3filter.ValidateRequest(context.Background(), request)))
		note("request", undeclared(x, route.Operation))
	}
	if x.status >= 400 {
		note("reply", []departure{{at: "its status", rule: "status", value: x.status, text: http.StatusText(x.status)}})
		note("reply", c.checkRefusal(x))
		return route.Operation.OperationID, found
	}
	reply := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: x.status, Header: x.header, Options: options,
		Body: io.NopCloser(bytes.NewReader(x.reply)),
	}
	note("reply", flatten(openapi3filter.ValidateResponse(context.Background(), reply)))
	note("reply", lacking(x, route.Operation))
	return route.Operation.OperationID, found
}

func (c *checker) route(request *http.Request) (*routers.Route, map[string]string) {
	for _, router := range c.routers {
		if route, params, err := router.FindRoute(request); err == nil {
			return route, params
		}
	}
	return nil, nil
}

func isSigned(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	user, password, given := input.RequestValidationInput.Request.BasicAuth()
	if !given || password == "" || !twilio.IsSID("AC", user) && !twilio.IsSID("SK", user) {
		return errors.New("the request is not signed as the file says")
	}
	return nil
}

// checkRefusal holds the body of a refusal to the supplement.
func (c *checker) checkRefusal(x exchange) []departure {
	schema := "refusal"
	if x.status == http.StatusTooManyRequests {
		schema = "refusal_of_the_edge"
	}
	var body any
	if err := json.Unmarshal(x.reply, &body); err != nil {
		return []departure{{at: "its body", rule: "json", text: err.Error()}}
	}
	found := flatten(c.supplement.Components.Schemas[schema].Value.VisitJSON(body, openapi3.MultiErrors(), formats()))
	if fields, ok := body.(map[string]any); ok && fields["status"] != float64(x.status) {
		found = append(found, departure{at: "/status", rule: "status of the body", value: fields["status"], text: "it is another than the reply's"})
	}
	return found
}

// flatten lists what the validator found.
func flatten(err error) []departure {
	if err == nil {
		return nil
	}
	if several, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // level by level, or the other ones are lost
		var all []departure
		for _, one := range several {
			all = append(all, flatten(one)...)
		}
		return all
	}
	if schema, ok := err.(*openapi3.SchemaError); ok { //nolint:errorlint // as above
		return []departure{{at: "/" + strings.Join(schema.JSONPointer(), "/"), rule: schema.SchemaField, value: schema.Value, text: schema.Reason}}
	}
	if parse, ok := err.(*openapi3filter.ParseError); ok { //nolint:errorlint // as above
		return []departure{{at: fmt.Sprint(parse.Path()...), rule: "form", text: err.Error()}}
	}
	request, _ := errors.AsType[*openapi3filter.RequestError](err)
	inner := flatten(errors.Unwrap(err))
	if len(inner) == 0 {
		inner = []departure{{at: "it", rule: "form", text: err.Error()}}
	}
	for i := range inner {
		if request != nil && request.Parameter != nil {
			inner[i].at = request.Parameter.Name
		}
	}
	return inner
}

// undeclared finds what a request has beyond its operation's parameters, which
// the validator passes over.
func undeclared(x exchange, operation *openapi3.Operation) []departure {
	var found []departure
	declared := parameters(operation)
	for name, values := range sentParameters(x) {
		schema, ok := declared[name]
		switch {
		case !ok:
			found = append(found, departure{at: name, rule: "undeclared", text: "the operation has no such parameter"})
		case len(values) > 1 && !schema.Type.Is("array"):
			found = append(found, departure{at: name, rule: "repeated", text: "it is given more than once"})
		}
	}
	// An upload's file has a name and a type, and it comes last, as the Toolkit
	// has it (its api/functions.ts).
	parts := partsOf(x)
	for i, part := range parts {
		isFile := part.FileName() != "" && part.Header.Get("Content-Type") != ""
		if isLast := i == len(parts)-1; isFile != isLast {
			found = append(found, departure{at: part.FormName(), rule: "part", text: "the last part is the file, and no other"})
		}
	}
	return found
}

// sentParameters are those of the query and of the form.
func sentParameters(x exchange) url.Values {
	sent := x.request.URL.Query()
	if form, err := url.ParseQuery(string(x.sent)); err == nil && strings.HasPrefix(x.request.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		for name, values := range form {
			sent[name] = append(sent[name], values...)
		}
	}
	for _, part := range partsOf(x) {
		sent.Add(part.FormName(), part.FileName())
	}
	return sent
}

// partsOf are the parts of an upload; none for other requests.
func partsOf(x exchange) []*multipart.Part {
	mediaType, params, err := mime.ParseMediaType(x.request.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" {
		return nil
	}
	var parts []*multipart.Part
	for reader := multipart.NewReader(bytes.NewReader(x.sent), params["boundary"]); ; {
		part, err := reader.NextPart()
		if err != nil {
			return parts
		}
		parts = append(parts, part)
	}
}

// lacking finds what a reply lacks, or has too much of, without a schema to say so.
func lacking(x exchange, operation *openapi3.Operation) []departure {
	var found []departure
	if x.status == http.StatusNoContent && len(x.reply) > 0 {
		found = append(found, departure{at: "its body", rule: "body", text: "a 204 has none"})
	}
	response := operation.Responses.Status(x.status)
	if response == nil {
		return found
	}
	for name := range response.Value.Headers {
		if x.header.Get(name) == "" {
			found = append(found, departure{at: name, rule: "header", text: "the file has this header"})
		}
	}
	slices.SortFunc(found, func(a, b departure) int { return strings.Compare(a.at, b.at) })
	return found
}
