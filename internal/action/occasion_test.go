package action

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/problem"
)

func TestEventFileThatIsTooLong(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, maxEventBytes+1); err != nil {
		t.Fatal(err)
	}
	var problems problem.List
	readOccasion(func(name string) string {
		return map[string]string{"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": file}[name]
	}, &problems)
	if err := problems.Err(); err == nil || !strings.Contains(err.Error(), "longer than any payload of GitHub") {
		t.Errorf("problems are %v", err)
	}
}

func TestTagOfAnOccasion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		what occasion
		want string
	}{
		"a push of it":       {occasion{event: gh.Event{Name: "push", Ref: "refs/tags/v1", Tag: "v1"}, ref: "refs/tags/v1"}, "v1"},
		"a push of a branch": {occasion{event: gh.Event{Name: "push", Ref: "refs/heads/main", Branch: "main"}, ref: "refs/tags/v1"}, ""},
		"a GitHub Release":   {occasion{event: gh.Event{Name: "release", Ref: "refs/tags/v1", Tag: "v1"}, ref: "refs/heads/main"}, "v1"},
		"no payload":         {occasion{event: gh.Event{Name: "push"}, ref: "refs/tags/v1/eu"}, "v1/eu"},
		"no tag":             {occasion{event: gh.Event{Name: "schedule"}, ref: "refs/heads/main"}, ""},
		"a pull request":     {occasion{event: gh.Event{Name: "pull_request", PullRequest: gh.PullRequest{Number: 7}}, ref: "refs/tags/v1"}, ""},
	} {
		if got := test.what.tag(); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestOccasionInWords(t *testing.T) {
	t.Parallel()
	acme := gh.Repository{Owner: "acme", Name: "voice"}
	for want, what := range map[string]occasion{
		"push of 0123456 to main in acme/voice": {event: gh.Event{Name: "push", Branch: "main"}, sha: "0123456789", repository: acme},
		"push of 0123456 to v1 in acme/voice":   {event: gh.Event{Name: "push", Tag: "v1"}, sha: "0123456789", repository: acme},
		"schedule of 0123456 in acme/voice":     {event: gh.Event{Name: "schedule"}, sha: "0123456789", repository: acme},
		"pull_request (opened) of 0123456, pull request 7 in acme/voice": {
			event: gh.Event{Name: "pull_request", Action: "opened", PullRequest: gh.PullRequest{Number: 7}}, sha: "0123456789", repository: acme,
		},
		"workflow_dispatch to main in acme/voice": {event: gh.Event{Name: "workflow_dispatch", Branch: "main"}, repository: acme},
	} {
		if got := what.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
