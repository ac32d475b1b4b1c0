package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Handler answers at the public address: POST /webhook and GET /healthz, and nothing
// else.
func (s *Server) Handler() http.Handler {
	routes := http.NewServeMux()
	routes.Handle("/webhook", s.Intake())
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n")) // whom it is for may be gone
	})
	return routes
}

// Listeners are where a Server listens.
type Listeners struct {
	// Public is where webhooks are taken.
	Public net.Listener
	// Admin is where people and monitoring look. Nil means nowhere.
	Admin net.Listener
}

// Serve takes webhooks and works, until ctx ends. Then it takes no more, lets Steps that
// run come to their end, and returns within shutdown: whatever is left goes on when the
// server starts again. Who looks is answered until then.
func (s *Server) Serve(ctx context.Context, listeners Listeners, shutdown time.Duration) error {
	public, admin := newHTTPServer(s.Handler(), s.logger), newHTTPServer(s.Admin(), s.logger)
	looking, closeAdmin := context.WithCancel(context.WithoutCancel(ctx))
	admin.BaseContext = func(net.Listener) context.Context { return looking }
	defer func() { closeAdmin(); _ = admin.Close() }()
	failed := make(chan error, 2)
	serve := func(server *http.Server, listener net.Listener) {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("answer at %s: %w", listener.Addr(), err)
		}
	}
	go serve(public, listeners.Public)
	if listeners.Admin != nil {
		go serve(admin, listeners.Admin)
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	var worked sync.WaitGroup
	worked.Go(func() { s.Work(working) })

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	if closing := public.Shutdown(limited); closing != nil {
		err = errors.Join(err, fmt.Errorf("let webhooks come to their end: %w", closing), public.Close())
	}
	stop()
	ended := make(chan struct{})
	go func() { defer close(ended); worked.Wait() }()
	select {
	case <-ended:
	case <-limited.Done():
		s.logger.WarnContext(ctx, "Jobs were left in the middle of a Step; they go on when the server starts again")
	}
	return err
}
