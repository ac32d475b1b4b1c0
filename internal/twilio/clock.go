package twilio

import (
	"net/http"
	"sync/atomic"
	"time"
)

// serverClock knows the platform's time from the Date header of its replies, so
// that times in its resources can be compared with moments here. It costs no
// call, and a machine whose clock is wrong does not matter. It is safe for
// concurrent use.
type serverClock struct {
	ahead atomic.Pointer[time.Duration] // of this machine's; nil when unknown
}

// clockTolerance covers what the comparison cannot know: Date and date_created
// are whole seconds, a reply travels, and the platform's machines differ.
const clockTolerance = 5 * time.Second

func (c *serverClock) read(header http.Header) {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		ahead := time.Until(date)
		c.ahead.Store(&ahead)
	}
}

// Now returns the platform's time, as its newest reply told it, to about a second;
// before the first reply, and where replies do not tell, this machine's. It is
// safe for concurrent use.
func (c *Client) Now() time.Time {
	if ahead := c.clock.ahead.Load(); ahead != nil {
		return time.Now().Add(*ahead)
	}
	return time.Now()
}

// isSince reports whether the platform gave the date created at or after the
// moment here. It is false when either is unknown.
func (c *serverClock) isSince(created *time.Time, moment time.Time) bool {
	ahead := c.ahead.Load()
	return created != nil && ahead != nil && !created.Before(moment.Add(*ahead-clockTolerance))
}
