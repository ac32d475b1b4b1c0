package acceptance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

// repositoryName is where the world's commit was pushed to.
const repositoryName = "acme/hello"

const repositoryPage = "https://github.com/" + repositoryName

// pushed writes the event of the push of a new branch as GitHub sends it and returns
// its file.
func (w *world) pushed(t *testing.T) string {
	t.Helper()
	return w.pushedBehind(t, strings.Repeat("0", 40))
}

// pushedBehind is pushed for a branch that is there, at an older commit.
func (w *world) pushedBehind(t *testing.T, before string) string {
	t.Helper()
	ada := map[string]any{"name": "Ada", "email": "ada@example.com", "username": "ada"}
	commit := map[string]any{
		"id": w.sha, "message": "Say hello", "timestamp": "2026-11-22T12:00:00+01:00",
		"url": repositoryPage + "/commit/" + w.sha, "author": ada, "committer": ada, "distinct": true,
	}
	return w.writeEvent(t, map[string]any{
		"ref": "refs/heads/main", "before": before, "after": w.sha,
		"created": strings.Trim(before, "0") == "", "deleted": false, "forced": false, "base_ref": nil,
		"compare": repositoryPage + "/commit/" + w.sha[:12], "commits": []any{commit}, "head_commit": commit,
		"pusher": map[string]any{"name": "ada", "email": "ada@example.com"},
	})
}

// dispatched writes the event of somebody who starts outputs.yml by hand.
func (w *world) dispatched(t *testing.T, environment string) string {
	t.Helper()
	return w.startedByHand(t, "outputs.yml", map[string]any{"environment": environment})
}

// startedByHand is dispatched for a workflow and its inputs.
func (w *world) startedByHand(t *testing.T, file string, inputs map[string]any) string {
	t.Helper()
	return w.writeEvent(t, map[string]any{
		"ref": "refs/heads/main", "workflow": ".github/workflows/" + file, "inputs": inputs,
	})
}

// proposal is a pull request as its events tell of it.
type proposal struct {
	number        int
	head, base    string // SHAs
	branch, title string
	isMerged      bool
}

// proposed opens a pull request at GitHub, or does with it what else the action says,
// and writes the event as GitHub sends it.
func (w *world) proposed(t *testing.T, action string, asked proposal) string {
	t.Helper()
	isClosed := action == "closed"
	err := w.github.SetPullRequest(repositoryName, github.PullRequest{
		Number: asked.number, Title: asked.title, Author: "ada", IsClosed: isClosed, IsMerged: asked.isMerged,
		HeadSHA: asked.head, HeadRef: asked.branch, BaseSHA: asked.base, BaseRef: "main",
	})
	if err != nil {
		t.Fatal(err)
	}
	state := "open"
	if isClosed {
		state = "closed"
	}
	ada := map[string]any{"login": "ada", "id": 2, "type": "User"}
	side := func(ref, sha string) map[string]any {
		return map[string]any{"label": "acme:" + ref, "ref": ref, "sha": sha, "user": ada, "repo": repositoryOfEvents}
	}
	return w.writeEvent(t, map[string]any{
		"action": action, "number": asked.number,
		"pull_request": map[string]any{
			"number": asked.number, "state": state, "title": asked.title, "body": asked.title, "draft": false, "merged": asked.isMerged,
			"user": ada, "html_url": fmt.Sprintf("%s/pull/%d", repositoryPage, asked.number),
			"head": side(asked.branch, asked.head), "base": side("main", asked.base),
		},
	})
}

// repositoryOfEvents is the repository as events tell of it.
var repositoryOfEvents = map[string]any{
	"id": 1, "name": "hello", "full_name": repositoryName, "private": true, "html_url": repositoryPage,
	"default_branch": "main", "owner": map[string]any{"name": "acme", "login": "acme", "id": 3, "type": "Organization"},
}

// writeEvent adds what all events have.
func (w *world) writeEvent(t *testing.T, event map[string]any) string {
	t.Helper()
	maps.Copy(event, map[string]any{
		"sender":     map[string]any{"login": "ada", "id": 2, "type": "User"},
		"repository": repositoryOfEvents,
	})
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.home, "event.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
