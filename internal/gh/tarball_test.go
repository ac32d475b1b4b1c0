package gh_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/source"
)

// treeCommit is a commit with something of everything in its tree.
func treeCommit() sandbox.Commit {
	return sandbox.Commit{
		SHA: shaOf("3"), Branch: "main",
		Files: map[string]string{"slipway.yml": "version: 1\n", "app/functions/hello.js": "exports.handler = 1\n", "app/assets/a b.txt": "", "large.bin": strings.Repeat("0123456789abcdef", 1<<16)},
		Links: map[string]string{"app/link.js": "functions/hello.js"}, Submodules: map[string]string{"vendor/sub": "https://github.com/acme/sub.git"},
	}
}

// treeRepositories are a private and a public repository with that commit.
func treeRepositories() []sandbox.Repository {
	return []sandbox.Repository{
		{Owner: "acme", Name: "voice", Private: true, Commits: []sandbox.Commit{treeCommit()}},
		{Owner: "acme", Name: "site", Commits: []sandbox.Commit{treeCommit()}},
	}
}

// unpacked fetches the tree of the commit, and lists what it has by path: a file's
// length, a link's target, a folder's slash.
func unpacked(t *testing.T, c *gh.Client, repository gh.Repository) (map[string]string, error) {
	t.Helper()
	packed, err := c.Tarball(t.Context(), repository, treeCommit().SHA)
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	err = errors.Join(source.Unpack(t.Context(), packed, dir, source.Limits{}), packed.Close())
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	return found, fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || path == ".":
			return err
		case entry.IsDir():
			found[path] = "/"
		case entry.Type() == fs.ModeSymlink:
			target, err := os.Readlink(dir + "/" + path)
			found[path] = "-> " + target
			return err
		default:
			raw, err := os.ReadFile(dir + "/" + path)
			found[path] = string(raw)
			return err
		}
		return nil
	})
}

func wantTree() map[string]string {
	want := map[string]string{"app": "/", "app/functions": "/", "app/assets": "/", "vendor": "/", "vendor/sub": "/", "app/link.js": "-> functions/hello.js"}
	maps.Copy(want, treeCommit().Files)
	return want
}

// TestTarball fetches what is private and what is public. The sandbox's host of archives
// refuses whatever comes with the token.
func TestTarball(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"", "/api/v3"} {
		world := newSandbox(t, sandbox.Options{Repositories: treeRepositories()})
		var archives atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, sandbox.ArchivePrefix) {
				archives.Add(1)
				if len(r.Header) != 2 || r.Header.Get("User-Agent") != "slipway" || r.Header.Get("Accept-Encoding") != "identity" {
					t.Errorf("the archives' host was sent %v", r.Header)
				}
			}
			world.ServeHTTP(w, r)
		}))
		defer server.Close()
		c := client(t, func(cfg *gh.Config) { cfg.APIURL, cfg.Retry = server.URL+root, quick() })
		for _, repository := range []gh.Repository{voice, site} {
			got, err := unpacked(t, c, repository)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantTree(), got); diff != "" {
				t.Errorf("%s:\n%s", repository, diff)
			}
		}
		if archives.Load() != 2 {
			t.Errorf("the archives' host was asked %d times", archives.Load())
		}
	}
}

