package trigger_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/trigger"
)

var (
	forkHead  = strings.Repeat("e", 40)
	otherHead = strings.Repeat("f", 40)
	eve       = gh.Repository{Owner: "eve", Name: "voice"}
)

func forked(action string) gh.Event {
	return changed(pull(action), func(e *gh.Event) {
		e.PullRequest.IsFork, e.PullRequest.HeadRepository, e.PullRequest.HeadSHA = true, eve, forkHead
	})
}

// TestForkSHA decides when a fork's head may be deployed, as far as event and inputs
// say it.
func TestForkSHA(t *testing.T) {
	t.Parallel()
	gone := changed(forked("opened"), func(e *gh.Event) { e.PullRequest.HeadRepository = gh.Repository{} })
	asked := func(change ...func(*trigger.Asked)) trigger.Asked {
		all := trigger.Asked{Command: "auto", ForkSHA: forkHead, HasCredentials: true}
		for _, one := range change {
			one(&all)
		}
		return all
	}
	command := func(name string) func(*trigger.Asked) { return func(a *trigger.Asked) { a.Command = name } }
	environment := func(name string) func(*trigger.Asked) { return func(a *trigger.Asked) { a.Environment = name } }
	const never = "skip: pull request 7 comes from a fork, and what strangers propose is not deployed: it would run with the account's credentials"
	tests := []struct {
		name  string
		event gh.Event
		asked trigger.Asked
		want  string
	}{
		{"its head", forked("opened"), asked(), "preview voice pr-7 for 7 of a fork"},
		{"its head, pushed", forked("synchronize"), asked(), "preview voice pr-7 for 7 of a fork"},
		{"its head, reopened", forked("reopened"), asked(), "preview voice pr-7 for 7 of a fork"},
		{"another head", forked("opened"), asked(func(a *trigger.Asked) { a.ForkSHA = otherHead }), "skip: pull request 7 comes from a fork, and fork-sha names fffffff, which is not its head eeeeeee"},
		{"what is no head", forked("opened"), asked(func(a *trigger.Asked) { a.ForkSHA = "main\n" }), `skip: pull request 7 comes from a fork, and fork-sha names "main\n", which is not its head eeeeeee`},
		{"none", forked("opened"), asked(func(a *trigger.Asked) { a.ForkSHA = "" }), never},
		{"without secrets", forked("opened"), asked(func(a *trigger.Asked) { a.HasCredentials = false }), "skip: pull request 7 comes from a fork, and GitHub has given its run no secrets; a run of workflow_dispatch has them (docs/forks.md)"},
		{"labelled", forked("labeled"), asked(), never},
		{"closed", forked("closed"), asked(), never},
		{"another command", forked("opened"), asked(command("deploy")), never},
		{"a teardown", forked("opened"), asked(command("teardown")), never},
		{"from a repository that is gone", gone, asked(), "skip: pull request 7 comes from a repository that was deleted, and what strangers propose is not deployed"},
		{"one of the repository's own", pull("opened"), asked(), "preview voice pr-7 for 7"},

		{"by hand", on(gh.EventWorkflowDispatch, "refs/heads/main"), asked(environment("pr-7")), "preview voice pr-7 for 7 of a fork"},
		{"by hand, to plan", on(gh.EventWorkflowDispatch, "refs/heads/main"), asked(environment("pr-7"), command("plan")), "preview voice pr-7 for 7 of a fork"},
		{"by hand, with another command", on(gh.EventWorkflowDispatch, "refs/heads/main"), asked(environment("pr-7"), command("teardown")), "error: fork-sha is for a deploy, and this is command: teardown. Remove the one or the other."},
		{"by hand, to production", on(gh.EventWorkflowDispatch, "refs/heads/main"), asked(environment("production")), `error: fork-sha needs to know which pull request it is of: environment is "production". Give environment the name of the preview, such as pr-7.`},
		{"by hand, to nowhere", on(gh.EventWorkflowDispatch, "refs/heads/main"), asked(command("rollback")), "error: fork-sha is for a deploy, and this is command: rollback. Remove the one or the other.\n" + `fork-sha needs to know which pull request it is of: environment is "". Give environment the name of the preview, such as pr-7.`},
		{"by hand, to what looks like a preview", on(gh.EventWorkflowDispatch, "refs/heads/main"), asked(environment("PR-7")), `error: fork-sha needs to know which pull request it is of: environment is "PR-7". Give environment the name of the preview, such as pr-7.`},
		{"by hand, without it", on(gh.EventWorkflowDispatch, "refs/heads/main"), trigger.Asked{Command: "auto", Environment: "pr-7"}, "deploy voice pr-7; deploy billing pr-7"},

		{"a push", pushTo("refs/heads/main"), asked(), "error: fork-sha is for pull_request and workflow_dispatch, and this is push. Remove it, or start the workflow by hand."},
		{"at night", gh.Event{Name: gh.EventSchedule}, asked(command("deploy")), "error: fork-sha is for pull_request and workflow_dispatch, and this is schedule. Remove it, or start the workflow by hand."},
	}
	for _, name := range []string{gh.EventPullRequestTarget, gh.EventWorkflowRun, gh.EventIssueComment} {
		event := changed(forked("opened"), func(e *gh.Event) { e.Name = name })
		tests = append(tests, struct {
			name  string
			event gh.Event
			asked trigger.Asked
			want  string
		}{name, event, asked(environment("pr-7")), strings.Replace(stranger, "%s", name, 1)})
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

// TestWithheld: what is not done for where it comes from is told all the same.
func TestWithheld(t *testing.T) {
	t.Parallel()
	bot := trigger.Asked{Command: "auto", IsDependabot: true}
	const dependabot = "skip: Dependabot has started this run, and it was given no Twilio credentials: such runs get Dependabot's secrets alone"
	tests := []struct {
		name       string
		event      gh.Event
		asked      trigger.Asked
		want       string // how the Skip begins, or the Requests
		with, none string // what is withheld, with the rules and without
	}{
		{"a fork's", forked("opened"), trigger.Asked{Command: "auto"}, "skip: pull request 7 comes from a fork", "preview voice pr-7 for 7 of a fork", "preview pr-7 for 7 of a fork"},
		{"a fork's, to plan", forked("opened"), trigger.Asked{Command: "plan", Environment: "stage"}, "skip: pull request 7 comes from a fork", "deploy voice stage; deploy billing stage", "deploy stage"},
		{"a fork's that is closed", forked("closed"), trigger.Asked{Command: "auto"}, "skip: pull request 7 comes from a fork", "", ""},
		{"a fork's, to sweep", forked("opened"), trigger.Asked{Command: "sweep"}, "skip: pull request 7 comes from a fork", "", ""},
		{"a fork's, to promote", forked("opened"), trigger.Asked{Command: "promote"}, "skip: pull request 7 comes from a fork", "", ""},
		{"Dependabot's pull request", pull("opened"), bot, dependabot, "preview voice pr-7 for 7", "preview pr-7 for 7"},
		{"Dependabot's push", pushTo("refs/heads/main"), bot, dependabot, "deploy voice stage; deploy billing stage", "deploy"},
		{"Dependabot's, with credentials", pull("opened"), trigger.Asked{Command: "auto", IsDependabot: true, HasCredentials: true}, "preview pr-7 for 7", "", ""},
		{"a push without credentials", pushTo("refs/heads/main"), trigger.Asked{Command: "auto"}, "deploy", "", ""},
		{"what nobody deploys on", gh.Event{Name: gh.EventIssueComment}, bot, "skip: Slipway does not deploy on issue_comment", "", ""},
		{"a deployment for a fork's run", gh.Event{Name: gh.EventDeployment, IsForeign: true}, trigger.Asked{Command: "deploy"}, "skip: deployment is about a commit of another repository", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			withRules, err := trigger.Decide(test.event, file(t), test.asked)
			if err != nil {
				t.Fatal(err)
			}
			without, err := trigger.Decide(test.event, nil, test.asked)
			if got := inWords(without, err); !strings.HasPrefix(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if got := inWords(trigger.Decision{Requests: withRules.Withheld}, nil); got != test.with {
				t.Errorf("with rules %q is withheld, want %q", got, test.with)
			}
			if got := inWords(trigger.Decision{Requests: without.Withheld}, nil); got != test.none {
				t.Errorf("without rules %q is withheld, want %q", got, test.none)
			}
			if without.Withheld != nil && len(without.Requests) > 0 {
				t.Error("something is asked for and withheld at once")
			}
		})
	}
	// An input that names what is not there is for those who may ask.
	if got, err := trigger.Decide(forked("opened"), file(t), trigger.Asked{Command: "auto", Service: "mail"}); err != nil || got.Skip == "" || got.Withheld != nil {
		t.Errorf("a service that is not there: %+v, %v", got, err)
	}
}

// TestStrangersGetNothingSecret: what would hand a fork secrets holds for none, whoever
// gives it, and cannot be given by the tree's own files.
func TestStrangersGetNothingSecret(t *testing.T) {
	t.Parallel()
	given := map[string]string{"variables-like": "stage", "health-check": "/", "health-check-header": "Authorization: ${TOKEN}", "fork-sha": forkHead, "api-secret": "x"}
	values := config.Resolve(config.Inputs(), func(name string) (string, bool) { text, ok := given[name]; return text, ok }, func(string) string { return "" })
	asked := trigger.AskedOf(values, "")
	if asked.ForkSHA != forkHead || !asked.HasCredentials {
		t.Fatalf("asked is %+v", asked)
	}
	asked.Command = "auto"
	decided, err := trigger.Decide(forked("opened"), file(t), asked)
	if err != nil || len(decided.Requests) != 1 {
		t.Fatalf("decided %+v, %v", decided, err)
	}
	settings := decided.Requests[0].Settings(values).WithFiles(config.Layer{
		"variables-like": {Text: "dev"}, "health-check-header": {Text: "A: ${B}"}, "functions-folder": {Text: "src"},
	})
	for name, value := range settings {
		if slices.Contains(trigger.NotForStrangers(), name) && value.Text != "" {
			t.Errorf("%s is %q", name, value.Text)
		}
	}
	if settings["functions-folder"].Text != "src" || settings["health-check"].Text != "/" || settings["service"].Text != "voice-previews" {
		t.Errorf("got %+v", settings)
	}
}
