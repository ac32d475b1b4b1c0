package job

import "time"

// Phase is a part of a Job that people see as one.
type Phase string

// The phases of a deploy, in their order, and those of other commands.
const (
	PhaseRead     Phase = "read"
	PhasePlan     Phase = "plan"
	PhaseUpload   Phase = "upload"
	PhaseBuild    Phase = "build"
	PhaseActivate Phase = "activate"
	// PhaseCheck finds out whether what has gone live works.
	PhaseCheck Phase = "check"
	// PhaseTeardown is all of a teardown, behind its Plan.
	PhaseTeardown Phase = "teardown"
	// PhasePrune is all of a prune.
	PhasePrune Phase = "prune"
)

// EventKind says what an Event tells.
type EventKind string

// The kinds of events.
const (
	// Started says that a phase began. Total is set when there is something to
	// count.
	Started EventKind = "started"
	// Moved says that Done of Total are done.
	Moved EventKind = "moved"
	// Finished says that a phase ended well; Message says with what.
	Finished EventKind = "finished"
	// Warned carries something that a person should know in Message.
	Warned EventKind = "warned"
	// Noted carries something in Message that explains what is done, and that
	// nobody has to act on.
	Noted EventKind = "noted"
)

// Event is one piece of progress.
type Event struct {
	Time    time.Time `json:"time"`
	Kind    EventKind `json:"kind"`
	Phase   Phase     `json:"phase"`
	Done    int       `json:"done,omitempty"`
	Total   int       `json:"total,omitempty"`
	Message string    `json:"message,omitempty"`
	// File and Line are where in the repository that lies which Warned tells of,
	// from its root and with slashes; empty and 0 when it has no such place. The
	// Message names both as well.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}