// TestTarballThroughFaults has each fault at either of the two hosts once.
func TestTarballThroughFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{
		sandbox.FaultSecondary, sandbox.FaultTooMany, sandbox.FaultServerError, sandbox.FaultBadGateway, sandbox.FaultUnavailable,
		sandbox.FaultCutBefore, sandbox.FaultCutAfter, sandbox.FaultServerErrorAfter, sandbox.FaultEmpty, sandbox.FaultSlow,
	} {
		for _, host := range []string{"/repos/", sandbox.ArchivePrefix} {
			if fault == sandbox.FaultEmpty && host == "/repos/" {
				continue // a redirect has no body to lose
			}
			t.Run(fault.String()+" at "+host, func(t *testing.T) {
				t.Parallel()
				var met atomic.Bool
				c, _ := newWorld(t, sandbox.Options{
					Repositories: treeRepositories(), SlowAnswer: 10 * time.Millisecond,
					Fault: func(r *http.Request) sandbox.Fault {
						if strings.HasPrefix(r.URL.Path, host) && met.CompareAndSwap(false, true) {
							return fault
						}
						return sandbox.FaultNone
					},
				})
				got, err := unpacked(t, c, voice)
				if err != nil || !met.Load() {
					t.Fatalf("met %t, error %v", met.Load(), err)
				}
				if diff := cmp.Diff(wantTree(), got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestTarballThatBreaksOff is an error, of the commit and the repository, wherever it
// breaks off.
func TestTarballThatBreaksOff(t *testing.T) {
	t.Parallel()
	c, _ := newWorld(t, sandbox.Options{Repositories: treeRepositories(), Fault: func(r *http.Request) sandbox.Fault {
		if strings.HasPrefix(r.URL.Path, sandbox.ArchivePrefix) {
			return sandbox.FaultTruncated
		}
		return sandbox.FaultNone
	}})
	_, err := unpacked(t, c, voice)
	broken, isBroken := errors.AsType[*gh.Error](err)
	if !isBroken || broken.Repository != voice || !strings.Contains(err.Error(), "get the tree of 3333333 of acme/voice: the archive from 127.0.0.1:") || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("error %v", err)
	}
}

// TestTarballLinksEnd asks again once a link has ended: that is what a server is good for
// that was slow in between.
func TestTarballLinksEnd(t *testing.T) {
	t.Parallel()
	var late atomic.Int64 // minutes
	world := newSandbox(t, sandbox.Options{Repositories: treeRepositories(), Now: func() time.Time { return time.Now().Add(time.Duration(late.Load()) * time.Minute) }})
	var links atomic.Int64
	c := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, sandbox.ArchivePrefix) && links.Add(1) == 1 {
			defer late.Add(6)
		}
		world.ServeHTTP(w, r)
	}))
	if _, err := unpacked(t, c, voice); err != nil || links.Load() != 3 { // a link, the commit, a link
		t.Errorf("asked the API %d times, error %v", links.Load(), err)
	}
}

func TestTarballRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options    sandbox.Options
		repository gh.Repository
		sha, want  string
	}{
		"no permission":      {sandbox.Options{Tokens: []sandbox.Token{{Value: token, Permissions: map[string]string{"statuses": "write"}}}}, voice, shaOf("3"), `get the tree of 3333333: the GitHub token may not do this; add the line "contents: read"`},
		"no permission, 404": {sandbox.Options{Tokens: []sandbox.Token{{Value: token, Permissions: map[string]string{"statuses": "write"}}}, Switches: sandbox.Switches{UnreadableIs404: true}}, voice, shaOf("3"), "get the tree of 3333333 of acme/voice: GitHub answered 404: Not Found"},
		"no commit":          {sandbox.Options{}, voice, shaOf("4"), "get the tree of 4444444 of acme/voice: GitHub answered 404: Not Found"},
		"no commit, a link":  {sandbox.Options{Switches: sandbox.Switches{MissingTarballsHaveLinks: true}}, voice, shaOf("4"), "look at commit 4444444 of acme/voice: GitHub answered 404: Not Found"},
		"no repository":      {sandbox.Options{}, gh.Repository{Owner: "acme", Name: "none"}, shaOf("3"), "get the tree of 3333333 of acme/none: GitHub answered 404: Not Found"},
		"a short SHA":        {sandbox.Options{}, voice, "main", `get the tree of main: "main" is not a commit`},
		"another's path":     {sandbox.Options{}, gh.Repository{Owner: "..", Name: "voice"}, shaOf("3"), `get the tree of 3333333: "../voice" is not the name of a repository`},
		"a limit": {
			sandbox.Options{Fault: func(*http.Request) sandbox.Fault { return sandbox.FaultSecondaryUntold }},
			voice, shaOf("3"),
			"get the tree of 3333333: GitHub's secondary rate limit",
		},
		"a limit there": {sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
			if strings.HasPrefix(r.URL.Path, sandbox.ArchivePrefix) {
				return sandbox.FaultServerError
			}
			return sandbox.FaultNone
		}}, voice, shaOf("3"), "get the tree of 3333333 of acme/voice: no archive from 127.0.0.1:"},
		"elsewhere": {sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
			if strings.HasPrefix(r.URL.Path, sandbox.ArchivePrefix) {
				return sandbox.FaultRedirect
			}
			return sandbox.FaultNone
		}}, voice, shaOf("3"), "sends on to another one, which is not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.options.Repositories = treeRepositories()
			c, _ := newWorld(t, test.options)
			_, err := c.Tarball(t.Context(), test.repository, test.sha)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "?token=")) {
				t.Errorf("%q shows what opens the archive", err)
			}
		})
	}
}

