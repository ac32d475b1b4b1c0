package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// TestRoomForPreviews has one preview give way to another, and its pull request told.
func TestRoomForPreviews(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, setup{services: "{voice: {environments: [stage], previews: {max: 1}}}"})
	rules := strings.Replace(project()["slipway.yml"], "    variables: [DSN]\n", "", 1)
	base := w.push("main", project("slipway.yml", rules))
	w.settle()
	for _, branch := range []string{"seven", "eight"} {
		w.push(branch, project("slipway.yml", rules, "functions/"+branch+".js", "exports.handler = 3"))
	}
	w.settle()
	heads := w.github.Snapshot().Repositories[0].Branches
	for _, one := range []github.PullRequest{{Number: 7, HeadRef: "seven"}, {Number: 8, HeadRef: "eight"}} {
		one.HeadSHA, one.BaseSHA = heads[one.HeadRef], base
		w.pullOf(one, "opened")
		w.settle()
	}
	if got := w.live(); !slices.Equal(got, []string{"pr-8-environment", "stage-environment"}) {
		t.Fatalf("live are %v\n%s", got, w.log.String())
	}
	told := w.github.Snapshot().Repositories[0]
	if len(told.Comments) != 2 || told.Comments[0].Number != 7 || !strings.Contains(told.Comments[0].Body, "Removed") {
		t.Errorf("the pull requests are told %+v", told.Comments)
	}
	for _, one := range told.Deployments {
		if state := one.Statuses[len(one.Statuses)-1].State; one.Environment == "pr-7" && state != "inactive" {
			t.Errorf("the GitHub Deployment of pull request 7 is %s", state)
		}
	}
}

// TestUnbegunHasNoDeployment: a push that another took the place of before it began is
// told at its commit, and makes no GitHub Deployment.
func TestUnbegunHasNoDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older, err := w.github.Push("acme/voice", github.Push{Files: project(), Message: "older"})
	if err != nil {
		t.Fatal(err)
	}
	newer := w.push("main", project("functions/hello.js", "exports.handler = 2"))
	w.deliver("push", older.Payload)
	w.settle()
	w.wantStatus(older.SHA, "slipway/voice/stage", "success Superseded by commit "+newer[:7])
	if made := w.github.Snapshot().Repositories[0].Deployments; len(made) != 1 || made[0].SHA != newer {
		t.Errorf("the GitHub Deployments are %+v", made)
	}
	jobs, err := w.queue.EndedJobs(t.Context(), "run", queue.Job{}, 2)
	if err != nil || len(jobs) != 2 {
		t.Error(jobs, err)
	}
}
