package gh_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/gh"
)

const (
	before    = "3333333333333333333333333333333333333333"
	tagObject = "4444444444444444444444444444444444444444"
	zeros     = "0000000000000000000000000000000000000000"
)

// object is a JSON object that tests change.
type object map[string]any

// push is the payload of a push to main, with some of the many fields that do
// not matter, and with times as numbers and as texts as GitHub has them.
func push() object {
	return object{
		"ref": "refs/heads/main", "before": before, "after": sha, "created": false, "deleted": false, "forced": false,
		"base_ref": nil, "compare": "https://github.com/acme/voice/compare/333333333333...111111111111",
		"commits": []any{object{"id": sha, "message": "Say hello", "timestamp": "2026-11-22T10:00:00+01:00"}},
		"head_commit": object{
			"id": sha, "message": "Say hello", "author": object{"name": "Ann", "email": "ann@example.com"},
		},
		"repository": object{
			"id": 1, "name": "voice", "full_name": "acme/voice", "private": true, "created_at": 1557933565, "pushed_at": 1557933657,
			"updated_at": "2026-11-22T10:00:00Z", "default_branch": "main",
			"owner": object{"name": "acme", "login": "acme", "id": 2, "type": "Organization"},
		},
		"pusher": object{"name": "ann", "email": "ann@example.com"},
		"sender": object{"login": "ann", "id": 3},
	}
}

// dispatch is the payload of a workflow that was started by hand.
func dispatch() object {
	return object{
		"inputs": object{"environment": "stage", "dry-run": "true"}, "ref": "refs/heads/main", "workflow": ".github/workflows/deploy.yml",
		"repository": object{"name": "voice", "full_name": "acme/voice", "owner": object{"login": "acme"}, "created_at": "2014-02-28T02:42:51Z"},
		"sender":     object{"login": "ann"},
	}
}

// with is the object with some fields replaced.
func (o object) with(pairs ...any) object {
	changed := maps.Clone(o)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		changed[name] = pairs[i+1]
	}
	return changed
}

// without is the object with some fields left out.
func (o object) without(names ...string) object {
	changed := maps.Clone(o)
	for _, name := range names {
		delete(changed, name)
	}
	return changed
}

