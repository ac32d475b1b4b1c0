package github_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

const statuses = voice + "/statuses/" + sha

func TestCreateStatus(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	before := time.Now().Add(-time.Second)
	got := b.post(statuses, `{"state":"pending","target_url":"https://ci.example/1","description":"Started","context":"slipway/voice/dev"}`)
	wantStatus(t, got, http.StatusCreated)
	creator, _ := got.json["creator"].(map[string]any)
	if got.text("state") != "pending" || got.text("context") != "slipway/voice/dev" || got.text("description") != "Started" ||
		got.text("target_url") != "https://ci.example/1" || got.header.Get("Location") != b.url+statuses || creator["login"] != "github-actions[bot]" {
		t.Errorf("got %s", got.raw)
	}
	got = b.post(statuses, `{"state":"error","target_url":null,"description":null}`)
	if got.status != http.StatusCreated || got.text("context") != "default" || got.json["description"] != nil || got.json["target_url"] != nil {
		t.Errorf("with nulls: %d %s", got.status, got.raw)
	}
	want := []github.Status{
		{SHA: sha, State: "pending", Context: "slipway/voice/dev", Description: "Started", TargetURL: "https://ci.example/1", Creator: "github-actions[bot]"},
		{SHA: sha, State: "error", Context: "default", Creator: "github-actions[bot]"},
	}
	made := b.Snapshot().Repositories[0].Statuses
	if diff := cmp.Diff(made, want, cmpopts.IgnoreFields(github.Status{}, "ID", "Created")); diff != "" {
		t.Errorf("got-want+\n%s", diff)
	}
	if made[0].ID >= made[1].ID || made[0].Created.Before(before) {
		t.Errorf("ids and times: %+v", made)
	}
}

func TestCreateStatusRefuses(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	long := strings.Repeat("ä", 141)
	for name, test := range map[string]struct {
		path, body string
		status     int
		message    string
		errors     []string
	}{
		"no JSON":           {statuses, `state=success`, 400, "Problems parsing JSON", nil},
		"cut JSON":          {statuses, `{"state":"suc`, 400, "Problems parsing JSON", nil},
		"a list":            {statuses, `[]`, 400, "Body should be a JSON object", nil},
		"null":              {statuses, `null`, 400, "Body should be a JSON object", nil},
		"nothing":           {statuses, `{}`, 422, "\"state\" wasn't supplied.", nil},
		"no state":          {statuses, `{"context":"a"}`, 422, "Invalid request.\n\n\"state\" wasn't supplied.", nil},
		"null state":        {statuses, `{"state":null}`, 422, "For 'properties/state', nil is not a string.", nil},
		"a number":          {statuses, `{"state":"success","context":1}`, 422, "For 'properties/context', 1 is not a string.", nil},
		"an unknown field":  {statuses, `{"state":"success","sha":"x"}`, 422, `"sha" is not a permitted key (the sandbox`, nil},
		"two things at all": {statuses, `{"label":"x"}`, 422, "\"label\" is not a permitted key (the sandbox takes documented fields only).\n\"state\" wasn't supplied.", nil},
		"another state":     {statuses, `{"state":"cancelled"}`, 422, "Validation Failed", []string{"state is not included in the list"}},
		"a long text":       {statuses, `{"state":"success","description":"` + long + `"}`, 422, "Validation Failed", []string{"description is too long (maximum is 140 characters)"}},
		"an emoji":          {statuses, `{"state":"success","description":"🚀"}`, 422, "Validation Failed", []string{"description doesn't accept 4-byte Unicode"}},
		"a long context":    {statuses, `{"state":"success","context":"` + strings.Repeat("x", 256) + `"}`, 422, "Validation Failed", []string{"context is too long (maximum is 255 characters)"}},
		"an empty context":  {statuses, `{"state":"success","context":""}`, 422, "Validation Failed", []string{"missing_field context"}},
		"a null context":    {statuses, `{"state":"success","context":null}`, 422, "For 'properties/context', nil is not a string.", nil},
		"another scheme":    {statuses, `{"state":"success","target_url":"ftp://x"}`, 422, "Validation Failed", []string{"Target url must use http(s) scheme"}},
		"a short SHA":       {voice + "/statuses/1111111", `{"state":"x"}`, 422, "Validation Failed", []string{"sha must be a 40 character SHA1", "state is not included in the list"}},
		"an unknown SHA":    {voice + "/statuses/" + other, `{"state":"success"}`, 422, "No commit found for SHA: " + other, nil},
		"a branch":          {voice + "/statuses/main", `{"state":"success"}`, 422, "Validation Failed", []string{"sha must be a 40 character SHA1"}},
		"a query":           {statuses + "?page=1", `{"state":"success"}`, 422, `"page" is not a permitted key`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.post(test.path, test.body)
			wantError(t, got, test.status, test.message)
			var told []string
			list, _ := got.json["errors"].([]any)
			for _, one := range list {
				fields, _ := one.(map[string]any)
				if fields["resource"] != "Status" {
					t.Errorf("error is %v", one)
				}
				if message, isTold := fields["message"]; fields["code"] == "custom" {
					told = append(told, fmt.Sprint(message))
				} else if told = append(told, fmt.Sprint(fields["code"], " ", fields["field"])); isTold {
					t.Errorf("a %s says %q, too", fields["code"], message)
				}
			}
			if !slices.Equal(told, test.errors) {
				t.Errorf("errors are %q, want %q", told, test.errors)
			}
		})
	}
	wantError(t, b.with("Content-Type", "text/plain").post(statuses, `{"state":"success"}`), 415, "application/json only")
	wantStatus(t, b.post(statuses, `{"state":"success","description":"`+long[:280]+`"}`), http.StatusCreated)
	if made := b.Snapshot().Repositories[0].Statuses; len(made) != 1 {
		t.Errorf("%d statuses were made, want 1", len(made))
	}
}

