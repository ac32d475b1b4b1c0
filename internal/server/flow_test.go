package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// statuses are those of the repository's commits, the newest of each context and
// commit, by the first digits of its SHA.
func (w *world) statuses() map[string]string {
	newest := map[string]string{}
	for _, one := range w.github.Snapshot().Repositories[0].Statuses {
		newest[one.SHA[:7]+" "+one.Context] = one.State + " " + one.Description
	}
	return newest
}

// wantStatus looks for the newest status of a commit.
func (w *world) wantStatus(sha, context, want string) {
	w.t.Helper()
	if got := w.statuses()[sha[:7]+" "+context]; !strings.HasPrefix(got, want) {
		w.t.Errorf("status %s of %.7s is %q, want %q\n%v", context, sha, got, want, w.statuses())
	}
}

// live are the Environments with something live in them.
func (w *world) live() []string {
	var names []string
	for _, one := range w.twilio.Snapshot().Environments {
		if one.BuildSID != "" {
			names = append(names, one.UniqueName)
		}
	}
	slices.Sort(names)
	return names
}

// TestNewestCommitWins pushes faster than is deployed.
func TestNewestCommitWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var shas []string
	for i := range 6 {
		shas = append(shas, w.push("main", project("functions/hello.js", fmt.Sprintf("exports.handler = %d", i))))
	}
	w.settle()
	last := shas[len(shas)-1]
	w.wantStatus(last, "slipway/voice/stage", "success Deployed voice to stage")
	for _, sha := range shas[:len(shas)-1] {
		if got := w.statuses()[sha[:7]+" slipway/voice/stage"]; got != "" && !strings.HasPrefix(got, "success") {
			t.Errorf("the status of %.7s is %q, which is not final", sha, got)
		}
	}
	jobs, err := w.queue.EndedJobs(t.Context(), "run", queue.Job{}, 100)
	if err != nil || len(jobs) != len(shas) || jobs[0].Outcome != queue.Done {
		t.Errorf("%d Jobs have ended, %v: %+v", len(jobs), err, jobs)
	}
}

// TestServicesHaveTheirOwnNewestCommit pushes a change of one service, and one of the
// other on top of it, before the server hears of either: the first is still to go live.
func TestServicesHaveTheirOwnNewestCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files := func(voice, chat int) map[string]string {
		return map[string]string{
			"slipway.yml": "version: 1\nservices:\n" +
				"  voice: {path: voice, environments: {stage: {on: {branch: main}}}}\n" +
				"  chat: {path: chat, watch: [shared/**], environments: {stage: {on: {branch: main}}}}\n",
			"voice/functions/hello.js": fmt.Sprintf("exports.handler = %d", voice),
			"chat/functions/hello.js":  fmt.Sprintf("exports.handler = -%d", chat),
		}
	}
	w.push("main", files(1, 1))
	w.settle()
	var late [][]byte
	var shas []string
	for _, change := range []map[string]string{files(2, 1), files(2, 2), files(2, 3)} {
		pushed, err := w.github.Push("acme/voice", github.Push{Files: change, Message: fmt.Sprint("change ", len(late))})
		if err != nil {
			t.Fatal(err)
		}
		late, shas = append(late, pushed.Payload), append(shas, pushed.SHA)
	}
	for _, payload := range late {
		w.deliver("push", payload)
	}
	w.settle()
	w.wantStatus(shas[0], "slipway/voice/stage", "success Deployed voice")
	w.wantStatus(shas[1], "slipway/chat/stage", "success Superseded by commit "+shas[2][:7])
	w.wantStatus(shas[2], "slipway/chat/stage", "success Deployed chat")
}

// TestLateDelivery delivers an older push behind the newer one: what is live stays.
func TestLateDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older, err := w.github.Push("acme/voice", github.Push{Files: project(), Message: "older"})
	if err != nil {
		t.Fatal(err)
	}
	newer := w.push("main", project("functions/hello.js", "exports.handler = 2"))
	w.settle()
	w.deliver("push", older.Payload)
	w.settle()
	w.wantStatus(newer, "slipway/voice/stage", "success Deployed")
	w.wantStatus(older.SHA, "slipway/voice/stage", "success Superseded by commit "+newer[:7])
	if builds := len(w.twilio.Snapshot().Builds); builds != 1 {
		t.Errorf("%d Builds were made, want 1", builds)
	}
}

// TestLateDeliveryOfAPull delivers what a pull request was like behind what it is like:
// its comment and its GitHub Deployments are those of its head.
func TestLateDeliveryOfAPull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.push("main", project("slipway.yml", strings.Replace(project()["slipway.yml"], "    variables: [DSN]\n", "", 1)))
	w.settle()
	of := github.PullRequest{Number: 7, HeadRef: "feature", BaseSHA: base, HeadSHA: w.push("feature", project("functions/new.js", "exports.handler = 3"))}
	late := w.change(of, "opened")
	of.HeadSHA = w.push("feature", project("functions/new.js", "exports.handler = 4"))
	w.pullOf(of, "synchronize")
	w.settle()
	w.deliver("pull_request", late)
	w.settle()
	told := w.github.Snapshot().Repositories[0]
	if len(told.Comments) != 1 || strings.Contains(told.Comments[0].Body, "Superseded") || !strings.Contains(told.Comments[0].Body, of.HeadSHA[:7]) {
		t.Errorf("the comments are %+v", told.Comments)
	}
	for _, one := range told.Deployments {
		if one.Environment == "pr-7" && one.SHA != of.HeadSHA {
			t.Errorf("there is a GitHub Deployment of %.7s", one.SHA)
		}
	}
}

