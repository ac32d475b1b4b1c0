package gh_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/gh"
)

// repository is acme/voice as most payloads have it.
func repository() object {
	return object{"name": "voice", "full_name": "acme/voice", "owner": object{"login": "acme"}, "default_branch": "main"}
}

// payloadOf is a payload with what most have.
func payloadOf(pairs ...any) object {
	return object{"repository": repository(), "sender": object{"login": "ann"}}.with(pairs...)
}

// side is the head or the base of a pull request.
func side(ref, sha string, repo any) object {
	return object{"label": "acme:" + ref, "ref": ref, "sha": sha, "repo": repo, "user": nil}
}

// pull is the payload of a pull request that was opened.
func pull(pairs ...any) object {
	of := object{
		"number": 7, "state": "open", "merged": false, "draft": false, "title": "Say hello", "labels": []any{object{"name": "x"}},
		"head": side("feature/a", sha, repository()), "base": side("main", before, repository()),
	}.with(pairs...)
	return payloadOf("action", "opened", "number", 7, "pull_request", of)
}

func release(action string, pairs ...any) object {
	return payloadOf("action", action, "release", object{"id": 7_000_000_001, "tag_name": "v1.0.0", "target_commitish": "main", "draft": false, "prerelease": false}.with(pairs...))
}

func comment(pairs ...any) object {
	issue := object{"number": 7, "state": "open", "pull_request": object{"url": "https://api.github.com/repos/acme/voice/pulls/7"}}
	return payloadOf("action", "created", "issue", issue.with(pairs...), "comment", object{"id": 1, "body": "/deploy"})
}

func workflowRun(pairs ...any) object {
	run := object{"head_sha": sha, "head_branch": "main", "head_repository": repository(), "conclusion": "success", "event": "push"}
	return payloadOf("action", "completed", "workflow", object{"name": "CI"}, "workflow_run", run.with(pairs...))
}

func deployment(pairs ...any) object {
	of := object{"id": 1, "sha": sha, "ref": "main", "task": "deploy", "environment": "stage", "payload": object{}}
	return payloadOf("action", "created", "deployment", of.with(pairs...), "workflow", nil, "workflow_run", nil)
}

