package problem

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic that was caught, so that what was begun could be put in
// order: a fault of Slipway's own.
type PanicError struct {
	// Value is what it panicked with.
	Value any
	// Stack says where, as a trace of the goroutine.
	Stack []byte
}

// Error says with what; Stack says where.
func (e *PanicError) Error() string {
	return fmt.Sprintf("a fault of Slipway's own: %v; please report it, with the trace in the log", e.Value)
}

// Guard calls do and returns its error, or a *PanicError when it panics. A
// goroutine that panics would otherwise end the process with everything half
// done.
func Guard(do func() error) (err error) {
	defer func() {
		if met := recover(); met != nil {
			err = &PanicError{Value: met, Stack: debug.Stack()}
		}
	}()
	return do()
}
