package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/slipway-dev/slipway/internal/job"
)

// InterruptedError is the cause of a context that a signal ended. It matches
// context.Canceled.
type InterruptedError struct{ Signal os.Signal }

// Error names the signal.
func (i InterruptedError) Error() string { return "stopped by signal: " + i.Signal.String() }

// Is makes the cause match context.Canceled.
func (i InterruptedError) Is(target error) bool { return target == context.Canceled }

// exitCode is 128 plus the signal's number, as shells count it.
func (i InterruptedError) exitCode() int {
	if number, ok := i.Signal.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return job.Cancelled.ExitCode()
}

// WithSignals returns a context that ends, with an InterruptedError as its
// cause, when the process is asked to stop: by SIGINT or by SIGTERM. The same
// signal again ends the process at once; the other one does not, because a
// GitHub runner sends SIGTERM 7.5 s behind SIGINT to whoever still puts things
// in order. Call stop when the signals are no longer wanted.
func WithSignals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case received := <-signals:
			signal.Reset(received)
			cancel(InterruptedError{Signal: received})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// outliveReaders keeps a deploy from ending half way when whoever reads its
// output has gone: writes then fail, instead of a signal ending the process.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE) }