func mergeGroup(pairs ...any) object {
	group := object{"head_sha": sha, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-" + before, "base_ref": "refs/heads/main", "base_sha": before}
	return payloadOf("action", "checks_requested", "merge_group", group.with(pairs...))
}

func TestParseOtherEvents(t *testing.T) {
	t.Parallel()
	fork := gh.Repository{Owner: "somebody", Name: "voice"}
	forked := object{"name": "voice", "owner": object{"login": "somebody"}}
	opened := gh.PullRequest{
		Number: 7, IsOpen: true, HeadSHA: sha, HeadRef: "feature/a", HeadRepository: voice, BaseSHA: before, BaseRef: "main",
	}
	pr := func(change func(*gh.PullRequest)) gh.PullRequest {
		changed := opened
		change(&changed)
		return changed
	}
	queue := "gh-readonly-queue/main/pr-7-" + before
	for name, test := range map[string]struct {
		event   string
		payload object
		want    gh.Event
	}{
		"a pull request": {"pull_request", pull(), gh.Event{Action: "opened", PullRequest: opened}},
		"the target's":   {"pull_request_target", pull(), gh.Event{Action: "opened", PullRequest: opened}},
		"pushed to":      {"pull_request", pull().with("action", "synchronize"), gh.Event{Action: "synchronize", PullRequest: opened}},
		"a draft":        {"pull_request", pull("draft", true), gh.Event{Action: "opened", PullRequest: pr(func(p *gh.PullRequest) { p.IsDraft = true })}},
		"closed": {"pull_request", pull("state", "closed").with("action", "closed"), gh.Event{
			Action: "closed", PullRequest: pr(func(p *gh.PullRequest) { p.IsOpen = false }),
		}},
		"merged": {"pull_request", pull("state", "closed", "merged", true).with("action", "closed"), gh.Event{
			Action: "closed", PullRequest: pr(func(p *gh.PullRequest) { p.IsOpen, p.IsMerged = false, true }),
		}},
		"a fork's": {"pull_request", pull("head", side("main", sha, forked)), gh.Event{
			Action: "opened", PullRequest: pr(func(p *gh.PullRequest) { p.HeadRef, p.HeadRepository, p.IsFork = "main", fork, true }),
		}},
		"a fork whose owner is gone": {"pull_request", pull("head", side("main", sha, object{"name": "voice", "owner": nil})), gh.Event{
			Action: "opened", PullRequest: pr(func(p *gh.PullRequest) { p.HeadRef, p.HeadRepository, p.IsFork = "main", gh.Repository{}, true }),
		}},
		"a fork that is gone": {"pull_request", pull("head", side("main", sha, nil)), gh.Event{
			Action: "opened", PullRequest: pr(func(p *gh.PullRequest) { p.HeadRef, p.HeadRepository, p.IsFork = "main", gh.Repository{}, true }),
		}},
		"names without case": {"pull_request", pull("head", side("feature/a", sha, object{"name": "VOICE", "owner": object{"login": "Acme"}})), gh.Event{
			Action: "opened", PullRequest: pr(func(p *gh.PullRequest) { p.HeadRepository = gh.Repository{Owner: "Acme", Name: "VOICE"} }),
		}},
		"an odd branch": {"pull_request", pull("head", side("fix/🚀-`rm`-@everyone-<b>"+strings.Repeat("x", 200), sha, repository())), gh.Event{
			Action: "opened", PullRequest: pr(func(p *gh.PullRequest) { p.HeadRef = "fix/🚀-`rm`-@everyone-<b>" + strings.Repeat("x", 200) }),
		}},
		"a GitHub Release": {"release", release("published"), gh.Event{
			Action: "published", Ref: "refs/tags/v1.0.0", Tag: "v1.0.0", Release: gh.Release{ID: 7_000_000_001, Tag: "v1.0.0"},
		}},
		"a draft of one": {"release", release("created", "draft", true, "prerelease", true, "tag_name", "untagged-1"), gh.Event{
			Action: "created", Ref: "refs/tags/untagged-1", Tag: "untagged-1", Release: gh.Release{ID: 7_000_000_001, Tag: "untagged-1", IsDraft: true, IsPrerelease: true},
		}},
		"a GitHub Deployment": {"deployment", deployment(), gh.Event{Action: "created", SHA: sha, Environment: "stage"}},
		"a GitHub Deployment of a fork's run": {
			"deployment", payloadOf("action", "created", "deployment", object{"sha": sha, "environment": "stage"}, "workflow_run", object{"head_repository": forked}),
			gh.Event{Action: "created", SHA: sha, Environment: "stage", IsForeign: true},
		},
		"a GitHub Deployment of its own run": {
			"deployment", payloadOf("action", "created", "deployment", object{"sha": sha, "environment": "stage"}, "workflow_run", object{"head_repository": repository()}),
			gh.Event{Action: "created", SHA: sha, Environment: "stage"},
		},
		"a GitHub Deployment of a run whose fork was deleted": {
			"deployment", payloadOf("action", "created", "deployment", object{"sha": sha, "environment": "stage"}, "workflow_run", object{"head_repository": nil}),
			gh.Event{Action: "created", SHA: sha, Environment: "stage", IsForeign: true},
		},
		"a GitHub Deployment of a run that does not tell its repository": {
			"deployment", payloadOf("action", "created", "deployment", object{"sha": sha, "environment": "stage"}, "workflow_run", object{"event": "dynamic"}),
			gh.Event{Action: "created", SHA: sha, Environment: "stage"},
		},
		"a GitHub Deployment of a pull request's run that does not": {
			"deployment", payloadOf("action", "created", "deployment", object{"sha": sha, "environment": "stage"}, "workflow_run", object{"event": "pull_request_target"}),
			gh.Event{Action: "created", SHA: sha, Environment: "stage", IsForeign: true},
		},
		"a comment":        {"issue_comment", comment(), gh.Event{Action: "created", PullRequest: gh.PullRequest{Number: 7, IsOpen: true}}},
		"on a closed one":  {"issue_comment", comment("state", "closed"), gh.Event{Action: "created", PullRequest: gh.PullRequest{Number: 7}}},
		"on an issue":      {"issue_comment", comment("pull_request", nil), gh.Event{Action: "created"}},
		"a merge queue":    {"merge_group", mergeGroup(), gh.Event{Action: "checks_requested", SHA: sha, Ref: "refs/heads/" + queue, Branch: queue}},
		"a branch made":    {"create", payloadOf("ref", "feature/a", "ref_type", "branch"), gh.Event{Ref: "refs/heads/feature/a", Branch: "feature/a"}},
		"a tag made":       {"create", payloadOf("ref", "v1", "ref_type", "tag"), gh.Event{Ref: "refs/tags/v1", Tag: "v1"}},
		"a branch deleted": {"delete", payloadOf("ref", "feature/a", "ref_type", "branch"), gh.Event{Ref: "refs/heads/feature/a", Branch: "feature/a", Deleted: true}},
		"a tag deleted":    {"delete", payloadOf("ref", "v1", "ref_type", "tag"), gh.Event{Ref: "refs/tags/v1", Tag: "v1", Deleted: true}},
		"a schedule":       {"schedule", payloadOf("schedule", "0 5 * * *"), gh.Event{}},
		"a call of the API": {"repository_dispatch", payloadOf("action", "deploy\n::error::x", "branch", "main", "client_payload", object{"a": 1}), gh.Event{
			Action: "deploy ::error::x", Ref: "refs/heads/main", Branch: "main",
		}},
		"another workflow":  {"workflow_run", workflowRun(), gh.Event{Action: "completed", SHA: sha, Ref: "refs/heads/main", Branch: "main"}},
		"without a branch":  {"workflow_run", workflowRun("head_branch", nil), gh.Event{Action: "completed", SHA: sha}},
		"on a fork":         {"workflow_run", workflowRun("head_repository", forked), gh.Event{Action: "completed", SHA: sha}},
		"on a fork deleted": {"workflow_run", workflowRun("head_repository", nil), gh.Event{Action: "completed", SHA: sha}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.Name, test.want.Repository, test.want.DefaultBranch, test.want.Sender = test.event, voice, "main", "ann"
			got, err := gh.ParseEvent(test.event, encode(t, test.payload))
			if diff := cmp.Diff(got, test.want); err != nil || diff != "" {
				t.Errorf("error %v, got-want+\n%s", err, diff)
			}
		})
	}
	// A schedule told nothing else for years.
	got, err := gh.ParseEvent("schedule", []byte(`{"schedule":"*/5 * * * *"}`))
	if err != nil || !cmp.Equal(got, gh.Event{Name: "schedule"}) {
		t.Errorf("got %+v with error %v", got, err)
	}
}

