package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/words"
)

const (
	// frameEvery is the pace at which the live line is drawn anew.
	frameEvery = 100 * time.Millisecond
	// heartbeatEvery is how long a log stays silent while something goes on.
	heartbeatEvery = 10 * time.Second
)

// display shows the progress of one Job: as one live line on a terminal, and
// as plain lines with a heartbeat elsewhere. It is the writer for logs, too, so
// that lines never mix. It is safe for concurrent use.
type display struct {
	out    io.Writer
	isLive bool

	mu       sync.Mutex
	current  job.Event // the newest of the phase that goes on; no phase when none does
	since    time.Time // when that phase began
	lastLine time.Time // when something was last written
	frame    int
	drawn    bool // the live line is on the screen

	stop    chan struct{}
	stopped sync.WaitGroup
}

// newDisplay starts a display on out. Close must be called. It is live when out
// is a terminal that understands it and no CI system reads it.
func newDisplay(out io.Writer, getenv func(string) string) *display {
	return startDisplay(out, isTerminal(out, getenv) && getenv("CI") == "")
}

// isTerminal reports whether out is a terminal that understands escape sequences.
func isTerminal(out io.Writer, getenv func(string) string) bool {
	file, isFile := out.(*os.File)
	return isFile && term.IsTerminal(int(file.Fd())) && getenv("TERM") != "dumb"
}

// isColoured reports whether results may be coloured (no-color.org).
func isColoured(env Env) bool {
	return isTerminal(env.Stdout, env.Getenv) && env.Getenv("NO_COLOR") == ""
}

func startDisplay(out io.Writer, isLive bool) *display {
	d := &display{out: out, isLive: isLive, lastLine: time.Now(), stop: make(chan struct{})}
	every := heartbeatEvery / 10
	if isLive {
		every = frameEvery
	}
	d.stopped.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-d.stop:
				return
			case <-ticker.C:
				d.tick()
			}
		}
	})
	return d
}

// Close takes the live line away. Nothing is shown after it.
func (d *display) Close() {
	close(d.stop)
	d.stopped.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
	d.current = job.Event{}
}

// watched does work that has to come to an end whether or not anybody reads of it.
// What happens and what it logs goes to a display on standard error.
func watched[T any](ctx context.Context, env Env, level slog.Level, do func(show func(job.Event), logger *slog.Logger) (T, error)) (T, error) {
	outliveReaders()
	progress := newDisplay(env.Stderr, env.Getenv)
	defer progress.Close()
	defer progress.TellStop(ctx)()
	return do(progress.Show, slog.New(slog.NewTextHandler(progress, &slog.HandlerOptions{Level: level})))
}

// TellStop says so when a signal ends ctx, since putting things in order can
// take a few seconds. The function that it returns ends the watch; what is to be
// told has been told when it returns.
func (d *display) TellStop(ctx context.Context) func() {
	told := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(told)
		if interrupted, ok := errors.AsType[InterruptedError](context.Cause(ctx)); ok {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.print("stopping (%s) ...", interrupted.Signal)
		}
	})
	return func() {
		if !unwatch() {
			<-told
		}
	}
}

// Write prints foreign lines, such as a log's, above the live line.
func (d *display) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
	d.lastLine = time.Now()
	return d.out.Write(line) //nolint:wrapcheck // a writer passes errors on.
}

// Show takes the next Event.
func (d *display) Show(event job.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch event.Kind {
	case job.Started:
		d.current, d.since = event, event.Time
		if !d.isLive && report.IsLong(event.Phase) {
			d.print("%s ...", report.Progress(event))
		}
	case job.Moved:
		// Events of parallel uploads may arrive out of order.
		if event.Phase == d.current.Phase && event.Done > d.current.Done {
			d.current.Done, d.current.Kind = event.Done, job.Moved
		}
	case job.Finished:
		if event.Phase == d.current.Phase {
			if report.IsLong(event.Phase) {
				d.print("%s", report.Finished(event, event.Time.Sub(d.since)))
			}
			d.current = job.Event{}
		}
	case job.Warned:
		d.print("warning: %s", event.Message)
	case job.Noted:
		d.print("note: %s", event.Message)
	}
}

func (d *display) tick() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current.Phase == "" {
		return
	}
	elapsed := words.Elapsed(time.Since(d.since))
	if d.isLive {
		frames := [...]string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}
		d.frame++
		// Erase after writing, so that nothing flickers.
		fmt.Fprintf(d.out, "\r%s %s  %s\x1b[K", frames[d.frame%len(frames)], report.Progress(d.current), elapsed)
		d.drawn = true
		return
	}
	if time.Since(d.lastLine) >= heartbeatEvery {
		d.print("still %s, %s", report.Progress(d.current), elapsed)
	}
}

// print writes one line; d.mu is held.
func (d *display) print(format string, arguments ...any) {
	d.erase()
	d.lastLine = time.Now()
	fmt.Fprintf(d.out, format+"\n", arguments...)
}

func (d *display) erase() {
	if d.drawn {
		fmt.Fprint(d.out, "\r\x1b[K")
		d.drawn = false
	}
}
