package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The phases of a Server.
const (
	phaseStarting int32 = iota
	phaseWorking
	phaseStopping
)

// checkPatience is how long the database may take to be written to, and checkEvery how
// often it is, at most: who asks more often gets the last answer.
const (
	checkPatience = 3 * time.Second
	checkEvery    = time.Second
)

// written is whether the database could be written to when it was last looked at.
type written struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Ready is the handler of GET /readyz. It answers 200 when Deliveries can be stored and
// Jobs are carried out, and 503 otherwise, with a line for each part that has to be well.
// What is wrong with the database is the log's to say: the answer is for whoever asks.
func (s *Server) Ready() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, said := http.StatusOK, []string{"ready"}
		for _, part := range []struct {
			name  string
			check func(context.Context) (isWell bool, so string)
		}{{"database", s.checkDatabase}, {"server.yml", s.checkGrants}, {"workers", s.checkWorkers}} {
			isWell, so := part.check(r.Context())
			if !isWell {
				status, said[0] = http.StatusServiceUnavailable, "not ready"
			}
			said = append(said, part.name+": "+so)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = fmt.Fprintln(w, strings.Join(said, "\n")) // whom it is for may be gone
	})
}

const isOK = "ok"

func (s *Server) checkDatabase(ctx context.Context) (isWell bool, so string) {
	s.written.mu.Lock()
	defer s.written.mu.Unlock()
	if now := time.Now(); now.Sub(s.written.at) >= checkEvery {
		s.written.at, s.written.err = now, s.checkWriting(ctx)
		if err := s.written.err; err != nil {
			s.logger.WarnContext(ctx, "the database cannot be written to", "error", err)
		}
	}
	if s.written.err != nil {
		return false, "cannot be written to; the log says why"
	}
	return true, isOK
}

func (s *Server) checkWriting(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkPatience) // for all who ask
	defer cancel()
	return s.queue.Check(ctx)
}

// checkGrants has nothing that could hold work up: a Server begins with a file that was
// read, and keeps it while the next is broken.
func (s *Server) checkGrants(context.Context) (isWell bool, so string) {
	if s.grants.Kept() != nil {
		return true, "broken; what it said before holds, and the log says what is wrong"
	}
	return true, isOK
}

func (s *Server) checkWorkers(context.Context) (isWell bool, so string) {
	switch s.phase.Load() {
	case phaseStarting:
		return false, "not started yet"
	case phaseWorking:
		return true, isOK
	}
	return false, "stopping; Jobs that run come to the end of a Step"
}

// monitor adds what monitoring asks for, by whatever name it knows this host: GET
// /readyz, and GET /metrics where somebody counts. Neither names a repository.
func (s *Server) monitor(routes *http.ServeMux) {
	routes.Handle("GET /readyz", s.Ready())
	if s.metrics != nil {
		routes.Handle("GET /metrics", s.metrics)
	}
}
