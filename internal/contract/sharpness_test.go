package contract_test

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestCheckerIsSharp damages good exchanges in one place each, which the checker
// must find, so that its silence means something.
func TestCheckerIsSharp(t *testing.T) {
	t.Parallel()
	checker := newChecker(t)
	w := newWorld(t, sandbox.Options{})
	var s tour
	s.fill(t, w, w.client(t))
	s.look(t, w.client(t))
	if err := w.client(t).DeleteFunction(t.Context(), s.services[0].SID, s.functions[1].SID); err != nil {
		t.Fatal(err)
	}
	recorded := map[string]exchange{}
	for _, x := range w.take() {
		operation, _ := checker.check(x)
		recorded[operation] = x
	}
	form := func(name string, values ...string) func(*exchange) {
		return func(x *exchange) {
			fields, _ := url.ParseQuery(string(x.sent))
			delete(fields, name)
			for _, value := range values {
				fields.Add(name, value)
			}
			x.sent = []byte(fields.Encode())
		}
	}
	query := func(name, value string) func(*exchange) {
		return func(x *exchange) {
			values := x.request.URL.Query()
			values.Add(name, value)
			x.request.URL.RawQuery = values.Encode()
		}
	}
	change := func(text []byte, old, replacement string) []byte {
		changed := bytes.Replace(text, []byte(old), []byte(replacement), 1)
		if bytes.Equal(changed, text) {
			t.Errorf("%q is not in %s", old, text)
		}
		return changed
	}
	sent := func(old, replacement string) func(*exchange) {
		return func(x *exchange) { x.sent = change(x.sent, old, replacement) }
	}
	reply := func(old, replacement string) func(*exchange) {
		return func(x *exchange) { x.reply = change(x.reply, old, replacement) }
	}
	for name, test := range map[string]struct {
		operation string
		damage    func(*exchange)
		want      string // what the departure is about
	}{
		"another path":            {"FetchService", func(x *exchange) { x.request.URL.Path += "/More" }, "no document"},
		"another host":            {"FetchService", func(x *exchange) { x.request.URL.Host = "api.twilio.com" }, "no document"},
		"another method":          {"FetchService", func(x *exchange) { x.request.Method = http.MethodPut }, "no document"},
		"no signature":            {"FetchService", func(x *exchange) { x.request.Header.Del("Authorization") }, "not signed"},
		"a SID of another kind":   {"FetchBuild", func(x *exchange) { x.request.URL.Path = strings.Replace(x.request.URL.Path, "/ZB", "/ZH", 1) }, "Sid"},
		"an unknown query":        {"ListBuild", query("Limit", "5"), "Limit"},
		"a page too large":        {"ListService", func(x *exchange) { x.request.URL.RawQuery = "PageSize=1001" }, "PageSize"},
		"a date without time":     {"ListLog", func(x *exchange) { x.request.URL.RawQuery = "StartDate=2026-11-22" }, "StartDate"},
		"a body where none goes":  {"FetchService", func(x *exchange) { x.sent, x.request.ContentLength = []byte("a=b"), 3 }, "body"},
		"an unknown field":        {"CreateService", form("Region", "us1"), "Region"},
		"a missing field":         {"CreateService", form("UniqueName"), "UniqueName"},
		"no form at all":          {"CreateService", func(x *exchange) { x.sent = nil }, "required"},
		"a repeated field":        {"CreateService", form("UniqueName", "a", "b"), "UniqueName"},
		"a Boolean in words":      {"CreateService", form("UiEditable", "yes"), "UiEditable"},
		"a bad SID in a form":     {"CreateDeployment", form("BuildSid", "ZB1"), "BuildSid"},
		"a bad SID in a list":     {"CreateBuild", form("FunctionVersions", "ZN1"), "FunctionVersions/0"},
		"JSON for a form":         {"CreateService", func(x *exchange) { x.request.Header.Set("Content-Type", "application/json") }, "Content-Type"},
		"another status":          {"CreateService", func(x *exchange) { x.status = 200 }, "status"},
		"no CORS":                 {"FetchService", func(x *exchange) { x.header.Del("Access-Control-Allow-Origin") }, "Allow-Origin"},
		"HTML for JSON":           {"FetchService", func(x *exchange) { x.header.Set("Content-Type", "text/html") }, "Content-Type"},
		"a reply without a field": {"FetchService", reply(`"domain_base"`, `"base"`), "domain_base"},
		"a number for a text":     {"FetchService", reply(`"friendly_name":"A tour „1“"`, `"friendly_name":1`), "friendly_name"},
		"a time with a fraction":  {"FetchFunction", reply(`Z","date_updated"`, `.5Z","date_updated"`), "date_created"},
		"a relative address":      {"FetchFunction", reply(`"url":"https://serverless.twilio.com`, `"url":"`), "url"},
		"a relative link":         {"FetchFunction", reply(`"function_versions":"https://serverless.twilio.com`, `"function_versions":"`), "links/function_versions"},
		"a status of no Build":    {"FetchBuildStatus", reply(`completed`, `done`), "status"},
		"a bare Version":          {"FetchBuild", reply(`"function_versions":[{`, `"function_versions":["ZN",{`), "function_versions/0"},
		"a short dependency":      {"FetchBuild", reply(`"version":`, `"range":`), "dependencies"},
		"a page without its end":  {"ListBuild", reply(`"next_page_url":null,`, ``), "next_page_url"},
		"a body of a deletion":    {"DeleteFunction", func(x *exchange) { x.reply = []byte("{}") }, "body"},
		"an upload elsewhere":     {"CreateAssetVersion", func(x *exchange) { x.request.URL.Host = "serverless.twilio.com" }, "no document"},
		"an upload in capitals":   {"CreateAssetVersion", sent("\r\nprivate", "\r\nPrivate"), "Visibility"},
		"an upload off its path":  {"CreateAssetVersion", sent("\r\n/asset.svg", "\r\nasset.svg"), "Path"},
		"an upload with a field":  {"CreateAssetVersion", sent(`name="Path"`, `name="Pfad"`), "Pfad"},
		"a Function as text":      {"CreateFunctionVersion", sent("application/javascript", "text/plain"), "Content"},
		"a file without a name":   {"CreateFunctionVersion", sent(`; filename="/function"`, ``), "Content"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, ok := recorded[test.operation]
			if !ok {
				t.Fatalf("%s was not recorded", test.operation)
			}
			x.request, x.header = x.request.Clone(t.Context()), x.header.Clone()
			_, before := checker.check(x)
			test.damage(&x)
			_, found := checker.check(x)
			for _, one := range found {
				isNew := !slices.ContainsFunc(before, func(old departure) bool { return old.String() == one.String() })
				if isNew && strings.Contains(one.String(), test.want) {
					return
				}
			}
			t.Errorf("found %v, want something new about %s", found, test.want)
		})
	}
}