// TestObserveToldOfStatuses has a status that is written, one whose answer is
// lost, and one that is refused.
func TestObserveToldOfStatuses(t *testing.T) {
	t.Parallel()
	var seen observed
	faults := make(chan github.Fault, 1)
	b := newBox(t, github.Options{Observe: seen.add, Fault: func(*http.Request) github.Fault { return <-faults }})
	const body = `{"state":"pending","context":"slipway/voice/dev","description":"Started","target_url":"https://ci.example/1"}`
	for _, request := range []struct {
		fault github.Fault
		body  string
	}{
		{github.FaultNone, body}, {github.FaultCutAfter, body}, {github.FaultServerError, body}, {github.FaultNone, `{"state":"done"}`},
	} {
		faults <- request.fault
		b.post(statuses, request.body)
	}

	written := &github.Status{
		SHA: sha, State: "pending", Context: "slipway/voice/dev", Description: "Started", TargetURL: "https://ci.example/1", Creator: "github-actions[bot]",
	}
	var want []github.Call
	for _, one := range []github.Call{
		{Status: 201, CommitStatus: written},
		{Fault: github.FaultCutAfter, CommitStatus: written},
		{Status: 500, Fault: github.FaultServerError},
		{Status: 422},
	} {
		one.Method, one.Path, one.Operation = "POST", statuses, "repos/create-commit-status"
		one.Repository, one.Login = "acme/voice", "github-actions[bot]"
		want = append(want, one)
	}
	calls := seen.all()
	ignored := []cmp.Option{cmpopts.IgnoreFields(github.Call{}, "Duration"), cmpopts.IgnoreFields(github.Status{}, "ID", "Created")}
	if diff := cmp.Diff(calls, want, ignored...); diff != "" {
		t.Fatalf("got-want+\n%s", diff)
	}
	calls[0].CommitStatus.State = "spoilt"
	if kept := b.Snapshot().Repositories[0].Statuses[0]; kept.State != "pending" {
		t.Errorf("what Observe is told of is the Sandbox's own: %+v", kept)
	}
}

func TestThousandStatusesPerContext(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{RateLimit: 5000, SecondaryAfter: 5000})
	d := direct{t, b.Sandbox}
	for i := range 1000 {
		wantStatus(t, d.do("POST", statuses, `{"state":"success","context":"Full"}`), http.StatusCreated)
		if i == 0 { // another context and another commit have room of their own
			wantStatus(t, d.do("POST", statuses, `{"state":"success","context":"other"}`), http.StatusCreated)
		}
	}
	got := d.do("POST", statuses, `{"state":"success","context":"fULL"}`) // contexts have no case
	if got.status != 422 || !strings.Contains(got.raw, "This SHA and context has reached the maximum number of statuses.") {
		t.Errorf("got %d %s", got.status, got.raw)
	}
	wantStatus(t, d.do("POST", statuses, `{"state":"success","context":"other"}`), http.StatusCreated)
}

