package cli_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-dev/slipway/internal/report"
	githubsandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// scriptMerge is the commit that a workflow checks out for a pull request unless it
// says otherwise.
const scriptMerge = "fedcba9876543210fedcba9876543210fedcba98"

// fullSHA makes a SHA of a short word in a script: commit a is aaaa….
func fullSHA(word string) string {
	if len(word) == 1 {
		return strings.Repeat(word, 40)
	}
	return word
}

// commit makes a commit known to GitHub, behind its parent, with files of the script
// by their paths: commit a main 0123… slipway.yml=rules.yml. A "-" stands for no
// branch or no parent.
func commit(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: commit sha branch parent [path=file...]")
	}
	made := githubsandbox.Commit{SHA: fullSHA(args[0]), Files: map[string]string{}}
	if args[1] != "-" {
		made.Branch = args[1]
	}
	if args[2] != "-" {
		made.Parents = []string{fullSHA(args[2])}
	}
	for _, pair := range args[3:] {
		path, file, _ := strings.Cut(pair, "=")
		made.Files[path] = ts.ReadFile(file)
	}
	ts.Check(on.github.AddCommit(scriptOwner+"/"+scriptRepository, made))
}

// pull opens a pull request, or changes it, and sets the environment of a step as a
// runner does for an event of it: pull opened 7 a workspace base=b fork=eve/hello.
func pull(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) < 4 {
		ts.Fatalf("usage: pull action number head workspace [base=sha] [fork=owner/name] [merged=true]")
	}
	number, err := strconv.Atoi(args[1])
	ts.Check(err)
	given := githubsandbox.PullRequest{
		Number: number, HeadSHA: fullSHA(args[2]), HeadRef: "feature", BaseRef: "main", BaseSHA: scriptSHA, IsClosed: args[0] == "closed",
	}
	for _, pair := range args[4:] {
		name, value, _ := strings.Cut(pair, "=")
		switch name {
		case "base":
			given.BaseSHA = fullSHA(value)
		case "fork":
			given.HeadRepository = value
		case "merged":
			given.IsMerged = true
		default:
			ts.Fatalf("there is no %s", name)
		}
	}
	if on.github != nil {
		ts.Check(on.github.SetPullRequest(scriptOwner+"/"+scriptRepository, given))
	}
	headOwner, headName, isFork := strings.Cut(given.HeadRepository, "/")
	if !isFork {
		headOwner, headName = scriptOwner, scriptRepository
	}
	side := func(owner, name, ref, sha string) map[string]any {
		return map[string]any{"sha": sha, "ref": ref, "repo": map[string]any{"name": name, "owner": map[string]any{"login": owner}}}
	}
	state := "open"
	if given.IsClosed {
		state = "closed"
	}
	workflow(ts, on, []string{"pull_request", args[3]})
	setPayload(ts, map[string]any{
		"action": args[0], "number": number, "ref": nil,
		"pull_request": map[string]any{
			"number": number, "state": state, "merged": given.IsMerged, "draft": false,
			"head": side(headOwner, headName, given.HeadRef, given.HeadSHA), "base": side(scriptOwner, scriptRepository, "main", given.BaseSHA),
		},
	})
	on.pulls++
	ts.Setenv("GITHUB_RUN_ID", strconv.Itoa(100+on.pulls))
	ts.Setenv("GITHUB_SHA", scriptMerge)
	ts.Setenv("GITHUB_REF", fmt.Sprintf("refs/pull/%d/merge", number))
}

// comments writes the comments on pull requests to stdout, oldest first: Slipway's as
// their rows, or whole with -body.
func comments(ts *testscript.TestScript, on *stage, args []string) {
	for _, one := range on.github.Snapshot().Repositories[0].Comments {
		comment, isOurs := report.ParseComment(one.Body)
		if !isOurs || len(args) == 1 && args[0] == "-body" {
			fmt.Fprintf(ts.Stdout(), "%d %s: %s\n", one.Number, one.Author, one.Body)
			continue
		}
		for _, row := range comment.Rows() {
			fmt.Fprintln(ts.Stdout(), strings.TrimSpace(fmt.Sprintf("%d %s %s %s %s", one.Number, row.Service, row.Environment, row.Status, row.Note)))
		}
	}
}

// deployments writes GitHub Deployments to stdout, oldest first, with their states.
func deployments(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: deployments")
	}
	for _, one := range on.github.Snapshot().Repositories[0].Deployments {
		var states []string
		for _, status := range one.Statuses {
			states = append(states, status.State)
		}
		fmt.Fprintf(ts.Stdout(), "%s %s %s\n", one.SHA[:7], one.Environment, strings.Join(states, " "))
	}
}

// writeFile writes one of the files that a runner gives a step.
func writeFile(ts *testscript.TestScript, name, content string) {
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(content), 0o666))
}
