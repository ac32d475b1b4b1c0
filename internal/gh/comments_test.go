package gh_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

const (
	marker = "<!-- mine -->"
	own    = "github-actions[bot]"
)

// newThread is a sandbox with pull request 7, and a token that may comment on it.
func newThread(t *testing.T, options sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	if options.Tokens == nil {
		options.Tokens = []sandbox.Token{{Value: token, Permissions: map[string]string{"pull_requests": "write"}}}
	}
	world := newSandbox(t, options)
	if err := world.SetPullRequest("acme/voice", sandbox.PullRequest{Number: 7, HeadSHA: sha, HeadRef: "feature"}); err != nil {
		t.Fatal(err)
	}
	return world
}

func say7(t *testing.T, world *sandbox.Sandbox, login, text string) {
	t.Helper()
	if _, err := world.AddComment("acme/voice", 7, login, text); err != nil {
		t.Fatal(err)
	}
}

// addLine is an edit that adds one line to a comment of sorted lines.
func addLine(text string) gh.CommentEdit {
	return gh.CommentEdit{Marker: marker, Confirm: true, Merge: func(texts []string) string {
		lines := []string{text}
		for _, one := range texts {
			for other := range strings.Lines(strings.TrimPrefix(one, marker+"\n")) {
				if other = strings.TrimSuffix(other, "\n"); !slices.Contains(lines, other) {
					lines = append(lines, other)
				}
			}
		}
		slices.Sort(lines)
		return marker + "\n" + strings.Join(lines, "\n") + "\n"
	}}
}

// thread lists the comments of the sandbox: author, and the text in one line.
func thread(world *sandbox.Sandbox) string {
	var all []string
	for _, one := range world.Snapshot().Repositories[0].Comments {
		all = append(all, one.Author+": "+strings.ReplaceAll(one.Body, "\n", "/"))
	}
	return strings.Join(all, "; ")
}

func TestEditComment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newThread(t, sandbox.Options{})
		c := inMemory(t, world)
		edit := func(edit gh.CommentEdit, wantWritten bool, want string) {
			t.Helper()
			written, err := c.EditComment(t.Context(), voice, 7, edit)
			if err != nil || written != wantWritten || thread(world) != want {
				t.Errorf("written %t, error %v, there is %s; want %s", written, err, thread(world), want)
			}
		}
		nothing := gh.CommentEdit{Marker: marker, Merge: func([]string) string { return "" }}
		edit(nothing, false, "")
		edit(addLine("b"), true, own+": "+marker+"/b/")
		edit(addLine("b"), false, own+": "+marker+"/b/")
		say7(t, world, "eve", marker+"\nforged")
		say7(t, world, own, "quoting "+marker)
		edit(addLine("a"), true, own+": "+marker+"/a/b/; eve: "+marker+"/forged; "+own+": quoting "+marker)
		edit(nothing, false, own+": "+marker+"/a/b/; eve: "+marker+"/forged; "+own+": quoting "+marker)
	})
}

// TestSeveralComments become one, the oldest, with what all of them say.
func TestSeveralComments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newThread(t, sandbox.Options{PageSize: 2})
		for _, text := range []string{"x", "y", "z"} {
			say7(t, world, own, marker+"\n"+text+"\n")
			say7(t, world, "ann", "nice")
		}
		if written, err := inMemory(t, world).EditComment(t.Context(), voice, 7, addLine("a")); err != nil || !written {
			t.Errorf("written %t, error %v", written, err)
		}
		if got := thread(world); got != own+": "+marker+"/a/x/y/z/; ann: nice; ann: nice; ann: nice" {
			t.Errorf("there is %s", got)
		}
	})
}

// TestCommentAmongMany finds it on any page.
func TestCommentAmongMany(t *testing.T) {
	t.Parallel()
	for _, at := range []int{0, 99, 100, 175, 349, 350} {
		t.Run(fmt.Sprintf("behind %d", at), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newThread(t, sandbox.Options{})
				for i := range 351 {
					if i == at {
						say7(t, world, own, marker+"\nb\n")
						continue
					}
					say7(t, world, "ann", fmt.Sprintf("comment %d", i))
				}
				if written, err := inMemory(t, world).EditComment(t.Context(), voice, 7, addLine("a")); err != nil || !written {
					t.Errorf("written %t, error %v", written, err)
				}
				comments := world.Snapshot().Repositories[0].Comments
				if len(comments) != 351 || comments[at].Body != marker+"\na\nb\n" {
					t.Errorf("%d comments; that one says %q", len(comments), comments[at].Body)
				}
			})
		})
	}
}

