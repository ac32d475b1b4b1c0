package github_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

const (
	sha   = "1111111111111111111111111111111111111111"
	other = "2222222222222222222222222222222222222222"
	voice = "/repos/acme/voice"
)

// repositories are a private and a public one, with a commit on main.
func repositories() []github.Repository {
	commits := []github.Commit{{SHA: sha, Branch: "main"}}
	return []github.Repository{
		{Owner: "acme", Name: "voice", Private: true, Commits: commits},
		{Owner: "acme", Name: "site", Commits: commits},
	}
}

// box is a Sandbox behind a real server, and a client signed in to it.
type box struct {
	*github.Sandbox
	t      *testing.T
	url    string
	header http.Header
}

func newBox(t *testing.T, options github.Options) *box {
	t.Helper()
	if options.Repositories == nil {
		options.Repositories = repositories()
	}
	sandbox, err := github.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sandbox)
	t.Cleanup(func() {
		server.Close()
		if err := sandbox.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &box{sandbox, t, server.URL, http.Header{"Authorization": {"Bearer " + github.DefaultToken().Value}}}
}

// with is the same box, asked with other headers; an empty value takes one out.
func (b *box) with(pairs ...string) *box {
	changed := *b
	changed.header = b.header.Clone()
	for i := 0; i+1 < len(pairs); i += 2 {
		changed.header.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			changed.header.Del(pairs[i])
		}
	}
	return &changed
}

func (b *box) as(token string) *box { return b.with("Authorization", "Bearer "+token) }

// answer is a reply as plain data.
type answer struct {
	status int
	header http.Header
	raw    string
	json   map[string]any
	list   []map[string]any
	err    error // of the connection
}

// text is a string of the answer's object.
func (a answer) text(name string) string {
	value, _ := a.json[name].(string)
	return value
}

// column lists one string of each of the answer's objects.
func (a answer) column(name string) []string {
	var values []string
	for _, one := range a.list {
		value, _ := one[name].(string)
		values = append(values, value)
	}
	return values
}

func (b *box) do(method, path, body string) answer {
	b.t.Helper()
	address := path
	if !strings.HasPrefix(path, "http") {
		address = b.url + path
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(request.Header, b.header)
	client := &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true},
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return decode(response.StatusCode, response.Header, string(raw), err)
}

func decode(status int, header http.Header, raw string, err error) answer {
	got := answer{status: status, header: header, raw: raw, err: err}
	_ = json.Unmarshal([]byte(raw), &got.json) // one of the two fits
	_ = json.Unmarshal([]byte(raw), &got.list)
	return got
}

func (b *box) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path, "") }

func (b *box) post(path, body string) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, body)
}

// wantError checks a refusal's status, a part of its message, and its shape.
func wantError(t *testing.T, got answer, status int, message string) {
	t.Helper()
	if got.err != nil {
		t.Fatal(got.err)
	}
	if got.status != status || !strings.Contains(got.text("message"), message) {
		t.Errorf("got %d %s\nwant %d with %q", got.status, got.raw, status, message)
	}
	if !strings.HasPrefix(got.text("documentation_url"), "https://docs.github.com/rest") || got.text("status") == "" {
		t.Errorf("not in GitHub's shape: %s", got.raw)
	}
	if got.header.Get("X-GitHub-Request-Id") == "" || got.header.Get("X-RateLimit-Remaining") == "" {
		t.Errorf("headers are %v", got.header)
	}
}

func wantStatus(t *testing.T, got answer, status int) {
	t.Helper()
	if got.err != nil || got.status != status {
		t.Fatalf("got %d %s %v, want %d", got.status, got.raw, got.err, status)
	}
}

func TestRepositoriesAndCommits(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	got := b.get("/repos/ACME/Voice") // names have no case
	wantStatus(t, got, http.StatusOK)
	if got.text("full_name") != "acme/voice" || got.text("default_branch") != "main" || got.json["private"] != true ||
		got.text("visibility") != "private" || got.text("url") != b.url+voice {
		t.Errorf("repository: %s", got.raw)
	}
	if err := b.AddCommit("acme/voice", github.Commit{SHA: other, Branch: "feature/x"}); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		sha: sha, other: other, "main": sha, "heads/main": sha, "heads%2Fmain": sha, "feature%2Fx": other, "heads%2Ffeature%2Fx": other,
	} {
		got := b.get(voice + "/commits/" + strings.ReplaceAll(ref, "/", "%2F"))
		if got.status != http.StatusOK || got.text("sha") != want {
			t.Errorf("%s: %d %s", ref, got.status, got.raw)
		}
	}
	wantError(t, b.get(voice+"/commits/nothing"), 422, "No commit found for SHA: nothing")
	// A commit stays when its branch moves on.
	if err := b.AddCommit("acme/voice", github.Commit{SHA: other, Branch: "main"}); err != nil {
		t.Fatal(err)
	}
	if got := b.get(voice + "/commits/main"); got.text("sha") != other {
		t.Errorf("main is %s", got.raw)
	}
	wantStatus(t, b.get(voice+"/commits/"+sha), http.StatusOK)
	one := b.Snapshot().Repositories[0]
	if !slices.Equal(one.Commits, []string{sha, other}) || one.Branches["main"] != other || one.Branches["feature/x"] != other {
		t.Errorf("snapshot: %+v", one)
	}
}

