package action

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
	api "github.com/slipway-dev/slipway/internal/twilio"
)

// guardedScene is one in which a fork's head may be deployed: the GitHub environment forks
// has a reviewer, who has approved the run, and the Service previews gives no credentials.
func guardedScene(t *testing.T, commit string) *scene {
	t.Helper()
	s := newScene(t, commit)
	s.environment(t, github.Environment{Name: "forks", Reviewers: []string{"ann"}})
	s.review(t, github.RunReview{Run: 42, User: "ann", Environments: []string{"forks"}})
	s.service(t, "previews", false)
	maps.Copy(s.env, map[string]string{
		"INPUT_ENVIRONMENT": "pr-8", "INPUT_FORK-SHA": eveSHA, "INPUT_GITHUB-ENVIRONMENT": "forks", "INPUT_SERVICE": "previews",
	})
	return s
}

func (s *scene) environment(t *testing.T, given github.Environment) {
	t.Helper()
	if err := s.github.SetEnvironment(acme.String(), given); err != nil {
		t.Fatal(err)
	}
}

func (s *scene) review(t *testing.T, given github.RunReview) {
	t.Helper()
	if err := s.github.ReviewRun(acme.String(), given); err != nil {
		t.Fatal(err)
	}
}

// service creates one, whose calls do not count.
func (s *scene) service(t *testing.T, name string, includeCredentials bool) {
	t.Helper()
	client, err := api.New(api.Config{
		Credentials: api.Credentials{User: s.env["INPUT_API-KEY"], Password: secret.New(s.env["INPUT_API-SECRET"])}, APIURL: s.env["INPUT_API-URL"],
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateService(t.Context(), api.NewService{UniqueName: name, FriendlyName: name, IncludeCredentials: includeCredentials}); err != nil {
		t.Fatal(err)
	}
	s.called()
}

// TestForkIsDeployedWhereAllHolds: by hand, and on the pull request's own event where the
// run has secrets.
func TestForkIsDeployedWhereAllHolds(t *testing.T) {
	t.Parallel()
	for event, payload := range map[string]map[string]any{"workflow_dispatch": dispatch(), "pull_request": pullPayload("synchronize", eveSHA)} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			s := guardedScene(t, eveSHA)
			result, log := s.run(t, event, payload, map[string]string{"INPUT_VARIABLES": "GREETING=hello", "INPUT_VARIABLES-LIKE": "stage", "INPUT_COMMENT": "on-change"})
			if result.Status != job.Deployed || result.Service != "previews" || result.Environment != "pr-8" || result.Commit != eveSHA {
				t.Fatalf("got %+v\n%s", result, log)
			}
			live := s.twilio.Snapshot()
			if len(live.Services) != 1 || len(live.Environments) != 1 || len(live.Variables) != 1 || live.Variables[0].Key != "GREETING" {
				t.Errorf("live is %+v", live)
			}
			if !strings.Contains(log, "variables-like is passed over") {
				t.Errorf("the log does not say what is passed over:\n%s", log)
			}
			told := s.github.Snapshot().Repositories[0]
			if len(told.Statuses) != 2 || told.Statuses[1].SHA != eveSHA || told.Statuses[1].Context != "slipway/previews/preview" || told.Statuses[1].State != "success" {
				t.Errorf("statuses are %+v", told.Statuses)
			}
			if len(told.Comments) != 1 || told.Comments[0].Number != 8 || !strings.Contains(told.Comments[0].Body, "Ready") {
				t.Errorf("comments are %+v", told.Comments)
			}
		})
	}
}

