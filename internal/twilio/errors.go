package twilio

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/slipway-dev/slipway/internal/secret"
)

// Codes of Twilio's errors that callers tell apart (Twilio's error dictionary).
const (
	// CodeInvalid says that a parameter is missing or wrong, or a limit met.
	CodeInvalid = 20001
	// CodeCredentials says that the credentials were not accepted.
	CodeCredentials = 20003
	// CodeNotFound says that there is no such resource for this account.
	CodeNotFound = 20404
)

// Names of operations that callers tell apart in an Error's Op.
const (
	// OpCreateBuild is CreateBuild's.
	OpCreateBuild = "create build"
	// OpUploadFunction is CreateFunctionVersion's.
	OpUploadFunction = "upload function version"
	// OpUploadAsset is CreateAssetVersion's.
	OpUploadAsset = "upload asset version"
	// OpCreateService is CreateService's.
	OpCreateService = "create service"
	// OpCreateEnvironment is CreateEnvironment's.
	OpCreateEnvironment = "create environment"
	// OpCreateVariable is CreateVariable's.
	OpCreateVariable = "create variable"
	// OpUpdateVariable is UpdateVariable's, and CreateVariable's when there is one.
	OpUpdateVariable = "update variable"
	// OpDeleteFunction is DeleteFunction's.
	OpDeleteFunction = "delete function"
	// OpDeleteAsset is DeleteAsset's.
	OpDeleteAsset = "delete asset"
	// OpDeleteBuild is DeleteBuild's.
	OpDeleteBuild = "delete build"
	// OpCreateFunction is CreateFunction's.
	OpCreateFunction = "create function"
	// OpCreateAsset is CreateAsset's.
	OpCreateAsset = "create asset"
	// OpCreateDeployment is CreateDeployment's.
	OpCreateDeployment = "create deployment"
)

// Error is a reply that is not what the operation asked for.
type Error struct {
	// Op is the operation, such as "create build".
	Op string
	// Method and Path are the request's, the path without host and query.
	Method, Path string
	// Status is the HTTP status.
	Status int
	// Code is Twilio's error code; 0 when the body gave none.
	Code int
	// Message is what the platform said, in one printable line: the message, its
	// detail, and in brackets as JSON what else the body held. Without a message in
	// the body it is the status text and the beginning of the body, of a page of HTML
	// what a reader sees of it.
	Message string
	// MoreInfo is the page about the code; may be empty.
	MoreInfo string
	// RequestID is what Twilio's support asks for; may be empty.
	RequestID string
	// RetryAfter is the server's hint; 0 when it gave none.
	RetryAfter time.Duration
}

// Error says what was asked, and what came back but MoreInfo.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s %s answered %d", e.Op, e.Method, e.Path, e.Status)
	if e.Code != 0 {
		fmt.Fprintf(&text, " (code %d)", e.Code)
	}
	fmt.Fprintf(&text, ": %s", e.Message)
	if e.RequestID != "" {
		fmt.Fprintf(&text, " [request %s]", e.RequestID)
	}
	return text.String()
}

// IsNotFound reports whether err is Twilio's reply that the resource does not
// exist. A 404 without Twilio's code is none: it comes from a proxy or a wrong
// address, and says nothing of the resource.
func IsNotFound(err error) bool {
	reply, ok := errors.AsType[*Error](err)
	return ok && reply.Status == http.StatusNotFound && reply.Code == CodeNotFound
}

// newError reads an error from a reply. Twilio's service and its platform edge
// spell the same fields differently, and some replies are not JSON at all.
func newError(r request, sent *http.Request, response *http.Response, body []byte) *Error {
	reply := &Error{
		Op: r.op, Method: sent.Method, Path: sent.URL.Path, Status: response.StatusCode,
		RequestID: requestID(response.Header), RetryAfter: retryAfter(response.Header, time.Now()),
	}
	var decoded struct {
		Code          errorCode `json:"code"`
		Message       string    `json:"message"`
		Detail        string    `json:"detail"`
		MoreInfo      string    `json:"more_info"`
		MoreInfoCamel string    `json:"moreInfo"` //nolint:tagliatelle // as the platform edge writes it.
	}
	body = withoutCredentials(sent, body)
	// A field of another type leaves the others readable.
	_ = json.Unmarshal(body, &decoded)
	reply.Code, reply.MoreInfo = int(decoded.Code), oneLine(r.withoutValue(cmp.Or(decoded.MoreInfo, decoded.MoreInfoCamel)), 200)
	decoded.Message, decoded.Detail = r.withoutValue(decoded.Message), r.withoutValue(decoded.Detail)
	switch {
	case decoded.Message != "":
		reply.Message = oneLine(decoded.Message, 1000)
		if decoded.Detail != "" {
			reply.Message += " (" + oneLine(decoded.Detail, 500) + ")"
		}
		if others := otherFields(body); others != "" && !r.confidential {
			reply.Message += " " + oneLine(others, 500)
		}
	case response.StatusCode < 400:
		reply.Message = "a redirect" + redirectTarget(response) + ", which is not followed, since the credentials would go there"
	default:
		reply.Message = statusText(response.StatusCode)
		if !r.confidential {
			reply.Message += bodyText(string(body))
		}
	}
	return reply
}

