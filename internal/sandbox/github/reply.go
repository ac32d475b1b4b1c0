package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// docsURL is where GitHub's answers point to.
const docsURL = "https://docs.github.com/rest"

// reply is one answer of the API.
type reply struct {
	status int
	header map[string]string
	body   any    // sent as JSON unless html is set
	html   string // a page for people
	raw    *raw   // sent instead of the body
	empty  bool   // sends no body at all
	isEdge bool   // of GitHub's edge, which knows nothing of limits and permissions
}

// raw is a file as it is.
type raw struct {
	mediaType string
	content   string
}

func ok(body any) (reply, error) { return reply{status: http.StatusOK, body: body}, nil }

// apiError is a refusal in the API's usual shape.
type apiError struct {
	status  int
	message string
	docs    string // below docsURL; empty means the operation's own page
	errors  []fieldError
	header  map[string]string
}

// fieldError is one of the errors of a refusal with the message "Validation
// Failed": docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api.
type fieldError struct {
	Resource string `json:"resource"`
	Code     string `json:"code"`
	Field    string `json:"field"`
	Message  string `json:"message,omitempty"` // of the code "custom"
}

func (e *apiError) Error() string { return e.message }

func refusal(status int, format string, args ...any) error {
	return &apiError{status: status, message: fmt.Sprintf(format, args...)}
}

func notFound() error { return refusal(http.StatusNotFound, "Not Found") }

// errorBody is the shape of refusals. GitHub gives the status as a string.
type errorBody struct {
	Message          string       `json:"message"`
	Errors           []fieldError `json:"errors,omitempty"`
	DocumentationURL string       `json:"documentation_url"`
	Status           string       `json:"status"`
}

// replyTo turns an error into its answer. The page is that of the operation.
func replyTo(err error, page string) reply {
	refused, isRefusal := errors.AsType[*apiError](err)
	if !isRefusal {
		refused = &apiError{status: http.StatusInternalServerError, message: "the sandbox could not do this: " + err.Error()}
	}
	address := docsURL
	if page = orDefault(refused.docs, page); page != "" {
		address += "/" + page
	}
	return reply{status: refused.status, header: refused.header, body: errorBody{
		Message: refused.message, Errors: refused.errors, DocumentationURL: address, Status: strconv.Itoa(refused.status),
	}}
}

// noUserAgentReply is what GitHub's edge says to a request that does not tell
// who sends it: docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api.
func noUserAgentReply() reply {
	return reply{
		status: http.StatusForbidden,
		html:   "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.\n",
		isEdge: true,
	}
}

// encode returns the bytes of a reply's body and their content type.
func (a *reply) encode() ([]byte, string, error) {
	switch {
	case a.html != "":
		return []byte(a.html), "text/html; charset=utf-8", nil
	case a.empty:
		return nil, "application/json; charset=utf-8", nil
	case a.raw != nil:
		return []byte(a.raw.content), a.raw.mediaType, nil
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		return nil, "", fmt.Errorf("encode the answer: %w", err)
	}
	return body, "application/json; charset=utf-8", nil
}

// timestamp writes a time as the API does: ISO 8601, UTC, whole seconds.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// orNull makes the empty string a JSON null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
