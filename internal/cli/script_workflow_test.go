package cli_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-dev/slipway/internal/cli"
	"github.com/slipway-dev/slipway/internal/config"
)

// The GitHub Release that an event of that name is about.
const (
	scriptRelease = 7_000_000_001
	scriptTag     = "v1.0.0"
)

// workflow sets the environment of a step as a runner does, for an event about
// the workspace: workflow push hello; workflow push hello deleted=true.
// Further fields go into the event's payload.
func workflow(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: workflow event workspace [field=value...]")
	}
	owner := map[string]any{"login": scriptOwner, "name": scriptOwner}
	payload := map[string]any{
		"ref":        "refs/heads/main",
		"repository": map[string]any{"name": scriptRepository, "full_name": scriptOwner + "/" + scriptRepository, "owner": owner},
		"sender":     map[string]any{"login": "octocat"},
	}
	switch args[0] {
	case "push":
		maps.Copy(payload, map[string]any{
			"before": strings.Repeat("0", 40), "after": scriptSHA, "deleted": false, "forced": false,
			"head_commit": map[string]any{"id": scriptSHA}, "pusher": map[string]any{"name": "octocat"},
		})
	case "release":
		maps.Copy(payload, map[string]any{
			"action": "published", "release": map[string]any{"id": scriptRelease, "tag_name": scriptTag, "draft": false, "prerelease": false},
		})
	case "workflow_dispatch":
		maps.Copy(payload, map[string]any{"workflow": ".github/workflows/deploy.yml", "inputs": nil})
	}
	for _, field := range args[2:] {
		name, value, _ := strings.Cut(field, "=")
		payload[name] = value
		if value == "true" {
			payload[name] = true
		}
	}
	encoded, err := json.Marshal(payload)
	ts.Check(err)
	for name, content := range map[string]string{"event.json": string(encoded), "output": "", "summary.md": ""} {
		writeFile(ts, name, content)
	}
	for name, value := range map[string]string{
		"GITHUB_ACTIONS":      "true",
		"GITHUB_EVENT_NAME":   args[0],
		"GITHUB_EVENT_PATH":   ts.MkAbs("event.json"),
		"GITHUB_OUTPUT":       ts.MkAbs("output"),
		"GITHUB_STEP_SUMMARY": ts.MkAbs("summary.md"),
		"GITHUB_REPOSITORY":   scriptOwner + "/" + scriptRepository,
		"GITHUB_RUN_ID":       "42",
		"GITHUB_RUN_ATTEMPT":  "1",
		"GITHUB_REF":          "refs/heads/main",
		"GITHUB_SERVER_URL":   "https://github.com",
		"GITHUB_SHA":          scriptSHA,
		"GITHUB_WORKSPACE":    ts.MkAbs(args[1]),
	} {
		ts.Setenv(name, value)
	}
	// The defaults of action.yml; the token is what GitHub's sandbox accepts.
	for _, setting := range config.ActionSettings() {
		if setting.Name != config.GitHubToken {
			ts.Setenv(inputVariable(setting.Name), setting.Default)
		}
	}
}

// setPayload changes fields of the event's payload; nil takes one out.
func setPayload(ts *testscript.TestScript, fields map[string]any) {
	payload := map[string]any{}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("event.json")), &payload))
	for name, value := range fields {
		if value == nil {
			delete(payload, name)
			continue
		}
		payload[name] = value
	}
	encoded, err := json.Marshal(payload)
	ts.Check(err)
	writeFile(ts, "event.json", string(encoded))
}

// inputVariable is the environment variable that a runner gives an input in.
func inputVariable(name string) string { return "INPUT_" + strings.ToUpper(name) }

// stepVariables are what a step's process has beside the settings' own.
func stepVariables() []string {
	names := []string{
		"GITHUB_ACTIONS", "GITHUB_ACTOR", "GITHUB_API_URL", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_OUTPUT", "GITHUB_REF", "GITHUB_REPOSITORY",
		"GITHUB_RUN_ATTEMPT", "GITHUB_RUN_ID", "GITHUB_SERVER_URL", "GITHUB_SHA", "GITHUB_STEP_SUMMARY", "GITHUB_TOKEN", "GITHUB_WORKSPACE",
	}
	for _, setting := range config.Inputs() {
		names = append(names, inputVariable(setting.Name))
	}
	return names
}

// step runs the Action, which must exit with a code: step 2. Nothing that it
// leaves behind may hold a secret.
func step(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: step code")
	}
	fails(ts, on, []string{args[0], "slipway", "action"})
	checkSecrets(ts, on)
}

// steplog writes a step's log, which is on stdout, to a file as people read it:
// without masks, and without what differs from run to run: steplog log.
func steplog(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: steplog file")
	}
	checkSecrets(ts, on)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(tidied(withoutMasks(ts.ReadFile("stdout")))), 0o666))
}

func withoutMasks(log string) string {
	var shown strings.Builder
	for line := range strings.Lines(log) {
		if !strings.HasPrefix(line, "::add-mask::") {
			shown.WriteString(line)
		}
	}
	return shown.String()
}

// checkSecrets looks for secrets in the log of the last command, in outputs and
// summary, and in what GitHub was told.
func checkSecrets(ts *testscript.TestScript, on *stage) {
	left := map[string]string{"log": withoutMasks(ts.ReadFile("stdout")), "standard error": ts.ReadFile("stderr")}
	for _, variable := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		if text, err := os.ReadFile(ts.Getenv(variable)); err == nil {
			left[variable] = string(text)
		}
	}
	if on.github != nil {
		left["commit statuses"] = fmt.Sprint(on.github.Snapshot())
	}
	for name, form := range secretForms(ts) {
		for where, text := range left {
			if strings.Contains(text, form) {
				ts.Fatalf("%s shows in the %s", name, where)
			}
		}
	}
}

// tidied is cli.Tidied and a workflow's own commit.
func tidied(text string) string {
	return strings.ReplaceAll(cli.Tidied(text), scriptSHA, "SHA")
}

// secretForms are the secrets that a script's step has, as they are and as
// headers, URLs and JSON have them.
func secretForms(ts *testscript.TestScript) map[string]string {
	forms := make(map[string]string)
	for _, setting := range config.Inputs() {
		if setting.Kind != config.Secret {
			continue
		}
		for _, name := range []string{setting.Env, inputVariable(setting.Name)} {
			value := strings.TrimSpace(ts.Getenv(name))
			if value == "" {
				continue
			}
			forms[name] = value
			forms[name+" in base64"] = base64.StdEncoding.EncodeToString([]byte(value))
			forms[name+" URL-escaped"] = url.QueryEscape(value)
			for _, user := range []string{"TWILIO_API_KEY", "TWILIO_ACCOUNT_SID"} {
				credentials := ts.Getenv(user) + ":" + value
				forms[name+" as basic authentication of "+user] = base64.StdEncoding.EncodeToString([]byte(credentials))
			}
		}
	}
	return forms
}

// input gives an input the content of a file, line breaks and all:
// input variables lines.txt.
func input(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: input name file")
	}
	ts.Setenv(inputVariable(args[0]), ts.ReadFile(args[1]))
}
