package problem_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/problem"
)

func TestProblemError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		problem problem.Problem
		want    string
	}{
		"all": {
			problem.Problem{File: "package.json", Line: 14, Message: `dependency "x" is bad`, Fix: "Publish it."},
			`package.json:14: dependency "x" is bad. Publish it.`,
		},
		"whole file":  {problem.Problem{File: "a.js", Message: "cannot be read"}, "a.js: cannot be read"},
		"in no file":  {problem.Problem{Message: "no credentials", Fix: "Set them."}, "no credentials. Set them."},
		"bare":        {problem.Problem{Message: "bad"}, "bad"},
		"line of nil": {problem.Problem{Line: 3, Message: "bad"}, "bad"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.problem.Error(); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestListErrSortsAndFreesOfRepetitions(t *testing.T) {
	t.Parallel()
	var list problem.List
	if err := list.Err(); err != nil {
		t.Fatalf("an empty list is an error: %v", err)
	}
	list.AddAt("b.js", 2, "second", "")
	list.AddAt("b.js", 1, "first", "")
	list.Add("nowhere", "")
	list.AddAt("b.js", 2, "second", "")
	want := "nowhere\nb.js:1: first\nb.js:2: second"
	if got := list.Err().Error(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if _, ok := errors.AsType[*problem.Problem](list.Err()); !ok {
		t.Error("errors.AsType finds no Problem in the List")
	}
}

func TestListTake(t *testing.T) {
	t.Parallel()
	var inner problem.List
	inner.Add("one", "")
	inner.Add("two", "")
	other := errors.New("other")

	var list problem.List
	for _, err := range []error{
		nil, inner.Err(), fmt.Errorf("wrapped: %w", inner.Err()), &problem.Problem{Message: "three"},
	} {
		if rest := list.Take(err); rest != nil {
			t.Errorf("Take(%v) = %v, want nil", err, rest)
		}
	}
	if rest := list.Take(other); !errors.Is(rest, other) {
		t.Errorf("Take(other) = %v, want the error itself", rest)
	}
	if len(list) != 5 {
		t.Errorf("took %d Problems, want 5: %v", len(list), list)
	}
}

func TestReason(t *testing.T) {
	t.Parallel()
	path := &fs.PathError{Op: "open", Path: "a", Err: fs.ErrPermission}
	for _, err := range []error{path, fmt.Errorf("read a: %w", path), fs.ErrPermission} {
		if got, want := problem.Reason(err), fs.ErrPermission.Error(); got != want {
			t.Errorf("Reason(%v): got %q, want %q", err, got, want)
		}
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if err := problem.Guard(func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	err := problem.Guard(func() error { panic("out of cheese") })
	panicked, ok := errors.AsType[*problem.PanicError](err)
	if !ok || panicked.Value != "out of cheese" || !strings.Contains(string(panicked.Stack), "TestGuard") {
		t.Errorf("got %v, want the panic with its trace", err)
	}
	if !strings.Contains(err.Error(), "out of cheese") {
		t.Errorf("the error does not say with what: %v", err)
	}
}

// TestListIsBounded so that a hostile input, which may have a Problem a byte, fills
// neither the memory nor a log.
func TestListIsBounded(t *testing.T) {
	t.Parallel()
	var list, taken problem.List
	for line := range 10_000 {
		list.AddAt("b.lock", 10_000-line, "the line is odd", "Mend it.")
	}
	err := list.Err()
	if rest := taken.Take(err); rest != nil {
		t.Fatal(rest)
	}
	_ = taken.Take(&problem.Problem{File: "a", Message: "one more"})
	for _, err := range []error{err, taken.Err()} {
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != 251 || lines[0] != "b.lock:9751: the line is odd. Mend it." || lines[250] != "there are more problems than these. Mend these first." {
			t.Errorf("%d lines from %q to %q", len(lines), lines[0], lines[len(lines)-1])
		}
	}
	var long problem.List
	long.Add(strings.Repeat("ü", 1<<20), strings.Repeat("x", 1<<20))
	if got := long[0]; len(got.Message) > 1010 || len(got.Fix) > 1010 || !strings.HasSuffix(got.Message, "ü…") {
		t.Errorf("a message has %d bytes and a fix %d", len(got.Message), len(got.Fix))
	}
}
