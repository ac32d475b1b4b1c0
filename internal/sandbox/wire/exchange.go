// Package wire is what the sandboxes have in common, whatever platform they
// stand for: a Router finds the operation of a request, Chance deals out its
// fault by seed, and an Exchange lets its answer leave, whole, late, in half or
// not at all. Panics remembers the sandboxes' own bugs.
//
// It knows no platform: what is answered, and which faults there are, is for
// the rooms beside it to say. Level 0: it imports the standard library alone.
package wire

import (
	"net/http"
	"time"
)

// UnknownHeader names, on answers to requests that a sandbox has no operation
// for, what was asked.
const UnknownHeader = "Slipway-Sandbox-Unknown"

// Exchange is one request and the leaving of its answer. It is for the one
// goroutine that serves the request.
//
// A connection is cut by a panic with http.ErrAbortHandler, which net/http's
// server understands.
type Exchange struct {
	Writer  http.ResponseWriter
	Request *http.Request
	// Leaving, when set, is told right before the answer leaves, so a client
	// that has its answer finds done what Leaving does. The status is 0 when the
	// connection is cut without an answer.
	Leaving func(status int)
}

// Send sends an answer whose header is in the Writer already.
func (x *Exchange) Send(status int, body []byte) {
	x.leave(status)
	x.Writer.WriteHeader(status)
	// A client that has gone misses its answer; that is no concern of ours.
	_, _ = x.Writer.Write(body)
}

// SendHalf sends the header and half of the body, and cuts the connection.
func (x *Exchange) SendHalf(status int, body []byte) {
	x.Send(status, body[:len(body)/2])
	_ = http.NewResponseController(x.Writer).Flush()
	panic(http.ErrAbortHandler)
}

// Cut ends the connection without an answer.
func (x *Exchange) Cut() {
	x.leave(0)
	panic(http.ErrAbortHandler)
}

// Delay waits; a client that goes meanwhile ends the exchange.
func (x *Exchange) Delay(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.Request.Context().Done():
		x.Cut()
	}
}

func (x *Exchange) leave(status int) {
	if x.Leaving != nil {
		x.Leaving(status)
	}
}
