package github_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

// TestAssumePushed has nobody push anything, and yet find it there.
func TestAssumePushed(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{AssumePushed: true})
	third, fourth, fifth := commitOf("3"), commitOf("4"), commitOf("5")
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/repos/new/shop", "", 200},
		{"GET", "/repos/new/shop/commits/main", "", 422}, // a branch says nothing of its commit
		{"GET", "/repos/new/shop/commits/1234567/statuses", "", 404},
		{"GET", "/repos/new/shop/commits/" + sha + "/statuses", "", 200},
		{"POST", "/repos/new/shop/statuses/main", `{"state":"success"}`, 422},
		{"POST", "/repos/new/shop/statuses/" + other, `{"state":"success"}`, 201},
		{"POST", "/repos/NEW/Shop/statuses/" + other, `{"state":"success"}`, 201}, // names have no case
		{"POST", "/repos/ACME/voice/statuses/" + other, `{"state":"success"}`, 201},
		{"GET", "/repos/n%20w/shop", "", 404},
		{"GET", "/repos/new/shop/statuses/" + sha, "", 404}, // an operation that is not known
	} {
		if got := b.do(step.method, step.path, step.body); got.status != step.want {
			t.Errorf("%s %s: got %d %s, want %d", step.method, step.path, got.status, got.raw, step.want)
		}
	}
	for _, step := range []struct {
		path, body string
		want       int
	}{
		{"/contents/slipway.yml?ref=" + third, "", 404},
		{"/git/commits/" + third, "", 200},
		{"/compare/" + sha + "..." + fourth, "", 404}, // nobody knows what lies between them
		{"/git/commits/" + fourth, "", 200},
		{"/deployments", `{"ref":"` + fifth + `","auto_merge":false,"required_contexts":[]}`, 201},
		{"/deployments", `{"ref":"main","auto_merge":false,"required_contexts":[]}`, 422},
	} {
		if got := b.do(map[bool]string{true: "GET", false: "POST"}[step.body == ""], "/repos/new/pushed"+step.path, step.body); got.status != step.want {
			t.Errorf("%s: got %d %s, want %d", step.path, got.status, got.raw, step.want)
		}
	}
	if made := b.Snapshot().Repositories[3]; !slices.Equal(made.Commits, []string{third, sha, fourth, fifth}) || len(made.Deployments) != 1 {
		t.Errorf("the last repository is %+v", made)
	}
	status := github.Status{SHA: other, State: "success", Context: "default", Creator: "github-actions[bot]"}
	want := []github.RepositorySnapshot{
		{
			Owner: "acme", Name: "voice", DefaultBranch: "main", Private: true,
			Commits: []string{sha, other}, Branches: map[string]string{"main": sha}, Statuses: []github.Status{status},
		},
		{Owner: "acme", Name: "site", DefaultBranch: "main", Commits: []string{sha}, Branches: map[string]string{"main": sha}},
		{
			Owner: "new", Name: "shop", DefaultBranch: "main",
			Commits: []string{sha, other}, Branches: map[string]string{}, Statuses: []github.Status{status, status},
		},
	}
	if diff := cmp.Diff(b.Snapshot().Repositories[:3], want, cmpopts.IgnoreFields(github.Status{}, "ID", "Created")); diff != "" {
		t.Errorf("got-want+\n%s", diff)
	}
}

// TestAssumePushedByWhoMay keeps nobody in particular, and tokens for other
// repositories, from making anything up.
func TestAssumePushedByWhoMay(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{
		AssumePushed: true,
		Tokens: []github.Token{
			{Value: "of-the-shop", Repositories: []string{"new/shop"}, Permissions: map[string]string{"statuses": "write"}},
			{Value: "reader"},
		},
	})
	nobody, shop, reader := b.with("Authorization", ""), b.as("of-the-shop"), b.as("reader")
	wantError(t, nobody.get("/repos/new/shop"), http.StatusNotFound, "Not Found")
	wantError(t, shop.get("/repos/new/other"), http.StatusNotFound, "Not Found")
	wantStatus(t, shop.get("/repos/new/shop"), http.StatusOK)
	wantStatus(t, nobody.get("/repos/new/shop"), http.StatusOK)
	wantError(t, nobody.get("/repos/acme/site/commits/"+other), http.StatusUnprocessableEntity, "No commit found")
	wantError(t, shop.get("/repos/acme/site/commits/"+other), http.StatusUnprocessableEntity, "No commit found")
	wantStatus(t, reader.get("/repos/acme/site/commits/"+other), http.StatusOK)
	wantError(t, reader.post("/repos/new/shop/statuses/"+sha, `{"state":"success"}`), http.StatusForbidden, "Resource not accessible by integration")

	strict := newBox(t, github.Options{})
	wantError(t, strict.get("/repos/new/shop"), http.StatusNotFound, "Not Found")
	wantError(t, strict.get(voice+"/commits/"+other), http.StatusUnprocessableEntity, "No commit found")
}