// TestForkIsRefused changes one thing at a time, and each is told with what to do.
func TestForkIsRefused(t *testing.T) {
	t.Parallel()
	unset := func(names ...string) func(*testing.T, *scene) {
		return func(_ *testing.T, s *scene) {
			for _, name := range names {
				delete(s.env, "INPUT_"+name)
			}
		}
	}
	pull := func(change func(*github.PullRequest)) func(*testing.T, *scene) {
		return func(t *testing.T, s *scene) {
			t.Helper()
			one := forkedPull(eveSHA)
			change(&one)
			if err := s.github.SetPullRequest(acme.String(), one); err != nil {
				t.Fatal(err)
			}
		}
	}
	input := func(name, value string) func(*testing.T, *scene) {
		return func(_ *testing.T, s *scene) { s.env["INPUT_"+name] = value }
	}
	tests := map[string]struct {
		change  func(*testing.T, *scene)
		want    []string
		isAsked bool // of Twilio, which nothing is written to
	}{
		"the head has moved": {
			pull(func(one *github.PullRequest) { one.HeadSHA = eveNextSHA }),
			[]string{"fork-sha names eeeeeee, and pull request 8 of acme/hello has moved on: commit fffffff", "Review what it proposes now"},
			false,
		},
		"it is closed": {pull(func(one *github.PullRequest) { one.IsClosed = true }), []string{"pull request 8, which is closed"}, false},
		"another commit is checked out": {
			func(t *testing.T, s *scene) { t.Helper(); s.write(t, ".git/HEAD", mainSHA) },
			[]string{"the commit that is checked out has to be " + eveSHA + ", and it is " + mainSHA, "give actions/checkout the ref " + eveSHA},
			false,
		},
		"the commit is not known": {
			func(t *testing.T, s *scene) { t.Helper(); s.write(t, ".git/HEAD", "") }, []string{"it is not known, since there is no .git to tell it"}, false,
		},
		"no GitHub environment is named": {unset("GITHUB-ENVIRONMENT"), []string{"fork-sha needs github-environment"}, false},
		"the GitHub environment is not there": {
			input("GITHUB-ENVIRONMENT", "nowhere"),
			[]string{`there is no GitHub environment "nowhere" in acme/hello`, `nobody has approved this run for the GitHub environment "nowhere"`},
			false,
		},
		"it has no reviewers": {
			func(t *testing.T, s *scene) {
				t.Helper()
				s.environment(t, github.Environment{Name: "forks", WaitMinutes: 5})
			},
			[]string{`the GitHub environment "forks" has no required reviewers`, "Settings > Environments"},
			false,
		},
		"the run was not approved": {
			func(_ *testing.T, s *scene) { s.env["GITHUB_RUN_ID"] = "43" },
			[]string{`nobody has approved this run for the GitHub environment "forks"`, `the line "environment: forks"`},
			false,
		},
		"it was approved for another": {
			func(t *testing.T, s *scene) {
				t.Helper()
				s.environment(t, github.Environment{Name: "stage", Reviewers: []string{"ann"}})
				s.review(t, github.RunReview{Run: 44, User: "ann", Environments: []string{"stage"}})
				s.env["GITHUB_RUN_ID"] = "44"
			},
			[]string{"nobody has approved this run"},
			false,
		},
		"somebody has only commented on it": {
			func(t *testing.T, s *scene) {
				t.Helper()
				s.review(t, github.RunReview{Run: 46, User: "ann", State: "pending", Environments: []string{"forks"}})
				s.env["GITHUB_RUN_ID"] = "46"
			},
			[]string{"nobody has approved this run"},
			false,
		},
		"it was rejected": {
			func(t *testing.T, s *scene) {
				t.Helper()
				s.review(t, github.RunReview{Run: 42, User: "ann", State: "rejected", Environments: []string{"forks"}})
			},
			[]string{`this run was rejected for the GitHub environment "forks"`},
			false,
		},
		"the Service gives credentials": {
			func(t *testing.T, s *scene) {
				t.Helper()
				s.service(t, "voice", true)
				s.env["INPUT_PREVIEW-SERVICE"] = "voice"
			},
			[]string{"the Service voice gives its Functions the account's auth token", "-d IncludeCredentials=false"},
			true,
		},
		"the Service is not there":        {input("SERVICE", "nothing"), []string{`there is no Service "nothing", and none is created`, "-d UniqueName=nothing"}, true},
		"the fork would name the Service": {unset("SERVICE"), []string{"the Service that a fork's preview goes to is not named"}, false},
		"the SHA is cut":                  {input("FORK-SHA", eveSHA[:12]), []string{"is not the full SHA of a commit"}, false},
		"the Environment is no preview":   {input("ENVIRONMENT", "stage"), []string{`environment is "stage"`, "such as pr-7"}, false},
		"there is no such pull request":   {input("ENVIRONMENT", "pr-9"), []string{"whether pull request 9 may be deployed is not known", "404"}, false},
		"it is not deployed":              {input("COMMAND", "rollback"), []string{"fork-sha is for a deploy, and this is command: rollback"}, false},
		"GitHub cannot be asked":          {unset("GITHUB-TOKEN"), []string{"github-token is empty"}, false},
		"all at once": {
			func(t *testing.T, s *scene) {
				t.Helper()
				pull(func(one *github.PullRequest) { one.HeadSHA = eveNextSHA })(t, s)
				s.environment(t, github.Environment{Name: "forks"})
				s.env["GITHUB_RUN_ID"] = "45"
				s.write(t, ".git/HEAD", mainSHA)
				unset("SERVICE")(t, s)
			},
			[]string{"has moved on: commit fffffff", "has no required reviewers", "nobody has approved this run", "is not named", "has to be " + eveSHA},
			false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := guardedScene(t, eveSHA)
			test.change(t, s)
			s.called()
			before := s.twilio.Snapshot()
			result, log := s.run(t, "workflow_dispatch", dispatch(), nil)
			if result.Status != job.Failed || result.Error == nil || result.Error.Reason != job.BadInput {
				t.Fatalf("got %+v\n%s", result, log)
			}
			for _, part := range test.want {
				if !strings.Contains(result.Error.Message, part) {
					t.Errorf("%q is not in %q", part, result.Error.Message)
				}
			}
			calls := s.called()
			if isAsked := len(calls) > 0; isAsked != test.isAsked || slices.ContainsFunc(calls, func(one string) bool { return one != "FetchService" }) {
				t.Errorf("Twilio has seen %q", calls)
			}
			if after := s.twilio.Snapshot(); fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("something was written: %+v", after)
			}
		})
	}
}

