package gh_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/gh"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

func TestChangedFiles(t *testing.T) {
	t.Parallel()
	c, _ := newWorld(t, sandbox.Options{Repositories: history()})
	topic := []string{"app/one.js", "app/two.js", "big", "bigger", "dangling", "folder", "lib/one.js", "link.yml", "sub"}
	main := []string{"big", "bigger", "dangling", "docs/a b#c?.md", "empty", "folder", "link.yml", "sub"}
	for pair, test := range map[string]struct {
		want       gh.Changed
		isComplete bool
	}{
		"1 1": {gh.Changed{Relation: gh.RelationIdentical}, true},
		"1 3": {gh.Changed{Relation: gh.RelationAhead}, true}, // what 2 brought, 3 took away
		"2 4": {gh.Changed{Relation: gh.RelationAhead, Files: topic}, true},
		"2 3": {gh.Changed{Relation: gh.RelationAhead, Files: main}, true},
		"3 4": {gh.Changed{Relation: gh.RelationDiverged, Files: topic}, false}, // since 2
		"4 2": {gh.Changed{Relation: gh.RelationBehind}, false},
		"3 5": {gh.Changed{IsCut: true}, false},
		"9 3": {gh.Changed{IsCut: true}, false}, // what was pushed over may be gone
	} {
		base, head, _ := strings.Cut(pair, " ")
		got, err := c.ChangedFiles(t.Context(), voice, shaOf(base), shaOf(head))
		if diff := cmp.Diff(got, test.want); err != nil || diff != "" || got.IsComplete() != test.isComplete {
			t.Errorf("%s: complete %t, error %v, got-want+\n%s", pair, got.IsComplete(), err, diff)
		}
	}
	if _, err := c.ChangedFiles(t.Context(), voice, shaOf("3"), shaOf("9")); err == nil || !strings.Contains(err.Error(), "GitHub answered 404") {
		t.Errorf("an unknown head: %v", err)
	}
	blind, _ := newWorld(t, sandbox.Options{Repositories: history(), Tokens: []sandbox.Token{{Value: token}}})
	if _, err := blind.ChangedFiles(t.Context(), voice, shaOf("1"), shaOf("2")); err == nil || !strings.Contains(err.Error(), `"contents: read"`) {
		t.Errorf("without the permission: %v", err)
	}
}

// TestManyChangedFiles has as many as GitHub tells of, one less and one more.
func TestManyChangedFiles(t *testing.T) {
	t.Parallel()
	for count, isCut := range map[int]bool{299: false, 300: true, 301: true} {
		files := map[string]string{}
		for i := range count {
			files["f"+strconv.Itoa(i)] = strconv.Itoa(i)
		}
		c, _ := newWorld(t, sandbox.Options{Repositories: []sandbox.Repository{{Owner: "acme", Name: "voice", Commits: []sandbox.Commit{
			{SHA: shaOf("1")}, {SHA: shaOf("2"), Parents: []string{shaOf("1")}, Files: files},
		}}}})
		got, err := c.ChangedFiles(t.Context(), voice, shaOf("1"), shaOf("2"))
		if err != nil || len(got.Files) != min(count, 300) || got.IsCut != isCut || got.IsComplete() == isCut || got.Relation != gh.RelationAhead {
			t.Errorf("%d: %d files, cut %t, error %v", count, len(got.Files), got.IsCut, err)
		}
	}
}

