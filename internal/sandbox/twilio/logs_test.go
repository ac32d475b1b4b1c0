package twilio_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// call asks the deployed Function, as the world outside does.
func (d *deployed) call(method, path string) answer {
	d.t.Helper()
	return d.do(method, "/_live/"+d.domain+path)
}

func messages(logs []map[string]any) []string {
	var all []string
	for _, one := range logs {
		all = append(all, text(one, "message"))
	}
	return all
}

func TestFunctionsLogTheirCalls(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{})
	logs := d.environmentPath + "/Logs"
	if got := d.get(d.environmentPath); got.status != http.StatusOK || got.json["links"].(map[string]any)["logs"] != d.url+logs { //nolint:forcetypeassert // a panic fails the test
		t.Errorf("the link to the logs: %s", got.raw)
	}
	if got := d.get(logs); got.status != http.StatusOK || len(got.list("logs")) != 0 || got.meta()["key"] != "logs" {
		t.Errorf("before any call: %d %s", got.status, got.raw)
	}
	wantStatus(t, d.call(http.MethodGet, "/hello?name=x"), http.StatusOK)
	wantStatus(t, d.call(http.MethodPost, "/hello"), http.StatusOK)
	wantStatus(t, d.call(http.MethodGet, "/logo.svg"), http.StatusOK)      // an Asset logs nothing
	wantStatus(t, d.call(http.MethodGet, "/nothing"), http.StatusNotFound) // nor does what is not there

	got := d.get(logs)
	wantStatus(t, got, http.StatusOK)
	list := got.list("logs")
	if len(list) != 2 {
		t.Fatalf("got %s, want an entry for each call of the Function", got.raw)
	}
	for i, want := range []string{"POST /hello", "GET /hello"} {
		one := list[i]
		wantFields(t, one, "sid account_sid service_sid environment_sid build_sid deployment_sid function_sid request_sid level message date_created url")
		if message := text(one, "message"); !strings.HasPrefix(message, want+" ") {
			t.Errorf("message %d is %q, want %q: the newest first", i, message, want)
		}
		deployment := text(d.get(d.deploymentsPath).list("deployments")[0], "sid")
		want := map[string]any{
			"account_sid": twilio.DefaultAccount().SID, "service_sid": d.serviceSID, "environment_sid": d.environmentSID,
			"build_sid": d.buildSID, "deployment_sid": deployment, "function_sid": d.functionSID, "level": "info",
			"url": d.url + logs + "/" + text(one, "sid"),
		}
		for name, value := range want {
			if one[name] != value {
				t.Errorf("%s is %v, want %v", name, one[name], value)
			}
		}
		for name, prefix := range map[string]string{"sid": "NO", "request_sid": "RQ"} {
			if sid := text(one, name); !regexp.MustCompile("^" + prefix + "[0-9a-f]{32}$").MatchString(sid) {
				t.Errorf("%s is %q", name, sid)
			}
		}
		fetched := d.get(logs + "/" + text(one, "sid"))
		if diff := cmp.Diff(fetched.json, one); fetched.status != http.StatusOK || diff != "" {
			t.Errorf("fetch: %d\n%s", fetched.status, diff)
		}
	}
	wantError(t, d.get(logs+"/NO"+strings.Repeat("0", 32)), 404, 20404, "NO000")
	other := d.make(service(d.serviceSID)+"/Environments", "UniqueName", "other")
	otherLogs := service(d.serviceSID) + "/Environments/" + other + "/Logs"
	wantError(t, d.get(otherLogs+"/"+text(list[0], "sid")), 404, 20404, "NO")
	if got := d.get(otherLogs).list("logs"); len(got) != 0 {
		t.Errorf("another Environment has %v", got)
	}
	wantError(t, d.post(logs), 405, 20004, "the sandbox knows no operation")
}