// TestForkMovesOn has the pull request change, or GitHub fail, while its Build is made:
// nothing goes live.
func TestForkMovesOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*scene) error
		want   string
		status job.Status
	}{
		"another head": {
			func(s *scene) error { return s.github.SetPullRequest(acme.String(), forkedPull(eveNextSHA)) }, "commit fffffff", job.Superseded,
		},
		"closed": {func(s *scene) error {
			closed := forkedPull(eveSHA)
			closed.IsClosed = true
			return s.github.SetPullRequest(acme.String(), closed)
		}, "the end of pull request 8", job.Superseded},
		"gone": {nil, "the head of pull request 8 is not known", job.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := guardedScene(t, eveSHA)
			looks := 0
			s.instead = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/pulls/8") {
					return false
				}
				// Adopting it, checking it and beginning are the first three.
				if looks++; looks <= 3 {
					return false
				}
				if test.change != nil {
					if err := test.change(s); err != nil {
						t.Error(err)
					}
					return false
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, `{"message":"Not Found","status":"404"}`)
				return true
			}
			result, log := s.run(t, "workflow_dispatch", dispatch(), nil)
			told := result.SupersededReason
			if result.Error != nil {
				told = result.Error.Message
			}
			if result.Status != test.status || !strings.Contains(told, test.want) {
				t.Errorf("got %+v\n%s", result, log)
			}
			if found := s.twilio.Snapshot(); len(found.Deployments) > 0 || len(found.Builds) != 1 {
				t.Errorf("%d Builds and %d Deployments", len(found.Builds), len(found.Deployments))
			}
		})
	}
}

// TestForkGoesByTheRulesOfTheRun: where a fork's head goes, and with which variables, is
// said where the workflow runs, and neither by what is checked out nor by the branch that
// the pull request is for: its author chooses both.
func TestForkGoesByTheRulesOfTheRun(t *testing.T) {
	t.Parallel()
	s := guardedScene(t, eveSHA)
	run, base, head := sha("b"), sha("c"), sha("d")
	rules := func(service, variable string) string {
		return fmt.Sprintf("version: 1\nservices:\n  hello:\n    path: .\n    previews: {service: %s, github-environment: forks, variables-like: stage, variables: [%s]}\n", service, variable)
	}
	for _, one := range []github.Commit{
		{SHA: run, Branch: "main", Parents: []string{mainSHA}, Files: map[string]string{"slipway.yml": rules("previews", "NAMED")}},
		{SHA: base, Branch: "old", Parents: []string{mainSHA}, Files: map[string]string{"slipway.yml": rules("evil", "STOLEN")}},
		{SHA: head, Parents: []string{base}, Files: map[string]string{"slipway.yml": rules("evil", "STOLEN")}},
	} {
		if err := s.github.AddCommit(acme.String(), one); err != nil {
			t.Fatal(err)
		}
	}
	pull := forkedPull(head)
	pull.BaseSHA, pull.BaseRef = base, "old"
	if err := s.github.SetPullRequest(acme.String(), pull); err != nil {
		t.Fatal(err)
	}
	s.service(t, "evil", false)
	s.write(t, ".git/HEAD", head)
	s.write(t, "slipway.yml", rules("evil", "STOLEN"))
	s.write(t, ".twilioserverlessrc", `{"serviceName": "evil", "variables-like": "production"}`)
	s.write(t, "package.json", `{"name": "evil"}`)
	delete(s.env, "INPUT_SERVICE")
	maps.Copy(s.env, map[string]string{"GITHUB_SHA": run, "INPUT_FORK-SHA": head, "NAMED": "1", "STOLEN": "2"})
	result, log := s.run(t, "workflow_dispatch", dispatch(), nil)
	if result.Status != job.Deployed || result.Service != "previews" {
		t.Fatalf("got %+v\n%s", result, log)
	}
	live := s.twilio.Snapshot()
	if len(live.Environments) != 1 || len(live.Variables) != 1 || live.Variables[0].Key != "NAMED" {
		t.Errorf("live is %+v", live)
	}
	// But who has to approve is said by the workflow alone.
	delete(s.env, "INPUT_GITHUB-ENVIRONMENT")
	if result, log := s.run(t, "workflow_dispatch", dispatch(), nil); result.Status != job.Failed || !strings.Contains(result.Error.Message, "fork-sha needs github-environment") {
		t.Errorf("got %+v\n%s", result, log)
	}
}

