package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// standing are the Targets that the overview shows, each with the commit that is live
// and how its Job ended.
func (w *world) standing() []string {
	w.t.Helper()
	found, err := w.queue.Standing(w.t.Context(), "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, one := range found {
		var task struct {
			SHA string `json:"sha"`
		}
		if err := json.Unmarshal(one.Payload, &task); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %s of %.7s", one.Lane[strings.LastIndex(one.Lane, "/")+1:], one.Outcome, task.SHA))
	}
	return all
}

// TestWhatStands follows what the overview shows as live through deploys that work, that
// do not, and previews that come and go.
func TestWhatStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	check := func(what string, want ...string) {
		t.Helper()
		w.settle()
		if got := w.standing(); !slices.Equal(got, want) {
			t.Errorf("%s: %q stand, want %q\n%s", what, got, want, w.log.String())
		}
	}
	broken := project("package.json", `{"dependencies": {"acme": "file:../acme"}}`, "slipway.yml", strings.Replace(project()["slipway.yml"], "    variables: [DSN]\n", "", 1))
	stage := func(outcome, sha string) string { return "stage " + outcome + " of " + sha[:7] }
	bad := w.push("main", broken)
	check("the first fails", stage("failed", bad))
	good := w.push("main", project("slipway.yml", broken["slipway.yml"]))
	check("the second works", stage("done", good))
	w.push("main", broken)
	check("the third fails", stage("done", good))
	head := w.push("feature", project("functions/new.js", "exports.handler = 3"))
	w.settle()
	w.pull("opened", head, good)
	check("a preview", "pr-7 done of "+head[:7], stage("done", good))
	w.pull("closed", head, good)
	check("no preview", stage("done", good))
}