func TestListStatuses(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]github.Options{"as asked": {}, "small pages": {PageSize: 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, options)
			if err := b.AddCommit("acme/voice", github.Commit{SHA: other, Branch: ""}); err != nil {
				t.Fatal(err)
			}
			if got := b.get(voice + "/commits/main/statuses"); got.status != 200 || got.raw != "[]" || got.header.Get("Link") != "" {
				t.Errorf("none: %d %s %s", got.status, got.raw, got.header.Get("Link"))
			}
			var want []string
			for i := range 35 {
				description := strconv.Itoa(i)
				b.post(statuses, `{"state":"success","description":"`+description+`"}`)
				b.post(voice+"/statuses/"+other, `{"state":"failure","description":"other"}`)
				want = append([]string{description}, want...)
			}
			first, pages := b.walk(voice+"/commits/"+sha+"/statuses", "description")
			all, _ := b.walk(voice+"/commits/heads%2Fmain/statuses?per_page=100", "description")
			if !slices.Equal(first, want) || !slices.Equal(all, want) {
				t.Errorf("got  %v\nand  %v\nwant %v", first, all, want)
			}
			if wantPages := map[int]int{0: 2, 3: 12}[options.PageSize]; pages != wantPages {
				t.Errorf("%d pages, want %d", pages, wantPages)
			}
		})
	}
}

// TestLinks has five statuses, on pages of two.
func TestLinks(t *testing.T) {
	t.Parallel()
	b, small := newBox(t, github.Options{}), newBox(t, github.Options{PageSize: 2})
	for i := range 5 {
		context := `{"state":"success","context":"` + strconv.Itoa(i) + `"}`
		wantStatus(t, b.post(statuses, context), http.StatusCreated)
		wantStatus(t, small.post(statuses, context), http.StatusCreated)
	}
	for _, test := range []struct {
		on          *box
		path, query string
		count       int
		links       []string // "rel query"
	}{
		{b, "/commits/main/statuses", "", 5, nil},
		{b, "/commits/main/statuses", "?per_page=5", 5, nil},
		{b, "/commits/main/statuses", "?per_page=2", 2, []string{"next per_page=2&page=2", "last per_page=2&page=3"}},
		{b, "/commits/main/statuses", "?page=2&per_page=2", 2, []string{"prev per_page=2&page=1", "next per_page=2&page=3", "last per_page=2&page=3", "first per_page=2&page=1"}},
		{b, "/commits/main/statuses", "?per_page=2&page=3", 1, []string{"prev per_page=2&page=2", "first per_page=2&page=1"}},
		{b, "/commits/main/statuses", "?per_page=2&page=9", 0, []string{"prev per_page=2&page=3", "last per_page=2&page=3", "first per_page=2&page=1"}},
		{b, "/commits/" + sha + "/statuses", "?per_page=500&page=2", 0, []string{"prev per_page=500&page=1", "last per_page=500&page=1", "first per_page=500&page=1"}},
		{small, "/commits/main/statuses", "", 2, []string{"next page=2", "last page=3"}},
		{small, "/commits/heads%2Fmain/statuses", "?page=2", 2, []string{"prev page=1", "next page=3", "last page=3", "first page=1"}},
	} {
		number, _ := test.on.get(voice).json["id"].(float64)
		byNumber := "/repositories/" + strconv.Itoa(int(number)) + test.path
		var want []string
		for _, link := range test.links {
			rel, query, _ := strings.Cut(link, " ")
			want = append(want, "<"+test.on.url+byNumber+"?"+query+`>; rel="`+rel+`"`)
		}
		for _, path := range []string{voice + test.path, byNumber} { // a page that a link leads to has the same links
			got := test.on.get(path + test.query)
			if link := strings.Join(want, ", "); got.status != http.StatusOK || len(got.list) != test.count || got.header.Get("Link") != link {
				t.Errorf("%s%s: %d with %d and the links\n%s\nwant %d and\n%s", path, test.query, got.status, len(got.list), got.header.Get("Link"), test.count, link)
			}
		}
	}
}

