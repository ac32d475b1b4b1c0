package action

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/problem"
)

func TestWhyNot(t *testing.T) {
	t.Parallel()
	deploys := map[string][]string{
		"auto":     {"push", "workflow_dispatch"},
		"teardown": {"delete", "push", "schedule"},
		"deploy":   {"push", "workflow_dispatch", "create", "deployment", "merge_group", "release", "repository_dispatch", "schedule"},
	}
	never := []string{
		"pull_request", "pull_request_target", "pull_request_review", "workflow_run", "issue_comment", "issues", "fork", "unheard_of",
	}
	for command, names := range deploys {
		for _, name := range names {
			if why := (occasion{event: gh.Event{Name: name}}).whyNot(command); why != "" {
				t.Errorf("command %s does not deploy on %s: %s", command, name, why)
			}
		}
		for _, name := range never {
			why := occasion{event: gh.Event{Name: name}}.whyNot(command)
			if !strings.Contains(why, name) {
				t.Errorf("command %s on %s: %q", command, name, why)
			}
		}
	}
	for _, name := range deploys["deploy"][2:] {
		if why := (occasion{event: gh.Event{Name: name}}).whyNot("auto"); !strings.Contains(why, "set command: deploy") {
			t.Errorf("command auto on %s: %q", name, why)
		}
	}
	deleted := occasion{event: gh.Event{Name: "push", Ref: "refs/heads/old", Deleted: true}}
	if why := deleted.whyNot("deploy"); !strings.Contains(why, "deleted refs/heads/old") {
		t.Errorf("a push that deletes a branch: %q", why)
	}
	if why := deleted.whyNot("teardown"); why != "" {
		t.Errorf("a push that deletes a branch tears nothing down: %q", why)
	}
	if why := (occasion{event: gh.Event{Name: "delete"}}).whyNot("deploy"); why == "" {
		t.Error("the deletion of a branch is deployed")
	}
}

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

func TestOccasionInWords(t *testing.T) {
	t.Parallel()
	acme := gh.Repository{Owner: "acme", Name: "voice"}
	for want, what := range map[string]occasion{
		"push of 0123456 to main in acme/voice":   {event: gh.Event{Name: "push", Branch: "main"}, sha: "0123456789", repository: acme},
		"push of 0123456 to v1 in acme/voice":     {event: gh.Event{Name: "push", Tag: "v1"}, sha: "0123456789", repository: acme},
		"schedule of 0123456 in acme/voice":       {event: gh.Event{Name: "schedule"}, sha: "0123456789", repository: acme},
		"workflow_dispatch to main in acme/voice": {event: gh.Event{Name: "workflow_dispatch", Branch: "main"}, repository: acme},
	} {
		if got := what.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
