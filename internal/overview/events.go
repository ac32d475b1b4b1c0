package overview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	// mostStreams bounds the live logs that are followed at once.
	mostStreams = 128
	// beatEvery is the longest silence in a live log: proxies take a longer one for its
	// end.
	beatEvery = 15 * time.Second
	// streamPatience is how long one that follows may take to take a line.
	streamPatience = 10 * time.Second
)

// events answers with what a Job tells, as server-sent events, until it has ended: a
// note for each line of its log, whose id is its number, and then an end. It goes on
// behind Last-Event-ID, or else ?behind=NUMBER.
func (h *handler) events(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		h.missing(w, r)
		return
	}
	behind, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil {
		behind, _ = strconv.ParseInt(r.URL.Query().Get("behind"), 10, 64) // none is from the first on
	}
	_, err = h.Reader.Job(r.Context(), number)
	switch {
	case errors.Is(err, ErrNone):
		h.missing(w, r)
		return
	case err != nil:
		h.fail(w, r, err)
		return
	}
	select {
	case h.streams <- struct{}{}:
		defer func() { <-h.streams }()
	default:
		w.Header().Set("Retry-After", "30")
		h.refuse(w, r, http.StatusServiceUnavailable, "too many live logs are followed", "Reload the page to see more of it.")
		return
	}
	stream := &stream{w: w, out: http.NewResponseController(w)}
	protect(w.Header())
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")              // nginx keeps lines back otherwise
	if err := stream.send("retry: 2000\n\n"); err != nil { // which says that it has begun
		return
	}
	for r.Context().Err() == nil {
		hasEnded, err := h.follow(r.Context(), stream, number, &behind)
		if hasEnded || err != nil {
			return // whoever follows asks again, where it was
		}
	}
}

// follow sends what a Job tells next, or a sign of life.
func (h *handler) follow(ctx context.Context, to *stream, number int64, behind *int64) (hasEnded bool, err error) {
	limited, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	told, hasEnded, err := h.Reader.Log(limited, number, *behind)
	switch {
	case errors.Is(err, ErrNone): // taken away meanwhile
		return true, to.send("event: end\ndata: {}\n\n")
	case err != nil && limited.Err() != nil && ctx.Err() == nil:
		return false, to.send(": beat\n\n")
	case err != nil:
		return false, err
	}
	if len(told) > 0 {
		all, err := h.Reader.LogSoFar(ctx, number)
		if err != nil {
			return false, err
		}
		for _, line := range logLines(all) {
			if line.Number <= *behind || line.Number > told[len(told)-1].Number {
				continue
			}
			text, err := json.Marshal(line)
			if err != nil {
				return false, fmt.Errorf("encode a line: %w", err)
			}
			if err := to.send(fmt.Sprintf("id: %d\nevent: note\ndata: %s\n\n", line.Number, text)); err != nil {
				return false, err
			}
		}
		*behind = told[len(told)-1].Number
	}
	if hasEnded {
		return true, to.send("event: end\ndata: {}\n\n")
	}
	return false, nil
}

// stream is an answer that goes on.
type stream struct {
	w   http.ResponseWriter
	out *http.ResponseController
}

// send sends a text at once. The error says that nobody takes it.
func (s *stream) send(text string) error {
	err := s.out.SetWriteDeadline(time.Now().Add(streamPatience))
	if err == nil {
		_, err = s.w.Write([]byte(text))
	}
	if err == nil {
		err = s.out.Flush()
	}
	if err != nil {
		return fmt.Errorf("tell of a Job: %w", err)
	}
	return nil
}
