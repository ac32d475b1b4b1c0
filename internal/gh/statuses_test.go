package gh_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/gh"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

func TestSetCommitStatusSkipsEqualWrites(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 60)
	steps := []struct {
		name    string
		change  func(*gh.CommitStatus)
		written bool
	}{
		{"the first", func(*gh.CommitStatus) {}, true},
		{"the same", func(*gh.CommitStatus) {}, false},
		{"another case of the context", func(s *gh.CommitStatus) { s.Context = "Slipway/VOICE/dev" }, false},
		{"a text of other spaces", func(s *gh.CommitStatus) { s.Description = " Deploying\n" }, false},
		{"another context", func(s *gh.CommitStatus) { s.Context = "slipway/voice/stage" }, true},
		{"the same again", func(*gh.CommitStatus) {}, false},
		{"another state", func(s *gh.CommitStatus) { s.State = gh.StateSuccess }, true},
		{"the state before", func(*gh.CommitStatus) {}, true},
		{"another text", func(s *gh.CommitStatus) { s.Description = "Uploading" }, true},
		{"a text that is cut", func(s *gh.CommitStatus) { s.Description = long }, true},
		{"the same text, cut again", func(s *gh.CommitStatus) { s.Description = long }, false},
		{"another link", func(s *gh.CommitStatus) { s.TargetURL = "https://ci.example/2" }, true},
		{"no link and no text", func(s *gh.CommitStatus) { s.TargetURL, s.Description = "", "" }, true},
		{"no link and no text again", func(s *gh.CommitStatus) { s.TargetURL, s.Description = "", "" }, false},
	}
	for name, options := range map[string]sandbox.Options{
		"in one page": {}, "in small pages": {PageSize: 1},
		"where GitHub knows no such ref": {Switches: sandbox.Switches{UnknownRefsAreEmpty: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var posts atomic.Int64
			options.Observe = func(call sandbox.Call) {
				if call.Method == http.MethodPost {
					posts.Add(1)
				}
			}
			client, world := newWorld(t, options)
			want := 0
			for _, step := range steps {
				status := pending()
				step.change(&status)
				written, err := client.SetCommitStatus(t.Context(), voice, sha, status)
				if err != nil || written != step.written {
					t.Errorf("%s: written %t with error %v, want %t", step.name, written, err, step.written)
				}
				if step.written {
					want++
				}
			}
			if got := len(statuses(world)); got != want || int(posts.Load()) != want {
				t.Errorf("%d writes made %d statuses, want %d", posts.Load(), got, want)
			}
		})
	}
}

func TestSetCommitStatusWritesWhatItIsGiven(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{})
	for _, status := range []gh.CommitStatus{
		pending(),
		{State: gh.StateFailure, Context: "a"},
		{State: gh.StateError, Context: "<b> & ü", Description: "<Build> & more…", TargetURL: "http://127.0.0.1:8765/?a=1&b=2#c"},
	} {
		if written, err := client.SetCommitStatus(t.Context(), gh.Repository{Owner: "ACME", Name: "Site"}, sha, status); err != nil || !written {
			t.Errorf("%+v: written %t, error %v", status, written, err)
		}
	}
	want := []string{
		`site pending slipway/voice/dev "Deploying" https://ci.example/1`,
		`site failure a "" `,
		`site error <b> & ü "<Build> & more…" http://127.0.0.1:8765/?a=1&b=2#c`,
	}
	if diff := cmp.Diff(statuses(world), want); diff != "" {
		t.Errorf("got-want+\n%s", diff)
	}
}

