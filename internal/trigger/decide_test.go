package trigger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/trigger"
)

const source = `version: 1
services:
  voice:
    path: services/voice
    watch: [shared/**]
    environments:
      stage: {on: {branch: main, tag: "*-rc", release: prerelease}, health-check: /health}
      production: {on: {release: true}, promote-from: stage}
      any: {on: {release: any, branch: "demo/**"}}
      byhand:
    previews: {service: voice-previews, variables-like: stage, max: 3, ttl: 7d}
  billing:
    path: services/billing
    service: acme-billing
    environments:
      stage: {on: {branch: [main, "release/*"]}}
      production: {on: {tag: "v*"}, promote-from: stage}
`

func file(t *testing.T) *rules.File {
	t.Helper()
	read, err := rules.Parse("slipway.yml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return &read
}

// inWords is a Decision on a few lines.
func inWords(decision trigger.Decision, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var told []string
	for _, one := range decision.Requests {
		words := []string{string(one.Verb), one.Service, one.Environment}
		if one.PullRequest > 0 {
			words = append(words, fmt.Sprintf("for %d", one.PullRequest))
		}
		if one.IsFork {
			words = append(words, "of a fork")
		}
		if one.PromoteFrom != "" {
			words = append(words, "from "+one.PromoteFrom)
		}
		told = append(told, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	}
	if decision.Skip != "" {
		told = append(told, "skip: "+decision.Skip)
	}
	return strings.Join(told, "; ")
}

func pushTo(ref string) gh.Event {
	event := gh.Event{Name: gh.EventPush, Ref: ref}
	event.Branch, _ = strings.CutPrefix(ref, "refs/heads/")
	if event.Branch == ref {
		event.Branch = ""
	}
	if tag, isTag := strings.CutPrefix(ref, "refs/tags/"); isTag {
		event.Tag = tag
	}
	return event
}

func on(name, ref string) gh.Event {
	event := pushTo(ref)
	event.Name = name
	return event
}

var acme = gh.Repository{Owner: "acme", Name: "voice"}

func pull(action string) gh.Event {
	return gh.Event{
		Name: gh.EventPullRequest, Action: action, Repository: acme,
		PullRequest: gh.PullRequest{Number: 7, IsOpen: action != "closed", HeadRef: "feature", BaseRef: "main", HeadRepository: acme},
	}
}

func changed(event gh.Event, change func(*gh.Event)) gh.Event {
	change(&event)
	return event
}

func published(action, tag string, change ...func(*gh.Release)) gh.Event {
	event := gh.Event{Name: gh.EventRelease, Action: action, Ref: "refs/tags/" + tag, Tag: tag, Release: gh.Release{Tag: tag}}
	for _, one := range change {
		one(&event.Release)
	}
	return event
}

func asPrerelease(release *gh.Release) { release.IsPrerelease = true }
func asDraft(release *gh.Release)      { release.IsDraft = true }

const (
	stranger = "skip: Slipway does not deploy on %s, whose code may be a stranger's; it deploys on push, workflow_dispatch, release and pull_request and, " +
		"with command: deploy, on create, deployment, merge_group, repository_dispatch, schedule"
	notAuto = "skip: command: auto deploys on push, workflow_dispatch, release and pull_request, and this is %s; " +
		"set command: deploy to deploy on it as well, or another command"
	notPull = "skip: a preview is made when a pull request is opened, reopened or pushed to, and removed when it is closed; pull request 7 was %s"
)

// TestAuto decides every event that a workflow can run on, with the rules and
// without.
func TestAuto(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		event         gh.Event
		with, without string // same as with when empty
	}{
		{"a push to a branch", pushTo("refs/heads/main"), "deploy voice stage; deploy billing stage", "deploy"},
		{"a push to a branch by a pattern", pushTo("refs/heads/release/1"), "deploy billing stage", "deploy"},
		{"a push to a branch deep down", pushTo("refs/heads/demo/a/b"), "deploy voice any", "deploy"},
		{"a push to another branch", pushTo("refs/heads/feature"), `skip: slipway.yml has no environment for branch "feature"; environment names one for a run`, "deploy"},
		{"a push of a tag", pushTo("refs/tags/v1.0"), "release billing production from stage", "release"},
		{"a push of a tag for two", pushTo("refs/tags/v1-rc"), "release voice stage; release billing production from stage", "release"},
		{"a push of another tag", pushTo("refs/tags/x"), `skip: slipway.yml has no environment for tag "x"; environment names one for a run`, "release"},
		{"a push of what is neither", pushTo("refs/notes/commits"), `skip: slipway.yml has no environment for the ref "refs/notes/commits"; environment names one for a run`, "deploy"},
		{"a branch called like a tag", pushTo("refs/heads/v1.0"), `skip: slipway.yml has no environment for branch "v1.0"; environment names one for a run`, "deploy"},
		{"a branch that is deleted", changed(pushTo("refs/heads/main"), func(e *gh.Event) { e.Deleted = true }), `skip: branch "main" was deleted, so there is nothing to deploy`, ""},
		{"a tag that is deleted", changed(pushTo("refs/tags/v1"), func(e *gh.Event) { e.Deleted = true }), `skip: tag "v1" was deleted, so there is nothing to deploy`, ""},
		{"a push without a payload", gh.Event{Name: gh.EventPush}, "deploy voice stage; deploy billing stage", "deploy"},
		{"a run by hand on a branch", on(gh.EventWorkflowDispatch, "refs/heads/main"), "deploy voice stage; deploy billing stage", "deploy"},
		{"a run by hand on a tag", on(gh.EventWorkflowDispatch, "refs/tags/v1.0"), "release billing production from stage", "release"},

		{"a pull request opened", pull("opened"), "preview voice pr-7 for 7", "preview pr-7 for 7"},
		{"reopened", pull("reopened"), "preview voice pr-7 for 7", "preview pr-7 for 7"},
		{"pushed to", pull("synchronize"), "preview voice pr-7 for 7", "preview pr-7 for 7"},
		{"a draft opened", changed(pull("opened"), func(e *gh.Event) { e.PullRequest.IsDraft = true }), "preview voice pr-7 for 7", "preview pr-7 for 7"},
		{"closed", pull("closed"), "remove-preview voice pr-7 for 7", "remove-preview pr-7 for 7"},
		{"merged", changed(pull("closed"), func(e *gh.Event) { e.PullRequest.IsMerged = true }), "remove-preview voice pr-7 for 7", "remove-preview pr-7 for 7"},
		{"edited", pull("edited"), fmt.Sprintf(notPull, "edited"), ""},
		{"labeled", pull("labeled"), fmt.Sprintf(notPull, "labeled"), ""},
		{"unlabeled", pull("unlabeled"), fmt.Sprintf(notPull, "unlabeled"), ""},
		{"assigned", pull("assigned"), fmt.Sprintf(notPull, "assigned"), ""},
		{"unassigned", pull("unassigned"), fmt.Sprintf(notPull, "unassigned"), ""},
		{"converted to a draft", pull("converted_to_draft"), fmt.Sprintf(notPull, "converted to draft"), ""},
		{"ready for review", pull("ready_for_review"), fmt.Sprintf(notPull, "ready for review"), ""},
		{"review requested", pull("review_requested"), fmt.Sprintf(notPull, "review requested"), ""},
		{"review request removed", pull("review_request_removed"), fmt.Sprintf(notPull, "review request removed"), ""},
		{"locked", pull("locked"), fmt.Sprintf(notPull, "locked"), ""},
		{"unlocked", pull("unlocked"), fmt.Sprintf(notPull, "unlocked"), ""},
		{"milestoned", pull("milestoned"), fmt.Sprintf(notPull, "milestoned"), ""},
		{"demilestoned", pull("demilestoned"), fmt.Sprintf(notPull, "demilestoned"), ""},
		{"enqueued", pull("enqueued"), fmt.Sprintf(notPull, "enqueued"), ""},
		{"dequeued", pull("dequeued"), fmt.Sprintf(notPull, "dequeued"), ""},
		{"auto merge enabled", pull("auto_merge_enabled"), fmt.Sprintf(notPull, "auto merge enabled"), ""},
		{"auto merge disabled", pull("auto_merge_disabled"), fmt.Sprintf(notPull, "auto merge disabled"), ""},
		{"something new", pull("x::y\n"), fmt.Sprintf(notPull, `"x::y\n"`), ""},
		{
			"opened from a fork", changed(pull("opened"), func(e *gh.Event) {
				e.PullRequest.IsFork, e.PullRequest.HeadRepository = true, gh.Repository{Owner: "eve", Name: "voice"}
			}), "skip: pull request 7 comes from a fork, and what strangers propose is not deployed: it would run with the account's credentials", "",
		},
		{
			"closed, from a fork", changed(pull("closed"), func(e *gh.Event) {
				e.PullRequest.IsFork, e.PullRequest.HeadRepository = true, gh.Repository{Owner: "eve", Name: "voice"}
			}), "skip: pull request 7 comes from a fork, and what strangers propose is not deployed: it would run with the account's credentials", "",
		},
		{
			"its repository deleted", changed(pull("synchronize"), func(e *gh.Event) {
				e.PullRequest.IsFork, e.PullRequest.HeadRepository = true, gh.Repository{}
			}), "skip: pull request 7 comes from a repository that was deleted, and what strangers propose is not deployed", "",
		},
		{"of the greatest number", changed(pull("opened"), func(e *gh.Event) { e.PullRequest.Number = 9999999999999 }), "preview voice pr-9999999999999 for 9999999999999", "preview pr-9999999999999 for 9999999999999"},
		{
			"of a greater number", changed(pull("opened"), func(e *gh.Event) { e.PullRequest.Number = 10000000000000 }),
			`skip: pull request 10000000000000 cannot have a preview: environment "pr-10000000000000" has 17 characters; a domain suffix has at most 16`, "",
		},
		{"without a payload", gh.Event{Name: gh.EventPullRequest}, "skip: the event names no pull request, so there is no preview to make", ""},
		{"of no number", changed(pull("opened"), func(e *gh.Event) { e.PullRequest.Number = -1 }), "skip: the event names no pull request, so there is no preview to make", ""},
		{"pull_request_target", changed(pull("opened"), func(e *gh.Event) { e.Name = gh.EventPullRequestTarget }), fmt.Sprintf(stranger, "pull_request_target"), ""},
		{"pull_request_target closed", changed(pull("closed"), func(e *gh.Event) { e.Name = gh.EventPullRequestTarget }), fmt.Sprintf(stranger, "pull_request_target"), ""},
		{"pull_request_review", gh.Event{Name: "pull_request_review", Action: "submitted"}, fmt.Sprintf(stranger, "pull_request_review"), ""},

		{"a GitHub Release published", published("published", "v1"), "release voice production from stage; release voice any", "release"},
		{"a pre-release published", published("published", "v1", asPrerelease), "release voice stage; release voice any", "release"},
		{"prereleased", published("prereleased", "v1", asPrerelease), "release voice stage; release voice any", "release"},
		{"a pre-release made full", published("released", "v1"), "release voice production from stage; release voice any", "release"},
		{"a draft", published("published", "v1", asDraft), `skip: the GitHub Release "v1" is a draft, so there is nothing to deploy yet`, ""},
		{"a GitHub Release created", published("created", "v1", asDraft), `skip: a GitHub Release is deployed when it is published, and "v1" was created`, ""},
		{"a GitHub Release edited", published("edited", "v1"), `skip: a GitHub Release is deployed when it is published, and "v1" was edited`, ""},
		{"a GitHub Release deleted", published("deleted", "v1"), `skip: a GitHub Release is deployed when it is published, and "v1" was deleted`, ""},
		{"a GitHub Release taken back", published("unpublished", "v1"), `skip: a GitHub Release is deployed when it is published, and "v1" was unpublished`, ""},

		{"schedule", gh.Event{Name: gh.EventSchedule}, fmt.Sprintf(notAuto, "schedule"), ""},
		{"deployment", gh.Event{Name: gh.EventDeployment, Environment: "stage"}, fmt.Sprintf(notAuto, "deployment"), ""},
		{"merge_group", on(gh.EventMergeGroup, "refs/heads/gh-readonly-queue/main/pr-7"), fmt.Sprintf(notAuto, "merge_group"), ""},
		{"create", on(gh.EventCreate, "refs/heads/main"), fmt.Sprintf(notAuto, "create"), ""},
		{"repository_dispatch", on(gh.EventRepositoryDispatch, "refs/heads/main"), fmt.Sprintf(notAuto, "repository_dispatch"), ""},
		{"delete", changed(on(gh.EventDelete, "refs/heads/old"), func(e *gh.Event) { e.Deleted = true }), `skip: branch "old" was deleted, so there is nothing to deploy`, ""},
		{"delete without a payload", gh.Event{Name: gh.EventDelete}, "skip: a commit without branch or tag was deleted, so there is nothing to deploy", ""},
		{"issue_comment", gh.Event{Name: gh.EventIssueComment, PullRequest: gh.PullRequest{Number: 7, IsOpen: true}}, fmt.Sprintf(stranger, "issue_comment"), ""},
		{"workflow_run", on(gh.EventWorkflowRun, "refs/heads/main"), fmt.Sprintf(stranger, "workflow_run"), ""},
		{"workflow_call, which is its caller's event", gh.Event{Name: "workflow_call"}, fmt.Sprintf(stranger, "workflow_call"), ""},
		{"issues", gh.Event{Name: "issues"}, fmt.Sprintf(stranger, "issues"), ""},
		{"fork", gh.Event{Name: "fork"}, fmt.Sprintf(stranger, "fork"), ""},
		{"check_run", gh.Event{Name: "check_run"}, fmt.Sprintf(stranger, "check_run"), ""},
		{"an unheard-of event", gh.Event{Name: "::error::@x"}, fmt.Sprintf(stranger, `"::error::@x"`), ""},
		{"no event", gh.Event{}, "deploy voice stage; deploy billing stage", "deploy"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			asked := trigger.Asked{Command: "auto", Ref: "refs/heads/main"}
			if got := inWords(trigger.Decide(test.event, file(t), asked)); got != test.with {
				t.Errorf("with rules\ngot  %s\nwant %s", got, test.with)
			}
			want := test.without
			if want == "" {
				want = test.with
			}
			if got := inWords(trigger.Decide(test.event, nil, asked)); got != want {
				t.Errorf("without rules\ngot  %s\nwant %s", got, want)
			}
		})
	}
}

