package server

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long a client may take: GitHub's take milliseconds, and slow ones must not hold
// the places of others. GitHub itself gives a delivery up after 10 s
// (docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks).
const (
	headerPatience = 5 * time.Second
	bodyPatience   = 10 * time.Second // with the headers
	answerPatience = 25 * time.Second // behind the body's and the storing's, so that the verdict leaves
	idlePatience   = 2 * time.Minute
	maxHeaderBytes = 32 << 10
	// mostConnections is how many there may be at once, so that those of clients leave
	// files for the database and for calls of both platforms.
	mostConnections = 1000
	// settledAfter is how old a connection is when it may have to make place.
	settledAfter = 2 * time.Second
)

// newHTTPServer makes the server at the public address, where anybody may knock.
func newHTTPServer(handler http.Handler, logger *slog.Logger) *http.Server {
	made := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerPatience, ReadTimeout: bodyPatience, WriteTimeout: answerPatience,
		IdleTimeout: idlePatience, MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		ConnState: (&crowd{since: map[net.Conn]time.Time{}, logger: logger}).note,
		Protocols: &http.Protocols{}, // of version 2 a connection would have many requests at once
	}
	made.Protocols.SetHTTP1(true)
	return made
}

// crowd keeps the connections within mostConnections.
type crowd struct {
	logger *slog.Logger

	mu    sync.Mutex
	since map[net.Conn]time.Time // from when on each does what it does
	told  time.Time
}

// note is told of what each connection does. Where there is no place for a new one, that
// which has done the same for longest makes it: GitHub's are done in milliseconds.
func (c *crowd) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		if len(c.since) >= mostConnections {
			c.makePlace(conn)
		}
		c.since[conn] = time.Now()
	case http.StateActive, http.StateIdle:
		if _, isKnown := c.since[conn]; isKnown {
			c.since[conn] = time.Now()
		}
	case http.StateClosed, http.StateHijacked:
		delete(c.since, conn)
	}
}

// makePlace closes the connection that has waited for longest, or, where all are busy,
// the new one.
func (c *crowd) makePlace(newest net.Conn) {
	now := time.Now()
	closing, oldest := newest, now.Add(-settledAfter)
	for conn, since := range c.since {
		if !since.After(oldest) {
			closing, oldest = conn, since
		}
	}
	delete(c.since, closing)
	if secured, isTLS := closing.(*tls.Conn); isTLS {
		closing = secured.NetConn() // whose end does not wait for the client
	}
	_ = closing.Close() // net/http finds out by itself
	if now.Sub(c.told) >= time.Minute {
		c.told = now
		c.logger.Warn("there are too many connections; those that wait are closed", "most", mostConnections)
	}
}
