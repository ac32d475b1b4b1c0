package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/overview"
	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	twilio "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// visit asks for a page or for the API, as a person does.
func (w *world) visit(method, path string) (status int, text string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.admin.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// TestOverviewOfDeploys looks at what the overview has of deploys that were carried out.
func TestOverviewOfDeploys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sha := w.push("main", project())
	w.settle()
	w.push("docs", project())
	w.settle()

	_, text := w.visit(http.MethodGet, "/api/jobs")
	var listed overview.Jobs
	if err := json.Unmarshal([]byte(text), &listed); err != nil || len(listed.Jobs) != 1 {
		t.Fatal(err, text)
	}
	one := listed.Jobs[0]
	if one.Kind != "run" || one.State != overview.StateEnded || one.Outcome != overview.OutcomeDone || one.Commit != sha || one.Actor != "ada" || one.Branch != "main" ||
		one.Repository != "acme/voice" || one.Target.Service != "voice" || one.Target.Environment != "stage" || one.Result == nil || one.Result.Status != "deployed" || one.Result.Version != 1 {
		t.Errorf("the Job is %s", text)
	}
	job := fmt.Sprintf("/jobs/%d", one.Number)
	for path, want := range map[string][]string{
		"/":                    {">Live<", sha[:7], one.Result.Domain, "Skipped", "has no environment for branch &#34;docs&#34;"},
		"/jobs":                {"Deploy voice to stage", sha[:7]},
		job:                    {"Deploy voice to stage", "/acme/voice/commit/" + sha, "Activate", "Built ZB", "/hello"},
		"/deliveries":          {"deploy voice to stage", job[1:]},
		"/api" + job:           {`"name": "activate"`, `"/hello"`},
		job + "/events":        {"event: note\ndata: ", "Built ZB", "event: end\n"},
		job + "/events?behind": {"id: 1\n"},
	} {
		status, text := w.visit(http.MethodGet, path)
		for _, one := range want {
			if status != http.StatusOK || !strings.Contains(text, one) {
				t.Errorf("%s answers %d and lacks %q:\n%s", path, status, one, text)
			}
		}
		for _, value := range []string{"dsn-of-voice", twilio.DefaultAccount().KeySecret, github.DefaultToken().Value, key.Reveal()} {
			if strings.Contains(text, value) {
				t.Errorf("%s has %q", path, value)
			}
		}
	}
	if status, _ := w.visit(http.MethodGet, "/?after=!"); status != http.StatusNotFound {
		t.Errorf("a cursor that is none is answered %d", status)
	}
	if status, text := w.visit(http.MethodPost, "/api"+job+"/retry"); status != http.StatusCreated {
		t.Errorf("it is retried with %d %s", status, text)
	}
	w.settle()
	if _, text := w.visit(http.MethodGet, "/api/jobs?limit=1"); !strings.Contains(text, `"status": "unchanged"`) || !strings.Contains(text, `"next": `) {
		t.Errorf("behind the retry there is %s", text)
	}
	if status, text := w.visit(http.MethodPost, "/api"+job+"/cancel"); status != http.StatusConflict {
		t.Errorf("what has ended is cancelled with %d %s", status, text)
	}
}

// TestOverviewOfOtherJobs shows what cannot be read, and what is not a deploy, as far as
// it goes.
func TestOverviewOfOtherJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop()
	numbers, err := w.queue.Add(t.Context(), queue.Wanted{Kind: "run", Lane: "a/b/c", Payload: []byte("of another version"), Follow: "tell"},
		queue.Wanted{Kind: "run", Lane: "a/b/c", Follow: "tell"}, queue.Wanted{Kind: "decide", Lane: "d"})
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range numbers {
		if status, text := w.visit(http.MethodGet, fmt.Sprintf("/jobs/%d", number)); status != http.StatusOK || !strings.Contains(text, "Queued") {
			t.Errorf("Job %d is %d %s", number, status, text)
		}
	}
	if status, text := w.visit(http.MethodPost, fmt.Sprintf("/api/jobs/%d/cancel", numbers[1])); status != http.StatusAccepted || !strings.Contains(text, `"outcome": "cancelled"`) {
		t.Errorf("it is cancelled with %d %s", status, text)
	}
	for path, want := range map[string]string{"/": "Under way", "/jobs": "Cancelled", "/api/jobs?state=open": fmt.Sprintf(`"number": %d,`, numbers[0])} {
		if status, text := w.visit(http.MethodGet, path); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s is %d %s", path, status, text)
		}
	}
}
