package gh_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
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

// newRelease is a sandbox with the GitHub Release 101 of v1/eu#2%41, and a draft of v2.
func newRelease(t *testing.T, options sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	world := newSandbox(t, options)
	for _, given := range []sandbox.Release{{ID: 101, Tag: oddTag, Name: "One", Body: "many\r\nnews"}, {ID: 102, Tag: "v2", IsDraft: true}} {
		if _, err := world.AddRelease("acme/voice", given); err != nil {
			t.Fatal(err)
		}
	}
	return world
}

// oddTag is a name that git takes and that means something in a URL.
const oddTag = "v1/eu#2%41"

func notesOf(world *sandbox.Sandbox) string { return world.Snapshot().Repositories[0].Releases[0].Body }

// note is an edit that adds a line of its own.
func note(line string) gh.NotesEdit {
	return gh.NotesEdit{Tag: oddTag, Merge: func(text string) string {
		if slices.Contains(strings.Split(text, "\n"), line) {
			return text
		}
		return text + "\n" + line
	}}
}

func TestEditReleaseNotes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newRelease(t, sandbox.Options{})
		c := inMemory(t, world)
		byID := note("b")
		byID.Release, byID.Tag = 101, "whatever"
		for i, edit := range []gh.NotesEdit{note("a"), note("a"), byID, byID} {
			if written, err := c.EditReleaseNotes(t.Context(), voice, edit); err != nil || written != (i%2 == 0) {
				t.Errorf("edit %d: written %t, error %v", i, written, err)
			}
		}
		one := world.Snapshot().Repositories[0].Releases[0]
		if one.Body != "many\r\nnews\na\nb" || one.Name != "One" || one.Tag != oddTag || one.IsDraft || one.IsPrerelease {
			t.Errorf("there is %+v", one)
		}
	})
}

func TestEditReleaseNotesRefused(t *testing.T) {
	t.Parallel()
	world := newRelease(t, sandbox.Options{Tokens: []sandbox.Token{{Value: token, Permissions: permissions()}, {Value: "reader", Permissions: map[string]string{"contents": "read"}}}})
	with := func(value string) *gh.Client {
		return newClient(t, world, func(cfg *gh.Config) { cfg.Token, cfg.Retry = secret.New(value), retry.Policy{MaxAttempts: 1} })
	}
	if _, err := with("reader").EditReleaseNotes(t.Context(), voice, note("a")); err == nil || !strings.Contains(err.Error(), `add the line "contents: write"`) {
		t.Errorf("without the permission: %v", err)
	}
	for name, edit := range map[string]gh.NotesEdit{
		"a tag without one": {Tag: "v9"}, "a tag with a draft": {Tag: "v2"}, "an id that is gone": {Release: 9, Tag: "v1"},
	} {
		edit.Merge = func(string) string { return "x" }
		if _, err := with(token).EditReleaseNotes(t.Context(), voice, edit); !errors.Is(err, gh.ErrNoRelease) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, tag := range []string{"", "../../issues/1", "a b", "/", "a/"} {
		if _, err := with(token).EditReleaseNotes(t.Context(), voice, gh.NotesEdit{Tag: tag}); err == nil || !strings.Contains(err.Error(), "is not the name of a tag") {
			t.Errorf("tag %q: %v", tag, err)
		}
	}
	long := gh.NotesEdit{Tag: oddTag, Merge: func(text string) string { return text + strings.Repeat("ü", 125_000) }}
	if written, err := with(token).EditReleaseNotes(t.Context(), voice, long); written || err == nil || !strings.Contains(err.Error(), "would have 125010 characters, and GitHub takes 125000") {
		t.Errorf("too long: written %t, %v", written, err)
	}
	if got := notesOf(world); got != "many\r\nnews" {
		t.Errorf("there is %q", got)
	}
}

// TestJobsEditOneRelease has jobs of several services write at once, with faults: all of
// their lines are there.
func TestJobsEditOneRelease(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newRelease(t, sandbox.Options{FaultRate: 0.05, Seed: seed, SlowAnswer: time.Second})
				slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(200 * time.Millisecond)
					world.ServeHTTP(w, r)
				})
				var group sync.WaitGroup
				for job := range 3 {
					group.Go(func() {
						time.Sleep(time.Duration(job) * 150 * time.Millisecond)
						if _, err := inMemory(t, slow).EditReleaseNotes(t.Context(), voice, note(fmt.Sprintf("job %d", job))); err != nil {
							t.Errorf("job %d: %v", job, err)
						}
					})
				}
				group.Wait()
				got := strings.Split(strings.TrimPrefix(notesOf(world), "many\r\nnews\n"), "\n")
				slices.Sort(got)
				if !slices.Equal(got, []string{"job 0", "job 1", "job 2"}) {
					t.Errorf("there is %q", notesOf(world))
				}
			})
		})
	}
}

