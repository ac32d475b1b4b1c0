package gh_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/gh"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

// TestPushedAndSigned goes the whole way of a push: the sandbox's payload is signed, held
// to its signature, read, and its commit fetched.
func TestPushedAndSigned(t *testing.T) {
	t.Parallel()
	c, world := newWorld(t, sandbox.Options{})
	made, err := world.Push("acme/voice", sandbox.Push{Files: map[string]string{"slipway.yml": "version: 1\n"}, Login: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	key := secret.New("a secret of the webhook")
	header := http.Header{"X-Hub-Signature-256": {gh.SignWebhook(key, made.Payload)}}
	if err := secrets(t, "an older one", key.Reveal()).Verify(header, made.Payload); err != nil {
		t.Error(err)
	}
	event, err := gh.ParseEvent(gh.EventPush, made.Payload)
	want := gh.Event{
		Name: "push", Repository: voice, DefaultBranch: "main", Sender: "ada", Ref: "refs/heads/main", Branch: "main", Before: sha, SHA: made.SHA,
	}
	if diff := cmp.Diff(want, event); err != nil || diff != "" {
		t.Errorf("error %v\n%s", err, diff)
	}
	if head, err := c.BranchHead(t.Context(), voice, "main"); err != nil || head != made.SHA {
		t.Errorf("the branch is at %s, error %v", head, err)
	}
	if raw, err := c.ReadFile(t.Context(), voice, event.SHA, "slipway.yml", 0); err != nil || string(raw) != "version: 1\n" {
		t.Errorf("read %q, error %v", raw, err)
	}
	packed, err := c.Tarball(t.Context(), voice, event.SHA)
	if err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Error(err)
	}
}
