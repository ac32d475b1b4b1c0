package action

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/words"
)

// heartbeatEvery is how long the log stays silent while something goes on.
const heartbeatEvery = 10 * time.Second

// progress shows what happens in the log: a group for each phase, warnings as
// annotations, and a line now and then while a phase takes long. It is safe for
// concurrent use.
type progress struct {
	console *console

	mu      sync.Mutex
	current job.Event // the newest of the phase that goes on; no phase when none does
	since   time.Time // when that phase began
	beat    *time.Timer
}

// newProgress shows progress in a console. Close must be called.
func newProgress(log *console) *progress { return &progress{console: log} }

// Show takes the next Event.
func (p *progress) Show(event job.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event.Kind {
	case job.Started:
		p.current, p.since = event, event.Time
		p.console.Group(capitalised(report.Progress(event)))
		p.keepBeating()
	case job.Moved:
		// Events of parallel uploads may arrive out of order.
		if event.Phase == p.current.Phase && event.Done > p.current.Done {
			p.current.Done, p.current.Kind = event.Done, job.Moved
		}
	case job.Finished:
		if event.Phase == p.current.Phase {
			since := p.since
			p.end() // first, so that what was done is not folded away
			p.console.Print(capitalised(report.Finished(event, event.Time.Sub(since))))
		}
	case job.Warned:
		p.console.Annotate(levelWarning, place{File: event.File, Line: event.Line}, "Slipway: warning", event.Message)
	case job.Noted:
		p.console.Print("Note: " + event.Message)
	}
}

// Close ends what is shown.
func (p *progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

// TellStop says so when ctx ends, since putting things in order can take a few
// seconds. The function that it returns ends the watch; what is to be told has
// been told when it returns.
func (p *progress) TellStop(ctx context.Context) func() {
	told := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(told)
		p.console.Print(fmt.Sprintf("Stopping, because the run was cancelled (%v) ...", context.Cause(ctx)))
	})
	return func() {
		if !unwatch() {
			<-told
		}
	}
}

// end leaves the phase that goes on; p.mu is held.
func (p *progress) end() {
	p.current = job.Event{}
	if p.beat != nil {
		p.beat.Stop()
	}
	p.console.EndGroup()
}

// keepBeating tells, every so often, that the phase still goes on; p.mu is held.
func (p *progress) keepBeating() {
	phase := p.current.Phase
	if p.beat != nil {
		p.beat.Stop()
	}
	p.beat = time.AfterFunc(heartbeatEvery, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.current.Phase != phase {
			return
		}
		p.console.Print(fmt.Sprintf("Still %s, %s", report.Progress(p.current), words.Elapsed(time.Since(p.since))))
		p.keepBeating()
	})
}

// capitalised begins a line as sentences do.
func capitalised(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
