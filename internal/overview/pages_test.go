package overview_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/overview"
)

// wantTexts looks for texts in what was answered, and for others that must not be there.
func wantTexts(t *testing.T, got answer, wanted, unwanted []string) {
	t.Helper()
	for _, one := range wanted {
		if !strings.Contains(got.body, one) {
			t.Errorf("it lacks %q:\n%s", one, got.body)
		}
	}
	for _, one := range unwanted {
		if strings.Contains(got.body, one) {
			t.Errorf("it has %q:\n%s", one, got.body)
		}
	}
}

// TestEmptyHouse says what to do where there is nothing yet.
func TestEmptyHouse(t *testing.T) {
	t.Parallel()
	url := newHouse().serve(t).URL
	for path, want := range map[string]string{
		"/": "slipway demo push", "/jobs": "There are no Jobs yet.", "/deliveries": "application/json",
		"/jobs?before=3": "There are no older Jobs.", "/deliveries?before=3": "There are no older Deliveries.",
	} {
		got := ask(t, http.MethodGet, url+path)
		if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s", path, got.status, got.header)
		}
		wantTexts(t, got, []string{want}, nil)
	}
}

// TestForeignText has everything that others choose try to be more than a text.
func TestForeignText(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`
	h := newHouse()
	one := deployed(1, "stage")
	one.Service, one.Branch, one.Actor, one.Reason, one.Repository, one.Event = evil, evil, evil, evil, "acme/"+evil, evil
	one.Commit, one.Target.Environment, one.Steps[0].Name = evil, evil, evil
	one.Result.URL, one.Result.Domain, one.Result.Warnings = "javascript:alert(3)", evil, []string{evil}
	one.Result.Functions.Created, one.Result.Status = []string{evil}, job.Failed
	one.Result.Error = &job.Failure{Reason: job.BadInput, Message: evil, Hint: evil, State: evil}
	tagged := deployed(2, "production")
	tagged.Tag, tagged.Branch, tagged.Repository = `v1/../../..?x=`+evil, "", "acme/voice"
	running := deployed(3, "stage")
	running.State, running.Result = overview.StateRunning, nil
	h.jobs = []overview.Job{one, tagged, running}
	h.targets = []overview.Target{{Live: one, Newest: running}}
	h.deliveries = []overview.Delivery{{Number: 1, ID: evil, Event: evil, Repository: evil, ReceivedAt: now, Verdict: evil, Reason: evil, Jobs: []int64{1}}}
	h.notes[3] = []overview.Note{{Number: 1, At: now, Event: job.Event{Kind: job.Warned, Message: evil}}}
	url := h.serve(t).URL
	for _, path := range []string{"/", "/jobs", "/jobs/1", "/jobs/2", "/jobs/3", "/deliveries", "/" + evil} {
		got := ask(t, http.MethodGet, url+path)
		wantTexts(t, got, nil, []string{"<script>alert", "<img", "javascript:", `href=""`})
		for _, found := range regexp.MustCompile(`(?:href|src|data-events)="([^"]*)"`).FindAllStringSubmatch(got.body, -1) {
			if link := found[1]; strings.Contains(link, ":") && !strings.HasPrefix(link, "https://github.com/acme/voice") && !strings.HasPrefix(link, "https://voice-1234-") {
				t.Errorf("%s leads to %s", path, link)
			}
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s has the headers %v", path, got.header)
		}
	}
}

// TestLinksLead follows every link of the pages that leads to the server itself.
func TestLinksLead(t *testing.T) {
	t.Parallel()
	url := furnished().serve(t).URL
	seen, left := map[string]bool{}, []string{"/"}
	for len(left) > 0 {
		path := left[0]
		left = left[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		got := ask(t, http.MethodGet, url+path)
		if got.status != http.StatusOK {
			t.Errorf("%s: %d", path, got.status)
		}
		if !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			continue
		}
		base, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?:href|src)="([^":#]+)"`).FindAllStringSubmatch(got.body, -1) {
			to, err := base.URL.Parse(strings.ReplaceAll(found[1], "&amp;", "&"))
			if err != nil {
				t.Fatal(err)
			}
			left = append(left, strings.TrimPrefix(to.String(), url))
		}
	}
	for _, want := range []string{"/jobs", "/deliveries", "/jobs/49", "/api/jobs/49"} {
		if !seen[want] {
			t.Errorf("nothing leads to %s", want)
		}
	}
}

// TestPaging goes through long lists from page to page.
func TestPaging(t *testing.T) {
	t.Parallel()
	h := newHouse()
	for number := range int64(120) {
		one := deployed(number+1, "stage")
		one.Service = fmt.Sprintf("service-%03d", number)
		one.Target.Service = one.Service
		h.jobs = append(h.jobs, one)
		h.targets = append(h.targets, overview.Target{Live: one, Newest: one})
		h.deliveries = append(h.deliveries, overview.Delivery{Number: number + 1, Event: "push", ReceivedAt: now, Verdict: "queued"})
	}
	url := h.serve(t).URL
	for start, next := range map[string]string{
		"/jobs": `rel="next" href="./(jobs\?before=\d+)"`, "/deliveries": `rel="next" href="./(deliveries\?before=\d+)"`, "/": `href="./(\?after=[a-z0-9-]+)"`,
	} {
		pages, rows := 0, 0
		for path := start; path != ""; pages++ {
			got := ask(t, http.MethodGet, url+path)
			live, _, _ := strings.Cut(got.body, `id="deliveries-title"`)
			rows += strings.Count(live, `<th scope="row"`)
			path = ""
			if found := regexp.MustCompile(next).FindStringSubmatch(got.body); found != nil {
				path = "/" + found[1]
			}
		}
		if want := map[string]int{"/jobs": 3, "/deliveries": 3, "/": 3}[start]; pages != want || rows != 120 {
			t.Errorf("%s has %d rows on %d pages, want 120 on %d", start, rows, pages, want)
		}
	}
	for _, path := range []string{"/jobs?before=x", "/jobs?before=-1", "/deliveries?before=0", "/jobs/0x1", "/jobs/121", "/jobs/121/events", "/jobs/", "/nowhere/at/all"} {
		got := ask(t, http.MethodGet, url+path)
		if got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
		wantTexts(t, got, []string{">the overview</a>"}, nil)
	}
	if got := ask(t, http.MethodGet, url+"/nowhere/at/all"); !strings.Contains(got.body, `href="../../jobs"`) {
		t.Errorf("its links lead elsewhere: %s", got)
	}
	if got := ask(t, http.MethodPost, url+"/jobs/1"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST to a page: %s", got)
	}
}