// TestCommands decides what each command does on each event.
func TestCommands(t *testing.T) {
	t.Parallel()
	own := []string{"push", "workflow_dispatch", "create", "deployment", "merge_group", "release", "repository_dispatch", "schedule"}
	strangers := []string{"pull_request_target", "pull_request_review", "workflow_run", "issue_comment", "issues", "fork", "unheard_of"}
	for _, command := range []string{"deploy", "plan", "promote", "rollback", "teardown", "sweep"} {
		decide := func(event gh.Event) string {
			return inWords(trigger.Decide(event, nil, trigger.Asked{Command: command, Environment: "qa"}))
		}
		want := strings.Replace(command, "plan", "deploy", 1) + " qa"
		if command == "sweep" {
			want = "sweep"
		}
		for _, name := range own {
			expected := want
			if command == "plan" && name == "release" { // as auto would do
				expected = "release qa"
			}
			if got := decide(gh.Event{Name: name}); got != expected {
				t.Errorf("command %s on %s: %s, want %s", command, name, got, expected)
			}
		}
		for _, name := range strangers {
			if got := decide(gh.Event{Name: name}); got != fmt.Sprintf(stranger, name) {
				t.Errorf("command %s on %s: %s", command, name, got)
			}
		}
		follows := command == "teardown" || command == "sweep"
		for _, event := range []gh.Event{{Name: "delete", Branch: "old"}, {Name: "push", Branch: "old", Deleted: true}} {
			got := decide(event)
			if follows && got != want || !follows && got != `skip: branch "old" was deleted, so there is nothing to deploy` {
				t.Errorf("command %s on a deletion: %s", command, got)
			}
		}
		got := decide(pull("opened"))
		wantOfPull := fmt.Sprintf("skip: command: %s does nothing on pull_request, whose code is not merged yet; command: auto makes a preview of it, and command: plan says what its merge would deploy", command)
		if command == "sweep" || command == "plan" {
			wantOfPull = want
		}
		if got != wantOfPull {
			t.Errorf("command %s on a pull request: %s, want %s", command, got, wantOfPull)
		}
		forked := changed(pull("opened"), func(e *gh.Event) { e.PullRequest.IsFork = true })
		if got := decide(forked); !strings.HasPrefix(got, "skip: pull request 7 comes from") {
			t.Errorf("command %s on a fork's pull request: %s", command, got)
		}
	}
}

