package gh_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/slipway-dev/slipway/internal/gh"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// shaOf makes a SHA of one digit.
func shaOf(digit string) string { return strings.Repeat(digit, 40) }

// history is a private and a public repository that have one:
//
//	1 - 2 - 3  main
//	     \- 4  topic/a
//	5          elsewhere
func history() []sandbox.Repository {
	first := map[string]string{"slipway.yml": "version: 1\n", "app/one.js": "1", "app/two.js": "2", "docs/a b#c?.md": "docs"}
	commits := []sandbox.Commit{
		{SHA: shaOf("1"), Files: first},
		{
			SHA: shaOf("2"), Parents: []string{shaOf("1")},
			Files:      map[string]string{"slipway.yml": "version: 1\n", "app/one.js": "1", "app/two.js": "2", "empty": "", "big": strings.Repeat("x", 1<<20), "bigger": strings.Repeat("x", 1<<20+1)},
			Links:      map[string]string{"link.yml": "slipway.yml", "folder": "app", "dangling": "nowhere"},
			Submodules: map[string]string{"sub": "https://github.com/acme/sub.git"},
		},
		{SHA: shaOf("3"), Parents: []string{shaOf("2")}, Branch: "main", Files: first},
		{SHA: shaOf("4"), Parents: []string{shaOf("2")}, Branch: "topic/a", Files: map[string]string{"slipway.yml": "version: 1\n", "lib/one.js": "1", "empty": ""}},
		{SHA: shaOf("5"), Branch: "elsewhere"},
	}
	return []sandbox.Repository{
		{Owner: "acme", Name: "voice", Private: true, Commits: commits},
		{Owner: "acme", Name: "site", Commits: commits},
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{"as usual": {}, "an older server": {LargeFilesAre403: true}} {
		c, _ := newWorld(t, sandbox.Options{Repositories: history(), Switches: switches})
		for path, want := range map[string]string{
			"slipway.yml": "version: 1\n", "app/one.js": "1", "empty": "", "link.yml": "version: 1\n", "big": strings.Repeat("x", 1<<20),
		} {
			for _, repository := range []gh.Repository{voice, site} {
				if got, err := c.ReadFile(t.Context(), repository, shaOf("2"), path, 0); err != nil || string(got) != want {
					t.Errorf("%s: %s has %d bytes, error %v", name, path, len(got), err)
				}
			}
		}
		if got, err := c.ReadFile(t.Context(), voice, shaOf("1"), "docs/a b#c?.md", 4); err != nil || string(got) != "docs" {
			t.Errorf("%s: %q, error %v", name, got, err)
		}
		for path, want := range map[string]string{
			"folder":      "read folder at 2222222 of acme/voice: it is a link to something else, and no file",
			"dangling":    "it is a link to something else, and no file",
			"sub":         "it is a submodule, and no file",
			"app":         "it is a folder, and no file",
			"slipway.yml": "the file has 11 bytes, and no more than 10 are read",
		} {
			if got, err := c.ReadFile(t.Context(), voice, shaOf("2"), path, 10); err == nil || len(got) != 0 || !strings.Contains(err.Error(), want) || errors.Is(err, gh.ErrNoFile) {
				t.Errorf("%s: %s: error %v, want %s", name, path, err, want)
			}
		}
		want := "the file has 1048577 bytes, and no more than 1048576 are read"
		if switches.LargeFilesAre403 {
			want = "This API returns blobs up to 1 MB in size."
		}
		if _, err := c.ReadFile(t.Context(), voice, shaOf("2"), "bigger", 1<<30); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: too much: %v", name, err)
		}
	}
}

// TestMissingFiles are told from what cannot be seen.
func TestMissingFiles(t *testing.T) {
	t.Parallel()
	all := permissions()
	for name, test := range map[string]struct {
		token     sandbox.Token
		hidden    bool
		repo      gh.Repository
		sha, path string
		want      string // empty means that it is surely not there
	}{
		"not there":            {sandbox.Token{Permissions: all}, false, voice, shaOf("2"), "nothing.yml", ""},
		"not in that folder":   {sandbox.Token{Permissions: all}, false, voice, shaOf("2"), "no/slipway.yml", ""},
		"below a file":         {sandbox.Token{Permissions: all}, true, voice, shaOf("2"), "slipway.yml/x", ""},
		"not yet":              {sandbox.Token{Permissions: all}, false, voice, shaOf("5"), "slipway.yml", ""},
		"in public":            {sandbox.Token{}, false, site, shaOf("5"), "slipway.yml", ""},
		"an unknown commit":    {sandbox.Token{Permissions: all}, false, voice, shaOf("9"), "slipway.yml", "cannot be told: look at commit 9999999 of acme/voice: GitHub answered 404"},
		"another's repository": {sandbox.Token{Permissions: all, Repositories: []string{"acme/site"}}, false, voice, shaOf("2"), "slipway.yml", "cannot be told"},
		"no such repository":   {sandbox.Token{Permissions: all}, false, gh.Repository{Owner: "acme", Name: "x"}, shaOf("2"), "slipway.yml", "cannot be told"},
		"no permission":        {sandbox.Token{Permissions: map[string]string{"statuses": "write"}}, false, voice, shaOf("2"), "slipway.yml", `add the line "contents: read"`},
		"a hidden permission":  {sandbox.Token{Permissions: map[string]string{"statuses": "write"}}, true, voice, shaOf("2"), "slipway.yml", "cannot be told"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.token.Value = token
			c, _ := newWorld(t, sandbox.Options{Repositories: history(), Tokens: []sandbox.Token{test.token}, Switches: sandbox.Switches{UnreadableIs404: test.hidden}})
			got, err := c.ReadFile(t.Context(), test.repo, test.sha, test.path, 0)
			if err == nil || got != nil || errors.Is(err, gh.ErrNoFile) != (test.want == "") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, error %v", got, err)
			}
		})
	}
}

