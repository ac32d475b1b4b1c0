package cli_test

import (
	"flag"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// spoiled notes the calls of a sandbox's API, and answers some in its place.
type spoiled struct {
	mu      sync.Mutex
	changed chan struct{} // closed when a call comes
	calls   []string      // "METHOD /path"
	answers []*cannedAnswer
}

// cannedAnswer stands in for the sandbox's own.
type cannedAnswer struct {
	asked  *regexp.Regexp // "METHOD /path"
	left   int            // how many more times; negative for ever
	status int
	header http.Header
	body   string
	hangs  bool          // no answer until the client goes
	delay  time.Duration // before the sandbox's own answer
	cut    bool          // half of the body, then nothing
}

// answer notes a call and answers it, or lets the sandbox do so.
func (s *spoiled) answer(w http.ResponseWriter, r *http.Request, sandbox http.Handler) {
	switch canned := s.note(r.Method + " " + r.URL.Path); {
	case canned != nil && canned.delay > 0:
		<-time.After(canned.delay)
	case canned != nil:
		canned.ServeHTTP(w, r)
		return
	}
	sandbox.ServeHTTP(w, r)
}

func (s *spoiled) note(asked string) *cannedAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, asked)
	close(s.changed)
	s.changed = make(chan struct{})
	for _, canned := range s.answers {
		if canned.left != 0 && canned.asked.MatchString(asked) {
			canned.left--
			return canned
		}
	}
	return nil
}

// count returns how many calls match, of those behind the first so many, and
// what is closed when another comes.
func (s *spoiled) count(asked *regexp.Regexp, after int) (int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := 0
	for _, call := range s.calls[after:] {
		if asked.MatchString(call) {
			found++
		}
	}
	return found, s.changed
}

func (a *cannedAnswer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.hangs {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices that a client goes once it has its body
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if !a.cut {
		_, _ = io.WriteString(w, a.body)
		return
	}
	_, _ = io.WriteString(w, a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// answer lets calls be answered with a status and the content of a file, in
// which $VARIABLES are replaced: answer 'POST .*/Builds' 403 forbidden.json.
func answer(ts *testscript.TestScript, on *stage, args []string) {
	server := &on.sandbox.spoiled
	canned := &cannedAnswer{left: -1, header: http.Header{"Content-Type": {"application/json"}}}
	flags := flag.NewFlagSet("answer", flag.ContinueOnError)
	flags.IntVar(&canned.left, "times", -1, "")
	flags.BoolVar(&canned.cut, "cut", false, "")
	flags.BoolVar(&canned.hangs, "hang", false, "")
	flags.DurationVar(&canned.delay, "delay", 0, "")
	flags.Func("header", "", func(line string) error {
		name, value, _ := strings.Cut(line, ":")
		canned.header.Set(name, strings.TrimSpace(value))
		return nil
	})
	isGitHub := flags.Bool("github", false, "")
	ts.Check(flags.Parse(args))
	if *isGitHub {
		server = &on.github.spoiled
	}
	args = flags.Args()
	wanted := 2
	isBare := canned.hangs || canned.delay > 0
	if isBare {
		wanted = 1
	}
	if len(args) < wanted || len(args) > wanted+1 {
		ts.Fatalf("usage: answer [-github] [-times n] [-cut] [-hang] [-delay time] [-header 'name: value'] 'METHOD path' [status [file]]")
	}
	var err error
	canned.asked, err = regexp.Compile(`^(?:` + args[0] + `)$`)
	ts.Check(err)
	if !isBare {
		canned.status, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	if len(args) == 3 {
		canned.body = os.Expand(ts.ReadFile(args[2]), ts.Getenv)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	server.answers = append([]*cannedAnswer{canned}, server.answers...)
}

// calls checks how many calls the sandbox has seen, of all or of those that
// match: calls 0; calls 1 'POST .*/Builds'.
func calls(ts *testscript.TestScript, on *stage, args []string) {
	server := &on.sandbox.spoiled
	if len(args) > 0 && args[0] == "-github" {
		server, args = &on.github.spoiled, args[1:]
	}
	if len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: calls [-github] number ['METHOD path']")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	asked := regexp.MustCompile(``)
	if len(args) == 2 {
		asked, err = regexp.Compile(`^(?:` + args[1] + `)$`)
		ts.Check(err)
	}
	if got, _ := server.count(asked, 0); got != want {
		server.mu.Lock()
		defer server.mu.Unlock()
		ts.Fatalf("the sandbox has seen %d calls, want %d:\n%s", got, want, strings.Join(server.calls, "\n"))
	}
}