func TestDescriptionsAreMadeFit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ given, want string }{
		"as long as may be":  {strings.Repeat("ä", 140), strings.Repeat("ä", 140)},
		"one too long":       {strings.Repeat("ä", 141), strings.Repeat("ä", 139) + "…"},
		"a novel":            {strings.Repeat("abcdefg ", 500), strings.Repeat("abcdefg ", 17) + "abc…"},
		"emoji":              {"🚀 Deployed ❤️ to 👩‍💻 dev", "Deployed ❤ to dev"},
		"lines":              {"Build failed:\n\tno such\r\nmodule", "Build failed: no such module"},
		"control characters": {"a\x1b[31mred\x00\u202eb", "a [31mred b"},
		"not UTF-8":          {"a\xff\xfeb", "a\uFFFDb"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t, sandbox.Options{})
			status := pending()
			status.Description = test.given
			if _, err := client.SetCommitStatus(t.Context(), voice, sha, status); err != nil {
				t.Fatal(err)
			}
			got := world.Snapshot().Repositories[0].Statuses[0].Description
			if got != test.want || utf8.RuneCountInString(got) > 140 {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestBadInputSendsNothing has names that would change the path of a request,
// since the SDK puts them there as they are.
func TestBadInputSendsNothing(t *testing.T) {
	t.Parallel()
	good := pending()
	with := func(change func(*gh.CommitStatus)) gh.CommitStatus {
		status := good
		change(&status)
		return status
	}
	client := newClient(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent", r.Method, r.URL)
	}))
	for name, test := range map[string]struct {
		repository gh.Repository
		sha        string
		status     gh.CommitStatus
		want       []string
	}{
		"no owner":      {gh.Repository{Name: "voice"}, sha, good, []string{`"/voice" is not the name of a repository`}},
		"a path":        {gh.Repository{Owner: "acme", Name: "voice/../../user"}, sha, good, []string{"is not the name of a repository"}},
		"a dot":         {gh.Repository{Owner: "..", Name: "voice"}, sha, good, []string{"is not the name of a repository"}},
		"a query":       {gh.Repository{Owner: "acme", Name: "voice?x"}, sha, good, []string{"is not the name of a repository"}},
		"an address":    {gh.Repository{Owner: "https://evil.example", Name: "x"}, sha, good, []string{"is not the name of a repository"}},
		"a branch":      {voice, "main", good, []string{`"main" is not a commit; give its full SHA`}},
		"a short SHA":   {voice, sha[:7], good, []string{"is not a commit"}},
		"no state":      {voice, sha, with(func(s *gh.CommitStatus) { s.State = "" }), []string{`cannot be ""`}},
		"another state": {voice, sha, with(func(s *gh.CommitStatus) { s.State = "in_progress" }), []string{`cannot be "in_progress"`}},
		"no context":    {voice, sha, with(func(s *gh.CommitStatus) { s.Context = " " }), []string{"needs a context"}},
		"another link":  {voice, sha, with(func(s *gh.CommitStatus) { s.TargetURL = "javascript:alert(1)" }), []string{"http and https"}},
		"half a link":   {voice, sha, with(func(s *gh.CommitStatus) { s.TargetURL = "https:///x" }), []string{"http and https"}},
		"everything":    {gh.Repository{}, "", gh.CommitStatus{}, []string{"repository", "commit", "cannot be", "context"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			written, err := client.SetCommitStatus(t.Context(), test.repository, test.sha, test.status)
			if err == nil || written {
				t.Fatalf("written %t, error %v", written, err)
			}
			for _, want := range append(test.want, "set commit status: ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
		})
	}
}

// TestPagesAreAskedOfTheAPIAlone has a Link header that leads elsewhere.
func TestPagesAreAskedOfTheAPIAlone(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.RequestURI())
		if r.URL.Query().Get("page") == "" {
			w.Header().Set("Link", `<https://elsewhere.invalid/repositories/1/statuses?page=7>; rel="next"`)
			fmt.Fprint(w, `[{"id":2,"state":"success","context":"other"}]`)
			return
		}
		fmt.Fprint(w, `[{"id":1,"state":"pending","context":"slipway/voice/dev","description":"Deploying","target_url":"https://ci.example/1"}]`)
	}))
	written, err := client.SetCommitStatus(t.Context(), voice, sha, pending())
	if err != nil || written {
		t.Errorf("written %t, error %v", written, err)
	}
	path := "/repos/acme/voice/commits/" + sha + "/statuses?"
	if want := []string{path + "per_page=100", path + "page=7&per_page=100"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q\nwant  %q", asked, want)
	}
}

// TestPagesThatNeverEnd must not hold up a status.
func TestPagesThatNeverEnd(t *testing.T) {
	t.Parallel()
	var pages atomic.Int64
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"id":3,"state":"pending"}`)
			return
		}
		pages.Add(1)
		w.Header().Set("Link", `<http://x/?page=2>; rel="next"`)
		fmt.Fprint(w, `[{"id":2,"state":"success","context":"other"}]`)
	}))
	written, err := client.SetCommitStatus(t.Context(), voice, sha, pending())
	if err != nil || !written || pages.Load() != 20 {
		t.Errorf("written %t after %d pages, error %v", written, pages.Load(), err)
	}
}

// TestConcurrentStatuses has several contexts written at once by one client.
func TestConcurrentStatuses(t *testing.T) {
	t.Parallel()
	world := newSandbox(t, sandbox.Options{FaultRate: 0.1, Seed: 4, SlowAnswer: time.Millisecond})
	client := newClient(t, world, func(cfg *gh.Config) { cfg.Retry.MaxAttempts, cfg.Retry.MaxElapsed = 12, time.Minute })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			status := pending()
			status.Context = fmt.Sprintf("context-%d", i)
			for _, status.State = range []gh.State{gh.StatePending, gh.StateSuccess} {
				if written, err := client.SetCommitStatus(t.Context(), voice, sha, status); err != nil || !written {
					t.Errorf("written %t, error %v", written, err)
				}
			}
		})
	}
	all.Wait()
	if got := statuses(world); len(got) != 16 {
		t.Errorf("%d statuses, want 16:\n%s", len(got), strings.Join(got, "\n"))
	}
}