// TestTwoJobsEditOneComment has jobs write at random moments, each taking up to a
// second for any request, with faults: all of their lines stand in one comment.
func TestTwoJobsEditOneComment(t *testing.T) {
	t.Parallel()
	for _, jobs := range []int{2, 5} {
		for seed := range uint64(50) {
			t.Run(fmt.Sprintf("%d jobs, seed %d", jobs, seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					world := newThread(t, sandbox.Options{FaultRate: 0.05, Seed: seed, SlowAnswer: time.Second})
					var mu sync.Mutex
					random := rand.New(rand.NewPCG(seed, 1))
					pause := func(most time.Duration) {
						mu.Lock()
						wait := time.Duration(random.Int64N(int64(most)))
						mu.Unlock()
						time.Sleep(wait)
					}
					slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						pause(500 * time.Millisecond)
						world.ServeHTTP(w, r)
						pause(500 * time.Millisecond)
					})
					var group sync.WaitGroup
					var want []string
					for job := range jobs {
						want = append(want, fmt.Sprintf("row %d: done", job))
						group.Go(func() {
							c := inMemory(t, slow)
							for _, state := range []string{"begun", "done"} {
								pause(2 * time.Second)
								edit := row(job, state)
								edit.Confirm = state == "done"
								if _, err := c.EditComment(t.Context(), voice, 7, edit); err != nil {
									t.Errorf("job %d: %v", job, err)
								}
							}
						})
					}
					group.Wait()
					if got := thread(world); got != own+": "+marker+"/"+strings.Join(want, "/")+"/" {
						t.Errorf("there is %s", got)
					}
				})
			})
		}
	}
}

// row is an edit of one's own line; the others' stay.
func row(job int, state string) gh.CommentEdit {
	name := fmt.Sprintf("row %d: ", job)
	return gh.CommentEdit{Marker: marker, Merge: func(texts []string) string {
		rows := map[string]string{}
		for _, text := range texts {
			for one := range strings.Lines(strings.TrimPrefix(text, marker+"\n")) {
				key, said, _ := strings.Cut(strings.TrimSuffix(one, "\n"), ": ")
				if rows[key] != "done" {
					rows[key] = said
				}
			}
		}
		rows[strings.TrimSuffix(name, ": ")] = state
		var lines []string
		for key, said := range rows {
			lines = append(lines, key+": "+said)
		}
		slices.Sort(lines)
		return marker + "\n" + strings.Join(lines, "\n") + "\n"
	}}
}

// TestCommentSurvivesFaults meets each fault once at each request, and doubles
// nothing.
func TestCommentSurvivesFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{
		sandbox.FaultServerError, sandbox.FaultBadGateway, sandbox.FaultCutBefore, sandbox.FaultCutAfter, sandbox.FaultTruncated,
	} {
		for nth := range 5 {
			t.Run(fmt.Sprintf("%v at request %d", fault, nth), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					seen := 0
					world := newThread(t, sandbox.Options{Fault: func(*http.Request) sandbox.Fault {
						if seen++; seen == nth+1 {
							return fault
						}
						return sandbox.FaultNone
					}})
					c := inMemory(t, world)
					for _, text := range []string{"b", "a"} {
						if _, err := c.EditComment(t.Context(), voice, 7, addLine(text)); err != nil {
							t.Errorf("edit %s: %v", text, err)
						}
					}
					if got := thread(world); got != own+": "+marker+"/a/b/" {
						t.Errorf("there is %s", got)
					}
				})
			})
		}
	}
}

