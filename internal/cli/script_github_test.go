package cli_test

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
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