func TestRefusedCallsAreNotLogged(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{})
	_, function := d.function(d.serviceSID, "/p", "protected")
	d.make(d.deploymentsPath, "BuildSid", d.make(d.builds, "FunctionVersions", function))
	wantStatus(t, d.call(http.MethodGet, "/p"), http.StatusBadRequest)
	if got := d.get(d.environmentPath + "/Logs").list("logs"); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestLogFilters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := direct{t, open(t, twilio.Options{})}
		voice := service(d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "voice").text("sid"))
		environment := voice + "/Environments/" + d.post(voice+"/Environments", "UniqueName", "production").text("sid")
		functions := map[string]string{}
		var versions []string
		for _, path := range []string{"/hello", "/other"} {
			functions[path] = d.post(voice+"/Functions", "FriendlyName", path).text("sid")
			contentType, body := multipartBody(t, fileParts(path, "public", "application/javascript", "x"))
			version := d.do(http.MethodPost, voice+"/Functions/"+functions[path]+"/Versions", contentType, body.String()).text("sid")
			versions = append(versions, "FunctionVersions", version)
		}
		d.post(environment+"/Deployments", "BuildSid", d.post(voice+"/Builds", versions...).text("sid"))
		live := "/_live/" + d.get(environment).text("domain_name")
		start := time.Now()
		for range 3 {
			wantStatus(t, d.get(live+"/hello"), http.StatusOK)
			time.Sleep(12 * time.Hour)
		}
		wantStatus(t, d.get(live+"/other"), http.StatusOK)
		at := func(after time.Duration) string { return url.QueryEscape(start.Add(after).UTC().Format(time.RFC3339)) }
		first, second, third, last := "GET /hello at 0", "GET /hello at 12", "GET /hello at 24", "GET /other at 36"
		for query, want := range map[string][]string{
			"":                              {last, third}, // the last day
			"StartDate=" + at(-1):           {last, third, second, first},
			"StartDate=" + at(0):            {last, third, second},
			"StartDate=" + at(20*time.Hour): {last, third},
			"StartDate=" + at(-1) + "&EndDate=" + at(13*time.Hour):        {second, first},
			"EndDate=" + at(36*time.Hour):                                 {third},
			"EndDate=" + at(time.Hour):                                    nil,
			"StartDate=" + at(48*time.Hour) + "&EndDate=" + at(0):         nil,
			"FunctionSid=" + functions["/other"]:                          {last},
			"StartDate=" + at(-1) + "&FunctionSid=" + functions["/hello"]: {third, second, first},
			"FunctionSid=ZH" + strings.Repeat("0", 32):                    nil,
			"StartDate=" + url.QueryEscape("1999-12-31T15:59:59-08:00"):   {last, third, second, first},
		} {
			got := d.get(environment + "/Logs?" + query)
			wantStatus(t, got, http.StatusOK)
			var told []string
			for _, one := range got.list("logs") {
				created, err := time.Parse(time.RFC3339, text(one, "date_created"))
				if err != nil {
					t.Fatal(err)
				}
				method, rest, _ := strings.Cut(text(one, "message"), " ")
				path, _, _ := strings.Cut(rest, " ")
				told = append(told, method+" "+path+" at "+strconv.Itoa(int(created.Sub(start).Hours())))
			}
			if diff := cmp.Diff(told, want); diff != "" {
				t.Errorf("%q (-got +want)\n%s", query, diff)
			}
		}
	})
}

func TestLogFiltersAreHeldToTheirForm(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{})
	logs := d.environmentPath + "/Logs"
	for query, gist := range map[string]string{
		"FunctionSid=ZS" + strings.Repeat("0", 32): "FunctionSid",
		"FunctionSid=":                        "FunctionSid",
		"StartDate=yesterday":                 "StartDate",
		"StartDate=2018-11-10":                "StartDate",
		"EndDate=2018-11-10T20:00:00+02:00":   "EndDate", // the plus is a space
		"EndDate=":                            "EndDate",
		"StartDate=x&EndDate=y&FunctionSid=z": "EndDate is \"y\"",
		"StartDate=x&StartDate=y":             "given 2 times",
		"startDate=2018-11-10T20:00:00Z":      `Unknown parameter "startDate"`,
		"PageToken=PTx":                       "PageToken",
	} {
		wantError(t, d.get(logs+"?"+query), 400, 20001, gist)
	}
	wantError(t, d.get(logs+"?StartDate=x&FunctionSid=z"), 400, 20001, "StartDate is")
	wantError(t, d.get(logs+"?StartDate=x&FunctionSid=z"), 400, 20001, "FunctionSid is")
	wantError(t, d.get(logs+"/NO1?StartDate=2018-11-10T20:00:00Z"), 400, 20001, "Unknown parameter")
	wantError(t, d.get(d.builds+"?FunctionSid="+d.functionSID), 400, 20001, "Unknown parameter")
}

