package twilio

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// slowestUplink is the bytes per second at which a body that was read to its
// end is still allowed to leave.
const slowestUplink = 64 << 10

// stallTimer ends an exchange in which nothing moves. What it sees moving is
// bytes read from a body, in either direction.
type stallTimer struct {
	timer   *time.Timer
	after   time.Duration
	allowed atomic.Int64 // now, in nanoseconds
}

func newStallTimer(after time.Duration, end context.CancelCauseFunc) *stallTimer {
	stall := &stallTimer{after: after}
	stall.allowed.Store(int64(after))
	stall.timer = time.AfterFunc(after, func() { end(&stalledError{after: time.Duration(stall.allowed.Load())}) })
	return stall
}

func (s *stallTimer) moved() { s.allow(s.after) }

// sent says that a body of so many bytes was read to its end. They may still
// lie in the socket's buffers, or with a proxy that takes in all before it
// passes anything on: they get the time that a slow line takes for all of them.
func (s *stallTimer) sent(size int64) {
	s.allow(s.after + time.Duration(size)*time.Second/slowestUplink)
}

func (s *stallTimer) allow(silence time.Duration) {
	s.allowed.Store(int64(silence))
	s.timer.Reset(silence)
}

func (s *stallTimer) stop() { s.timer.Stop() }

// stalledError ends an exchange in which nothing moves.
type stalledError struct{ after time.Duration }

func (e *stalledError) Error() string { return fmt.Sprintf("nothing moved for %s", e.after) }

// movingReader reports each read that moved bytes.
type movingReader struct {
	io.Reader
	moved func()
}

func (r *movingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.moved()
	}
	return n, err //nolint:wrapcheck // io.EOF must stay itself.
}

// sendingReader reports what leaves of a body, and when all of it has left.
type sendingReader struct {
	io.Reader
	size, left int64
	stall      *stallTimer
}

func (r *sendingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.left -= int64(n)
	switch {
	case n > 0 && r.left <= 0:
		r.stall.sent(r.size)
	case n > 0:
		r.stall.moved()
	}
	return n, err //nolint:wrapcheck // io.EOF must stay itself.
}
