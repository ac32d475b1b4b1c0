package github_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

const deployments = voice + "/deployments"

// ofSHA is a deployment of the commit on main that nothing stands in the way of.
const ofSHA = `{"ref":"` + sha + `","auto_merge":false,"required_contexts":[]`

func TestCreateDeployment(t *testing.T) {
	t.Parallel()
	var seen observed
	b := newBox(t, github.Options{Observe: seen.add})
	got := b.post(deployments, ofSHA+`,"task":"deploy:x","environment":"voice/stage","description":"Deploy","payload":{"run":"1"},"transient_environment":true,"production_environment":true}`)
	wantStatus(t, got, http.StatusCreated)
	creator, _ := got.json["creator"].(map[string]any)
	if got.text("sha") != sha || got.text("ref") != sha || got.text("environment") != "voice/stage" || got.text("original_environment") != "voice/stage" ||
		got.text("task") != "deploy:x" || got.text("description") != "Deploy" || creator["login"] != "github-actions[bot]" ||
		got.json["transient_environment"] != true || got.json["production_environment"] != true ||
		got.header.Get("Location") != got.text("url") || got.text("statuses_url") != got.text("url")+"/statuses" {
		t.Errorf("got %s", got.raw)
	}
	wantStatus(t, b.post(deployments, `{"ref":"main","description":null}`), http.StatusCreated)
	wantStatus(t, b.post(deployments, `{"ref":"heads/main","environment":"qa","payload":"plain"}`), http.StatusCreated)
	want := []github.Deployment{
		{
			SHA: sha, Ref: sha, Task: "deploy:x", Environment: "voice/stage", OriginalEnvironment: "voice/stage", Description: "Deploy",
			Payload: `{"run":"1"}`, IsTransient: true, IsProduction: true, Creator: "github-actions[bot]",
		},
		{SHA: sha, Ref: "main", Task: "deploy", Environment: "production", OriginalEnvironment: "production", IsProduction: true, Creator: "github-actions[bot]"},
		{SHA: sha, Ref: "heads/main", Task: "deploy", Environment: "qa", OriginalEnvironment: "qa", Payload: `"plain"`, Creator: "github-actions[bot]"},
	}
	made := b.Snapshot().Repositories[0].Deployments
	if diff := cmp.Diff(made, want, cmpopts.IgnoreFields(github.Deployment{}, "ID", "Created")); diff != "" {
		t.Errorf("got-want+\n%s", diff)
	}
	if one := b.get(deployments + "/" + strconv.FormatInt(made[0].ID, 10)); one.raw != got.raw {
		t.Errorf("alone it is %s", one.raw)
	}
	wantError(t, b.get(deployments+"/999"), 404, "Not Found")
	if calls := seen.all(); calls[0].Deployment == nil || calls[0].Deployment.Environment != "voice/stage" || calls[3].Deployment != nil {
		t.Errorf("told of %+v", calls)
	}
}