// TestRepositoriesByNumber has the same rights needed as by name.
func TestRepositoriesByNumber(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{Tokens: []github.Token{github.DefaultToken(), {Value: "elsewhere", Repositories: []string{"acme/site"}}, {Value: "without"}}})
	number, _ := b.get(voice).json["id"].(float64)
	byNumber := "/repositories/" + strconv.Itoa(int(number)) + "/commits/main/status"
	wantStatus(t, b.get(byNumber), http.StatusOK)
	wantStatus(t, b.get("/api/v3"+byNumber), http.StatusOK)
	wantError(t, b.as("elsewhere").get(byNumber), 404, "Not Found")
	wantError(t, b.as("without").get(byNumber), 403, "Resource not accessible by integration")
	wantError(t, b.with("Authorization", "").get(byNumber), 404, "Not Found")
	for _, unknown := range []string{"/repositories/99/commits/main/status", "/repositories/x/commits/main/status", "/repositories//commits/main/status"} {
		wantError(t, b.get(unknown), 404, "Not Found")
	}
}

// walk follows the Link header from path to the end. It returns a column of all
// pages and their number.
func (b *box) walk(path, column string) (values []string, pages int) {
	b.t.Helper()
	next := regexp.MustCompile(`<([^>]+)>; rel="next"`)
	for pages < 100 {
		got := b.get(path)
		wantStatus(b.t, got, http.StatusOK)
		values = append(values, got.column(column)...)
		pages++
		link := next.FindStringSubmatch(got.header.Get("Link"))
		if link == nil {
			return values, pages
		}
		path = link[1]
	}
	b.t.Fatal("the pages never end")
	return nil, 0
}

func TestPagesRefuse(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	for _, query := range []string{"page=0", "page=x", "per_page=-1", "per_page=1&per_page=2", "sort=desc", "page=99999999999999999999"} {
		wantError(t, b.get(voice+"/commits/main/statuses?"+query), 422, "Invalid request.")
	}
}

func TestUnknownRefs(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	wantError(t, b.get(voice+"/commits/nothing/statuses"), 404, "Not Found")
	wantError(t, b.get(voice+"/commits/nothing/status"), 404, "Ref not found")
	empty := newBox(t, github.Options{Switches: github.Switches{UnknownRefsAreEmpty: true}})
	if got := empty.get(voice + "/commits/nothing/statuses"); got.status != 200 || got.raw != "[]" {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

func TestCombinedStatus(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	check := func(state string, count int) {
		t.Helper()
		got := b.get(voice + "/commits/main/status")
		wantStatus(t, got, http.StatusOK)
		if got.text("state") != state || got.json["total_count"] != float64(count) || got.text("sha") != sha {
			t.Errorf("got %s\nwant %s of %d", got.raw, state, count)
		}
	}
	check("pending", 0)
	for _, step := range []struct {
		context, state, combined string
		count                    int
	}{
		{"a", "pending", "pending", 1},
		{"A", "success", "success", 1},
		{"b", "pending", "pending", 2},
		{"b", "error", "failure", 2},
		{"b", "success", "success", 2},
		{"c", "failure", "failure", 3},
	} {
		wantStatus(t, b.post(statuses, `{"state":"`+step.state+`","context":"`+step.context+`"}`), http.StatusCreated)
		check(step.combined, step.count)
	}
	got := b.get(voice + "/commits/main/status?per_page=2")
	if list, _ := got.json["statuses"].([]any); len(list) != 2 || got.json["total_count"] != 3.0 || !strings.Contains(got.header.Get("Link"), `page=2>; rel="next"`) {
		t.Errorf("paged: %s %s", got.raw, got.header.Get("Link"))
	}
	if strings.Contains(got.raw, `"creator"`) {
		t.Error("a combined status names creators")
	}
}

// TestConcurrentUse has writers and readers at work at once, with the race
// detector watching.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{PageSize: 2, SecondaryAfter: 1000})
	d := direct{t, b.Sandbox}
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for range 10 {
				wantCode(t, d.do("POST", statuses, `{"state":"success","context":"`+strconv.Itoa(worker)+`"}`), http.StatusCreated)
				wantCode(t, d.do("GET", voice+"/commits/main/statuses", ""), http.StatusOK)
				wantCode(t, d.do("GET", voice+"/commits/main/status", ""), http.StatusOK)
				_ = b.Snapshot()
				if err := b.AddCommit("acme/voice", github.Commit{SHA: other, Branch: "main" + strconv.Itoa(worker)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if made := b.Snapshot().Repositories[0].Statuses; len(made) != 40 {
		t.Errorf("%d statuses, want 40", len(made))
	}
}

func wantCode(t *testing.T, got answer, status int) {
	t.Helper()
	if got.status != status {
		t.Errorf("got %d %s, want %d", got.status, got.raw, status)
	}
}