// TestStates tells what is live from what is not.
func TestStates(t *testing.T) {
	t.Parallel()
	failed := func(reason job.Reason, rolledBack bool) overview.Job {
		one := deployed(2, "stage")
		one.Outcome, one.Result.Status, one.Result.RolledBack, one.Result.Error = overview.OutcomeFailed, job.Failed, rolledBack, &job.Failure{Reason: reason, Message: "m"}
		return one
	}
	again := failed(job.TimedOut, false)
	again.State, again.Outcome, again.Result, again.DueAt = overview.StateReady, "", nil, now.Add(30*time.Second)
	for name, test := range map[string]struct {
		live, newest     overview.Job
		wanted, unwanted []string
	}{
		"live":               {deployed(1, "stage"), deployed(1, "stage"), []string{">Live<", "voice-1234-stage.twil.io", "0123456"}, []string{"#2"}},
		"a newer one failed": {deployed(1, "stage"), failed(job.BadInput, false), []string{">Live<", ">Failed<", "#2", "0123456"}, nil},
		"nothing yet":        {failed(job.BadInput, false), failed(job.BadInput, false), []string{">Nothing live<", ">Failed<"}, []string{">Live<", "0123456"}},
		"the check failed":   {failed(job.CheckFailed, false), failed(job.CheckFailed, false), []string{">Live, check failed<", "0123456"}, []string{">Live<"}},
		"rolled back":        {failed(job.CheckFailed, true), failed(job.CheckFailed, true), []string{">Nothing live<"}, []string{"check failed<"}},
		"no way back":        {failed(job.RollbackFailed, false), failed(job.RollbackFailed, false), []string{">Live, check failed<"}, nil},
		"tried again":        {deployed(1, "stage"), again, []string{">Live<", ">Tried again<"}, nil},
	} {
		h := newHouse()
		h.targets = []overview.Target{{Live: test.live, Newest: test.newest}}
		got := ask(t, http.MethodGet, h.serve(t).URL)
		t.Log(name)
		got.body = strings.ReplaceAll(regexp.MustCompile(`<span class="mark"[^>]*>[^<]*</span>`).ReplaceAllString(got.body, ""), "\n", "")
		wantTexts(t, got, test.wanted, test.unwanted)
	}
}

// TestCaching has a browser ask once for what does not change.
func TestCaching(t *testing.T) {
	t.Parallel()
	h := furnished()
	url := h.serve(t).URL
	first := ask(t, http.MethodGet, url+"/jobs/48")
	tag := first.header.Get("ETag")
	if got := ask(t, http.MethodGet, url+"/jobs/48", "If-None-Match", tag); got.status != http.StatusNotModified || got.body != "" {
		t.Errorf("the same page: %s", got)
	}
	h.change(func() { h.jobs[7].Reason = "another" })
	if got := ask(t, http.MethodGet, url+"/jobs/48", "If-None-Match", tag); got.status != http.StatusOK {
		t.Errorf("a page that has changed: %d", got.status)
	}
	var assets []string
	for _, found := range regexp.MustCompile(`"\.\./(assets/[^"]+)"`).FindAllStringSubmatch(first.body, -1) {
		assets = append(assets, found[1])
	}
	slices.Sort(assets)
	if len(slices.Compact(assets)) != 3 {
		t.Fatalf("the page has the assets %v", assets)
	}
	for _, path := range assets {
		got := ask(t, http.MethodGet, url+"/"+path)
		if got.status != http.StatusOK || !strings.Contains(got.header.Get("Cache-Control"), "immutable") || strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %d %v", path, got.status, got.header)
		}
		if again := ask(t, http.MethodGet, url+"/"+path, "If-None-Match", got.header.Get("ETag")); again.status != http.StatusNotModified {
			t.Errorf("%s again: %d", path, again.status)
		}
	}
	for _, path := range []string{"/assets/overview.css", "/assets/none.js", "/assets/"} {
		if got := ask(t, http.MethodGet, url+path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestPagesOfABrokenHouse(t *testing.T) {
	t.Parallel()
	h := furnished()
	h.err = errors.New("disk I/O error (10) at /var/lib/slipway")
	url := h.serve(t).URL
	for _, path := range []string{"/", "/jobs", "/jobs/48", "/deliveries"} {
		got := ask(t, http.MethodGet, url+path)
		if got.status != http.StatusInternalServerError {
			t.Errorf("%s: %d", path, got.status)
		}
		wantTexts(t, got, []string{"This cannot be shown now"}, []string{"disk I/O"})
	}
}
