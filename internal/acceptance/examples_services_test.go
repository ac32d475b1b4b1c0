package acceptance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestExamplePromote takes a push to stage, and its Build on to production in a job that
// GitHub makes a GitHub Deployment for.
func TestExamplePromote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	started := w.start(t, invocation{event: "push", file: "promote.yml", payload: w.pushed(t), args: w.live()})
	w.waitFor(t, "a GitHub Deployment of stage", func() bool { return len(w.github.Snapshot().Repositories[0].Deployments) > 0 })
	w.makesDeployment(t, "production", 101)
	w.green(t, started.wait(t))
	live := w.liveBuilds()
	tested := live["hello stage"]
	same(t, "live", live, map[string]string{"hello stage": tested, "hello production": tested})
	same(t, "Builds", w.builds(), 1)
	same(t, "statuses", w.lastStates(w.sha), map[string]string{"slipway/hello/stage": "success", "slipway/hello/production": "success"})
	same(t, "GitHub Deployments", w.environmentsShown(), []string{"stage success", "production in_progress"})
}

// TestFromTwilioRun runs what becomes of a workflow with twilio-run. That one is run by
// internal/foreign.
func TestFromTwilioRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twilio.Options{})
	w.secrets["GREETING"] = "Good morning"
	w.green(t, w.act(t, invocation{event: "push", file: "from-twilio-run.yml", payload: w.pushed(t)}))
	live := w.liveBuilds()
	same(t, "live", live, map[string]string{"hello stage": live["hello stage"], "hello production": live["hello stage"]})
	w.checkEnvironments(t, " GREETING=Good morning", "stage GREETING=Good morning")
}

// TestExampleMonorepo takes two services through a push, another one that concerns one
// of them, a pull request and a GitHub Release.
func TestExampleMonorepo(t *testing.T) {
	t.Parallel()
	w := newExample(t, "testdata/projects/monorepo", twilio.Options{})
	rules, err := os.ReadFile(filepath.Join(project, "examples", "slipway.yml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "slipway.yml", string(rules))
	w.sha = w.push(t, "main")
	w.green(t, w.act(t, invocation{event: "push", file: "monorepo.yml", payload: w.pushed(t), args: w.live()}))
	first := w.liveBuilds()
	same(t, "Builds", w.builds(), 2)

	before, more := w.sha, filepath.Join("services", "messaging", "functions", "more.js")
	w.write(t, more, "exports.handler = (context, event, callback) => callback(null, 'more');\n")
	w.sha = w.push(t, "main")
	w.green(t, w.act(t, invocation{event: "push", file: "monorepo.yml", payload: w.pushedBehind(t, before), args: w.live()}))
	second := w.liveBuilds()
	same(t, "contexts of the second commit", w.lastStates(w.sha), map[string]string{"slipway/messaging/stage": "success"})
	if second["voice stage"] != first["voice stage"] || second["messaging stage"] == first["messaging stage"] {
		t.Errorf("a change of messaging made these live: %v, behind %v", second, first)
	}

	asked := proposal{number: 7, base: w.sha, branch: "feature", title: "Say more"}
	w.write(t, filepath.Join("services", "voice", "functions", "more.js"), "exports.handler = (context, event, callback) => callback(null, 'more');\n")
	asked.head = w.push(t, asked.branch)
	w.green(t, w.act(t, invocation{event: "pull_request", file: "monorepo.yml", payload: w.proposed(t, "opened", asked), args: w.live()}))
	w.checkServices(t, "messaging stage", "voice pr-7", "voice stage")
	same(t, "comments", len(w.github.Snapshot().Repositories[0].Comments), 1)

	w.git(t, "checkout", "--quiet", "main")
	builds := w.builds()
	w.green(t, w.act(t, invocation{event: "release", file: "monorepo.yml", payload: w.publishes(t, "v1.0.0"), args: w.live()}))
	live := w.liveBuilds()
	same(t, "production of voice", live["voice production"], second["voice stage"])
	same(t, "production of messaging", live["messaging production"], second["messaging stage"])
	same(t, "Builds for a release of what stage runs", w.builds()-builds, 0)
}

// TestExampleTypeScript compiles a project with npm in the workflow's own steps. A runner
// has Node.js; here it is that of this machine, which the job's container is given.
func TestExampleTypeScript(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not there: this test compiles TypeScript, and fetches the compiler from npm", name)
		}
	}
	w := newExample(t, "examples/projects/typescript", twilio.Options{})
	w.sha = w.push(t, "main")
	run := w.act(t, invocation{event: "push", file: "typescript.yml", payload: w.pushed(t), args: w.withNode(t)})
	w.green(t, run)
	there := w.twilio.Snapshot()
	var got []string
	for _, version := range there.Versions {
		got = append(got, version.Path+" "+version.Visibility)
	}
	slices.Sort(got)
	got = slices.DeleteFunc(got, func(one string) bool { return strings.HasPrefix(one, "/_slipway/") })
	same(t, "Functions", got, []string{"/hello public", "/sms/reply protected"})
	same(t, "live", len(w.liveBuilds()["greeter dev"]), 34)
}

// withNode returns arguments that give the workflow's container this machine's Node.js,
// and an action that stands for actions/setup-node, which would fetch one.
func (w *world) withNode(t *testing.T) []string {
	t.Helper()
	const action = `name: Node.js
description: is there already
inputs:
  node-version:
    description: the version
  cache:
    description: what to keep
runs:
  using: composite
  steps:
    - shell: sh
      run: node --version
`
	folder := filepath.Join(w.home, "setup-node")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "action.yml"), []byte(action), 0o644); err != nil {
		t.Fatal(err)
	}
	options := []string{"--label", mark, "--label", w.label}
	for _, folder := range []string{"/usr", "/lib", "/lib64", "/etc/ssl"} {
		if _, err := os.Stat(folder); err == nil {
			options = append(options, "--volume", folder+":"+folder+":ro")
		}
	}
	return []string{"--local-repository", "actions/setup-node@v6=" + folder, "--container-options", strings.Join(options, " ")}
}
