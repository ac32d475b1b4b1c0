package server

import (
	"context"
	"time"
)

// AddSweeps stores the sweeps that are due at a time, and returns how long to wait.
func (s *Server) AddSweeps(ctx context.Context, now time.Time) (time.Duration, error) {
	return s.addSweeps(ctx, now)
}
