package gh

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Error is a call that GitHub refused, or that got no answer that could be read.
type Error struct {
	// Operation is what was tried, such as "set commit status".
	Operation string
	// Repository is where.
	Repository Repository
	// Status is the HTTP status; 0 when there was no answer.
	Status int
	// Message is what GitHub said, in one printable line, with what it said
	// about single fields; or what happened instead of an answer.
	Message string
	// RequestID is what GitHub's support asks for; may be empty.
	RequestID string
	// DocumentationURL is the page that GitHub points to; may be empty.
	DocumentationURL string
	// Err is what broke the exchange; nil when GitHub answered whole. When the
	// caller's context ended, it is that cause.
	Err error
}

// Error says what was tried, where, and what came back.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString(e.Operation)
	if e.Repository != (Repository{}) {
		text.WriteString(" of " + e.Repository.String())
	}
	text.WriteString(": ")
	if e.Status != 0 {
		fmt.Fprintf(&text, "GitHub answered %d: ", e.Status)
	}
	text.WriteString(e.Message)
	if e.Err != nil {
		text.WriteString(": " + oneLine(e.Err.Error(), 500))
	}
	if e.RequestID != "" {
		text.WriteString(" [request " + e.RequestID + "]")
	}
	return text.String()
}

// Unwrap returns what broke the exchange.
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do about refusals whose message does not.
func (e *Error) Hint() string {
	switch e.Status {
	case http.StatusUnauthorized:
		return "The GitHub token is not accepted: it has expired, was revoked, or belongs to another GitHub than the API's URL."
	case http.StatusNotFound:
		return "GitHub says the same of a repository that does not exist and of one that the token may not see or write to; check the name, and what the token was made for."
	default:
		return ""
	}
}

// PermissionError is a refusal because the token lacks a permission.
type PermissionError struct {
	// Operation is what was tried, such as "set commit status".
	Operation string
	// Permission is what it needs, as a workflow spells it: "statuses: write".
	Permission string
	// OfApp says that the token is that of a GitHub App's installation, and not a
	// workflow's.
	OfApp bool
	// Message is what GitHub said, in one printable line.
	Message string
}

// Error names the line that is missing in the workflow, unless the token is an App's
// or a person's, which has its permissions from elsewhere.
func (e *PermissionError) Error() string {
	remedy := `add the line %q under "permissions:" in the workflow, beside what else it needs, such as "contents: read"`
	switch {
	case e.OfApp:
		remedy = "give the GitHub App the repository permission %q in its settings, and accept it where the App is installed"
	case strings.Contains(e.Message, "personal access token"):
		remedy = "give the personal access token the permission %q"
	}
	return fmt.Sprintf("%s: the GitHub token may not do this; "+remedy, e.Operation, e.Permission)
}

// RateLimitError is a refusal because the token asked too often. Nothing was
// done.
type RateLimitError struct {
	// Operation is what was tried, such as "set commit status".
	Operation string
	// Primary tells the limit on requests in an hour from the secondary ones,
	// which are on bursts.
	Primary bool
	// Until is when GitHub takes requests again, as far as it told.
	Until time.Time
	// Status is the HTTP status, 403 or 429.
	Status int
	// Message is what GitHub said, in one printable line.
	Message string
	// RequestID is what GitHub's support asks for; may be empty.
	RequestID string
}

// Error says which limit it is, and until when.
func (e *RateLimitError) Error() string {
	which := "GitHub's secondary rate limit, on many requests in a short time, holds"
	if e.Primary {
		which = "the token has used up GitHub's rate limit for this hour, which holds"
	}
	return fmt.Sprintf("%s: %s until %s", e.Operation, which, e.Until.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// IsRefusal reports whether a call failed because of what it asked for, so that the same
// call fails again until somebody changes something: a permission is missing, or what it
// names is not there or not what it has to be. A token that is not accepted is none, nor
// are limits, faults and broken connections.
func IsRefusal(err error) bool {
	if _, ok := errors.AsType[*PermissionError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*ContentError](err); ok {
		return true
	}
	refused, ok := errors.AsType[*Error](err)
	passes := []int{http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests}
	return ok && refused.Status/100 == 4 && !slices.Contains(passes, refused.Status)
}

// isPrintable tells whether a text can be shown as it is.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// oneLine makes foreign text safe to show: one line, printable, bounded.
func oneLine(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
