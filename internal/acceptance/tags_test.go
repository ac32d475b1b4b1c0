package acceptance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestTags takes tags to production by the workflow and the slipway.yml of the page on
// releases, word for word.
func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	w.write(t, "slipway.yml", documentedRules(t))
	w.sha = w.push(t, "main")
	w.green(t, w.act(t, invocation{event: "push", file: "tags.yml", payload: w.pushed(t)}))
	stage := w.liveBuilds()["hello stage"]

	// What stage runs goes live as it is: nothing is uploaded, and no Build is made.
	before := w.made()
	first := w.act(t, invocation{event: "push", file: "tags.yml", payload: w.tagged(t, "v1.0.0")})
	w.green(t, first)
	same(t, "v1.0.0", first.outcome(), "promoted")
	same(t, "live", w.liveBuilds(), map[string]string{"hello stage": stage, "hello production": stage})
	same(t, "uploads and Builds for what stage runs", w.made(), before)

	// The GitHub Release of the tag is a second event, which has nothing to do but to
	// have its text tell of it.
	const notes = "## New\r\n\r\nMuch."
	if _, err := w.github.AddRelease(repositoryName, github.Release{ID: 1, Tag: "v1.0.0", Author: "ada", Body: notes}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		published := w.act(t, invocation{event: "release", file: "tags.yml", payload: w.publishes(t, "v1.0.0")})
		w.green(t, published)
		same(t, "the GitHub Release", published.outcome(), "unchanged")
		text, isKept := strings.CutPrefix(w.github.Snapshot().Repositories[0].Releases[0].Body, notes+"\r\n\r\n")
		line := regexp.MustCompile("^- Deployed<!-- [^>]* --> `hello` to `production`: Build `" + stage + "`, digest `[0-9a-f]{64}`<!-- [^>]* -->\r\n$")
		if !isKept || !line.MatchString(text) {
			t.Errorf("the GitHub Release says %q", text)
		}
	}
	same(t, "statuses", w.lastStates(w.sha), map[string]string{"slipway/hello/stage": "success", "slipway/hello/production": "success"})

	// Stage runs what was tested on a branch. Squashed it is another commit, and yet the
	// same tree.
	w.git(t, "checkout", "--quiet", "-B", "feature")
	for _, text := range []string{"more", "even more"} {
		w.write(t, filepath.Join("functions", "more.js"), "exports.handler = (context, event, callback) => callback(null, '"+text+"');\n")
		w.sha = w.push(t, "feature")
	}
	w.slipway(t, "deploy", "--environment", "stage")
	stage, tested := w.liveBuilds()["hello stage"], w.sha
	w.git(t, "checkout", "--quiet", "main")
	w.git(t, "merge", "--quiet", "--squash", "feature")
	if w.sha = w.push(t, "main"); w.sha == tested {
		t.Fatal("the squash is the commit that was tested")
	}
	before = w.made()
	squashed := w.act(t, invocation{event: "push", file: "tags.yml", payload: w.tagged(t, "v1.1.0")})
	w.green(t, squashed)
	same(t, "v1.1.0", squashed.outcome(), "promoted")
	same(t, "live", w.liveBuilds(), map[string]string{"hello stage": stage, "hello production": stage})
	same(t, "uploads and Builds for a squash", w.made(), before)

	// Another tree is deployed, and the report says what differs.
	w.write(t, filepath.Join("functions", "more.js"), "exports.handler = (context, event, callback) => callback(null, 'mended');\n")
	w.sha = w.push(t, "main")
	mended := w.act(t, invocation{event: "push", file: "tags.yml", payload: w.tagged(t, "v1.1.1")})
	w.green(t, mended)
	same(t, "v1.1.1", mended.outcome(), "deployed")
	same(t, "Builds for another tree", w.made()["CreateBuild"], before["CreateBuild"]+1)
	why := "No Build was promoted: stage runs Build " + stage + " of commit " + tested[:7] + ", and differs: Function /more updated;"
	if !strings.Contains(mended.text(), why) || !strings.Contains(mended.summary(), "No Build was promoted: stage runs Build `"+stage+"`") {
		t.Errorf("it does not say %q", why)
	}
	same(t, "what stage runs", w.liveBuilds()["hello stage"], stage)
}

// documentedRules is the slipway.yml that goes with the workflow of the page on releases.
func documentedRules(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(project, "docs", "releases.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, behind, isThere := strings.Cut(string(page), "with slipway.yml:\n\n```yaml\n")
	rules, _, isWhole := strings.Cut(behind, "```\n")
	if !isThere || !isWhole {
		t.Fatal("docs/releases.md has no slipway.yml")
	}
	return rules
}

// tagged tags the world's commit, and writes the event of the tag's push.
func (w *world) tagged(t *testing.T, tag string) string {
	t.Helper()
	w.git(t, "tag", tag, w.sha)
	return w.writeEvent(t, map[string]any{
		"ref": "refs/tags/" + tag, "before": strings.Repeat("0", 40), "after": w.sha, "created": true, "deleted": false, "forced": false,
		"base_ref": "refs/heads/main", "compare": repositoryPage + "/compare/" + tag, "commits": []any{}, "head_commit": map[string]any{"id": w.sha},
		"pusher": map[string]any{"name": "ada", "email": "ada@example.com"},
	})
}

// made counts the uploads and the Builds that Twilio was asked for.
func (w *world) made() map[string]int {
	counts := make(map[string]int)
	for _, call := range w.called() {
		if slices.Contains([]string{"CreateBuild", "CreateFunctionVersion", "CreateAssetVersion"}, call) {
			counts[call]++
		}
	}
	return counts
}

// outcome is the output status of a run whose workflow has one step of the Action.
func (f finished) outcome() string {
	at := slices.IndexFunc(f.log, func(read entry) bool { return read.Command == "set-output" && read.Name == "status" })
	if at < 0 {
		return ""
	}
	return f.log[at].Arg
}