// redirectTarget tells where a redirect leads to, without the query; it is empty where
// the reply does not say.
func redirectTarget(response *http.Response) string {
	to, err := response.Location()
	if err != nil {
		return ""
	}
	return " to " + oneLine((&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String(), 200)
}

// bodyText quotes a body that is not as the platform's errors are.
func bodyText(body string) string {
	const most = 500
	if isPage(body) {
		if text := oneLine(pageText(body), most); text != "" {
			return ", with a page that says " + strconv.Quote(text)
		}
	}
	if text := oneLine(body, most); text != "" {
		return ", with the body " + strconv.Quote(text)
	}
	return ""
}

// otherFields returns as JSON what an error's body tells beside the fields that an
// Error has; it is empty when that is nothing.
func otherFields(body []byte) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return ""
	}
	for name, value := range fields {
		switch name {
		case "code", "message", "detail", "more_info", "moreInfo", "status", "httpStatusCode", "request_url":
			delete(fields, name)
		default:
			if text := string(value); text == "null" || text == "{}" || text == "[]" || text == `""` {
				delete(fields, name)
			}
		}
	}
	if len(fields) == 0 {
		return ""
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return ""
	}
	return string(text)
}

// withoutCredentials takes what a request was signed with out of a reply's body, should
// a proxy or a platform repeat it.
func withoutCredentials(sent *http.Request, body []byte) []byte {
	_, password, isSigned := sent.BasicAuth()
	if !isSigned || password == "" {
		return body
	}
	_, encoded, _ := strings.Cut(sent.Header.Get("Authorization"), " ")
	for _, spelling := range append(spellings(password), spellings(encoded)...) {
		body = bytes.ReplaceAll(body, []byte(spelling), []byte(secret.Placeholder))
	}
	return body
}

// withoutValue takes the value of a variable that was sent out of a text, should
// the platform repeat it, in any spelling. One of a few characters is nobody's secret,
// and would take the text apart.
func (r request) withoutValue(text string) string {
	const shortest = 4
	value := r.form.Get("Value")
	if len(value) < shortest {
		return text
	}
	for _, spelling := range spellings(value) {
		text = strings.ReplaceAll(text, spelling, secret.Placeholder)
	}
	return text
}

// spellings are the ways in which a text is written within another: as it is, in an
// address or a form, and between quotation marks.
func spellings(text string) []string {
	all := []string{text, url.QueryEscape(text), url.PathEscape(text)}
	quoted := []string{strconv.Quote(text), strconv.QuoteToASCII(text)}
	if encoded, err := json.Marshal(text); err == nil {
		plain := strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(encoded))
		quoted = append(quoted, string(encoded), plain)
	}
	for _, one := range quoted {
		all = append(all, one[1:len(one)-1])
	}
	return all
}

// errorCode is a code as a number, or as a string of digits; anything else is
// no code.
type errorCode int

func (c *errorCode) UnmarshalJSON(body []byte) error {
	number, _ := strconv.Atoi(strings.Trim(string(body), `"`))
	*c = errorCode(number)
	return nil
}

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "no known status"
}

func requestID(header http.Header) string {
	return oneLine(firstOf(header, "Twilio-Request-Id"), 64)
}

// firstOf is lenient: Twilio's headers have been seen doubled, "RQa, RQa".
func firstOf(header http.Header, name string) string {
	value, _, _ := strings.Cut(header.Get(name), ",")
	return strings.TrimSpace(value)
}

// retryAfter reads both forms of the header, seconds and a date.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(0, seconds), 3600)) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(0, date.Sub(now)), time.Hour)
	}
	return 0
}

// oneLine makes foreign text safe to show: one line, printable, and bounded in
// runes. No more of the text is read than is shown.
func oneLine(text string, most int) string {
	var line strings.Builder
	length, gap := 0, false
	for _, r := range text {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			gap = length > 0
			continue
		}
		if gap && length < most {
			line.WriteByte(' ')
			length++
		}
		gap = false
		if length >= most {
			line.WriteString("…")
			break
		}
		line.WriteRune(r)
		length++
	}
	return line.String()
}
