package server_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
)

const releasing = `version: 1
services:
  voice:
    release-notes: true
    environments:
      stage: {on: {branch: main}}
      production: {on: {tag: "v*", release: true}, promote-from: stage}
`

// pushTag tags a commit, and delivers the event.
func (w *world) pushTag(push github.TagPush) {
	w.t.Helper()
	push.Login = "ada"
	made, err := w.github.PushTag("acme/voice", push)
	if err != nil {
		w.t.Fatal(err)
	}
	w.deliver("push", made.Payload)
}

// release delivers what happens to a GitHub Release.
func (w *world) release(id int64, action string) {
	w.t.Helper()
	payload, err := w.github.ReleasePayload("acme/voice", id, action, "ada")
	if err != nil {
		w.t.Fatal(err)
	}
	w.deliver("release", payload)
}

// TestReleaseIsPromoted takes what was tested live by a GitHub Release with its tag, which
// are several events, and tells of it in the text.
func TestReleaseIsPromoted(t *testing.T) {
	t.Parallel()
	token := github.DefaultToken()
	token.Permissions["contents"] = "write"
	w := newWorldOf(t, setup{github: github.Options{Tokens: []github.Token{token}}})
	sha := w.push("main", project("slipway.yml", releasing))
	w.settle()
	w.wantStatus(sha, "slipway/voice/stage", "success Deployed")

	w.pushTag(github.TagPush{Tag: "v1.0.0", Message: "First"})
	id, err := w.github.AddRelease("acme/voice", github.Release{Tag: "v1.0.0", Body: "By hand.\n"})
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"created", "published", "released"} {
		w.release(id, action)
	}
	w.settle()
	if builds := len(w.twilio.Snapshot().Builds); builds != 1 {
		t.Errorf("%d Builds were made, want 1", builds)
	}
	if got := w.live(); strings.Join(got, " ") != "production stage-environment" {
		t.Errorf("live are %v", got)
	}
	w.wantStatus(sha, "slipway/voice/production", "success Unchanged")
	jobs, err := w.queue.EndedJobs(t.Context(), "run", queue.Job{}, 3)
	if err != nil || len(jobs) != 3 {
		t.Fatal(jobs, err)
	}
	for i, want := range []string{"Unchanged", "Unchanged", "Promoted voice to production"} {
		if jobs[i].Outcome != queue.Done || !strings.HasPrefix(jobs[i].Reason, want) {
			t.Errorf("Job %d is %s: %s, want %s", jobs[i].Number, jobs[i].Outcome, jobs[i].Reason, want)
		}
	}
	text := w.github.Snapshot().Repositories[0].Releases[0].Body
	if !strings.HasPrefix(text, "By hand.\n") || !strings.Contains(text, "`voice` to `production`") || strings.Count(text, "Deployed") != 1 {
		t.Errorf("the text of the GitHub Release is %q", text)
	}
}

// TestReleasesThatAreNotDeployed says why.
func TestReleasesThatAreNotDeployed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		given  github.Release
		action string
		want   string
	}{
		"draft":       {github.Release{IsDraft: true}, "created", "skipped a GitHub Release is deployed when it is published"},
		"edited":      {github.Release{}, "edited", "skipped a GitHub Release is deployed when it is published"},
		"pre-release": {github.Release{IsPrerelease: true}, "published", "skipped slipway.yml has no environment for the pre-release"},
		"published":   {github.Release{}, "published", "queued release voice to production"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.push("main", project("slipway.yml", strings.Replace(releasing, `tag: "v*", `, "", 1)))
			w.pushTag(github.TagPush{Tag: "v1"})
			test.given.Tag = "v1"
			id, err := w.github.AddRelease("acme/voice", test.given)
			if err != nil {
				t.Fatal(err)
			}
			w.release(id, test.action)
			w.settle()
			deliveries, err := w.queue.Deliveries(t.Context(), 0, 1)
			if err != nil || len(deliveries) != 1 {
				t.Fatal(deliveries, err)
			}
			if got := deliveries[0].Verdict + " " + deliveries[0].Reason; !strings.HasPrefix(got, test.want) {
				t.Errorf("it is %s, want %s", got, test.want)
			}
		})
	}
}

// TestTagOfAnotherTree deploys a tag of what was never tested.
func TestTagOfAnotherTree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.push("main", project("slipway.yml", releasing))
	w.settle()
	other := w.push("hotfix", project("slipway.yml", releasing, "functions/hello.js", "exports.handler = 1"))
	w.settle()
	w.pushTag(github.TagPush{Tag: "v1.0.1", SHA: other})
	w.settle()
	w.wantStatus(other, "slipway/voice/production", "success Deployed voice to production")
}
