package gh

import (
	"net/http"
	"strconv"
	"time"
)

// Call is one request to GitHub's API that was answered or failed.
type Call struct {
	// Method is the request's.
	Method string
	// Status is the answer's status code, 0 when there was none.
	Status int
	// Duration is from the request's start to the answer's header.
	Duration time.Duration
	// Signer is whose limit it counts against: "token" for a token that was given,
	// "app" for a GitHub App itself, or the ID of the App's installation.
	Signer string
	// Left is how many requests the Signer has left until Resets. Where the answer does
	// not say, Resets is zero.
	Left   int
	Resets time.Time
}

// Who signs, where that is no installation.
const (
	signerToken = "token"
	signerApp   = "app"
)

// newCall describes a request. The answer is nil when there was none.
func newCall(r *http.Request, signer string, started time.Time, answer *http.Response) Call {
	call := Call{Method: r.Method, Duration: time.Since(started), Signer: signer}
	if answer == nil {
		return call
	}
	call.Status = answer.StatusCode
	// Others are of search and the like, which Slipway has no use for.
	if resource := answer.Header.Get("X-RateLimit-Resource"); resource != "" && resource != "core" {
		return call
	}
	left, err := strconv.Atoi(answer.Header.Get("X-RateLimit-Remaining"))
	seconds, resetErr := strconv.ParseInt(answer.Header.Get("X-RateLimit-Reset"), 10, 64)
	if err == nil && resetErr == nil && left >= 0 && seconds > 0 {
		call.Left, call.Resets = left, time.Unix(seconds, 0).UTC()
	}
	return call
}
