package pipeline_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// brokenSource panics when a file of it is opened once too often.
type brokenSource struct {
	fs.FS

	name string
	left atomic.Int64
}

func (s *brokenSource) Open(name string) (fs.File, error) {
	if name == s.name && s.left.Add(-1) < 0 {
		panic("out of cheese")
	}
	return s.FS.Open(name)
}

func TestPanicOfAWorkerIsAFailure(t *testing.T) {
	t.Parallel()
	const name = "functions/hello.js"
	for opens := range int64(2) { // in Run's own goroutine, then in one of the upload's
		client, _ := newWorld(t, sandbox.Options{})
		source := &brokenSource{FS: tree(), name: name}
		source.left.Store(opens)
		outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: source})
		panicked, ok := errors.AsType[*problem.PanicError](err)
		if !ok || !strings.Contains(string(panicked.Stack), "brokenSource") {
			t.Fatalf("opened %d times: got %v, want the panic with its trace", opens, err)
		}
		if failure := outcome.Result.Error; failure == nil || failure.Reason != job.Internal || failure.State == "" {
			t.Errorf("opened %d times: the failure is %+v", opens, failure)
		}
	}
}

func TestReadingEndsWithTheRun(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	var told job.Job
	outcome, err := pipeline.Run(ctx, deployment(), pipeline.Config{
		Client: client, Source: tree("functions/a#b.js", ""),
		// It is told before the files are read.
		Targeted: func(asked job.Job) { told = asked; cancel(errors.New("stopped")) },
	})
	if told.Target.Service != "site" || told.Commit != "c0ffee" {
		t.Errorf("told of %+v", told)
	}
	if err == nil || !strings.Contains(err.Error(), "read the project: stopped") || outcome.Result.Error == nil {
		t.Errorf("got %v, want the cause of the end, and no Problem of a file", err)
	}
}

func TestTargetThatCannotBeIsNotTold(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]job.Target{
		"a Service with a line break": {Service: "a\nb", Environment: "dev"},
		"a long Service":              {Service: strings.Repeat("a", 51), Environment: "dev"},
		"an Environment with a blank": {Service: "a", Environment: "My Env"},
	} {
		asked := deployment()
		asked.Target = target
		_, err := pipeline.Run(t.Context(), asked, pipeline.Config{
			Source: tree(), Targeted: func(asked job.Job) { t.Errorf("%s: told of %+v", name, asked.Target) },
		})
		if _, ok := errors.AsType[problem.List](err); !ok {
			t.Errorf("%s: got %v, want Problems", name, err)
		}
	}
}

// endlessSource counts the reads of a large file, and tells of the first.
type endlessSource struct {
	fs.FS

	reads atomic.Int64
	first func()
}

type endlessFile struct {
	fs.File

	source *endlessSource
}

func (s *endlessSource) Open(name string) (fs.File, error) {
	file, err := s.FS.Open(name)
	if name == "assets/large.bin" && err == nil {
		return &endlessFile{file, s}, nil
	}
	return file, err
}

func (f *endlessFile) Read(p []byte) (int, error) {
	if f.source.reads.Add(1) == 1 {
		f.source.first()
	}
	return f.File.Read(p)
}

func TestReadingAFileEndsWithTheRun(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	source := &endlessSource{FS: tree("assets/large.bin", strings.Repeat("x", 8<<20)), first: func() { cancel(errors.New("stopped")) }}
	_, err := pipeline.Run(ctx, deployment(), pipeline.Config{Client: client, Source: source})
	if err == nil || !strings.Contains(err.Error(), "read the project: stopped") {
		t.Errorf("got %v, want the cause of the end", err)
	}
	if reads := source.reads.Load(); reads != 1 {
		t.Errorf("the file was read %d times, want no more once the run had ended", reads)
	}
}

func TestPanicAfterTheActivationBegan(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{})
	outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: tree(), Progress: func(event job.Event) {
		if event.Phase == job.PhaseActivate && event.Kind == job.Finished {
			panic("out of cheese")
		}
	}})
	if _, ok := errors.AsType[*problem.PanicError](err); !ok {
		t.Fatalf("got %v, want the panic", err)
	}
	result := outcome.Result
	if !strings.Contains(result.Error.State, "is not known") || result.BuildSID == "" || result.ServiceSID == "" {
		t.Errorf("the state is %q, of %+v", result.Error.State, result)
	}
}

func TestPanicOfAnUploadsProgress(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{})
	_, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: tree(), Progress: func(event job.Event) {
		if event.Kind == job.Moved {
			panic("out of cheese")
		}
	}})
	if _, ok := errors.AsType[*problem.PanicError](err); !ok {
		t.Errorf("got %v, want the panic", err)
	}
}
