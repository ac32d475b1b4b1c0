package twilio

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// field is one field of a form that an operation takes.
type field struct {
	name       string
	required   bool
	isBool     bool
	isList     bool // repeated keys
	mayBeEmpty bool
	maxChars   int // 0: no limit
	maxBytes   int // 0: no limit
}

// readForm reads the body of a POST and holds it to the operation's fields.
// It names everything that is wrong at once.
func readForm(w http.ResponseWriter, r *http.Request, fields []field) (url.Values, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFormBytes))
	if _, isTooLarge := errors.AsType[*http.MaxBytesError](err); isTooLarge {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, badRequest("The body of the request broke off")
	}
	contentType := r.Header.Get("Content-Type")
	mediaType, _, err := mime.ParseMediaType(contentType)
	// An empty body needs no type: an update of nothing is accepted.
	isNothing := len(body) == 0 && contentType == ""
	if !isNothing && (err != nil || mediaType != "application/x-www-form-urlencoded") {
		return nil, badRequest("Content-Type is %q; this host takes application/x-www-form-urlencoded", contentType)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badRequest("The body of the request is not a form: %v", err)
	}
	if wrong := checkFields(form, fields); len(wrong) > 0 {
		return nil, refusal(wrong)
	}
	return form, nil
}

func checkFields(form url.Values, fields []field) []string {
	var wrong []string
	known := map[string]bool{}
	for _, one := range fields {
		known[one.name] = true
		values, given := form[one.name]
		if !given || one.required && len(values) == 1 && values[0] == "" {
			if one.required {
				wrong = append(wrong, "Missing required parameter "+one.name+" in the post body")
			}
			continue
		}
		if len(values) > 1 && !one.isList {
			wrong = append(wrong, "Parameter "+one.name+" is given "+strconv.Itoa(len(values))+" times")
		}
		for _, value := range values {
			if complaint := one.complaint(value); complaint != "" {
				wrong = append(wrong, "Parameter "+one.name+" "+complaint)
			}
		}
	}
	for name := range form {
		if !known[name] {
			wrong = append(wrong, unknownParameter(name))
		}
	}
	return wrong
}

// refusal tells all that is wrong at once, each once.
func refusal(wrong []string) error {
	slices.Sort(wrong)
	return badRequest("%s", strings.Join(slices.Compact(wrong), "; "))
}

// unknownParameter is stricter than Twilio, which passes over unknown fields:
// a misspelt one would be lost without a word.
func unknownParameter(name string) string {
	return "Unknown parameter " + strconv.Quote(name) + " (the sandbox takes documented parameters only)"
}

func (f field) complaint(value string) string {
	switch {
	case value == "" && !f.mayBeEmpty:
		return "is empty"
	case !utf8.ValidString(value):
		return "is not valid UTF-8"
	case f.maxChars > 0 && utf8.RuneCountInString(value) > f.maxChars:
		return "is longer than " + strconv.Itoa(f.maxChars) + " characters"
	case f.maxBytes > 0 && len(value) > f.maxBytes:
		return "is larger than " + strconv.Itoa(f.maxBytes) + " bytes"
	case f.isBool && !isTrue(value) && !strings.EqualFold(value, "false"):
		return "is neither true nor false"
	}
	return ""
}

// isTrue reads a Boolean. The OpenAPI file has them in lower case; twilio-python 7
// sends "True" and "False".
func isTrue(value string) bool { return strings.EqualFold(value, "true") }

// checkQuery holds the query to what the operation takes: lists page, logs
// filter, all others take nothing.
func checkQuery(query url.Values, op *operation) error {
	known := op.filters
	if op.pages {
		known = append([]string{"PageSize", "Page", "PageToken"}, known...)
	}
	var wrong []string
	for name, values := range query {
		switch {
		case !slices.Contains(known, name):
			wrong = append(wrong, unknownParameter(name))
		case len(values) > 1:
			wrong = append(wrong, "Parameter "+name+" is given "+strconv.Itoa(len(values))+" times")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return refusal(wrong)
}
