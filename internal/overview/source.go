package overview

import (
	"context"
	"errors"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
)

// ErrNone says that there is nothing of the number that was asked for.
var ErrNone = errors.New("there is none of this number")

// Reader tells what there is to show. Its methods are called by many at once; lists
// are newest first, and never longer than asked for.
type Reader interface {
	// Jobs returns Jobs without their Steps.
	Jobs(ctx context.Context, query Query) ([]Job, error)
	// Job returns one with its Steps. The error matches ErrNone when there is no such
	// Job.
	Job(ctx context.Context, number int64) (Job, error)
	// Log returns what a Job has told behind a Note, oldest first, and whether it has
	// ended; where there is nothing yet, it waits for it until ctx ends. The error
	// matches ErrNone when there is no such Job.
	Log(ctx context.Context, number, behind int64) (notes []Note, hasEnded bool, err error)
	// LogSoFar returns what a Job has told, oldest first, without waiting for any.
	LogSoFar(ctx context.Context, number int64) ([]Note, error)
	// Targets returns where something has been deployed to, in an order of its own, from
	// behind a cursor on; the empty one means from the first on. The error matches ErrNone
	// when the cursor is none.
	Targets(ctx context.Context, behind string, most int) (targets []Target, next string, err error)
	// Deliveries returns those from before a number on; 0 means from the newest on.
	Deliveries(ctx context.Context, before int64, most int) ([]Delivery, error)
}

// Manager changes what becomes of a Job.
type Manager interface {
	// Cancel stops a Job, and reports whether there was anything to stop. The error
	// matches ErrNone when there is no such Job.
	Cancel(ctx context.Context, number int64) (bool, error)
	// Retry does what a Job did once more, and returns the number of the new one. The
	// error matches ErrNone when there is no such Job, and is a *problem.Problem when it
	// has not ended.
	Retry(ctx context.Context, number int64) (int64, error)
}

// Query says which Jobs are meant.
type Query struct {
	// Before is a number that they come before; 0 means from the newest on.
	Before int64
	// IsOpen leaves out those that have ended.
	IsOpen bool
	// Most is how many are returned at most.
	Most int
}

// The states of a Job.
const (
	StateWaiting = "waiting" // another Job for its Target comes first
	StateReady   = "ready"   // it begins when it is due and a worker is free
	StateRunning = "running"
	StateEnded   = "ended"
)

// The outcomes of a Job.
const (
	OutcomeDone       = "done"
	OutcomeFailed     = "failed"
	OutcomeSuperseded = "superseded"
	OutcomeCancelled  = "cancelled"
)

// Job is one as the API has it. What does not apply to it is left out.
type Job struct {
	Number int64 `json:"number"`
	// Kind is "run" for what deploys; "decide" finds out what a Delivery asks for, and
	// "tell" tells GitHub of an end.
	Kind    string `json:"kind"`
	State   string `json:"state"`
	Outcome string `json:"outcome,omitempty"`
	// Reason says in one line how it ended, or why it is tried again.
	Reason string `json:"reason,omitempty"`
	// Verb is what it does, such as "deploy" or "preview", for a service of slipway.yml,
	// and Target where.
	Verb    string      `json:"verb,omitempty"`
	Service string      `json:"service,omitempty"`
	Target  *job.Target `json:"target,omitempty"`
	// Repository is owner/name, Event the event that asked for it.
	Repository  string `json:"repository,omitempty"`
	Event       string `json:"event,omitempty"`
	Commit      string `json:"commit,omitempty"`
	Branch      string `json:"branch,omitempty"`
	Tag         string `json:"tag,omitempty"`
	PullRequest int    `json:"pull_request,omitempty"`
	Actor       string `json:"actor,omitempty"`
	// Delivery is the number of the one that it came of, SupersededBy that of the Job
	// that took its place.
	Delivery     int64 `json:"delivery,omitempty"`
	SupersededBy int64 `json:"superseded_by,omitempty"`
	// Attempts is how often it was begun and came to an end of its own.
	Attempts int `json:"attempts"`
	// DueAt is when it may begin.
	CreatedAt time.Time `json:"created_at"`
	DueAt     time.Time `json:"due_at"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	// Steps are those that are done.
	Steps []Step `json:"steps,omitempty"`
	// Result is what came of it; nil until it has ended, and where it never began.
	Result *job.Result `json:"result,omitempty"`
}

// Step is a part of a Job that is done, and is not done again should the Job be resumed.
type Step struct {
	Name       string    `json:"name"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
}

// Note is something that a Job has told.
type Note struct {
	// Number counts those of a Job, from 1 on.
	Number int64
	At     time.Time
	Event  job.Event
}

// Target is where something has been deployed to.
type Target struct {
	// Live is the Job whose commit is live there. Where nothing is, it is one that has
	// failed.
	Live Job
	// Newest is the newest Job for it, which may be Live.
	Newest Job
}

// Delivery is one webhook, and what was decided about it.
type Delivery struct {
	Number     int64
	ID         string
	Event      string
	Repository string
	ReceivedAt time.Time
	// Verdict is the decision in a word, and empty until there is one; Reason says why.
	Verdict, Reason string
	// Jobs are the numbers of those that came of it.
	Jobs []int64
}