func TestCreateDeploymentRefuses(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{})
	newest := strings.Repeat("3", 40) // on main, while sha and other are not of it
	b.post(statuses, `{"state":"failure","context":"ci"}`)
	for _, commit := range []github.Commit{{SHA: other, Parents: []string{sha}, Branch: "side"}, {SHA: newest, Parents: []string{sha}, Branch: "main"}} {
		if err := b.AddCommit("acme/voice", commit); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat("x", 256)
	for name, test := range map[string]struct {
		body    string
		status  int
		message string
	}{
		"no ref":             {`{}`, 422, "\"ref\" wasn't supplied."},
		"an empty ref":       {`{"ref":" "}`, 422, "Validation Failed"},
		"an unknown ref":     {`{"ref":"nothing"}`, 422, "No ref found for: nothing"},
		"another kind":       {`{"ref":"main","auto_merge":"false"}`, 422, `For 'properties/auto_merge', "false" is not a boolean.`},
		"no list":            {`{"ref":"main","required_contexts":"ci"}`, 422, `For 'properties/required_contexts', "ci" is not an array.`},
		"a null list":        {`{"ref":"main","required_contexts":null}`, 422, `For 'properties/required_contexts', nil is not an array.`},
		"a list as payload":  {`{"ref":"main","payload":[]}`, 422, `For 'properties/payload', [] is not an object.`},
		"an unknown field":   {`{"ref":"main","sha":"x"}`, 422, `"sha" is not a permitted key`},
		"a long description": {`{"ref":"main","description":"` + long + `"}`, 422, "Validation Failed"},
		"a long name":        {`{"ref":"main","environment":"` + long + `"}`, 422, "Validation Failed"},
		"behind main":        {`{"ref":"side"}`, 409, "Conflict merging main into side."},
		"a failed status":    {`{"ref":"` + sha + `","auto_merge":false}`, 409, "Conflict: Commit status checks failed for " + sha + "."},
		"a missing context":  {`{"ref":"main","required_contexts":["build"]}`, 409, "Conflict: Commit status checks failed for main."},
		"a failed context":   {`{"ref":"` + sha + `","auto_merge":false,"required_contexts":["ci"]}`, 409, "Conflict: Commit status checks failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, b.post(deployments, test.body), test.status, test.message)
		})
	}
	wantStatus(t, b.post(deployments, ofSHA+`}`), http.StatusCreated)
	wantStatus(t, b.post(deployments, `{"ref":"main"}`), http.StatusCreated)
	if got := b.post(deployments, `{"ref":"`+newest+`","environment":"`+long[:255]+`"}`); got.status != http.StatusCreated {
		t.Errorf("255 characters: %s", got.raw)
	}
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string][2]string{
		`{"a":{"b":1}}`:        {`{"a":{"b":1}}`, `"{\"a\":{\"b\":1}}"`},
		`"{\"a\":\"b\"}"`:      {`{"a":"b"}`, `"{\"a\":\"b\"}"`},
		`"text"`:               {`"text"`, `"text"`},
		`"null"`:               {`"null"`, `"null"`},
		`{}`:                   {`{}`, `"{}"`},
		`""`:                   {`{}`, `""`},
		``:                     {`{}`, `""`},
		`{"b":"2", "a" : "1"}`: {`{"a":"1","b":"2"}`, `"{\"b\":\"2\", \"a\" : \"1\"}"`},
	} {
		for i, isText := range []bool{false, true} {
			b := newBox(t, github.Options{Switches: github.Switches{PayloadsAreText: isText}})
			body := ofSHA
			if sent != "" {
				body += `,"payload":` + sent
			}
			got, err := json.Marshal(b.post(deployments, body+`}`).json["payload"])
			if err != nil || string(got) != want[i] {
				t.Errorf("%s is answered %s, want %s", sent, got, want[i])
			}
		}
	}
}

func TestListDeployments(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{PageSize: 2})
	if err := b.AddCommit("acme/voice", github.Commit{SHA: other}); err != nil {
		t.Fatal(err)
	}
	if got := b.get(deployments); got.raw != "[]" {
		t.Errorf("none: %s", got.raw)
	}
	for i, body := range []string{
		ofSHA + `,"environment":"stage"`, ofSHA + `,"environment":"qa"`, ofSHA + `,"environment":"stage","task":"migrate"`,
		`{"ref":"` + other + `","auto_merge":false,"environment":"stage"`, `{"ref":"main","environment":"stage"`,
	} {
		wantStatus(t, b.post(deployments, body+`,"description":"`+strconv.Itoa(i)+`"}`), http.StatusCreated)
	}
	for query, want := range map[string][]string{
		"":                                {"4", "3", "2", "1", "0"},
		"?sha=" + sha:                     {"4", "2", "1", "0"},
		"?ref=main":                       {"4"},
		"?environment=Stage":              {"4", "3", "2", "0"},
		"?environment=qa&task=deploy":     {"1"},
		"?task=migrate":                   {"2"},
		"?sha=" + sha + "&environment=qa": {"1"},
		"?environment=none":               nil,
	} {
		if got, _ := b.walk(deployments+query, "description"); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	wantError(t, b.get(deployments+"?state=x"), 422, `"state" is not a permitted key`)
}