func TestAddCommitRefuses(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	for _, wrong := range [][2]string{{"acme/nothing", sha}, {"acme", sha}, {"acme/voice", "abc"}, {"acme/voice", strings.ToUpper("a" + sha[1:])}} {
		if err := b.AddCommit(wrong[0], github.Commit{SHA: wrong[1], Branch: "main"}); err == nil {
			t.Errorf("%v was accepted", wrong)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	value := github.DefaultToken().Value
	for header, want := range map[string]int{
		"Bearer " + value: 200, "bearer " + value: 200, "token " + value: 200,
		"Basic " + value: 401, value: 401, "Bearer": 401, "Bearer ": 401, "Bearer x": 401, "Bearer " + value + "x": 401,
	} {
		got := b.with("Authorization", header).get(voice)
		if got.status != want {
			t.Errorf("%q: %d %s", header, got.status, got.raw)
		}
		if want == 401 {
			wantError(t, got, 401, "Bad credentials")
		}
	}
	nobody := b.with("Authorization", "")
	wantError(t, nobody.get(voice), 404, "Not Found")
	wantStatus(t, nobody.get("/repos/acme/site/commits/main/statuses"), http.StatusOK)
	wantError(t, nobody.post("/repos/acme/site/statuses/"+sha, `{"state":"success"}`), 401, "Requires authentication")
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	only := []string{"Acme/Voice"}
	b := newBox(t, github.Options{Tokens: []github.Token{
		{Value: "writer", Permissions: map[string]string{"statuses": "write", "contents": "read"}, Repositories: only},
		{Value: "reader", Permissions: map[string]string{"statuses": "read"}, Repositories: only},
		{Value: "nothing", Repositories: only},
		{Value: "elsewhere", Permissions: map[string]string{"statuses": "write"}, Repositories: []string{"acme/site"}},
	}})
	const site = "/repos/acme/site"
	for _, test := range []struct {
		token, method, path string
		want                int
		accepted            string
	}{
		{"writer", "GET", voice, 200, "metadata=read"},
		{"writer", "GET", voice + "/commits/main", 200, "contents=read"},
		{"writer", "GET", voice + "/commits/main/statuses", 200, "statuses=read"},
		{"writer", "POST", voice + "/statuses/" + sha, 201, "statuses=write"},
		{"reader", "GET", voice, 200, "metadata=read"},
		{"reader", "GET", voice + "/commits/main", 403, "contents=read"},
		{"reader", "GET", voice + "/commits/main/status", 200, "statuses=read"},
		{"reader", "POST", voice + "/statuses/" + sha, 403, "statuses=write"},
		{"nothing", "GET", voice, 200, "metadata=read"},
		{"nothing", "GET", voice + "/commits/main/statuses", 403, "statuses=read"},
		{"elsewhere", "GET", voice, 404, "metadata=read"},
		{"elsewhere", "POST", voice + "/statuses/" + sha, 404, "statuses=write"},
		// Public resources are read by everybody, and written by few.
		{"nothing", "GET", site + "/commits/main/statuses", 200, "statuses=read"},
		{"writer", "POST", site + "/statuses/" + sha, 403, "statuses=write"},
		{"elsewhere", "POST", site + "/statuses/" + sha, 201, "statuses=write"},
	} {
		body := ""
		if test.method == http.MethodPost {
			body = `{"state":"success"}`
		}
		got := b.as(test.token).do(test.method, test.path, body)
		if got.status != test.want || got.header.Get("X-Accepted-GitHub-Permissions") != test.accepted {
			t.Errorf("%s %s %s: %d %s, accepted %q", test.token, test.method, test.path, got.status, got.raw, got.header.Get("X-Accepted-GitHub-Permissions"))
		}
		switch test.want {
		case 403:
			wantError(t, got, 403, "Resource not accessible by integration")
		case 404:
			wantError(t, got, 404, "Not Found")
		}
	}
}

func TestUnknownOperationsAreLoud(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	for _, test := range [][2]string{
		{"GET", "/"},
		{"GET", "/repos"},
		{"GET", voice + "/"},
		{"GET", "/Repos/acme/voice"},
		{"DELETE", voice},
		{"PUT", voice + "/statuses/" + sha},
		{"GET", voice + "/statuses/" + sha},
		{"GET", voice + "/commits/heads//main"},
		{"GET", voice + "/deployments/1/statuses/2"},
		{"GET", voice + "/contents"},
		{"POST", "/repos//voice/statuses/" + sha},
		{"GET", "/api/v3"},
		{"GET", "/api/v4" + voice},
	} {
		got := b.do(test[0], test[1], "")
		asked := test[0] + " " + test[1]
		wantError(t, got, 404, "the sandbox knows no operation "+asked)
		if unknown := got.header.Get("Slipway-Sandbox-Unknown"); unknown != asked {
			t.Errorf("the header is %q, want %q", unknown, asked)
		}
	}
	if got := b.get("/repos/acme/nothing"); got.header.Get("Slipway-Sandbox-Unknown") != "" {
		t.Error("a repository that is not there counts as an unknown operation")
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	got := b.with("User-Agent", " ").get(voice)
	if got.status != 403 || !strings.Contains(got.raw, "User-Agent") || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		t.Errorf("without User-Agent: %d %s", got.status, got.raw)
	}
	for accept, want := range map[string]int{
		"*/*": 200, "application/json": 200, "application/vnd.github+json": 200, "application/vnd.github.v3+json": 200,
		"application/vnd.github.v3.raw+json": 200, "text/html, application/json;q=0.9": 200,
		"text/html": 415, "application/xml": 415, "application/vnd.gitlab+json": 415,
	} {
		if got := b.with("Accept", accept).get(voice); got.status != want {
			t.Errorf("Accept %q: %d %s", accept, got.status, got.raw)
		}
	}
	wantStatus(t, b.with("X-GitHub-Api-Version", "2022-11-28").get(voice), http.StatusOK)
	wantError(t, b.with("X-GitHub-Api-Version", "2011-01-01").get(voice), 400, "not a supported version")
	if got := b.get(voice); got.header.Get("X-GitHub-Media-Type") != "github.v3; format=json" || got.header.Get("X-RateLimit-Resource") != "core" {
		t.Errorf("headers are %v", got.header)
	}
}

func TestEnterprisePrefixAndBaseURL(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	if got := b.get("/api/v3" + voice); got.text("url") != b.url+"/api/v3"+voice {
		t.Errorf("%d %s", got.status, got.raw)
	}
	set := newBox(t, github.Options{BaseURL: "https://github.example/"})
	if got := set.get(voice); got.text("url") != "https://github.example"+voice {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

// observed collects what Options.Observe is told.
type observed struct {
	mu    sync.Mutex
	calls []github.Call
}

func (o *observed) add(call github.Call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, call)
}

func (o *observed) all() []github.Call {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.calls)
}

func TestObserve(t *testing.T) {
	t.Parallel()
	var seen observed
	b := newBox(t, github.Options{Observe: seen.add})
	b.get("/api/v3" + voice + "?page=1")
	b.get("/nothing")
	b.as("wrong").get(voice)
	b.get("/rate_limit")
	want := []github.Call{
		{Method: "GET", Path: voice, Operation: "repos/get", Repository: "acme/voice", Login: "github-actions[bot]", Status: 422},
		{Method: "GET", Path: "/nothing", Login: "github-actions[bot]", Status: 404},
		{Method: "GET", Path: voice, Status: 401},
		{Method: "GET", Path: "/rate_limit", Operation: "rate-limit/get", Login: "github-actions[bot]", Status: 200},
	}
	if diff := cmp.Diff(seen.all(), want, cmpopts.IgnoreFields(github.Call{}, "Duration")); diff != "" {
		t.Errorf("got-want+\n%s", diff)
	}
}

func TestOptionsReportAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := github.New(github.Options{
		Repositories: []github.Repository{
			{Owner: "a/b", Name: "x"},
			{Owner: "acme", Name: "voice", Commits: []github.Commit{{SHA: "abc"}}},
			{Owner: "ACME", Name: "voice"},
		},
		Tokens:    []github.Token{{}, {Value: "a b"}, {Value: "x", Permissions: map[string]string{"statuses": "all"}}, {Value: "x"}, {Value: "y", Repositories: []string{"voice", "acme/voice", "a/b/c"}}},
		BaseURL:   "127.0.0.1",
		FaultRate: 2, Latency: -1, PageSize: -1, RateLimit: -1, SecondaryAfter: -1, SlowAnswer: -1,
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`repository 1 is "a/b/x"`, `acme/voice has the commit "abc"`, "repository 3 repeats ACME/voice",
		"token 1 is empty", "token 2 is empty or has characters", `token 3 has the permission statuses: "all"`, "token 4 repeats", `token 5 is for the repository "voice"`, `token 5 is for the repository "a/b/c"`,
		`BaseURL is "127.0.0.1"`, "FaultRate is 2", "Latency is negative", "PageSize is negative", "RateLimit is negative", "SecondaryAfter is negative", "SlowAnswer is negative",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told in\n%v", want, err)
		}
	}
}