// TestLogPagesRepeatTheirFilters: the shape of the URLs is that of the OpenAPI
// file's example.
func TestLogPagesRepeatTheirFilters(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{})
	_, other := d.function(d.serviceSID, "/other", "public")
	d.make(d.deploymentsPath, "BuildSid", d.make(d.builds, "FunctionVersions", d.functionVersion, "FunctionVersions", other))
	for range 5 {
		d.call(http.MethodGet, "/hello")
		d.call(http.MethodGet, "/other")
	}
	logs := d.environmentPath + "/Logs"
	filters := "StartDate=2018-11-10T20%3A00%3A00Z&EndDate=9999-12-10T20%3A00%3A00Z&FunctionSid=" + d.functionSID
	meta := d.get(logs + "?PageSize=2&FunctionSid=" + d.functionSID + "&EndDate=9999-12-10T20:00:00Z&StartDate=2018-11-10T20:00:00Z").meta()
	want := d.url + logs + "?" + filters + "&PageSize=2&Page=0"
	if meta["url"] != want || meta["first_page_url"] != want {
		t.Errorf("got %v, want %s", meta, want)
	}
	sids, last := d.walk(logs+"?PageSize=2&"+filters, "logs", func(int) { d.call(http.MethodGet, "/hello") })
	if len(sids) != 5 || len(last.list("logs")) != 1 {
		t.Errorf("walked over %v, want the five that were there", sids)
	}
	if previous := text(last.meta(), "previous_page_url"); !strings.HasPrefix(previous, d.url+logs+"?"+filters+"&PageSize=2&Page=1&PageToken=PT") {
		t.Errorf("previous_page_url is %s", previous)
	}
}

func TestLogsAreBoundedAndGoWithTheirEnvironment(t *testing.T) {
	t.Parallel()
	options := twilio.Options{DataDir: t.TempDir()}
	d := deploy(t, options)
	logs := d.environmentPath + "/Logs?PageSize=1000"
	const most = 1000
	for i := range most + 3 {
		method := "GET"
		if i < 3 {
			method = strings.Repeat("M", 5000)
		}
		wantStatus(t, direct{t, d.Sandbox}.do(method, "/_live/"+d.domain+"/hello", "", ""), http.StatusOK)
		if i == 0 {
			if message := messages(d.get(logs).list("logs"))[0]; len(message) > 200 {
				t.Errorf("a message of %d bytes is kept", len(message))
			}
		}
	}
	got := d.get(logs).list("logs")
	if len(got) != most {
		t.Fatalf("%d entries are kept, want %d", len(got), most)
	}
	if oldest := messages(got)[most-1]; !strings.HasPrefix(oldest, "GET ") {
		t.Errorf("the oldest are not those that went: %s", oldest)
	}
	sid := text(got[0], "sid")
	// The Environment's name is free again, but its logs do not come back.
	wantStatus(t, d.del(d.environmentPath), http.StatusNoContent)
	wantError(t, d.get(logs), 404, 20404, "/Logs")
	next := service(d.serviceSID) + "/Environments/" + d.environment(d.serviceSID)
	wantError(t, d.get(next+"/Logs/"+sid), 404, 20404, sid)
	// Logs are not part of what a data directory keeps.
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	reopened := open(t, options)
	defer reopened.Close()
	if got := (direct{t, reopened}).get(next + "/Logs"); got.status != http.StatusOK || len(got.list("logs")) != 0 {
		t.Errorf("%d %s", got.status, got.raw)
	}
}
