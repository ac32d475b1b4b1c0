package github_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

func TestComments(t *testing.T) {
	t.Parallel()
	var seen observed
	b := newBox(t, github.Options{Observe: seen.add, PageSize: 2})
	if err := b.SetPullRequest("acme/voice", github.PullRequest{Number: 7, HeadSHA: sha, HeadRef: "feature"}); err != nil {
		t.Fatal(err)
	}
	const on = voice + "/issues/7/comments"
	made := b.post(on, `{"body":"hello"}`)
	wantStatus(t, made, http.StatusCreated)
	id, _ := made.json["id"].(float64)
	one := voice + "/issues/comments/" + strconv.Itoa(int(id))
	if made.text("body") != "hello" || !strings.HasSuffix(made.text("url"), one) || made.header.Get("Location") != made.text("url") ||
		made.text("issue_url") != strings.TrimSuffix(made.text("url"), "/issues/comments/"+strconv.Itoa(int(id)))+"/issues/7" {
		t.Errorf("made %s", made.raw)
	}
	if got := b.get(one); got.raw != made.raw {
		t.Errorf("alone it is %s", got.raw)
	}
	edited := b.do(http.MethodPatch, one, `{"body":"hello again"}`)
	wantStatus(t, edited, http.StatusOK)
	for _, login := range []string{"ann", "bob"} {
		if _, err := b.AddComment("acme/voice", 7, login, "nice"); err != nil {
			t.Fatal(err)
		}
	}
	if listed := b.get(on); strings.Count(listed.raw, `"id":`) != 2 || !strings.Contains(listed.header.Get("Link"), `rel="next"`) || !strings.Contains(listed.raw, "hello again") {
		t.Errorf("listed %s with %s", listed.raw, listed.header.Get("Link"))
	}
	wantStatus(t, b.do(http.MethodDelete, one, ""), http.StatusNoContent)
	if left := b.Snapshot().Repositories[0].Comments; len(left) != 2 || left[0].Author != "ann" {
		t.Errorf("left are %+v", left)
	}
	if calls := seen.all(); calls[0].Comment == nil || calls[0].Comment.Body != "hello" || calls[2].Comment.Body != "hello again" || calls[3].Comment != nil {
		t.Errorf("told of %+v", calls)
	}
	if _, err := b.AddComment("acme/voice", 8, "ann", "nice"); err == nil {
		t.Error("a comment on no pull request")
	}

	long := strings.Repeat("ü", 65_536)
	wantStatus(t, b.post(on, `{"body":"`+long+`"}`), http.StatusCreated)
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		message            string
	}{
		"too long":            {http.MethodPost, on, `{"body":"` + long + `x"}`, 422, "Validation Failed"},
		"blank":               {http.MethodPost, on, `{"body":" "}`, 422, "Validation Failed"},
		"no body":             {http.MethodPost, on, `{}`, 422, `"body" wasn't supplied.`},
		"no pull request":     {http.MethodPost, voice + "/issues/8/comments", `{"body":"x"}`, 404, "Not Found"},
		"no number":           {http.MethodGet, voice + "/issues/x/comments", "", 404, "Not Found"},
		"gone":                {http.MethodGet, one, "", 404, "Not Found"},
		"gone to edit":        {http.MethodPatch, one, `{"body":"x"}`, 404, "Not Found"},
		"gone to delete":      {http.MethodDelete, one, "", 404, "Not Found"},
		"an unknown field":    {http.MethodPost, on, `{"body":"x","author":"y"}`, 422, `"author" is not a permitted key`},
		"an unknown question": {http.MethodGet, on + "?sort=asc", "", 422, `"sort" is not a permitted key`},
	} {
		wantError(t, b.do(test.method, test.path, test.body), test.status, test.message)
		if t.Failed() {
			t.Log(name)
		}
	}
}

// TestCommentPermissions takes either of two.
func TestCommentPermissions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		permissions map[string]string
		want        int
	}{
		"none":                 {map[string]string{"contents": "write"}, http.StatusForbidden},
		"to read":              {map[string]string{"pull_requests": "read", "issues": "read"}, http.StatusForbidden},
		"pull_requests: write": {map[string]string{"pull_requests": "write"}, http.StatusCreated},
		"issues: write":        {map[string]string{"issues": "write"}, http.StatusCreated},
	} {
		b := newBox(t, github.Options{Tokens: []github.Token{{Value: github.DefaultToken().Value, Permissions: test.permissions}}})
		if err := b.SetPullRequest("acme/voice", github.PullRequest{Number: 7, HeadSHA: sha, HeadRef: "feature"}); err != nil {
			t.Fatal(err)
		}
		if got := b.post(voice+"/issues/7/comments", `{"body":"x"}`); got.status != test.want {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
}