// TestCommentIsLeft when others change it each time.
func TestCommentIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newThread(t, sandbox.Options{})
		tries := 0
		_, err := inMemory(t, world).EditComment(t.Context(), voice, 7, gh.CommentEdit{Marker: marker, Confirm: true, Merge: func([]string) string {
			tries++
			return fmt.Sprintf("%s\n%d", marker, tries)
		}})
		if unsettled, ok := errors.AsType[*gh.UnsettledError](err); !ok || unsettled.Text != "comment on pull request 7" || tries != 10 {
			t.Errorf("after %d tries: %v", tries, err)
		}
	})
}

// TestCommentDeletedMeanwhile is made again.
func TestCommentDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newThread(t, sandbox.Options{})
		say7(t, world, own, marker+"\nb\n")
		isDone := false
		c := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPatch && !isDone {
				isDone = true
				id := world.Snapshot().Repositories[0].Comments[0].ID
				deletion := httptest.NewRequestWithContext(r.Context(), http.MethodDelete, fmt.Sprintf("/repos/acme/voice/issues/comments/%d", id), http.NoBody)
				deletion.Header = r.Header.Clone()
				world.ServeHTTP(httptest.NewRecorder(), deletion)
			}
			world.ServeHTTP(w, r)
		}))
		if _, err := c.EditComment(t.Context(), voice, 7, addLine("a")); err != nil {
			t.Error(err)
		}
		if got := thread(world); got != own+": "+marker+"/a/" {
			t.Errorf("there is %s", got)
		}
	})
}

func TestEditCommentRefused(t *testing.T) {
	t.Parallel()
	world := newThread(t, sandbox.Options{Tokens: []sandbox.Token{
		{Value: token, Permissions: map[string]string{"contents": "read"}},
		{Value: "reader", Permissions: map[string]string{"pull_requests": "read"}},
		{Value: "issues", Permissions: map[string]string{"issues": "write"}},
	}})
	with := func(value string) func(*gh.Config) {
		return func(cfg *gh.Config) { cfg.Token, cfg.Retry = secret.New(value), retry.Policy{MaxAttempts: 1} }
	}
	for name, value := range map[string]string{"no permission": token, "to read alone": "reader"} {
		_, err := newClient(t, world, with(value)).EditComment(t.Context(), voice, 7, addLine("a"))
		if denied, ok := errors.AsType[*gh.PermissionError](err); !ok || denied.Permission != "pull-requests: write" {
			t.Errorf("%s: %v", name, err)
		}
	}
	unsure := addLine("a")
	unsure.Confirm = false
	say7(t, world, own, marker+"\n")
	if _, err := newClient(t, world, with("issues")).EditComment(t.Context(), voice, 7, unsure); err != nil {
		t.Errorf("with issues: write: %v", err)
	}
	_, err := newClient(t, world, with("issues")).EditComment(t.Context(), voice, 8, addLine("a"))
	if refused, ok := errors.AsType[*gh.Error](err); !ok || refused.Status != http.StatusNotFound {
		t.Errorf("on no pull request: %v", err)
	}
	for _, number := range []int{0, -7} {
		if _, err := newClient(t, world).EditComment(t.Context(), voice, number, addLine("a")); err == nil || !strings.Contains(err.Error(), "is not the number of a pull request") {
			t.Errorf("pull request %d: %v", number, err)
		}
	}
	long := gh.CommentEdit{Marker: marker, Merge: func([]string) string { return marker + strings.Repeat("x", 65_536) }}
	if _, err := newClient(t, world, with("issues")).EditComment(t.Context(), voice, 7, long); err == nil || !strings.Contains(err.Error(), "Body is too long") {
		t.Errorf("too long: %v", err)
	}
}

// TestEditCommentIsCutOff while it waits for others.
func TestEditCommentIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newThread(t, sandbox.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		written, err := inMemory(t, world).EditComment(ctx, voice, 7, addLine("a"))
		if err != nil || !written || thread(world) != own+": "+marker+"/a/" {
			t.Errorf("with a second: written %t, %v, %s", written, err, thread(world))
		}
		stopped, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		written, err = inMemory(t, world).EditComment(stopped, voice, 7, addLine("b"))
		if !errors.Is(err, context.Canceled) || !written || thread(world) != own+": "+marker+"/a/b/" {
			t.Errorf("stopped: written %t, %v, %s", written, err, thread(world))
		}
	})
}
