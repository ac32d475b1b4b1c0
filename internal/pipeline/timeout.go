package pipeline

import (
	"context"
	"time"
)

// timeUpError is the cause of a context whose time ran out. It matches
// context.DeadlineExceeded.
type timeUpError struct{ limit time.Duration }

func (e timeUpError) Error() string {
	return "the time for the run (" + e.limit.String() + ") is up"
}

// Is makes the cause match context.DeadlineExceeded.
func (e timeUpError) Is(target error) bool { return target == context.DeadlineExceeded }

// WithTimeout bounds a run by the setting timeout; 0 means no bound.
func WithTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, timeUpError{limit})
}