// TestTarballHosts fetches from hosts with https, and from a loopback address when the
// API itself has one. Nothing is sent to any other, nor is the token to these.
func TestTarballHosts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		api, link, want string // "" when it is fetched
	}{
		"GitHub's":                {"https://api.github.com", "https://codeload.github.com/acme/voice/legacy.tar.gz/x?token=LINK", ""},
		"an enterprise's own":     {"https://github.example/api/v3", "https://github.example/_codeload/acme/voice/legacy.tar.gz/x?token=LINK", ""},
		"loopback":                {"http://127.0.0.1:1", "http://localhost:2/x?token=LINK", ""},
		"relative":                {"https://github.example/api/v3", "/_codeload/acme/voice?token=LINK", ""},
		"plain http":              {"https://api.github.com", "http://codeload.github.com/x?token=LINK", "at http://codeload.github.com, which is not safe"},
		"this machine":            {"https://api.github.com", "http://127.0.0.1:8081/metrics?token=LINK", "at http://127.0.0.1:8081, which is not safe"},
		"plain http, of loopback": {"http://127.0.0.1:1", "http://codeload.github.com/x?token=LINK", "which is not safe"},
		"a file":                  {"https://api.github.com", "file:///etc/passwd", "which is not safe"},
		"credentials":             {"https://api.github.com", "https://me:LINK@codeload.github.com/x", "which is not safe"},
		"no link":                 {"https://api.github.com", "", "a redirect that leads nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			isFetched := false
			c := client(t, func(cfg *gh.Config) {
				cfg.APIURL, cfg.Retry = test.api, retry.Policy{MaxAttempts: 1}
				cfg.Transport = pipe(func(r *http.Request) (*http.Response, error) {
					recorder := httptest.NewRecorder()
					if strings.Contains(r.URL.Path, "/tarball/") {
						if test.link != "" {
							recorder.Header().Set("Location", test.link)
						}
						recorder.WriteHeader(http.StatusFound)
					} else {
						isFetched = true
						_, _ = recorder.WriteString("\x1f\x8b")
						if r.Header.Get("Authorization") != "" || r.URL.RawQuery != "token=LINK" {
							t.Errorf("%s was sent %v", r.URL, r.Header)
						}
					}
					answer := recorder.Result()
					answer.Request = r
					return answer, nil
				})
			})
			packed, err := c.Tarball(t.Context(), voice, sha)
			if test.want == "" && err == nil && isFetched {
				err = packed.Close()
				if err != nil {
					t.Error(err)
				}
				return
			}
			if test.want == "" || err == nil || isFetched || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "LINK") {
				t.Errorf("fetched %t, error %v", isFetched, err)
			}
		})
	}
}

// TestTarballEndsWithItsContext before the archive is there, and while it comes.
func TestTarballEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, begins := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := client(t, func(cfg *gh.Config) {
				cfg.Transport = pipe(func(r *http.Request) (*http.Response, error) {
					if strings.Contains(r.URL.Path, "/tarball/") {
						return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://codeload.github.com/x"}}, Body: http.NoBody, Request: r}, nil
					}
					if !begins {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
					return &http.Response{StatusCode: http.StatusOK, Body: &stalled{until: r.Context().Done(), err: r.Context().Err}, Request: r}, nil
				})
			})
			ctx, end := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("the job's time is up"))
			defer end()
			started := time.Now()
			packed, err := c.Tarball(ctx, voice, sha)
			if begins {
				if err != nil {
					t.Fatal(err)
				}
				_, err = io.ReadAll(packed)
			}
			if err == nil || !strings.Contains(err.Error(), "the job's time is up") || time.Since(started) != time.Minute {
				t.Errorf("begins %t: after %s: %v", begins, time.Since(started), err)
			}
		})
	}
}

// TestTarballThatDoesNotBegin is given up, and asked for again.
func TestTarballThatDoesNotBegin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := client(t, func(cfg *gh.Config) {
			cfg.Transport = pipe(func(r *http.Request) (*http.Response, error) {
				if strings.Contains(r.URL.Path, "/tarball/") {
					return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://codeload.github.com/x"}}, Body: http.NoBody, Request: r}, nil
				}
				if asked++; asked == 1 {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("\x1f\x8bmore")), Request: r}, nil
			})
		})
		packed, err := c.Tarball(t.Context(), voice, sha)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(packed); err != nil || string(got) != "\x1f\x8bmore" || asked != 2 {
			t.Errorf("read %q after %d, error %v", got, asked, err)
		}
		if err := packed.Close(); err != nil {
			t.Error(err)
		}
	})
}

// stalled is a body that begins, and then comes to nothing.
type stalled struct {
	begun sync.Once
	until <-chan struct{}
	err   func() error
}

func (s *stalled) Read(into []byte) (n int, err error) {
	s.begun.Do(func() { n = copy(into, "\x1f\x8b") })
	if n > 0 {
		return n, nil
	}
	<-s.until
	return 0, s.err()
}

func (s *stalled) Close() error { return nil }
