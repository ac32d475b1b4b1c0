package trigger_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// FuzzDecide has any payload decided by any slipway.yml: there is something to do, or a
// word why not, and nothing to do for the pull request of a fork.
func FuzzDecide(f *testing.F) {
	const repository = `"repository":{"full_name":"acme/voice","name":"voice","owner":{"login":"acme"},"default_branch":"main"},"sender":{"login":"ada"}`
	const commit = "1111111111111111111111111111111111111111"
	side := func(owner string) string {
		return `{"sha":"` + commit + `","ref":"x","repo":{"full_name":"` + owner + `/voice","name":"voice","owner":{"login":"` + owner + `"}}}`
	}
	const file = "version: 1\nservices: {voice: {environments: {stage: {on: {branch: '*'}}, qa: {on: {tag: '*'}}, production: {on: {release: true}, promote-from: stage}}, previews: {}}}"
	f.Add("push", `{"ref":"refs/heads/main","before":"`+strings.Repeat("0", 40)+`","after":"`+commit+`",`+repository+`}`, file)
	f.Add("push", `{"ref":"refs/tags/v1","deleted":true,"after":"`+strings.Repeat("0", 40)+`",`+repository+`}`, file)
	f.Add("pull_request", `{"action":"opened","number":7,"pull_request":{"number":7,"state":"open","head":`+side("acme")+`,"base":`+side("acme")+`},`+repository+`}`, file)
	f.Add("pull_request", `{"action":"closed","number":7,"pull_request":{"number":7,"state":"closed","head":`+side("eve")+`,"base":`+side("acme")+`},`+repository+`}`, file)
	f.Add("release", `{"action":"released","release":{"tag_name":"v1","prerelease":false},`+repository+`}`, file)
	f.Add("push", strings.Repeat(`{"repository":`, 10_001), "version: 1")
	f.Fuzz(func(t *testing.T, name, payload, text string) {
		event, err := gh.ParseEvent(name, []byte(payload))
		if err != nil {
			return
		}
		file, err := rules.Parse("slipway.yml", []byte(text))
		if err != nil {
			return
		}
		decided, err := trigger.Decide(event, &file, trigger.Asked{Command: "auto", HasCredentials: true})
		if err != nil {
			return
		}
		if decided.Skip == "" && len(decided.Requests) == 0 {
			t.Error("there is nothing to do, and no word why")
		}
		if event.PullRequest.IsFork && len(decided.Requests) > 0 {
			t.Errorf("the pull request of a fork has %+v done", decided.Requests)
		}
	})
}