func TestParseOtherEventsRefuses(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		event   string
		payload object
	}{
		"pull_request event: 0 is not the number of a pull request":                                 {"pull_request", pull("number", 0)},
		"pull_request event: -7 is not the number":                                                  {"pull_request", pull("number", -7)},
		`pull_request event: the payload's "pull_request.number" is of the wrong kind (string)`:     {"pull_request", pull("number", "7")},
		`pull_request event: the payload's "pull_request.number" is of the wrong kind (number 7.5)`: {"pull_request", pull("number", 7.5)},
		`pull_request event: "main" is not a commit`:                                                {"pull_request", pull("head", side("x", "main", nil))},
		`pull_request event: the ref "refs/heads/a ::error::b" is not the full name`:                {"pull_request", pull("head", side("a\n::error::b", sha, nil))},
		`pull_request event: "some body/voice" is not the name of a repository`:                     {"pull_request", pull("head", side("x", sha, object{"name": "voice", "owner": object{"login": "some body"}}))},
		`pull_request event: "acme/" is not the name of a repository`:                               {"pull_request", pull("head", side("x", sha, object{"owner": object{"login": "acme"}}))},
		"pull_request event: the payload lacks action, pull_request.state, pull_request.head.ref, pull_request.head.sha, pull_request.base.ref, pull_request.base.sha, repository.owner.login, repository.name; it may be": {"pull_request", object{}},
		"pull_request_target event: the payload lacks repository.owner.login, repository.name":                                                                                                                             {"pull_request_target", pull().without("repository")},
		"release event: the payload lacks action, release.tag_name":                                                                                                                                                        {"release", payloadOf()},
		`release event: the ref "refs/tags/v 1" is not the full name`:                                                                                                                                                      {"release", release("published", "tag_name", "v 1")},
		"deployment event: the payload lacks deployment.sha, deployment.environment":                                                                                                                                       {"deployment", payloadOf()},
		`deployment event: "main" is not a commit`:                                                                                                                                                                         {"deployment", deployment("sha", "main")},
		"issue_comment event: the payload lacks action, issue.state":                                                                                                                                                       {"issue_comment", payloadOf()},
		"issue_comment event: 0 is not the number of a pull request":                                                                                                                                                       {"issue_comment", comment("number", 0)},
		"merge_group event: the payload lacks action, merge_group.head_sha, merge_group.head_ref":                                                                                                                          {"merge_group", payloadOf()},
		`merge_group event: the ref "main" is not the full name`:                                                                                                                                                           {"merge_group", mergeGroup("head_ref", "main")},
		"create event: the payload lacks ref, ref_type":                                                                                                                                                                    {"create", payloadOf()},
		`delete event: "repository" is neither a branch nor a tag`:                                                                                                                                                         {"delete", payloadOf("ref", "x", "ref_type", "repository")},
		"schedule event: the payload lacks schedule":                                                                                                                                                                       {"schedule", payloadOf()},
		"schedule event: the payload lacks repository.owner.login":                                                                                                                                                         {"schedule", object{"schedule": "x", "repository": object{"name": "voice"}}},
		"repository_dispatch event: the payload lacks action;":                                                                                                                                                             {"repository_dispatch", payloadOf()},
		"workflow_run event: the payload lacks action, workflow_run.head_sha":                                                                                                                                              {"workflow_run", payloadOf()},
		`workflow_run event: the ref "refs/heads/a b" is not the full name`:                                                                                                                                                {"workflow_run", workflowRun("head_branch", "a b")},
		`push event: the ref "refs/heads/a b" is not the full name`:                                                                                                                                                        {"push", push().with("repository", repository().with("default_branch", "a b"))},
	} {
		got, err := gh.ParseEvent(test.event, encode(t, test.payload))
		if err == nil || !strings.HasPrefix(err.Error(), want) || !cmp.Equal(got, gh.Event{}) {
			t.Errorf("got  %+v, %v\nwant %s", got, err, want)
		}
	}
}

