package doctor

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Sight is one thing that was seen: the answer to a call. It holds no SID, so
// that it can be shown to anybody.
type Sight struct {
	// Method is empty for what is no call.
	Method string `json:"method,omitempty"`
	// Path is the shape of the path below /v1, such as
	// /Services/{ZS}/Builds; for a deployed domain that begins with {domain}.
	Path string `json:"path,omitempty"`
	// Status is the HTTP status.
	Status int `json:"status,omitempty"`
	// Code is Twilio's error code; 0 when there was none.
	Code int `json:"code,omitempty"`
	// What is what counts in the answer: the message of a refusal, a header, a
	// field. May be empty.
	What string `json:"what,omitempty"`
}

// String shows the Sight in one line: "POST /Services → 409/20409: message".
func (s Sight) String() string {
	if s.Method == "" {
		return s.What
	}
	return s.Method + " " + s.Path + " → " + s.Answer()
}

// Answer shows the Sight without the call: "409/20409: message".
func (s Sight) Answer() string {
	var text strings.Builder
	if s.Method != "" {
		text.WriteString(strconv.Itoa(s.Status))
		if s.Code != 0 {
			text.WriteString("/" + strconv.Itoa(s.Code))
		}
		if s.What != "" {
			text.WriteString(": ")
		}
	}
	text.WriteString(s.What)
	return text.String()
}

var anySID = regexp.MustCompile(`\b([A-Z]{2})[0-9a-fA-F]{32}\b`)

// shapeOf is a path without what differs from run to run.
func shapeOf(path string, query url.Values) string {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return ownName.ReplaceAllString(anySID.ReplaceAllString(path, "{$1}"), "{name}")
}

// oneLine makes foreign text safe to show: one line, printable, bounded, and
// without SIDs.
func oneLine(text string) string {
	const most = 200
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	text = ownName.ReplaceAllString(anySID.ReplaceAllString(text, "$1…"), "{name}")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
