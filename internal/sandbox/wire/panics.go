package wire

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
)

// Panics remembers what a sandbox panicked with while it served. The zero value
// remembers nothing yet. It is safe for concurrent use.
type Panics struct {
	mu  sync.Mutex
	met []error
}

// Recover remembers a panic, when deferred, and has it answered. A connection
// that is cut goes its way.
func (p *Panics) Recover(r *http.Request, answer func(error)) {
	met := recover()
	if met == nil {
		return
	}
	if met == http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
		panic(met)
	}
	err := fmt.Errorf("the sandbox panicked at %s %s: %v\n%s", r.Method, r.URL.Path, met, debug.Stack())
	p.mu.Lock()
	p.met = append(p.met, err)
	p.mu.Unlock()
	answer(err)
}

// Err joins them; each is a bug of the sandbox.
func (p *Panics) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.met...)
}