func TestBadPathsSendNothing(t *testing.T) {
	t.Parallel()
	c := newClient(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was sent", r.Method, r.URL) }))
	for _, path := range []string{"", ".", "/etc/passwd", "../x", "a/../b", "a..b", "a//b", "a/", "a\nb", "\x1b[1m", "\xff"} {
		if _, err := c.ReadFile(t.Context(), voice, sha, path, 0); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", path, err)
		}
	}
	if _, err := c.ReadFile(t.Context(), voice, "main", "slipway.yml", 0); err == nil {
		t.Error("a branch is accepted, which may move between two calls")
	}
	for _, branch := range []string{"", "a b", "a\nb", "/x", "x/", "../../user", "a/./b", "a..b"} {
		if _, err := c.BranchHead(t.Context(), voice, branch); err == nil {
			t.Errorf("the branch %q is accepted", branch)
		}
	}
	for _, name := range []string{"", "..", ".", "a\nb", strings.Repeat("x", 256)} {
		if _, err := c.EnvironmentProtection(t.Context(), voice, name); err == nil {
			t.Errorf("the environment %q is accepted", name)
		}
	}
	if _, err := c.PullRequest(t.Context(), voice, 0); err == nil {
		t.Error("pull request 0 is accepted")
	}
	if _, err := c.ChangedFiles(t.Context(), voice, "main", sha); err == nil {
		t.Error("a comparison of a branch is accepted")
	}
}

// TestReadsMeetEveryFault, which spoils the first answer to each of them.
func TestReadsMeetEveryFault(t *testing.T) {
	t.Parallel()
	reads := map[string]func(context.Context, *gh.Client) bool{
		"file": func(ctx context.Context, c *gh.Client) bool {
			got, err := c.ReadFile(ctx, voice, shaOf("1"), "app/one.js", 0)
			return err == nil && string(got) == "1"
		},
		"missing": func(ctx context.Context, c *gh.Client) bool {
			_, err := c.ReadFile(ctx, voice, shaOf("1"), "nothing", 0)
			return errors.Is(err, gh.ErrNoFile)
		},
		"changed": func(ctx context.Context, c *gh.Client) bool {
			got, err := c.ChangedFiles(ctx, voice, shaOf("2"), shaOf("4"))
			return err == nil && got.IsComplete()
		},
		"branch": func(ctx context.Context, c *gh.Client) bool {
			got, err := c.BranchHead(ctx, voice, "topic/a")
			return err == nil && got == shaOf("4")
		},
		"pull": func(ctx context.Context, c *gh.Client) bool {
			got, err := c.PullRequest(ctx, voice, 7)
			return err == nil && got.HeadSHA == shaOf("4")
		},
		"environment": func(ctx context.Context, c *gh.Client) bool {
			got, err := c.EnvironmentProtection(ctx, voice, "voice/stage")
			return err == nil && got.RequiresReview
		},
	}
	for name, read := range reads {
		for fault := sandbox.FaultNone; fault <= sandbox.FaultSlow; fault++ {
			isFinal := fault == sandbox.FaultUnauthorised || fault == sandbox.FaultRedirect
			if fault == sandbox.FaultRateLimit { // an hour, which nobody waits
				continue
			}
			t.Run(name+"/"+fault.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					isMet := false
					world := newSandbox(t, sandbox.Options{Repositories: history(), Fault: func(*http.Request) sandbox.Fault {
						if isMet {
							return sandbox.FaultNone
						}
						isMet = true
						return fault
					}})
					prepare(t, world)
					if got := read(t.Context(), inMemory(t, world)); got == isFinal {
						t.Errorf("it is read: %t", got)
					}
				})
			})
		}
	}
}

// prepare adds a pull request and an environment that needs a review.
func prepare(t *testing.T, world *sandbox.Sandbox) {
	t.Helper()
	if err := errors.Join(
		world.SetPullRequest("acme/voice", sandbox.PullRequest{Number: 7, HeadSHA: shaOf("4"), HeadRef: "topic/a"}),
		world.SetEnvironment("acme/voice", sandbox.Environment{Name: "voice/stage", Reviewers: []string{"ann"}, WaitMinutes: 5}),
	); err != nil {
		t.Fatal(err)
	}
}
