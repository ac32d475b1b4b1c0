package overview_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/overview"
)

func TestAPIJobsArePaged(t *testing.T) {
	t.Parallel()
	h := newHouse()
	for number := int64(1); number <= 5; number++ {
		h.jobs = append(h.jobs, deployed(number, "stage"))
	}
	h.jobs[3].State = overview.StateRunning
	url := h.serve(t).URL + "/api/jobs"
	for query, want := range map[string]string{
		"": "5 4 3 2 1, next 0", "?limit=2": "5 4, next 4", "?limit=2&before=4": "3 2, next 2", "?limit=2&before=2": "1, next 0", "?before=1": ", next 0",
		"?limit=5": "5 4 3 2 1, next 0", "?state=open": "4, next 0",
	} {
		answered := ask(t, http.MethodGet, url+query)
		var got overview.Jobs
		if err := json.Unmarshal([]byte(answered.body), &got); err != nil || answered.status != http.StatusOK {
			t.Fatal(err, answered)
		}
		var numbers []string
		for _, one := range got.Jobs {
			numbers = append(numbers, strconv.FormatInt(one.Number, 10))
		}
		if text := fmt.Sprintf("%s, next %d", strings.Join(numbers, " "), got.Next); text != want {
			t.Errorf("%s: got %s, want %s", query, text, want)
		}
	}
	if got := ask(t, http.MethodGet, url+"?before=1"); !strings.Contains(got.body, `"jobs": []`) {
		t.Errorf("no Jobs are %s", got)
	}
	for _, query := range []string{"?limit=0", "?limit=201", "?limit=x", "?before=-1", "?state=ended", "?stat=open"} {
		if got := ask(t, http.MethodGet, url+query); got.status != http.StatusBadRequest || !strings.Contains(got.body, `"hint"`) {
			t.Errorf("%s: %s", query, got)
		}
	}
}

// TestAPIJob shows a Job with its Result in version 1.
func TestAPIJob(t *testing.T) {
	t.Parallel()
	h := newHouse()
	h.jobs = append(h.jobs, deployed(1, "stage"))
	h.jobs[0].Reason = "an escape \x1b[31m, and ##[error] for a runner"
	url := h.serve(t).URL
	answered := ask(t, http.MethodGet, url+"/api/jobs/1")
	var got map[string]any
	if err := json.Unmarshal([]byte(answered.body), &got); err != nil || answered.header.Get("Content-Type") != "application/json" {
		t.Fatal(err, answered.header)
	}
	result, _ := got["result"].(map[string]any)
	steps, _ := got["steps"].([]any)
	if got["number"] != 1.0 || got["commit"] != commit || result["version"] != 1.0 || result["status"] != "deployed" || len(steps) != 2 {
		t.Errorf("it is %s", answered)
	}
	if strings.Contains(answered.body, "\x1b") || strings.Contains(answered.body, "##[") {
		t.Errorf("it drives a terminal or a runner: %s", answered)
	}
	for path, want := range map[string]int{"/api/jobs/2": 404, "/api/jobs/x": 404, "/api/jobs/99999999999999999999": 404, "/api": 404, "/api/job": 404} {
		if got := ask(t, http.MethodGet, url+path); got.status != want || path != "/api" && !strings.Contains(got.body, `"message"`) {
			t.Errorf("%s: %s", path, got)
		}
	}
	h.err = errors.New("disk I/O error")
	if got := ask(t, http.MethodGet, url+"/api/jobs"); got.status != http.StatusInternalServerError || strings.Contains(got.body, "disk") {
		t.Error(got)
	}
}

func TestAPICancelAndRetry(t *testing.T) {
	t.Parallel()
	h := newHouse()
	h.jobs = append(h.jobs, deployed(1, "stage"), deployed(2, "production"))
	h.jobs[1].State, h.jobs[1].Outcome, h.jobs[1].Result = overview.StateRunning, "", nil
	url := h.serve(t).URL
	for _, step := range []struct {
		path   string
		status int
		want   string
	}{
		{"/api/jobs/1/cancel", 409, "Job 1 has ended"},
		{"/api/jobs/2/retry", 409, `"hint": "Wait."`},
		{"/api/jobs/2/cancel", 202, `"outcome": "cancelled"`},
		{"/api/jobs/2/cancel", 409, "Job 2 has ended"},
		{"/api/jobs/2/retry", 201, `"number": 3`},
		{"/api/jobs/9/retry", 404, "there is no Job 9"},
		{"/api/jobs/9/cancel", 404, "there is no Job 9"},
	} {
		if got := ask(t, http.MethodPost, url+step.path); got.status != step.status || !strings.Contains(got.body, step.want) {
			t.Errorf("%s: %s, want %d %s", step.path, got, step.status, step.want)
		}
	}
	if got := ask(t, http.MethodGet, url+"/api/jobs/1/retry"); got.status/100 == 2 {
		t.Errorf("a link retries: %s", got)
	}
}

// TestGuard has pages of other sites try what they could do by the browser of somebody
// who reaches the overview.
func TestGuard(t *testing.T) {
	t.Parallel()
	h := newHouse()
	h.jobs = append(h.jobs, deployed(1, "stage"))
	url := h.serve(t).URL
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8081": 200, "LOCALHOST.": 200, "127.0.0.1:1": 200, "[::1]:8081": 200, "[::1]": 200, "10.0.0.7": 200,
		"deploys.example.com": 200, "Deploys.Example.com:443": 200,
		"evil.example": 421, "evil.example:8081": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "deploys.example.com.evil.example": 421,
		"xdeploys.example.com": 421, "0x7f000001": 421, "slipway": 421,
	} {
		for _, path := range []string{"/api/jobs/1", "/api/jobs"} {
			if got := ask(t, http.MethodGet, url+path, "Host", host); got.status != want {
				t.Errorf("%s at %s: %s", path, host, got)
			}
		}
	}
	for name, headers := range map[string][]string{
		"a form":            {"Sec-Fetch-Site", "cross-site"},
		"a sister":          {"Sec-Fetch-Site", "same-site"},
		"an old browser":    {"Origin", "https://evil.example"},
		"a sandboxed frame": {"Origin", "null"},
	} {
		for _, path := range []string{"/api/jobs/1/retry", "/api/jobs/1/cancel"} {
			if got := ask(t, http.MethodPost, url+path, headers...); got.status != http.StatusForbidden {
				t.Errorf("%s to %s: %s", name, path, got)
			}
		}
	}
	if len(h.jobs) != 1 {
		t.Errorf("there are %d Jobs", len(h.jobs))
	}
	if got := ask(t, http.MethodPost, url+"/api/jobs/1/retry", "Sec-Fetch-Site", "same-origin", "Origin", url); got.status != http.StatusCreated {
		t.Errorf("the same origin: %s", got)
	}
}
