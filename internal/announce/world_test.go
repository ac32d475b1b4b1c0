package announce_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

const (
	sha    = "1111111111111111111111111111111111111111"
	head   = "2222222222222222222222222222222222222222"
	runURL = "https://github.com/acme/voice/actions/runs/100"
)

var voice = gh.Repository{Owner: "acme", Name: "voice"}

// newHub is a repository with pull requests 7 and 8, and others.
func newHub(t *testing.T, options sandbox.Options, others ...sandbox.PullRequest) *sandbox.Sandbox {
	t.Helper()
	options.Repositories = []sandbox.Repository{{
		Owner: "acme", Name: "voice", Private: true, Commits: []sandbox.Commit{{SHA: sha, Branch: "main"}, {SHA: head, Branch: "feature"}},
		PullRequests: append(others, sandbox.PullRequest{Number: 7, HeadSHA: head, HeadRef: "feature"}, sandbox.PullRequest{Number: 8, HeadSHA: head, HeadRef: "other"}),
	}}
	world, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	return world
}

// pipe is a RoundTripper in memory, for a bubble whose clock sockets would hold up.
type pipe func(*http.Request) (*http.Response, error)

func (p pipe) RoundTrip(r *http.Request) (*http.Response, error) { return p(r) }

func newClient(t *testing.T, handler http.Handler) *gh.Client {
	t.Helper()
	client, err := gh.New(gh.Config{
		Token: secret.New(sandbox.DefaultToken().Value),
		Transport: pipe(func(r *http.Request) (response *http.Response, err error) {
			recorder := httptest.NewRecorder()
			defer func() {
				if met := recover(); met != nil {
					if met != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
						panic(met)
					}
					response, err = nil, io.ErrUnexpectedEOF
				}
			}()
			incoming := r.Clone(r.Context())
			if incoming.Body == nil {
				incoming.Body = http.NoBody
			}
			handler.ServeHTTP(recorder, incoming)
			response = recorder.Result()
			response.Request = r
			return response, r.Context().Err()
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// all tells everything.
func all() announce.Settings {
	return announce.Settings{CommitStatus: true, Deployment: true, Comment: announce.CommentOnChange}
}

func onPush() announce.Subject {
	return announce.Subject{Repository: voice, SHA: sha, RunURL: runURL, Run: 100, Attempt: 1, Actor: "ann"}
}

func onPull() announce.Subject {
	subject := onPush()
	subject.SHA, subject.PullRequest = head, 7
	return subject
}

func newAnnouncer(t *testing.T, handler http.Handler, about announce.Subject, settings announce.Settings) *announce.Announcer {
	t.Helper()
	return announce.New(newClient(t, handler), about, settings, announce.Hooks{
		Redact:  func(text string) string { return strings.ReplaceAll(text, "sesame", "***") },
		Waiting: func(string) {}, Logger: slog.New(slog.DiscardHandler),
	})
}

func deployOf(service, environment string) job.Job {
	asked := job.Job{Verb: job.Deploy, Target: job.Target{Service: service, Environment: environment}, Commit: sha}
	if _, err := fmt.Sscanf(environment, "pr-%d", &asked.Previews.Number); err == nil {
		asked.Verb = job.Preview
	}
	return asked
}

// resultOf is how a Job ended.
func resultOf(asked job.Job, status job.Status) job.Result {
	result := job.NewResult()
	result.Status, result.Service, result.Environment, result.Commit = status, asked.Target.Service, asked.Target.Environment, asked.Commit
	result.URL = "https://" + asked.Target.Service + "-1234-" + asked.Target.Environment + ".twil.io"
	result.BuildSID, result.Digest, result.Changed = "ZB00000000000000000000000000000001", strings.Repeat("d", 64), true
	if status == job.Failed {
		result.URL = ""
		result.Error = &job.Failure{Reason: job.BuildFailed, Message: "Build failed: sesame"}
	}
	return result
}

// tell tells of a Job from its begin to its end.
func tell(t *testing.T, a *announce.Announcer, asked job.Job, result job.Result) []announce.Warning {
	t.Helper()
	a.Begin(t.Context(), asked)
	return a.End(t.Context(), result, deploy.Plan{})
}

// shown is what people see at GitHub: the states of each place, the oldest first.
func shown(world *sandbox.Sandbox) string {
	var lines []string
	repository := world.Snapshot().Repositories[0]
	for _, one := range repository.Statuses {
		lines = append(lines, fmt.Sprintf("status %s %s %s: %s -> %s", one.SHA[:7], one.Context, one.State, one.Description, one.TargetURL))
	}
	for _, one := range repository.Deployments {
		lines = append(lines, fmt.Sprintf("deployment %s %s transient=%t production=%t task=%s", one.SHA[:7], one.Environment, one.IsTransient, one.IsProduction, one.Task))
		for _, state := range one.Statuses {
			lines = append(lines, fmt.Sprintf("  %s: %s -> %s", state.State, state.Description, state.EnvironmentURL))
		}
	}
	for _, one := range repository.Comments {
		comment, isOurs := report.ParseComment(one.Body)
		if !isOurs {
			continue
		}
		lines = append(lines, fmt.Sprintf("comment on %d", one.Number))
		for _, row := range comment.Rows() {
			lines = append(lines, strings.TrimRight(fmt.Sprintf("  %s %s %s %s", row.Service, row.Environment, row.Status, row.Note), " "))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
