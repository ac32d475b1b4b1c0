package acceptance_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// hostile is what a stranger writes where others read: commands to a runner, mentions,
// HTML, and what breaks out of tables, code and folded parts.
const hostile = "@everyone #1 `code` ```\n</details><img src=x> | cell | [link](https://evil.example) 🚢\x1b[31m\n" +
	"::set-output name=status::owned\n##[set-output name=status]owned\n::add-mask::owned\n::stop-commands::owned"

// TestHostile has strangers name branches, files and packages, and answer for the
// platform.
func TestHostile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	handler := "exports.handler = (context, event, callback) => callback();\n"
	w.write(t, "accepted/package.json", `{"name": "accepted"}`)
	w.write(t, "accepted/functions/🚢`*`|[x]<b>.js", handler)
	w.write(t, "accepted/assets/```|<img src=x>.txt", "")
	packages, err := json.Marshal(map[string]any{
		"name": "refused", "dependencies": map[string]string{"@everyone/`x`|<b>": "file:../" + hostile, hostile: "1.0.0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "refused/package.json", string(packages))
	w.write(t, "refused/functions/::set-output name=status::owned.js", handler)
	w.write(t, "refused/assets/@everyone ##[error]owned.txt", "")

	answers := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", "application/json")
		answer.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(answer).Encode(map[string]any{"code": 20001, "message": hostile, "more_info": hostile, "status": http.StatusBadRequest})
	}))
	t.Cleanup(answers.Close)
	asked := proposal{number: 7, base: w.sha, branch: "🚢/`@everyone`/##|<b>$(x)#1", title: hostile}
	asked.head = w.push(t, "feature")
	run := w.act(t, invocation{
		event: "pull_request", file: "hostile.yml", payload: w.proposed(t, "opened", asked), args: []string{"--env", "HOSTILE_URL=" + answers.URL},
	})
	want := map[string]string{"accepted": "deployed", "refused": "failed bad-input", "answered": "failed internal"}
	if diff := cmp.Diff(run.shown(), want); diff != "" {
		t.Errorf("what the steps ended with: got (-), want (+):\n%s", diff)
	}
	checkCommands(t, run)
	w.checkSecrets(t, run, "TWILIO_API_SECRET", "GITHUB_TOKEN")
	told := w.told(run, map[string]string{asked.head: "HEAD"})
	// A step that ends at once may leave out what it was on the way.
	told = regexp.MustCompile(`(?m)^(- HEAD pending|  - (queued|in_progress)) .*\n`).ReplaceAllString(told, "")
	checkGolden(t, "hostile.md", strings.ReplaceAll(told, answers.URL, "http://127.0.0.1:PORT"))
	checkMentions(t, told)
}

// checkCommands wants a run to have had no command but the Action's own, and no line
// that another runner would take for one.
func checkCommands(t *testing.T, run finished) {
	t.Helper()
	own := []string{"", "add-mask", "debug", "error", "group", "endgroup", "notice", "warning", "set-output", "summary"}
	for _, read := range run.log {
		isOutput := read.Command == "set-output" || read.Command == "add-mask"
		if !slices.Contains(own, read.Command) || isOutput && strings.HasPrefix(read.Arg, "owned") {
			t.Errorf("somebody else's command %q was carried out: %q", read.Command, read.Message)
		}
		line := strings.TrimSpace(read.Message)
		if read.Printed && (strings.HasPrefix(line, "::") || strings.Contains(line, "##[")) {
			t.Errorf("a runner would carry this out: %q", read.Message)
		}
	}
}

// checkMentions wants nobody to be mentioned outside of code, and no tag that is not
// Slipway's.
func checkMentions(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "- ") && strings.Contains(line, ` "`) {
			continue // a status, which GitHub shows as it is
		}
		if outside := withoutCode(line); regexp.MustCompile(`@[a-z]|<img|</?details>.|evil\.example\)`).MatchString(outside) {
			t.Errorf("outside of code stands %q in %q", outside, line)
		}
	}
}

// withoutCode leaves out the code spans of a line: what is between two runs of
// backticks of the same length.
func withoutCode(line string) string {
	runs := regexp.MustCompile("`+").FindAllStringIndex(line, -1)
	var outside strings.Builder
	from := 0
	for i := 0; i < len(runs); i++ {
		opened := runs[i]
		closes := slices.IndexFunc(runs[i+1:], func(run []int) bool { return run[1]-run[0] == opened[1]-opened[0] })
		if closes < 0 {
			continue
		}
		outside.WriteString(line[from:opened[0]])
		i += 1 + closes
		from = runs[i][1]
	}
	return outside.String() + line[from:]
}