// TestInputsBeatRules has inputs choose what the rules would decide otherwise.
func TestInputsBeatRules(t *testing.T) {
	t.Parallel()
	main, schedule := pushTo("refs/heads/main"), gh.Event{Name: gh.EventSchedule}
	tests := []struct {
		name  string
		event gh.Event
		asked trigger.Asked
		want  string
	}{
		{"an environment", main, trigger.Asked{Command: "auto", Environment: "byhand"}, "deploy voice byhand; deploy billing byhand"},
		{"an environment without rules", main, trigger.Asked{Command: "auto", Environment: "qa"}, "deploy voice qa; deploy billing qa"},
		{"an environment in another spelling", main, trigger.Asked{Command: "auto", Environment: "Production"}, "deploy voice Production from stage; deploy billing Production from stage"},
		{"an environment, for a pull request", pull("opened"), trigger.Asked{Command: "auto", Environment: "stage"}, "preview voice pr-7 for 7"},
		{"an environment, for a tag", pushTo("refs/tags/x"), trigger.Asked{Command: "auto", Environment: "production", PromoteFrom: "qa"}, "release voice production from qa; release billing production from qa"},
		{"another source", pushTo("refs/tags/v1"), trigger.Asked{Command: "auto", PromoteFrom: "qa"}, "release billing production from qa"},
		{"a service", main, trigger.Asked{Command: "auto", Service: "voice"}, "deploy voice stage"},
		{"a service by the platform's name", main, trigger.Asked{Command: "auto", Service: "acme-billing"}, "deploy billing stage"},
		{"a service that is not there", main, trigger.Asked{Command: "auto", Service: "mail\n"}, `error: slipway.yml: there is no service "mail\n"; there are voice, billing. Name one of them with service, or add it to the file.`},
		{"a folder", main, trigger.Asked{Command: "auto", WorkingDirectory: "./services/billing/"}, "deploy billing stage"},
		{"a folder that is not there", main, trigger.Asked{Command: "auto", WorkingDirectory: "."}, `error: slipway.yml: no service has the path "."; there are services/billing, services/voice. Name one of these folders with working-directory, or add the service.`},
		{"the only service's other name", main, trigger.Asked{Command: "auto", WorkingDirectory: "services/voice", Service: "voice-eu"}, "deploy voice stage"},
		{"a service without previews", pull("opened"), trigger.Asked{Command: "auto", Service: "billing"}, "skip: slipway.yml has no previews, so pull requests are not deployed"},
		{"a service without an environment for a release", published("published", "v1"), trigger.Asked{Command: "auto", Service: "billing"}, `skip: slipway.yml has no environment for the GitHub Release "v1"`},
		{"a service without an environment for a pre-release", published("published", "v1", asPrerelease), trigger.Asked{Command: "auto", Service: "billing"}, `skip: slipway.yml has no environment for the pre-release "v1"`},

		{"deploy at night", schedule, trigger.Asked{Command: "deploy", Ref: "refs/heads/main"}, "deploy voice stage; deploy billing stage"},
		{"deploy at night, to an environment", schedule, trigger.Asked{Command: "deploy", Environment: "byhand", Service: "voice"}, "deploy voice byhand"},
		{"deploy at night, on nothing", schedule, trigger.Asked{Command: "deploy", Ref: "refs/pull/7/merge"}, "skip: slipway.yml has no environment for a commit without branch or tag; environment names one for a run"},
		{"deploy on a release", published("edited", "v1"), trigger.Asked{Command: "deploy"}, "deploy voice production from stage; deploy voice any; deploy billing production from stage"},
		{"plan", main, trigger.Asked{Command: "plan"}, "deploy voice stage; deploy billing stage"},
		{"plan a pull request", pull("opened"), trigger.Asked{Command: "plan", Ref: "refs/pull/7/merge"}, "deploy voice stage; deploy billing stage"},
		{"plan a pull request that was labelled", pull("labeled"), trigger.Asked{Command: "plan", Service: "voice"}, "deploy voice stage"},
		{"plan a pull request for an environment", pull("opened"), trigger.Asked{Command: "plan", Environment: "production", Service: "voice"}, "deploy voice production from stage"},
		{"plan a pull request to another branch", changed(pull("opened"), func(e *gh.Event) { e.PullRequest.BaseRef = "next" }), trigger.Asked{Command: "plan", Ref: "refs/heads/main"}, `skip: slipway.yml has no environment for branch "next"; environment names one for a run`},
		{"plan a pull request that was closed", pull("closed"), trigger.Asked{Command: "plan", Environment: "production"}, "skip: pull request 7 was closed, so there is nothing to plan"},
		{"plan for a tag", pushTo("refs/tags/v1"), trigger.Asked{Command: "plan"}, "release billing production from stage"},
		{"plan for a release", published("published", "v1"), trigger.Asked{Command: "plan", Service: "voice"}, "release voice production from stage; release voice any"},
		{"promote by the rules", main, trigger.Asked{Command: "promote", Service: "voice", Environment: "production"}, "promote voice production from stage"},
		{"promote from another", main, trigger.Asked{Command: "promote", Service: "voice", Environment: "production", PromoteFrom: "qa"}, "promote voice production from qa"},
		{"promote a Build", main, trigger.Asked{Command: "promote", Service: "voice", Environment: "production", BuildSID: "ZB1"}, "promote voice production"},
		{"promote to nowhere", main, trigger.Asked{Command: "promote", Service: "voice"}, "promote voice"},
		{"promote several", main, trigger.Asked{Command: "promote", Environment: "production"}, "error: slipway.yml: there are several services (voice, billing), and command: promote is for one. Name it with service."},
		{"roll back", main, trigger.Asked{Command: "rollback", Service: "voice", Environment: "production"}, "rollback voice production"},
		{"roll several back", main, trigger.Asked{Command: "rollback", Environment: "production"}, "error: slipway.yml: there are several services (voice, billing), and command: rollback is for one. Name it with service."},
		{"tear down", main, trigger.Asked{Command: "teardown", Service: "billing", Environment: "stage"}, "teardown billing stage"},
		{"sweep", schedule, trigger.Asked{Command: "sweep"}, "sweep voice"},
		{"sweep a service without previews", schedule, trigger.Asked{Command: "sweep", Service: "billing"}, "skip: slipway.yml has no previews, so there are none to sweep"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := inWords(trigger.Decide(test.event, file(t), test.asked)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
