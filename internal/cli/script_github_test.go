package cli_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	githubsandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

// commitStatus gives a commit a status through the GitHub API that a file with
// a sandbox's environment names, as `print` writes it:
// commitstatus environment.sh acme/voice SHA pending slipway/voice/dev Started https://ci.example/1.
// It says on stdout whether that had to be written.
func commitStatus(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) != 7 {
		ts.Fatalf("usage: commitstatus file owner/name sha state context description url")
	}
	environment := map[string]string{}
	for _, pair := range regexp.MustCompile(`(?m)^export (\w+)='(.*)'$`).FindAllStringSubmatch(ts.ReadFile(args[0]), -1) {
		environment[pair[1]] = pair[2]
	}
	client, err := gh.New(gh.Config{
		APIURL: environment["GITHUB_API_URL"],
		Token:  secret.New(environment["GITHUB_TOKEN"]),
		Retry:  retry.Policy{Initial: time.Millisecond, Max: 10 * time.Millisecond, MaxAttempts: 20, MaxElapsed: patience},
	})
	ts.Check(err)
	owner, name, _ := strings.Cut(args[1], "/")
	written, err := client.SetCommitStatus(context.Background(), gh.Repository{Owner: owner, Name: name}, args[2], gh.CommitStatus{
		State: gh.State(args[3]), Context: args[4], Description: args[5], TargetURL: args[6],
	})
	ts.Check(err)
	word := "unchanged\n"
	if written {
		word = "written\n"
	}
	_, _ = ts.Stdout().Write([]byte(word))
}

// githubServer is a sandbox of GitHub that a script can spoil answers of.
type githubServer struct {
	*githubsandbox.Sandbox
	spoiled
}

// ServeHTTP answers the API.
func (s *githubServer) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.answer(w, r, s.Sandbox) }

// The repository and the commit that workflows of scripts are about.
const (
	scriptOwner, scriptRepository = "acme", "hello"
	scriptSHA                     = "0123456789abcdef0123456789abcdef01234567"
)

// startGitHub starts a sandbox of GitHub with the repository of the workflow,
// and points slipway at it. Its token may do what -permission says, or all that a
// workflow's may with what is named by -with and but for what is named by -without.
func startGitHub(ts *testscript.TestScript, on *stage, args []string) {
	token := githubsandbox.DefaultToken()
	options := githubsandbox.Options{Repositories: []githubsandbox.Repository{{
		Owner: scriptOwner, Name: scriptRepository, Commits: []githubsandbox.Commit{{SHA: scriptSHA, Branch: "main"}},
	}}}
	flags := flag.NewFlagSet("github", flag.ContinueOnError)
	flags.Float64Var(&options.FaultRate, "fault-rate", 0, "")
	flags.Uint64Var(&options.Seed, "seed", 1, "")
	flags.IntVar(&options.SecondaryAfter, "secondary-after", 0, "")
	flags.BoolVar(&options.Repositories[0].Private, "private", false, "")
	flags.Func("commit", "", func(sha string) error {
		known := &options.Repositories[0].Commits
		*known = append(*known, githubsandbox.Commit{SHA: sha})
		return nil
	})
	flags.Func("permission", "", func(text string) error {
		name, level, _ := strings.Cut(text, ":")
		token.Permissions = map[string]string{name: level}
		return nil
	})
	flags.Func("with", "", func(text string) error {
		name, level, _ := strings.Cut(text, ":")
		token.Permissions = maps.Clone(token.Permissions)
		token.Permissions[name] = level
		return nil
	})
	flags.Func("without", "", func(name string) error {
		if _, isThere := token.Permissions[name]; !isThere {
			return fmt.Errorf("the token has no permission %s", name)
		}
		token.Permissions = maps.Clone(token.Permissions)
		delete(token.Permissions, name)
		return nil
	})
	ts.Check(flags.Parse(args))
	options.Tokens = []githubsandbox.Token{token}
	options.SlowAnswer = 50 * time.Millisecond

	served, err := githubsandbox.New(options)
	ts.Check(err)
	on.github = &githubServer{Sandbox: served, spoiled: spoiled{changed: make(chan struct{})}}
	server := httptest.NewUnstartedServer(on.github)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that go are what is tested
	server.Start()
	ts.Setenv("GITHUB_API_URL", server.URL)
	ts.Setenv(inputVariable(config.GitHubToken), token.Value)
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
		ts.Check(served.Close()) // reports the sandbox's own bugs
	})
}

// pullState has a pull request of the repository be open or closed: pullstate 7 closed.
func pullState(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 2 || args[1] != "open" && args[1] != "closed" {
		ts.Fatalf("usage: pullstate number open|closed")
	}
	number, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(on.github.SetPullRequest(scriptOwner+"/"+scriptRepository, githubsandbox.PullRequest{
		Number: number, IsClosed: args[1] == "closed", HeadSHA: scriptSHA, HeadRef: "topic",
	}))
}

// release makes the GitHub Release that workflows of scripts are about, with the text
// of a file; without one it writes its text to stdout: release notes.txt.
func release(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) > 1 {
		ts.Fatalf("usage: release [file]")
	}
	if len(args) == 1 {
		_, err := on.github.AddRelease(scriptOwner+"/"+scriptRepository, githubsandbox.Release{ID: scriptRelease, Tag: scriptTag, Body: ts.ReadFile(args[0])})
		ts.Check(err)
		return
	}
	for _, one := range on.github.Snapshot().Repositories[0].Releases {
		_, _ = ts.Stdout().Write([]byte(one.Body))
	}
}

// statuses writes the repository's statuses to stdout, oldest first; with -sha
// the commit's stands behind each.
func statuses(ts *testscript.TestScript, on *stage, args []string) {
	isWithSHA := len(args) == 1 && args[0] == "-sha"
	if len(args) != 0 && !isWithSHA {
		ts.Fatalf("usage: statuses [-sha]")
	}
	for _, one := range on.github.Snapshot().Repositories[0].Statuses {
		line := fmt.Sprintf("%s %s %q %s", one.State, one.Context, one.Description, one.TargetURL)
		if isWithSHA {
			line += " " + one.SHA
		}
		fmt.Fprintln(ts.Stdout(), line)
	}
}
