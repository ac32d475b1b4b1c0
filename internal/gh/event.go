package gh

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Names of the events that ParseEvent reads, as GITHUB_EVENT_NAME and the
// header X-GitHub-Event have them.
const (
	EventPush             = "push"
	EventWorkflowDispatch = "workflow_dispatch"
)

// Event is what happened on GitHub, from a webhook's payload or the file that
// GITHUB_EVENT_PATH names.
type Event struct {
	// Name is the event's name, such as EventPush.
	Name string
	// Repository is where it happened.
	Repository Repository
	// Sender is the login of who caused it; empty where GitHub does not say, as
	// for the pushes that a merge queue makes.
	Sender string
	// Ref is the full name of what was pushed to or chosen, such as
	// refs/heads/main. Branch or Tag is its short name; the other is empty, and
	// both are for any other kind of ref.
	Ref, Branch, Tag string
	// Before is the SHA that the ref of a push pointed to; empty when it is new.
	Before string
	// SHA is the commit that was pushed; for an annotated tag, the one that is
	// tagged. Empty when the ref was deleted, and for EventWorkflowDispatch,
	// whose payload has none (GITHUB_SHA does).
	SHA string
	// Deleted says that a push removed the ref, Forced that it was moved to
	// something that is no descendant.
	Deleted, Forced bool
	// Inputs are those of EventWorkflowDispatch; numbers and booleans are
	// spelt as JSON does, and nothing is the empty string.
	Inputs map[string]string
}

// payload holds the fields of all payloads that matter here, and no others, so
// that a change elsewhere in them does no harm. (The SDK has two types for a
// repository, one of which is for pushes alone.)
type payload struct {
	Ref        string `json:"ref"`
	Before     string `json:"before"`
	After      string `json:"after"`
	Deleted    bool   `json:"deleted"`
	Forced     bool   `json:"forced"`
	HeadCommit struct {
		ID string `json:"id"`
	} `json:"head_commit"`
	Repository struct {
		Name  string `json:"name"`
		Owner struct {
			Login string `json:"login"`
			Name  string `json:"name"` // older pushes have this instead
		} `json:"owner"`
	} `json:"repository"`
	Sender struct {
		Login string `json:"login"`
	} `json:"sender"`
	Workflow string                     `json:"workflow"`
	Inputs   map[string]json.RawMessage `json:"inputs"`
}

// ParseEvent reads the payload of the event called name. Of any event but
// EventPush and EventWorkflowDispatch it returns the name alone and leaves the
// payload unread: a workflow's run learns its commit and repository from
// GITHUB_SHA and GITHUB_REPOSITORY then. How much is read into memory is the
// caller's to limit. The error says everything that the payload lacks.
func ParseEvent(name string, raw []byte) (Event, error) {
	event := Event{Name: name}
	switch name {
	case EventPush, EventWorkflowDispatch:
	case "":
		return Event{}, errors.New("the event has no name")
	default:
		return event, nil
	}
	var read payload
	if err := json.Unmarshal(raw, &read); err != nil {
		return Event{}, fmt.Errorf("%s event: %w", name, describeJSONError(err))
	}
	if lacks := read.lacks(name); len(lacks) > 0 {
		return Event{}, fmt.Errorf("%s event: the payload lacks %s; it may be that of another event", name, strings.Join(lacks, ", "))
	}
	event.Repository = read.repository()
	event.Sender = oneLine(read.Sender.Login, 100)
	event.Ref = read.Ref
	if branch, ok := strings.CutPrefix(read.Ref, "refs/heads/"); ok {
		event.Branch = branch
	} else if tag, ok := strings.CutPrefix(read.Ref, "refs/tags/"); ok {
		event.Tag = tag
	}
	wrong := []error{event.Repository.check(), checkRef(read.Ref)}
	if name == EventPush {
		wrong = append(wrong, event.addPush(read))
	} else {
		wrong = append(wrong, event.addInputs(read.Inputs))
	}
	if err := errors.Join(wrong...); err != nil {
		return Event{}, fmt.Errorf("%s event: %w", name, err)
	}
	return event, nil
}

func (p *payload) repository() Repository {
	return Repository{Owner: orDefault(p.Repository.Owner.Login, p.Repository.Owner.Name), Name: p.Repository.Name}
}

// lacks names the fields that are missing and that every payload of the event
// has.
func (p *payload) lacks(name string) []string {
	var lacks []string
	needs := func(field, value string) {
		if value == "" {
			lacks = append(lacks, field)
		}
	}
	needs("ref", p.Ref)
	needs("repository.owner.login", p.repository().Owner)
	needs("repository.name", p.Repository.Name)
	if name == EventPush {
		needs("before", p.Before)
		needs("after", p.After)
	} else {
		needs("workflow", p.Workflow)
	}
	return lacks
}

// addPush adds what a push has. A ref that is created or deleted has zeros for
// the commit that is not there.
func (e *Event) addPush(read payload) error {
	if !isSHA(read.Before) || !isSHA(read.After) {
		return errors.New(`"before" or "after" is not a SHA`)
	}
	e.Forced = read.Forced
	e.Deleted = read.Deleted || isZeros(read.After)
	if !isZeros(read.Before) {
		e.Before = read.Before
	}
	switch {
	case e.Deleted:
	case e.Tag != "" && isSHA(read.HeadCommit.ID):
		// "after" is the tag itself when it is annotated: github.blog/changelog/
		// 2021-10-01-the-push-webhook-payload-provides-a-consistent-head_commit-on-tag-creation.
		e.SHA = read.HeadCommit.ID
	default:
		e.SHA = read.After
	}
	return nil
}

func isZeros(sha string) bool { return strings.Trim(sha, "0") == "" }

func (e *Event) addInputs(inputs map[string]json.RawMessage) error {
	e.Inputs = make(map[string]string, len(inputs))
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		var value any
		if err := json.Unmarshal(inputs[name], &value); err != nil {
			return describeJSONError(err)
		}
		switch value := value.(type) {
		case nil:
			e.Inputs[name] = ""
		case string:
			e.Inputs[name] = value
		case bool, float64:
			e.Inputs[name] = string(inputs[name])
		default:
			wrong = append(wrong, fmt.Errorf("input %q is not a text, a number or a boolean", oneLine(name, 100)))
		}
	}
	return errors.Join(wrong...)
}

// checkRef refuses what git would, as far as it could do harm where the name is
// shown.
func checkRef(ref string) error {
	isBad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar }
	if short, ok := strings.CutPrefix(ref, "refs/"); !ok || strings.Trim(short, "/") != short || short == "heads" || short == "tags" || strings.ContainsFunc(ref, isBad) {
		return fmt.Errorf("the ref %q is not the full name of a branch or a tag", oneLine(ref, 200))
	}
	return nil
}

func describeJSONError(err error) error {
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		where := "the payload"
		if mismatch.Field != "" {
			where += "'s " + strconv.Quote(mismatch.Field)
		}
		return fmt.Errorf("%s is of the wrong kind (%s)", where, mismatch.Value)
	}
	return fmt.Errorf("the payload is not JSON: %w", err)
}
