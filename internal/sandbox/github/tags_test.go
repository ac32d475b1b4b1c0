package github_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

// TestTags has refs of one segment and of several, and both kinds of tags.
func TestTags(t *testing.T) {
	t.Parallel()
	b := newHistory(t, github.Options{})
	pushed := map[string]github.Pushed{}
	for _, push := range []github.TagPush{{Tag: "v1", SHA: commitOf("a")}, {Tag: "release/v2", SHA: commitOf("b"), Message: "Second"}, {Tag: "orphan"}} {
		made, err := b.PushTag("acme/voice", push)
		if err != nil {
			t.Fatal(err)
		}
		pushed[push.Tag] = made
	}
	for ref, want := range map[string]string{
		"v1": "a", "tags/v1": "a", "tags/release/v2": "b", "release/v2": "b", "release%2Fv2": "b",
		"main": "d", "heads/main": "d", "HEAD": "d", "feature/side": "c", "heads/feature/side": "c",
		"orphan": "d", "tags/orphan": "d", "heads/orphan": "e", commitOf("a"): "a",
	} {
		got := b.get(voice + "/commits/" + ref)
		wantStatus(t, got, http.StatusOK)
		if sha := got.text("sha"); sha != commitOf(want) {
			t.Errorf("%s is %s, want %s", ref, sha, want)
		}
	}
	for _, ref := range []string{"v2", "tags/main", "heads/v1", "tags/release", "refs/tags/v1"} {
		wantStatus(t, b.get(voice+"/commits/"+ref), http.StatusUnprocessableEntity)
	}
	wantStatus(t, b.get(voice+"/commits/main/statuses"), http.StatusOK)
	wantStatus(t, b.get(voice+"/tarball/tags/v1"), http.StatusFound)

	var payload struct {
		Ref        string `json:"ref"`
		Before     string `json:"before"`
		After      string `json:"after"`
		Created    bool   `json:"created"`
		HeadCommit struct {
			ID string `json:"id"`
		} `json:"head_commit"`
	}
	if err := json.Unmarshal(pushed["release/v2"].Payload, &payload); err != nil {
		t.Fatal(err)
	}
	if payload.Ref != "refs/tags/release/v2" || payload.HeadCommit.ID != commitOf("b") || payload.After == commitOf("b") || !payload.Created || strings.Trim(payload.Before, "0") != "" {
		t.Errorf("the payload is %+v", payload)
	}
	got := b.get(voice + "/git/ref/tags/release/v2")
	wantStatus(t, got, http.StatusOK)
	if !strings.Contains(got.raw, payload.After) || !strings.Contains(got.raw, `"type":"tag"`) {
		t.Errorf("the ref is %s", got.raw)
	}
	if err := b.DeleteTag("acme/voice", "v1"); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b.get(voice+"/git/ref/tags/v1"), http.StatusNotFound)
	if _, err := b.PushTag("acme/voice", github.TagPush{Tag: "v3", SHA: commitOf("f")}); err == nil {
		t.Error("a tag was put on a commit that nobody knows")
	}
}