// TestLogOfAProposalIsBounded: a stranger's tree may have problems without end.
func TestLogOfAProposalIsBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t, eveSHA)
	for i := range 130 {
		s.write(t, fmt.Sprintf("functions/%s#%d.js", strings.Repeat("x", 200), i), "")
	}
	result, log := s.run(t, "pull_request", pullPayload("opened", eveSHA), nil)
	if result.Status != job.Skipped || len(s.called()) > 0 {
		t.Fatalf("got %+v\n%s", result, log)
	}
	if told := strings.Count(log, `the path "`); told == 0 || told > 100 || !strings.Contains(log, "more that it would be refused for") {
		t.Errorf("the log tells of %d problems:\n%s", told, log)
	}
}

// TestForkNeedsForkSHA: whoever names the preview of a fork's pull request in a run that
// was not started by that, and gives no fork-sha, has forgotten it.
func TestForkNeedsForkSHA(t *testing.T) {
	t.Parallel()
	const forgotten = "pull request 8 of acme/hello comes from a fork, and fork-sha does not name its head"
	own := func(t *testing.T, s *scene) {
		t.Helper()
		one := forkedPull(eveSHA)
		one.HeadRepository = ""
		if err := s.github.SetPullRequest(acme.String(), one); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		event, command string
		change         func(*testing.T, *scene)
		want           job.Status
	}{
		"by hand":                    {"workflow_dispatch", "auto", nil, job.Failed},
		"by hand, to deploy":         {"workflow_dispatch", "deploy", nil, job.Failed},
		"by a call of the API":       {"repository_dispatch", "deploy", nil, job.Failed},
		"at night":                   {"schedule", "deploy", nil, job.Failed},
		"by hand, to plan":           {"workflow_dispatch", "plan", nil, job.Planned},
		"by hand, to take it away":   {"workflow_dispatch", "teardown", nil, job.TornDown},
		"one of the repository's":    {"workflow_dispatch", "auto", own, job.Deployed},
		"another Environment":        {"workflow_dispatch", "auto", func(_ *testing.T, s *scene) { s.env["INPUT_ENVIRONMENT"] = "stage" }, job.Deployed},
		"another repository's":       {"workflow_dispatch", "auto", func(_ *testing.T, s *scene) { s.env["INPUT_ENVIRONMENT"] = "pr-9" }, job.Deployed},
		"without GitHub to ask":      {"workflow_dispatch", "auto", func(_ *testing.T, s *scene) { delete(s.env, "INPUT_GITHUB-TOKEN") }, job.Deployed},
		"GitHub that does not allow": {"workflow_dispatch", "auto", func(_ *testing.T, s *scene) { s.instead = forbidden }, job.Deployed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := guardedScene(t, eveSHA)
			delete(s.env, "INPUT_FORK-SHA")
			delete(s.env, "INPUT_GITHUB-ENVIRONMENT")
			if test.change != nil {
				test.change(t, s)
			}
			result, log := s.run(t, test.event, dispatch(), map[string]string{"INPUT_COMMAND": test.command})
			if result.Status != test.want {
				t.Fatalf("got %+v\n%s", result, log)
			}
			isRefused := result.Error != nil && strings.Contains(result.Error.Message, forgotten)
			if calls := s.called(); isRefused != (test.want == job.Failed) || isRefused && len(calls) > 0 {
				t.Errorf("got %+v, and Twilio has seen %q", result, calls)
			}
		})
	}
}

// forbidden answers for pull requests as GitHub does where the token may not read them.
func forbidden(w http.ResponseWriter, r *http.Request) bool {
	if !strings.Contains(r.URL.Path, "/pulls/") {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `{"message":"Resource not accessible by integration","status":"403"}`)
	return true
}
