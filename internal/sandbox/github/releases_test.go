package github_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

func TestReleases(t *testing.T) {
	t.Parallel()
	var seen observed
	b := newBox(t, github.Options{Observe: seen.add, Tokens: []github.Token{{Value: github.DefaultToken().Value, Permissions: map[string]string{"contents": "write"}}}})
	add := func(given github.Release) string {
		t.Helper()
		id, err := b.AddRelease("acme/voice", given)
		if err != nil {
			t.Fatal(err)
		}
		return voice + "/releases/" + strconv.FormatInt(id, 10)
	}
	one := add(github.Release{Tag: "v1/eu", Name: "One", Body: "first\r\n", Author: "ann"})
	draft := add(github.Release{Tag: "v2", IsDraft: true})
	for name, given := range map[string]github.Release{"no tag": {}, "a tag that is taken": {Tag: "v1/eu"}, "an id that is taken": {ID: 1<<40 + 1, Tag: "v4"}} {
		if name == "an id that is taken" {
			add(github.Release{ID: given.ID, Tag: "v3"})
		}
		if _, err := b.AddRelease("acme/voice", given); err == nil {
			t.Errorf("%s: it was made", name)
		}
	}
	got := b.get(one)
	wantStatus(t, got, http.StatusOK)
	if got.text("body") != "first\r\n" || got.text("tag_name") != "v1/eu" || got.text("target_commitish") != "main" || !strings.HasSuffix(got.text("url"), one) {
		t.Errorf("got %s", got.raw)
	}
	if by := b.get(voice + "/releases/tags/v1/eu"); by.raw != got.raw {
		t.Errorf("by its tag it is %s", by.raw)
	}
	edited := b.do(http.MethodPatch, one, `{"body":"second"}`)
	wantStatus(t, edited, http.StatusOK)
	published := b.do(http.MethodPatch, draft, `{"draft":false,"prerelease":true,"name":"Two"}`)
	wantStatus(t, published, http.StatusOK)
	wantStatus(t, b.get(voice+"/releases/tags/v2"), http.StatusOK)
	all := b.Snapshot().Repositories[0].Releases
	if all[0].Body != "second" || all[0].Name != "One" || all[0].Author != "ann" || all[1].IsDraft || !all[1].IsPrerelease || all[1].Name != "Two" {
		t.Errorf("left are %+v", all)
	}
	if calls := seen.all(); calls[0].Release != nil || calls[2].Release == nil || calls[2].Release.Body != "second" {
		t.Errorf("told of %+v", calls)
	}
	if err := b.EditRelease("acme/voice", all[0].ID, "third"); err != nil || b.get(one).text("body") != "third" {
		t.Errorf("edited by hand it is %s, %v", b.get(one).raw, err)
	}
	if err := b.EditRelease("acme/voice", 9, "third"); err == nil {
		t.Error("what is not there was edited")
	}
	long := strings.Repeat("ü", 125_000)
	wantStatus(t, b.do(http.MethodPatch, one, `{"body":"`+long+`"}`), http.StatusOK)
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		message            string
	}{
		"too long":         {http.MethodPatch, one, `{"body":"` + long + `x"}`, 422, "Validation Failed"},
		"none":             {http.MethodGet, voice + "/releases/9", "", 404, "Not Found"},
		"none to edit":     {http.MethodPatch, voice + "/releases/9", `{"body":"x"}`, 404, "Not Found"},
		"no such tag":      {http.MethodGet, voice + "/releases/tags/v9", "", 404, "Not Found"},
		"half a tag":       {http.MethodGet, voice + "/releases/tags/v1", "", 404, "Not Found"},
		"an unknown field": {http.MethodPatch, one, `{"text":"x"}`, 422, `"text" is not a permitted key`},
		"a draft of text":  {http.MethodPatch, one, `{"draft":"no"}`, 422, "is not a boolean"},
	} {
		wantError(t, b.do(test.method, test.path, test.body), test.status, test.message)
		if t.Failed() {
			t.Log(name)
		}
	}
}

// TestReleasePermissions hides drafts from who may not write.
func TestReleasePermissions(t *testing.T) {
	t.Parallel()
	for level, want := range map[string][3]int{
		"read":  {http.StatusOK, http.StatusForbidden, http.StatusNotFound},
		"write": {http.StatusOK, http.StatusOK, http.StatusOK},
	} {
		b := newBox(t, github.Options{Tokens: []github.Token{{Value: github.DefaultToken().Value, Permissions: map[string]string{"contents": level}}}})
		for id, isDraft := range map[int64]bool{101: false, 102: true} {
			if _, err := b.AddRelease("acme/voice", github.Release{ID: id, Tag: "v1", IsDraft: isDraft}); err != nil {
				t.Fatal(err)
			}
		}
		got := [3]int{
			b.get(voice + "/releases/101").status, b.do(http.MethodPatch, voice+"/releases/101", `{"body":"x"}`).status, b.get(voice + "/releases/102").status,
		}
		if got != want {
			t.Errorf("contents: %s: got %v, want %v", level, got, want)
		}
	}
}
