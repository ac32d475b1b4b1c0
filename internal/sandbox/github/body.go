package github

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// field is one field of a body that an operation takes.
type field struct {
	name      string
	kind      kind
	required  bool
	mayBeNull bool
}

// kind is what a field holds.
type kind int

// The kinds of fields.
const (
	text         kind = iota // a string
	truth                    // true or false
	texts                    // an array of strings
	textOrObject             // a string, or an object that the API does not look into
	object                   // an object
)

// decode reads a value of the kind. What is no text stays as it is in the JSON.
func (k kind) decode(raw json.RawMessage) (value string, isNull bool, err error) {
	if string(raw) == "null" {
		return "", true, nil
	}
	switch k {
	case truth:
		err = json.Unmarshal(raw, new(bool))
	case texts:
		err = json.Unmarshal(raw, new([]string))
	case object:
		err = json.Unmarshal(raw, new(map[string]any))
	case textOrObject:
		if json.Unmarshal(raw, new(string)) != nil {
			err = json.Unmarshal(raw, new(map[string]any))
		}
	default:
		err = json.Unmarshal(raw, &value)
		return value, false, err //nolint:wrapcheck // the caller says what is wrong in GitHub's words.
	}
	return string(raw), false, err
}

func (k kind) String() string {
	return []string{"a string", "a boolean", "an array", "an object", "an object"}[k]
}

// readBody reads the request's body, which some operations do without.
func (c *call) readBody() (map[string]string, error) {
	if c.op.bodyless && c.request.ContentLength == 0 {
		return map[string]string{}, nil
	}
	return readBody(c.writer, c.request, c.op.fields)
}

// readBody reads the JSON body of a POST and holds it to the operation's
// fields. It names everything that is wrong at once.
func readBody(w http.ResponseWriter, r *http.Request, fields []field) (map[string]string, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		return nil, refusal(http.StatusBadRequest, "Problems parsing JSON (the body broke off, or is too large for the sandbox)")
	}
	// GitHub takes JSON under other types, too; a client should not.
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return nil, refusal(http.StatusUnsupportedMediaType, "Content-Type is %q (the sandbox takes application/json only)", r.Header.Get("Content-Type"))
	}
	// docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api has
	// both messages.
	if !json.Valid(raw) {
		return nil, refusal(http.StatusBadRequest, "Problems parsing JSON")
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil || given == nil {
		return nil, refusal(http.StatusBadRequest, "Body should be a JSON object")
	}
	return checkFields(given, fields)
}

func checkFields(given map[string]json.RawMessage, fields []field) (map[string]string, error) {
	var wrong []string
	body := map[string]string{}
	for _, one := range fields {
		raw, isGiven := given[one.name]
		delete(given, one.name)
		if !isGiven {
			if one.required {
				wrong = append(wrong, strconv.Quote(one.name)+" wasn't supplied.")
			}
			continue
		}
		value, isNull, err := one.kind.decode(raw)
		switch {
		case err != nil || isNull && !one.mayBeNull:
			shown := string(raw)
			if isNull {
				shown = "nil" // as in nuxt/content issue 3603
			}
			wrong = append(wrong, "For 'properties/"+one.name+"', "+shown+" is not "+one.kind.String()+".")
		case !isNull:
			body[one.name] = value
		}
	}
	// Stricter than GitHub, which passes over fields it does not know.
	for name := range given {
		wrong = append(wrong, strconv.Quote(name)+" is not a permitted key (the sandbox takes documented fields only).")
	}
	return body, invalidRequest(wrong)
}

// invalidRequest is the refusal of a request for its form, as
// docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api has it.
func invalidRequest(wrong []string) error {
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return refusal(http.StatusUnprocessableEntity, "Invalid request.\n\n%s", strings.Join(wrong, "\n"))
}
