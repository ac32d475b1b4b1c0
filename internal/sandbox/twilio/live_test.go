package twilio_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func sign(token, text string) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// liveBox is a Service whose Environment has one of everything.
func liveBox(t *testing.T, options twilio.Options) (b *box, domain, buildSID string) {
	t.Helper()
	b = newBox(t, options)
	zs := b.service("Voice")
	ze := b.environment(zs)
	var form []string
	for path, visibility := range map[string]string{"/fn": "public", "/fn/protected": "protected", "/fn/private": "private"} {
		_, sid := b.function(zs, path, visibility)
		form = append(form, "FunctionVersions", sid)
	}
	for path, visibility := range map[string]string{
		"/a b.txt": "public", "/protected.txt": "protected", "/private.txt": "private",
		"/index.html": "public", "/assets/index.html": "public",
	} {
		_, sid := b.asset(zs, path, visibility, "text/plain; charset=utf-8", "content of "+path)
		form = append(form, "AssetVersions", sid)
	}
	buildSID = b.make(service(zs)+"/Builds", form...)
	b.make(service(zs)+"/Environments/"+ze+"/Deployments", "BuildSid", buildSID)
	domain = b.get(service(zs) + "/Environments/" + ze).text("domain_name")
	b.user = "" // the world outside has no credentials
	return b, domain, buildSID
}

func TestLiveTraffic(t *testing.T) {
	t.Parallel()
	b, domain, build := liveBox(t, twilio.Options{})
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/a%20b.txt":                {200, "content of /a b.txt"},
		"/a%20b.txt?x=1":            {200, "content of /a b.txt"},
		"/":                         {200, "content of /assets/index.html"},
		"":                          {200, "content of /assets/index.html"},
		"/index.html":               {200, "content of /index.html"},
		"/A%20b.txt":                {404, ""},
		"/a%20b.txt/":               {404, ""},
		"/missing":                  {404, ""},
		"/private.txt":              {404, ""},
		"/fn/private":               {404, ""},
		"/protected.txt":            {403, ""},
		"/fn/protected":             {400, ""},
		"/fn?name=x":                {200, `{"path":"/fn","version_sid":"ZN`},
		"/fn/../fn":                 {404, ""},
		"/../v1/Services":           {404, ""},
		"/_live/" + domain + "/fn":  {404, ""},
		"/fn/protected?bodySHA256=": {400, ""},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			for _, name := range []string{domain, strings.ToUpper(domain)} {
				got := b.get("/_live/" + name + path)
				if got.status != want.status || !strings.HasPrefix(got.raw, want.body) {
					t.Errorf("under the prefix: got %d %q, want %d %q", got.status, got.raw, want.status, want.body)
				}
			}
			byHost := *b
			byHost.host = domain + ":443"
			if strings.HasPrefix(path, "/_live/") {
				want.status = 200 // the prefix works on every host
			}
			if got := byHost.get(path); got.status != want.status || !strings.HasPrefix(got.raw, want.body) {
				t.Errorf("by host: got %d %q, want %d %q", got.status, got.raw, want.status, want.body)
			}
		})
	}
	got := b.post("/_live/"+domain+"/fn", "Body", "hi")
	wantFields(t, got.json, "path version_sid build_sid runtime")
	if got.text("build_sid") != build || got.text("runtime") != "node22" {
		t.Errorf("Function: %s", got.raw)
	}
	wantStatus(t, b.get("/_live/nobody-1234.twil.io/fn"), http.StatusNotFound)
	wantStatus(t, b.get("/_live/"), http.StatusNotFound)
}

func TestLiveAssetsAreFiles(t *testing.T) {
	t.Parallel()
	b, domain, _ := liveBox(t, twilio.Options{})
	path := "/_live/" + domain + "/a%20b.txt"
	got := b.get(path)
	etag := got.header.Get("ETag")
	if got.header.Get("Content-Type") != "text/plain; charset=utf-8" || len(etag) != 66 {
		t.Errorf("headers: %v", got.header)
	}
	head := b.do(http.MethodHead, path)
	if head.status != http.StatusOK || head.raw != "" || head.header.Get("Content-Length") != "19" {
		t.Errorf("HEAD: %d %q %v", head.status, head.raw, head.header)
	}
	request := b.request(http.MethodGet, path, "", nil)
	request.Header.Set("If-None-Match", etag)
	wantStatus(t, b.send(request), http.StatusNotModified)
	wantStatus(t, b.post(path), http.StatusMethodNotAllowed)
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	b, domain, _ := liveBox(t, twilio.Options{})
	token := twilio.DefaultAccount().AuthToken
	const form = "To=%2B1&Body=b&Body=a&From=x"
	prefixed := b.url + "/_live/" + domain
	tests := map[string]struct {
		method, path, body string
		signed             string
		token              string
		want               int
	}{
		"asset, own URL":       {http.MethodGet, "/protected.txt?q=1", "", "https://" + domain + "/protected.txt?q=1", token, 200},
		"asset, asked URL":     {http.MethodGet, "/protected.txt?q=1", "", prefixed + "/protected.txt?q=1", token, 200},
		"asset, no query":      {http.MethodGet, "/protected.txt?q=1", "", "https://" + domain + "/protected.txt", token, 403},
		"function, GET":        {http.MethodGet, "/fn/protected", "", "https://" + domain + "/fn/protected", token, 200},
		"function, POST":       {http.MethodPost, "/fn/protected", form, "https://" + domain + "/fn/protectedBodyaBodybFromxTo+1", token, 200},
		"function, other form": {http.MethodPost, "/fn/protected", form, "https://" + domain + "/fn/protectedBodyaFromxTo+1", token, 400},
		"function, no form":    {http.MethodPost, "/fn/protected", form, "https://" + domain + "/fn/protected", token, 400},
		"other token":          {http.MethodGet, "/fn/protected", "", "https://" + domain + "/fn/protected", "x", 400},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := b.request(test.method, prefixed+test.path, "", strings.NewReader(test.body))
			if test.body != "" {
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			request.Header.Set("X-Twilio-Signature", sign(test.token, test.signed))
			wantStatus(t, b.send(request), test.want)
		})
	}
	request := b.request(http.MethodGet, prefixed+"/protected.txt", "", nil)
	request.Header.Set("X-Twilio-Signature", "not base64!")
	wantStatus(t, b.send(request), http.StatusForbidden)
}