// TestComparisonsWithoutFiles may have them or not.
func TestComparisonsWithoutFiles(t *testing.T) {
	t.Parallel()
	base := `"base_commit":{"sha":"` + shaOf("1") + `"}`
	for body, isCut := range map[string]bool{
		`{"status":"ahead",` + base + `,"files":[]}`: false, `{"status":"ahead",` + base + `}`: true, `{"status":"ahead",` + base + `,"files":null}`: true,
	} {
		got, err := newClient(t, answer(200, body)).ChangedFiles(t.Context(), voice, shaOf("1"), shaOf("2"))
		if err != nil || got.IsCut != isCut {
			t.Errorf("%s: %+v, error %v", body, got, err)
		}
	}
	for _, body := range []string{`{}`, `{"status":"ahead","files":[]}`, `{"status":"other",` + base + `,"files":[]}`, `null`, ``} {
		if got, err := newClient(t, answer(200, body), once).ChangedFiles(t.Context(), voice, shaOf("1"), shaOf("2")); err == nil {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

func TestPullRequest(t *testing.T) {
	t.Parallel()
	c, world := newWorld(t, sandbox.Options{Repositories: history()})
	fork := gh.Repository{Owner: "somebody", Name: "voice"}
	for _, test := range []struct {
		given sandbox.PullRequest
		want  gh.PullRequest
	}{
		{
			sandbox.PullRequest{HeadSHA: shaOf("4"), HeadRef: "topic/a", IsDraft: true},
			gh.PullRequest{IsOpen: true, IsDraft: true, HeadSHA: shaOf("4"), HeadRef: "topic/a", HeadRepository: voice, BaseSHA: shaOf("3"), BaseRef: "main"},
		},
		{
			sandbox.PullRequest{HeadSHA: shaOf("4"), HeadRef: "topic/a", IsMerged: true, BaseRef: "elsewhere"},
			gh.PullRequest{IsMerged: true, HeadSHA: shaOf("4"), HeadRef: "topic/a", HeadRepository: voice, BaseSHA: shaOf("5"), BaseRef: "elsewhere"},
		},
		{
			sandbox.PullRequest{HeadSHA: shaOf("9"), HeadRef: "main", HeadRepository: "somebody/voice", IsClosed: true},
			gh.PullRequest{HeadSHA: shaOf("9"), HeadRef: "main", HeadRepository: fork, IsFork: true, BaseSHA: shaOf("3"), BaseRef: "main"},
		},
		{
			sandbox.PullRequest{HeadSHA: shaOf("9"), HeadRef: "main", HeadRepository: "somebody/voice", IsHeadDeleted: true},
			gh.PullRequest{IsOpen: true, HeadSHA: shaOf("9"), HeadRef: "main", IsFork: true, BaseSHA: shaOf("3"), BaseRef: "main"},
		},
	} {
		test.given.Number, test.want.Number = 7, 7
		if err := world.SetPullRequest("acme/voice", test.given); err != nil {
			t.Fatal(err)
		}
		got, err := c.PullRequest(t.Context(), gh.Repository{Owner: "ACME", Name: "voice"}, 7)
		if diff := cmp.Diff(got, test.want); err != nil || diff != "" {
			t.Errorf("error %v, got-want+\n%s", err, diff)
		}
	}
	if _, err := c.PullRequest(t.Context(), voice, 8); err == nil || !strings.Contains(err.Error(), "read pull request 8 of acme/voice: GitHub answered 404") {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestBranchHead(t *testing.T) {
	t.Parallel()
	c, world := newWorld(t, sandbox.Options{Repositories: history()})
	odd := "fix/🚀-100%#1?x"
	if err := world.AddCommit("acme/voice", sandbox.Commit{SHA: shaOf("1"), Branch: odd}); err != nil {
		t.Fatal(err)
	}
	for branch, want := range map[string]string{"main": shaOf("3"), "topic/a": shaOf("4"), odd: shaOf("1")} {
		if got, err := c.BranchHead(t.Context(), voice, branch); err != nil || got != want {
			t.Errorf("%s is %s, error %v", branch, got, err)
		}
	}
	_, err := c.BranchHead(t.Context(), voice, "topic")
	if refusal, ok := errors.AsType[*gh.Error](err); !ok || refusal.Status != http.StatusNotFound {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestEnvironmentProtection(t *testing.T) {
	t.Parallel()
	c, world := newWorld(t, sandbox.Options{Repositories: history()})
	for _, one := range []sandbox.Environment{
		{Name: "voice/stage", Reviewers: []string{"ann"}}, {Name: "teams", Teams: []string{"ops"}}, {Name: "waits", WaitMinutes: 5}, {Name: "plain"},
	} {
		if err := world.SetEnvironment("acme/voice", one); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{"Voice/Stage": true, "teams": true, "waits": false, "plain": false} {
		if got, err := c.EnvironmentProtection(t.Context(), voice, name); err != nil || got.RequiresReview != want {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
	_, err := c.EnvironmentProtection(t.Context(), voice, "nothing")
	if refusal, ok := errors.AsType[*gh.Error](err); !ok || refusal.Status != http.StatusNotFound {
		t.Errorf("one that is not there: %v", err)
	}
	// A rule without anybody in it protects nothing.
	for body, want := range map[string]bool{
		`{"name":"x","protection_rules":[{"type":"required_reviewers","reviewers":[]}]}`:   false,
		`{"name":"x","protection_rules":[{"type":"required_reviewers","reviewers":[{}]}]}`: true,
		`{"name":"x","protection_rules":[{"type":"wait_timer","reviewers":[{}]}]}`:         false,
		`{"name":"x"}`: false,
	} {
		if got, err := newClient(t, answer(200, body)).EnvironmentProtection(t.Context(), voice, "x"); err != nil || got.RequiresReview != want {
			t.Errorf("%s: %+v, error %v", body, got, err)
		}
	}
	if got, err := newClient(t, answer(200, `{"name":"y"}`), once).EnvironmentProtection(t.Context(), voice, "x"); err == nil {
		t.Errorf("another's: %+v", got)
	}
}

func TestRunApproval(t *testing.T) {
	t.Parallel()
	c, world := newWorld(t, sandbox.Options{Repositories: history()})
	for _, one := range []sandbox.Environment{{Name: "forks", Reviewers: []string{"ann", "bob"}}, {Name: "stage", Teams: []string{"ops"}}, {Name: "plain"}} {
		if err := world.SetEnvironment("acme/voice", one); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range []sandbox.RunReview{
		{Run: 1, User: "ann", Environments: []string{"forks"}},
		{Run: 2, User: "ann", Environments: []string{"stage"}},
		{Run: 3, User: "ann", Environments: []string{"forks"}},
		{Run: 3, User: "bob", Environments: []string{"stage", "forks"}, State: "rejected"},
		{Run: 4, User: "bob", Environments: []string{"forks"}, State: "rejected"},
		{Run: 4, User: "ann", Environments: []string{"forks"}},
	} {
		if err := world.ReviewRun("acme/voice", one); err != nil {
			t.Fatal(err)
		}
	}
	for run, want := range map[int64]gh.Approval{1: gh.Approved, 2: gh.NotReviewed, 3: gh.Rejected, 4: gh.Rejected, 5: gh.NotReviewed} {
		if got, err := c.RunApproval(t.Context(), voice, run, "Forks"); err != nil || got != want {
			t.Errorf("run %d: %d, error %v, want %d", run, got, err, want)
		}
	}
	for body, isRead := range map[string]bool{
		`[]`: true, `[{"state":"pending","environments":[{"name":"forks"}]}]`: true, `[{"state":"approved"}]`: true, `{}`: false, `null`: false, ``: false,
	} {
		got, err := newClient(t, answer(200, body), once).RunApproval(t.Context(), voice, 1, "forks")
		if got != gh.NotReviewed || (err == nil) != isRead {
			t.Errorf("%q: %d, error %v", body, got, err)
		}
	}
	for _, run := range []int64{0, -1} {
		if _, err := c.RunApproval(t.Context(), voice, run, "forks"); err == nil {
			t.Errorf("run %d is asked for", run)
		}
	}
}

// TestReadsNameTheirPermissions has a token that may do nothing.
func TestReadsNameTheirPermissions(t *testing.T) {
	t.Parallel()
	c, world := newWorld(t, sandbox.Options{Repositories: history(), Tokens: []sandbox.Token{{Value: token}}})
	prepare(t, world)
	for want, read := range map[string]func() error{
		"contents: read":      func() error { _, err := c.ReadFile(t.Context(), voice, shaOf("1"), "slipway.yml", 0); return err },
		"pull-requests: read": func() error { _, err := c.PullRequest(t.Context(), voice, 7); return err },
		"actions: read":       func() error { _, err := c.EnvironmentProtection(t.Context(), voice, "voice/stage"); return err },
		"deployments: read":   func() error { _, err := c.Deployments(t.Context(), voice, gh.DeploymentFilter{}); return err },
	} {
		if missing, ok := errors.AsType[*gh.PermissionError](read()); !ok || missing.Permission != want {
			t.Errorf("got %+v, want %s", missing, want)
		}
	}
	_, err := c.RunApproval(t.Context(), voice, 1, "voice/stage")
	if missing, ok := errors.AsType[*gh.PermissionError](err); !ok || missing.Permission != "actions: read" {
		t.Errorf("reviews: %v", err)
	}
	if _, err := c.BranchHead(t.Context(), voice, "main"); err == nil || !strings.Contains(err.Error(), `"contents: read"`) {
		t.Errorf("a branch: %v", err)
	}
}
