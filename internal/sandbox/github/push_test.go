package github_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

// TestPush has commits called as git calls them: the SHAs are those that git 2.39 gave the
// same files, times and names.
func TestPush(t *testing.T) {
	t.Parallel()
	var minutes atomic.Int64
	b := newBox(t, github.Options{
		Repositories: []github.Repository{}, Apps: apps(),
		Now: func() time.Time { return time.Unix(1767225600+60*minutes.Load(), 0) },
	})
	if err := b.AddRepository(github.Repository{Owner: "acme", Name: "voice", Private: true}); err != nil {
		t.Fatal(err)
	}
	const (
		first  = "7e929f10bf0f78f2361f30281e52e67ed6986cf0"
		second = "0b7ab8758c28febff1320fa4a8dbe145e9f072e5"
	)
	push := github.Push{
		Message: "First", Files: map[string]string{"a/b/one.js": "one\n", "a-b/x": "x", "a.txt": "y"}, Links: map[string]string{"link": "a/b/one.js"},
	}
	made, err := b.Push("acme/voice", push)
	if err != nil || made.SHA != first {
		t.Fatalf("pushed %s, error %v", made.SHA, err)
	}
	if _, err := b.Push("acme/voice", push); err != nil { // on top of it, and so another
		t.Fatal(err)
	}
	if err := b.DeleteBranch("acme/voice", "main"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Push("acme/voice", push); err == nil || !strings.Contains(err.Error(), "pushed already") {
		t.Errorf("the same once more: %v", err)
	}
	if err := b.AddCommit("acme/voice", github.Commit{SHA: first, Branch: "main"}); err != nil {
		t.Fatal(err)
	}
	minutes.Store(1)
	again, err := b.Push("ACME/Voice", github.Push{Files: map[string]string{"a/b/one.js": "one\n", "a.txt": "z", "new": "n"}, Links: push.Links})
	if err != nil || again.SHA != second {
		t.Fatalf("pushed %s, error %v", again.SHA, err)
	}
	if head := b.Snapshot().Repositories[0].Branches["main"]; head != second {
		t.Errorf("the branch is at %s", head)
	}
	wantStatus(t, b.get(voice+"/compare/"+first+"..."+second), http.StatusOK)
	var payload struct {
		Ref     string `json:"ref"`
		Before  string `json:"before"`
		After   string `json:"after"`
		Compare string `json:"compare"`
		Created bool   `json:"created"`
		Commits []struct {
			ID        string   `json:"id"`
			Timestamp string   `json:"timestamp"`
			TreeID    string   `json:"tree_id"`
			Added     []string `json:"added"`
			Removed   []string `json:"removed"`
			Modified  []string `json:"modified"`
		} `json:"commits"`
		Installation struct {
			ID int `json:"id"`
		} `json:"installation"`
	}
	if err := json.Unmarshal(again.Payload, &payload); err != nil {
		t.Fatal(err)
	}
	commit := payload.Commits[0]
	if payload.Ref != "refs/heads/main" || payload.Before != first || payload.After != second || payload.Created || payload.Installation.ID != 7 ||
		payload.Compare != "https://github.com/acme/voice/compare/"+first[:12]+"..."+second[:12] ||
		commit.ID != second || commit.TreeID != "92810037262e34bec6fcca3fa0bade4fc910caf4" || commit.Timestamp != "2026-01-01T00:01:00Z" ||
		!slices.Equal(commit.Added, []string{"new"}) || !slices.Equal(commit.Removed, []string{"a-b/x"}) || !slices.Equal(commit.Modified, []string{"a.txt"}) {
		t.Errorf("%+v", payload)
	}
	for name, err := range map[string]error{
		"no repository": errorOf(b.Push("acme/none", push)),
		"a path":        errorOf(b.Push("acme/voice", github.Push{Files: map[string]string{"../x": ""}})),
		"one twice":     b.AddRepository(github.Repository{Owner: "ACME", Name: "voice"}),
		"no name":       b.AddRepository(github.Repository{Owner: "acme", Name: "a b"}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func errorOf(_ github.Pushed, err error) error { return err }

// TestPushPayload has each field that GitHub's own examples have, of the same kind:
// testdata/push-fields.txt lists those of pushes to branches in @octokit/webhooks-examples
// 7.6.1.
func TestPushPayload(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/push-fields.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(raw)), "\n")
	b := newBox(t, github.Options{Apps: apps()})
	for _, branch := range []string{"main", "new"} {
		made, err := b.Push("acme/voice", github.Push{Branch: branch, Files: map[string]string{"README.md": "x"}})
		if err != nil {
			t.Fatal(err)
		}
		var payload any
		if err := json.Unmarshal(made.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		var got []string
		collect(payload, "", &got)
		slices.Sort(got)
		if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
			t.Errorf("%s:\n%s", branch, diff)
		}
	}
}

// collect lists the fields of a value with their kinds.
func collect(value any, path string, into *[]string) {
	switch value := value.(type) {
	case map[string]any:
		for name, field := range value {
			kind := map[bool]string{true: "null"}[field == nil]
			switch field.(type) {
			case map[string]any:
				kind = "object"
			case []any:
				kind = "array"
			case string:
				kind = "string"
			case bool:
				kind = "boolean"
			case float64:
				kind = "number"
			}
			*into = append(*into, path+name+" "+kind)
			collect(field, path+name+".", into)
		}
	case []any:
		if len(value) > 0 {
			collect(value[0], path+"[]", into)
		}
	}
}
