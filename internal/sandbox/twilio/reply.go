package twilio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Codes of error bodies: Twilio's error dictionary.
const (
	codeBadRequest       = 20001
	codeUnauthorised     = 20003
	codeMethodNotAllowed = 20004
	codeNotFound         = 20404
	codeConflict         = 20409
	codeTooMany          = 20429
	codeInternal         = 20500
	codeUnavailable      = 20503
)

// reply is one answer of the API.
type reply struct {
	status int
	header map[string]string
	body   any    // sent as JSON unless text is set; nil sends no body
	text   string // an answer that is not JSON, as its content type says
	isHTML bool
}

// apiError is a refusal in the API's usual shape.
type apiError struct {
	status  int
	code    int
	message string
}

func (e *apiError) Error() string { return e.message }

// errTooLarge is the refusal of an upload, which the edge makes in HTML.
var errTooLarge = errors.New("the upload is larger than Twilio takes")

func badRequest(format string, args ...any) error {
	return &apiError{http.StatusBadRequest, codeBadRequest, fmt.Sprintf(format, args...)}
}

func conflict(format string, args ...any) error {
	return &apiError{http.StatusConflict, codeConflict, fmt.Sprintf(format, args...)}
}

// refuseAs refuses with one of the two statuses that Twilio might use where no
// source tells which.
func refuseAs(is400 bool, format string, args ...any) error {
	if is400 {
		return badRequest(format, args...)
	}
	return conflict(format, args...)
}

// errorBody is the shape of refusals by the service itself.
type errorBody struct {
	Code     int    `json:"code,omitempty"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info,omitempty"`
	Status   int    `json:"status"`
}

func errorReply(status, code int, message string) reply {
	return reply{status: status, body: errorBody{
		Code: code, Message: message, Status: status,
		MoreInfo: "https://www.twilio.com/docs/errors/" + strconv.Itoa(code),
	}}
}

// replyTo turns a handler's error into its answer.
func replyTo(err error) reply {
	if refusal, ok := errors.AsType[*apiError](err); ok {
		return errorReply(refusal.status, refusal.code, refusal.message)
	}
	if errors.Is(err, errTooLarge) {
		// Not JSON: twilio-labs/serverless-toolkit issue 167 saw no code in it.
		// The connection ends because the rest of the body stays unread.
		return reply{
			status: http.StatusRequestEntityTooLarge, isHTML: true,
			text:   "<html>\n<head><title>413 Request Entity Too Large</title></head>\n<body><center><h1>413 Request Entity Too Large</h1></center></body>\n</html>\n",
			header: map[string]string{"Connection": "close"},
		}
	}
	return errorReply(http.StatusInternalServerError, codeInternal, "the sandbox could not do this: "+err.Error())
}

// tooManyReply is the platform edge's 429, which spells moreInfo its own way
// and adds a detail: twilio-labs/serverless-api issue 37.
func (s *Sandbox) tooManyReply() reply {
	answer := reply{status: http.StatusTooManyRequests, body: map[string]any{
		"status":   http.StatusTooManyRequests,
		"message":  "Too many requests",
		"detail":   "The account has more requests in flight than its limit allows",
		"code":     codeTooMany,
		"moreInfo": "https://www.twilio.com/docs/errors/" + strconv.Itoa(codeTooMany),
	}}
	if s.options.Switches.RetryAfterTold {
		answer.header = map[string]string{"Retry-After": "1"}
	}
	return answer
}

func ok(body any) (reply, error)      { return reply{status: http.StatusOK, body: body}, nil }
func created(body any) (reply, error) { return reply{status: http.StatusCreated, body: body}, nil }
func deleted() (reply, error)         { return reply{status: http.StatusNoContent}, nil }

// encode returns the bytes of a reply's body and their content type.
func (a *reply) encode() ([]byte, string, error) {
	switch {
	case a.isHTML:
		return []byte(a.text), "text/html", nil
	case a.text != "":
		return []byte(a.text), "text/plain; charset=utf-8", nil
	case a.body == nil:
		return nil, "", nil
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		return nil, "", fmt.Errorf("encode the answer: %w", err)
	}
	return body, "application/json", nil
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