// FuzzParseEvent holds what comes out to what callers rely on.
func FuzzParseEvent(f *testing.F) {
	read := map[string]object{
		"push": push(), "workflow_dispatch": dispatch(), "pull_request": pull(), "pull_request_target": pull("head", side("x", sha, nil)),
		"release": release("published"), "deployment": deployment(), "issue_comment": comment(), "merge_group": mergeGroup(),
		"create": payloadOf("ref", "v1", "ref_type", "tag"), "delete": payloadOf("ref", "x", "ref_type", "branch"), "schedule": {"schedule": "* * * * *"},
		"repository_dispatch": payloadOf("action", "x", "branch", "main"), "workflow_run": workflowRun(),
	}
	for name, payload := range read {
		raw := encode(f, payload)
		f.Add(name, raw)
		f.Add(name, raw[:len(raw)/2])
	}
	for _, payload := range []object{push().with("after", zeros), push().with("ref", "refs/tags/v1", "after", tagObject), dispatch().with("inputs", object{"a": 1e30})} {
		raw := encode(f, payload)
		for _, name := range []string{"push", "workflow_dispatch", "sub_issues"} {
			f.Add(name, raw)
		}
	}
	f.Fuzz(func(t *testing.T, name string, raw []byte) {
		got, err := gh.ParseEvent(name, raw)
		if err != nil {
			if !cmp.Equal(got, gh.Event{}) || err.Error() == "" {
				t.Errorf("an error with %+v", got)
			}
			return
		}
		if got.Name != name {
			t.Errorf("the name is %q", got.Name)
		}
		if _, isRead := read[name]; !isRead {
			if !cmp.Equal(got, gh.Event{Name: name}) {
				t.Errorf("%s is read: %+v", name, got)
			}
			return
		}
		checkEvent(t, got)
	})
}

// checkEvent looks at an event of a kind that is read.
func checkEvent(t *testing.T, got gh.Event) {
	t.Helper()
	isCommit := func(sha string) bool {
		return (len(sha) == 40 || len(sha) == 64) && strings.Trim(sha, "0123456789abcdef") == ""
	}
	isRef := got.Branch == "" && got.Tag == "" || got.Ref == "refs/heads/"+got.Branch || got.Ref == "refs/tags/"+got.Tag
	if !isRef || got.Ref != "" && !strings.HasPrefix(got.Ref, "refs/") {
		t.Errorf("the ref is %q, branch %q, tag %q", got.Ref, got.Branch, got.Tag)
	}
	pr := got.PullRequest
	for _, text := range []string{got.Ref, got.DefaultBranch, pr.HeadRef, pr.BaseRef, got.Release.Tag} {
		if strings.ContainsAny(text, "\n\r\t\x00\x1b ") {
			t.Errorf("a ref is %q", text)
		}
	}
	for _, text := range []string{got.Action, got.Sender, got.Environment} {
		if strings.ContainsAny(text, "\n\r\x1b") {
			t.Errorf("a text is %q", text)
		}
	}
	for _, repository := range []gh.Repository{got.Repository, pr.HeadRepository} {
		isNone := repository == gh.Repository{}
		if strings.ContainsAny(repository.String(), "?#%\n ") || strings.Count(repository.String(), "/") != 1 || !isNone && (repository.Owner == "" || repository.Name == "") {
			t.Errorf("a repository is %+v", repository)
		}
	}
	if got.SHA != "" && !isCommit(got.SHA) {
		t.Errorf("the commit is %q", got.SHA)
	}
	switch got.Name {
	case gh.EventPush:
		if isCommit(got.SHA) == got.Deleted || strings.Trim(got.SHA, "0") == "" && !got.Deleted {
			t.Errorf("deleted %t with SHA %q", got.Deleted, got.SHA)
		}
	case gh.EventWorkflowDispatch:
		if got.Inputs == nil || got.SHA != "" {
			t.Errorf("a dispatch with %+v", got)
		}
	case gh.EventPullRequest, gh.EventPullRequestTarget:
		isOwn := strings.EqualFold(pr.HeadRepository.String(), got.Repository.String())
		if pr.Number < 1 || !isCommit(pr.HeadSHA) || !isCommit(pr.BaseSHA) || pr.IsFork == isOwn || got.SHA != "" {
			t.Errorf("a pull request with %+v", got)
		}
	}
}