// pull delivers what happens to pull request 7.
func (w *world) pull(action, sha, base string) {
	w.t.Helper()
	w.pullOf(github.PullRequest{Number: 7, HeadSHA: sha, HeadRef: "feature", BaseSHA: base}, action)
}

// pullOf delivers what happens to a pull request.
func (w *world) pullOf(given github.PullRequest, action string) {
	w.t.Helper()
	w.deliver("pull_request", w.change(given, action))
}

// change changes a pull request, and returns what GitHub tells of it.
func (w *world) change(given github.PullRequest, action string) []byte {
	w.t.Helper()
	given.IsClosed = action == "closed"
	if err := w.github.SetPullRequest("acme/voice", given); err != nil {
		w.t.Fatal(err)
	}
	repository := func(owner string) map[string]any {
		return map[string]any{"full_name": owner + "/voice", "name": "voice", "owner": map[string]any{"login": owner}, "default_branch": "main"}
	}
	state, head := "open", "acme"
	if given.IsClosed {
		state = "closed"
	}
	if given.HeadRepository != "" {
		head, _, _ = strings.Cut(given.HeadRepository, "/")
	}
	payload, err := json.Marshal(map[string]any{
		"action": action, "number": given.Number, "repository": repository("acme"), "sender": map[string]any{"login": "ada"}, "sent": w.sent,
		"pull_request": map[string]any{
			"number": given.Number, "state": state, "merged": false, "draft": false,
			"head": map[string]any{"sha": given.HeadSHA, "ref": given.HeadRef, "repo": repository(head)},
			"base": map[string]any{"sha": given.BaseSHA, "ref": "main", "repo": repository("acme")},
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return payload
}

// TestPreviews makes, updates and removes the preview of a pull request.
func TestPreviews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.push("main", project("slipway.yml", strings.Replace(project()["slipway.yml"], "    variables: [DSN]\n", "", 1)))
	w.settle()
	head := w.push("feature", project("functions/new.js", "exports.handler = 3"))
	w.settle()
	w.pull("opened", head, base)
	w.settle()
	if got := w.live(); !slices.Equal(got, []string{"pr-7-environment", "stage-environment"}) {
		t.Fatalf("live are %v\n%s", got, w.log.String())
	}
	w.wantStatus(head, "slipway/voice/preview", "success Deployed voice to pr-7")
	w.pull("closed", head, base)
	w.settle()
	if got := w.live(); !slices.Equal(got, []string{"stage-environment"}) {
		t.Errorf("live are %v", got)
	}
	comments := w.github.Snapshot().Repositories[0].Comments
	if len(comments) != 1 || !strings.Contains(comments[0].Body, "Removed") {
		t.Errorf("the comments are %+v", comments)
	}
}

// TestWhatIsNotDeployed has Deliveries of which nothing comes, and says why.
func TestWhatIsNotDeployed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		branch string
		files  map[string]string
		want   string
	}{
		"another branch":      {"other", project(), `skipped slipway.yml has no environment for branch "other"`},
		"no slipway.yml":      {"main", map[string]string{"package.json": "{}"}, "skipped there is no slipway.yml"},
		"broken":              {"main", project("slipway.yml", "version: 1\nservices: [x]\n"), "refused slipway.yml:2:"},
		"another service":     {"main", project("slipway.yml", "version: 1\nservices: {billing: {environments: {stage: {on: {branch: main}}}}}"), "refused slipway.yml"},
		"another's Service":   {"main", project("slipway.yml", "version: 1\nservices: {voice: {service: billing, environments: {stage: {on: {branch: main}}}}}"), "refused slipway.yml"},
		"not allowed there":   {"main", project("slipway.yml", "version: 1\nservices: {voice: {environments: {qa: {on: {branch: main}}}}}"), "refused slipway.yml"},
		"a key of nobody's":   {"main", project("slipway.yml", "version: 1\nservices: {voice: {variables: [KEY], environments: {stage: {on: {branch: main}}}}}"), "refused slipway.yml"},
		"the server's secret": {"main", project("slipway.yml", "version: 1\nservices: {voice: {health-check: /, health-check-header: ['X: ${SECRET}'], environments: {stage: {on: {branch: main}}}}}"), "refused slipway.yml"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.push(test.branch, test.files)
			w.settle()
			deliveries, err := w.queue.Deliveries(t.Context(), 0, 1)
			if err != nil || len(deliveries) != 1 {
				t.Fatal(deliveries, err)
			}
			if got := deliveries[0].Verdict + " " + deliveries[0].Reason; !strings.HasPrefix(got, test.want) {
				t.Errorf("it is %s, want %s", got, test.want)
			}
			if calls := len(w.twilio.Snapshot().Services); calls > 0 {
				t.Error("something was made at Twilio")
			}
		})
	}
}