func TestDeploymentStatuses(t *testing.T) {
	t.Parallel()
	var seen observed
	b := newBox(t, github.Options{PageSize: 2, Observe: seen.add})
	id, _ := b.post(deployments, ofSHA+`,"environment":"stage"}`).json["id"].(float64)
	one := deployments + "/" + strconv.Itoa(int(id))
	address := one + "/statuses"
	if got := b.get(address); got.raw != "[]" {
		t.Errorf("none: %s", got.raw)
	}
	got := b.post(address, `{"state":"in_progress","log_url":"https://ci.example/1","description":"Building","environment_url":"https://voice.example"}`)
	wantStatus(t, got, http.StatusCreated)
	if got.text("state") != "in_progress" || got.text("environment") != "stage" || got.text("target_url") != "https://ci.example/1" ||
		got.text("log_url") != "https://ci.example/1" || got.text("environment_url") != "https://voice.example" || got.text("description") != "Building" ||
		got.text("deployment_url") != b.url+one || got.header.Get("Location") != got.text("url") {
		t.Errorf("got %s", got.raw)
	}
	wantStatus(t, b.post(address, `{"state":"failure","environment":"qa","target_url":"http://ci.example/2"}`), http.StatusCreated)
	wantStatus(t, b.post(address, `{"state":"success"}`), http.StatusCreated)
	if got, pages := b.walk(address, "state"); !slices.Equal(got, []string{"success", "failure", "in_progress"}) || pages != 2 {
		t.Errorf("%d pages of %q", pages, got)
	}
	if got := b.get(one); got.text("environment") != "qa" || got.text("original_environment") != "stage" {
		t.Errorf("the deployment is %s", got.raw)
	}
	for body, message := range map[string]string{
		`{}`:                        "\"state\" wasn't supplied.",
		`{"state":"done"}`:          "Validation Failed",
		`{"state":"success","x":1}`: "not a permitted key",
		`{"state":"success","auto_inactive":"no"}`:                             "is not a boolean",
		`{"state":"success","environment_url":"voice.example"}`:                "Validation Failed",
		`{"state":"success","log_url":"javascript:alert(1)"}`:                  "Validation Failed",
		`{"state":"success","description":"` + strings.Repeat("ä", 141) + `"}`: "Validation Failed",
		`{"state":"success","description":"🚀"}`:                                "Validation Failed",
	} {
		wantError(t, b.post(address, body), 422, message)
	}
	wantError(t, b.post(deployments+"/9/statuses", `{"state":"success"}`), 404, "Not Found")
	wantError(t, b.get(deployments+"/9/statuses"), 404, "Not Found")
	told := seen.all()[2].Deployment
	if told == nil || len(told.Statuses) != 1 || told.Statuses[0].EnvironmentURL != "https://voice.example" {
		t.Fatalf("told of %+v", told)
	}
	told.Statuses[0].State = "spoilt"
	if kept := b.Snapshot().Repositories[0].Deployments[0].Statuses; len(kept) != 3 || kept[0].State != "in_progress" {
		t.Errorf("the sandbox has %+v", kept)
	}
}