func encode(tb testing.TB, o object) []byte {
	tb.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestParseEvent(t *testing.T) {
	t.Parallel()
	pushed := gh.Event{
		Name: "push", Repository: voice, DefaultBranch: "main", Sender: "ann", Ref: "refs/heads/main", Branch: "main", Before: before, SHA: sha,
	}
	dispatched := gh.Event{
		Name: "workflow_dispatch", Repository: voice, Sender: "ann", Ref: "refs/heads/main", Branch: "main",
		Inputs: map[string]string{"environment": "stage", "dry-run": "true"},
	}
	changed := func(event gh.Event, change func(*gh.Event)) gh.Event {
		change(&event)
		return event
	}
	for name, test := range map[string]struct {
		payload object
		want    gh.Event
	}{
		"a push":        {push(), pushed},
		"a forced push": {push().with("forced", true), changed(pushed, func(e *gh.Event) { e.Forced = true })},
		"a branch with slashes": {push().with("ref", "refs/heads/feature/a-b"), changed(pushed, func(e *gh.Event) {
			e.Ref, e.Branch = "refs/heads/feature/a-b", "feature/a-b"
		})},
		"a branch called refs/heads": {push().with("ref", "refs/heads/refs/heads/x"), changed(pushed, func(e *gh.Event) {
			e.Ref, e.Branch = "refs/heads/refs/heads/x", "refs/heads/x"
		})},
		"a new branch": {push().with("before", zeros, "created", true), changed(pushed, func(e *gh.Event) { e.Before = "" })},
		"a deleted branch": {push().with("after", zeros, "deleted", true, "head_commit", nil, "commits", []any{}), changed(pushed, func(e *gh.Event) {
			e.Deleted, e.SHA = true, ""
		})},
		"a deletion that only the zeros tell": {push().with("after", zeros), changed(pushed, func(e *gh.Event) { e.Deleted, e.SHA = true, "" })},
		"a tag": {push().with("ref", "refs/tags/v1.0.0", "before", zeros), changed(pushed, func(e *gh.Event) {
			e.Ref, e.Branch, e.Tag, e.Before = "refs/tags/v1.0.0", "", "v1.0.0", ""
		})},
		"an annotated tag": {push().with("ref", "refs/tags/v1.0.0", "before", zeros, "after", tagObject), changed(pushed, func(e *gh.Event) {
			e.Ref, e.Branch, e.Tag, e.Before = "refs/tags/v1.0.0", "", "v1.0.0", ""
		})},
		"a tag without its commit": {push().with("ref", "refs/tags/v1", "head_commit", nil), changed(pushed, func(e *gh.Event) {
			e.Ref, e.Branch, e.Tag = "refs/tags/v1", "", "v1"
		})},
		"a deleted tag": {push().with("ref", "refs/tags/v1", "after", zeros, "deleted", true), changed(pushed, func(e *gh.Event) {
			e.Ref, e.Branch, e.Tag, e.Deleted, e.SHA = "refs/tags/v1", "", "v1", true, ""
		})},
		"another kind of ref": {push().with("ref", "refs/notes/commits"), changed(pushed, func(e *gh.Event) {
			e.Ref, e.Branch = "refs/notes/commits", ""
		})},
		"an owner without a login": {
			push().with("repository", object{"name": "voice", "owner": object{"name": "acme"}}), changed(pushed, func(e *gh.Event) { e.DefaultBranch = "" }),
		},
		// Pushes of the merge queue come without one, among others.
		"a push without a sender":     {push().without("sender"), changed(pushed, func(e *gh.Event) { e.Sender = "" })},
		"a dispatch without a sender": {dispatch().with("sender", nil), changed(dispatched, func(e *gh.Event) { e.Sender = "" })},
		"SHA-256": {push().with("before", strings.Repeat("a", 64), "after", strings.Repeat("b", 64)), changed(pushed, func(e *gh.Event) {
			e.Before, e.SHA = strings.Repeat("a", 64), strings.Repeat("b", 64)
		})},
		"a dispatch":          {dispatch(), dispatched},
		"a dispatch of a tag": {dispatch().with("ref", "refs/tags/v1"), changed(dispatched, func(e *gh.Event) { e.Ref, e.Branch, e.Tag = "refs/tags/v1", "", "v1" })},
		"no inputs":           {dispatch().with("inputs", nil), changed(dispatched, func(e *gh.Event) { e.Inputs = map[string]string{} })},
		"inputs left out":     {dispatch().without("inputs"), changed(dispatched, func(e *gh.Event) { e.Inputs = map[string]string{} })},
		"inputs of other kinds": {dispatch().with("inputs", object{"a": true, "b": 12, "c": nil, "d": "ü\n", "e": 1.5}), changed(dispatched, func(e *gh.Event) {
			e.Inputs = map[string]string{"a": "true", "b": "12", "c": "", "d": "ü\n", "e": "1.5"}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := gh.ParseEvent(test.want.Name, encode(t, test.payload))
			if diff := cmp.Diff(got, test.want); err != nil || diff != "" {
				t.Errorf("error %v, got-want+\n%s", err, diff)
			}
		})
	}
}

// TestOtherEventsHaveTheirNameOnly includes one that the SDK does not know, and
// fails on.
func TestOtherEventsHaveTheirNameOnly(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sub_issues", "ping", "pull_request_review", "issues", "Push"} {
		for _, raw := range []string{"", "{", "null", `{"ref":1}`} {
			if got, err := gh.ParseEvent(name, []byte(raw)); err != nil || !cmp.Equal(got, gh.Event{Name: name}) {
				t.Errorf("%s: got %+v with error %v", name, got, err)
			}
		}
	}
}

func TestParseEventRefuses(t *testing.T) {
	t.Parallel()
	whole := encode(t, push())
	for name, test := range map[string]struct {
		event string
		raw   []byte
		want  string
	}{
		"no name":           {"", whole, "the event has no name"},
		"nothing":           {"push", nil, "push event: the payload is not JSON: unexpected end of JSON input"},
		"half":              {"push", whole[:len(whole)/2], "push event: the payload is not JSON: unexpected end of JSON input"},
		"more":              {"push", append(slices.Clip(whole), '{'), "push event: the payload is not JSON: invalid character '{' after top-level value"},
		"a form":            {"push", []byte("payload=%7B%7D"), "push event: the payload is not JSON: invalid character 'p'"},
		"null":              {"push", []byte("null"), "push event: the payload lacks ref, before, after, repository.owner.login, repository.name; it may be that of another event"},
		"a list":            {"push", []byte("[]"), `push event: the payload is of the wrong kind (array)`},
		"a number":          {"push", encode(t, push().with("ref", 1)), `push event: the payload's "ref" is of the wrong kind (number)`},
		"another's payload": {"push", encode(t, dispatch()), "push event: the payload lacks before, after; it may be that of another event"},
		"the other way":     {"workflow_dispatch", whole, "workflow_dispatch event: the payload lacks workflow; it may be that of another event"},
		"no repository":     {"push", encode(t, push().without("repository")), "push event: the payload lacks repository.owner.login, repository.name; it may be"},
		"another SHA":       {"push", encode(t, push().with("after", "main")), `push event: "before" or "after" is not a SHA`},
		"a short ref":       {"push", encode(t, push().with("ref", "main")), `push event: the ref "main" is not the full name of a branch or a tag`},
		"an empty branch":   {"push", encode(t, push().with("ref", "refs/heads/")), `push event: the ref "refs/heads/" is not the full name`},
		"a ref in lines":    {"push", encode(t, push().with("ref", "refs/heads/a\n::error::b")), `push event: the ref "refs/heads/a ::error::b" is not the full name`},
		"an odd repository": {"push", encode(t, push().with("repository", object{"name": "../x", "owner": object{"login": "acme"}})), `push event: "acme/../x" is not the name of a repository on GitHub`},
		"deep inputs":       {"workflow_dispatch", encode(t, dispatch().with("inputs", object{"b": []any{}, "a": object{}})), "workflow_dispatch event: input \"a\" is not a text, a number or a boolean\ninput \"b\" is not"},
		"inputs as a list":  {"workflow_dispatch", encode(t, dispatch().with("inputs", []any{"a"})), `workflow_dispatch event: the payload's "inputs" is of the wrong kind (array)`},
		"everything":        {"push", encode(t, push().with("ref", "x", "after", "y")), "push event: the ref \"x\" is not the full name of a branch or a tag\n\"before\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := gh.ParseEvent(test.event, test.raw)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || !cmp.Equal(got, gh.Event{}) {
				t.Errorf("got  %+v, %v\nwant %s", got, err, test.want)
			}
		})
	}
}