// TestReleaseNotesSurviveFaults meets each fault once at each request. What a person
// writes between two tries stays.
func TestReleaseNotesSurviveFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{
		sandbox.FaultServerError, sandbox.FaultBadGateway, sandbox.FaultCutBefore, sandbox.FaultCutAfter, sandbox.FaultTruncated, sandbox.FaultWrongShape,
	} {
		for nth := range 4 {
			t.Run(fmt.Sprintf("%v at request %d", fault, nth), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					seen, isEdited := 0, false
					world := newRelease(t, sandbox.Options{Fault: func(*http.Request) sandbox.Fault {
						if seen++; seen == nth+1 {
							return fault
						}
						return sandbox.FaultNone
					}})
					c := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if seen > nth && !isEdited && r.Method == http.MethodGet {
							isEdited = true
							edited(t, world, notesOf(world)+"\nby hand")
						}
						world.ServeHTTP(w, r)
					}))
					if _, err := c.EditReleaseNotes(t.Context(), voice, note("a")); err != nil {
						t.Error(err)
					}
					if got := notesOf(world); strings.Count(got, "\na") != 1 || strings.Contains(got, "by hand") != isEdited || !strings.HasPrefix(got, "many\r\nnews") {
						t.Errorf("there is %q", got)
					}
				})
			})
		}
	}
}

// TestReleaseNotesAreLookedAtAfterALostAnswer has a job that had read the text before
// write it behind the look that found what the answer did not tell.
func TestReleaseNotesAreLookedAtAfterALostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := 0
		world := newRelease(t, sandbox.Options{Fault: func(*http.Request) sandbox.Fault {
			if seen++; seen == 2 { // the first write
				return sandbox.FaultCutAfter
			}
			return sandbox.FaultNone
		}})
		before := notesOf(world)
		c := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			world.ServeHTTP(w, r)
			if seen == 3 {
				edited(t, world, before+"\nanother job")
			}
		}))
		if written, err := c.EditReleaseNotes(t.Context(), voice, note("a")); err != nil || !written {
			t.Errorf("written %t, error %v", written, err)
		}
		if got, want := notesOf(world), before+"\nanother job\na"; got != want {
			t.Errorf("there is %q, want %q", got, want)
		}
	})
}

// edited has a person save the text of the GitHub Release.
func edited(t *testing.T, world *sandbox.Sandbox, text string) {
	t.Helper()
	if err := world.EditRelease("acme/voice", 101, text); err != nil {
		t.Error(err)
	}
}

// TestReleaseNotesAreLeft when others change them each time.
func TestReleaseNotesAreLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world, tries := newRelease(t, sandbox.Options{}), 0
		_, err := inMemory(t, world).EditReleaseNotes(t.Context(), voice, gh.NotesEdit{Tag: oddTag, Merge: func(string) string {
			tries++
			return strconv.Itoa(tries)
		}})
		if unsettled, ok := errors.AsType[*gh.UnsettledError](err); !ok || unsettled.Text != "GitHub Release "+oddTag || tries != 10 {
			t.Errorf("after %d tries: %v", tries, err)
		}
	})
}