// TestAutoInactive has one success retire earlier ones, but for those that are
// transient, for production, elsewhere, no success, or later.
func TestAutoInactive(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"state":"success"}`:                       {"inactive", "failure", "success", "success", "success", "success", "success"},
		`{"state":"success","auto_inactive":true}`:  {"inactive", "failure", "success", "success", "success", "success", "success"},
		`{"state":"success","auto_inactive":false}`: {"success", "failure", "success", "success", "success", "success", "success"},
		`{"state":"failure"}`:                       {"success", "failure", "success", "success", "success", "failure", "success"},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, github.Options{})
			var addresses []string
			for _, more := range []string{`"stage"`, `"STAGE"`, `"qa"`, `"stage","transient_environment":true`, `"stage","production_environment":true`, `"stage"`, `"stage"`} {
				got := b.post(deployments, ofSHA+`,"environment":`+more+`}`)
				wantStatus(t, got, http.StatusCreated)
				addresses = append(addresses, got.text("statuses_url"))
			}
			for i, address := range addresses {
				state := `{"state":"success","auto_inactive":false}`
				if i == 1 {
					state = `{"state":"failure"}`
				}
				if i != 5 {
					wantStatus(t, b.post(address, state), http.StatusCreated)
				}
			}
			wantStatus(t, b.post(addresses[5], body), http.StatusCreated)
			var states []string
			for _, one := range b.Snapshot().Repositories[0].Deployments {
				states = append(states, one.Statuses[len(one.Statuses)-1].State)
			}
			if !slices.Equal(states, want) {
				t.Errorf("got %q, want %q", states, want)
			}
		})
	}
}

// TestDeploymentsAtOnce has many writers of one deployment and its kin, with the
// race detector watching.
func TestDeploymentsAtOnce(t *testing.T) {
	t.Parallel()
	var seen observed
	b := newBox(t, github.Options{SecondaryAfter: 1000, Observe: seen.add})
	d := direct{t, b.Sandbox}
	for range 2 {
		wantCode(t, d.do("POST", deployments, ofSHA+`,"environment":"stage"}`), http.StatusCreated)
	}
	var all sync.WaitGroup
	for _, one := range b.Snapshot().Repositories[0].Deployments {
		address := deployments + "/" + strconv.FormatInt(one.ID, 10)
		for range 3 {
			all.Go(func() {
				for _, state := range []string{"in_progress", "success", "failure"} {
					wantCode(t, d.do("POST", address+"/statuses", `{"state":"`+state+`","environment":"stage"}`), http.StatusCreated)
					wantCode(t, d.do("GET", address+"/statuses", ""), http.StatusOK)
					wantCode(t, d.do("GET", deployments, ""), http.StatusOK)
				}
			})
		}
	}
	all.Wait()
	written := 0
	for _, call := range seen.all() {
		if call.Deployment != nil && len(call.Deployment.Statuses) > 0 {
			written++
		}
	}
	if written != 18 {
		t.Errorf("told of %d statuses, want 18", written)
	}
}

func TestDeploymentPermissions(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{Tokens: []github.Token{
		{Value: "writer", Permissions: map[string]string{"deployments": "write"}},
		{Value: "reader", Permissions: map[string]string{"deployments": "read"}},
		{Value: "nothing", Permissions: map[string]string{"statuses": "write", "contents": "write"}},
	}})
	id, _ := b.as("writer").post(deployments, ofSHA+`}`).json["id"].(float64)
	one := deployments + "/" + strconv.Itoa(int(id))
	for _, test := range []struct {
		method, path, body, accepted string
		writer, reader, nothing      int
	}{
		{"POST", deployments, ofSHA + `}`, "deployments=write", 201, 403, 403},
		{"POST", one + "/statuses", `{"state":"queued"}`, "deployments=write", 201, 403, 403},
		{"GET", deployments, "", "deployments=read", 200, 200, 403},
		{"GET", one, "", "deployments=read", 200, 200, 403},
		{"GET", one + "/statuses", "", "deployments=read", 200, 200, 403},
		{"GET", voice + "/environments/production", "", "actions=read", 403, 403, 403},
		{"GET", voice + "/pulls/1", "", "pull_requests=read", 403, 403, 403},
		{"GET", voice + "/contents/a", "", "contents=read", 403, 403, 404},
	} {
		for token, want := range map[string]int{"writer": test.writer, "reader": test.reader, "nothing": test.nothing} {
			got := b.as(token).do(test.method, test.path, test.body)
			if got.status != want || got.header.Get("X-Accepted-GitHub-Permissions") != test.accepted {
				t.Errorf("%s %s %s: %d %s", token, test.method, test.path, got.status, got.raw)
			}
		}
	}
	hidden := newBox(t, github.Options{Switches: github.Switches{UnreadableIs404: true}, Tokens: []github.Token{{Value: "nothing"}}}).as("nothing")
	wantError(t, hidden.get(voice+"/contents/a"), 404, "Not Found")
	wantError(t, hidden.get("/repos/acme/site/contents/a"), 404, "Not Found")
	wantError(t, hidden.post(deployments, ofSHA+`}`), 403, "Resource not accessible by integration")
	wantStatus(t, hidden.get(voice), http.StatusOK)
}

func TestEnvironments(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{Tokens: []github.Token{{Value: "x", Permissions: map[string]string{"actions": "read", "deployments": "write"}}}}).as("x")
	for _, one := range []github.Environment{
		{Name: "voice/stage", Reviewers: []string{"ann"}, Teams: []string{"ops"}, WaitMinutes: 5},
		{Name: "plain", Reviewers: []string{"ann"}},
		{Name: "Plain"},
	} {
		if err := b.SetEnvironment("acme/voice", one); err != nil {
			t.Fatal(err)
		}
	}
	got := b.get(voice + "/environments/Voice%2FStage")
	wantStatus(t, got, http.StatusOK)
	var kinds []string
	rules, _ := got.json["protection_rules"].([]any)
	for _, rule := range rules {
		fields, _ := rule.(map[string]any)
		kinds = append(kinds, fmt.Sprint(fields["type"], " ", fields["wait_timer"]))
		if reviewers, isThere := fields["reviewers"].([]any); isThere && len(reviewers) != 2 {
			t.Errorf("reviewers are %v", reviewers)
		}
	}
	if !slices.Equal(kinds, []string{"wait_timer 5", "required_reviewers <nil>"}) || got.text("name") != "voice/stage" {
		t.Errorf("got %q of %s", kinds, got.raw)
	}
	if got := b.get(voice + "/environments/plain"); !strings.Contains(got.raw, `"protection_rules":[]`) {
		t.Errorf("without rules: %s", got.raw)
	}
	wantError(t, b.get(voice+"/environments/pr-1"), 404, "Not Found")
	wantStatus(t, b.post(deployments, ofSHA+`,"environment":"pr-1"}`), http.StatusCreated)
	wantStatus(t, b.get(voice+"/environments/PR-1"), http.StatusOK)
	for _, name := range []string{"", strings.Repeat("x", 256)} {
		if err := b.SetEnvironment("acme/voice", github.Environment{Name: name}); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestRunReviews(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{Tokens: []github.Token{{Value: "x", Permissions: map[string]string{"actions": "read"}}, {Value: "nothing"}}}).as("x")
	for _, one := range []github.Environment{{Name: "forks", Reviewers: []string{"ann"}}, {Name: "plain"}} {
		if err := b.SetEnvironment("acme/voice", one); err != nil {
			t.Fatal(err)
		}
	}
	for _, wrong := range []github.RunReview{
		{User: "ann", Environments: []string{"forks"}},
		{Run: 7, User: "ann"},
		{Run: 7, User: "ann", State: "waiting", Environments: []string{"forks"}},
		{Run: 7, User: "ann", Environments: []string{"plain"}},
		{Run: 7, User: "ann", Environments: []string{"nothing"}},
		{Run: 7, User: "eve", Environments: []string{"forks"}},
	} {
		if err := b.ReviewRun("acme/voice", wrong); err == nil {
			t.Errorf("%+v is accepted", wrong)
		}
	}
	if err := b.ReviewRun("acme/voice", github.RunReview{Run: 7, User: "ann", Environments: []string{"Forks"}, Comment: "Looks good"}); err != nil {
		t.Fatal(err)
	}
	const runs = voice + "/actions/runs/"
	got := b.get(runs + "7/approvals")
	wantStatus(t, got, http.StatusOK)
	for _, part := range []string{`"state":"approved"`, `"comment":"Looks good"`, `"name":"forks"`, `"login":"ann"`} {
		if !strings.Contains(got.raw, part) {
			t.Errorf("%s is not in %s", part, got.raw)
		}
	}
	if got := b.get(runs + "8/approvals"); got.status != http.StatusOK || strings.TrimSpace(got.raw) != "[]" {
		t.Errorf("a run that was not reviewed: %d %s", got.status, got.raw)
	}
	wantError(t, b.get(runs+"x/approvals"), 404, "Not Found")
	wantStatus(t, b.get(runs+"7/approvals?per_page=5"), http.StatusUnprocessableEntity)
	wantError(t, b.as("nothing").get(runs+"7/approvals"), 403, "Resource not accessible by integration")
}
