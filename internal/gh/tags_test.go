package gh_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

func TestTagCommit(t *testing.T) {
	t.Parallel()
	c, world := newWorld(t, sandbox.Options{})
	for _, push := range []sandbox.TagPush{{Tag: "v1"}, {Tag: "app/v1+2%", Message: "annotated"}} {
		if _, err := world.PushTag("acme/voice", push); err != nil {
			t.Fatal(err)
		}
		if got, err := c.TagCommit(t.Context(), voice, push.Tag); err != nil || got != sha {
			t.Errorf("%s is %q, error %v", push.Tag, got, err)
		}
	}
	_, err := c.TagCommit(t.Context(), voice, "main") // which is a branch
	if refused, ok := errors.AsType[*gh.Error](err); !ok || refused.Status != http.StatusUnprocessableEntity || !gh.IsRefusal(err) {
		t.Errorf("of no tag: %v", err)
	}
	for _, bad := range []string{"", "..", "a..b", "/a", "a/", "a b", "a\nb"} {
		if _, err := c.TagCommit(t.Context(), voice, bad); err == nil || !strings.HasPrefix(err.Error(), "read tag") {
			t.Errorf("of %q: %v", bad, err)
		}
	}
	if head, err := c.DefaultHead(t.Context(), voice); err != nil || head != sha {
		t.Errorf("the default branch is at %q, error %v", head, err)
	}
}

// TestIsRefusal tells what fails again from what may pass.
func TestIsRefusal(t *testing.T) {
	t.Parallel()
	status := func(status int) error { return &gh.Error{Operation: "read", Status: status} }
	for _, err := range []error{status(404), status(422), status(410), &gh.PermissionError{}, errors.Join(errors.New("x"), status(451))} {
		if !gh.IsRefusal(err) {
			t.Errorf("%v may pass", err)
		}
	}
	for _, err := range []error{nil, status(0), status(401), status(429), status(500), status(502), &gh.RateLimitError{Status: 403}, errors.New("x")} {
		if gh.IsRefusal(err) {
			t.Errorf("%v may not pass", err)
		}
	}
}
