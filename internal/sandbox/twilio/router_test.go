package twilio_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	account := twilio.DefaultAccount()
	second := twilio.Account{SID: "AC" + strings.Repeat("1", 32), AuthToken: "second"}
	b := newBox(t, twilio.Options{Accounts: []twilio.Account{account, second}})
	for name, test := range map[string]struct {
		user, pass string
		want       int
	}{
		"auth token":                {account.SID, account.AuthToken, 200},
		"API key":                   {account.KeySID, account.KeySecret, 200},
		"second account":            {second.SID, "second", 200},
		"none":                      {"", "", 401},
		"wrong token":               {account.SID, "x", 401},
		"empty token":               {account.SID, "", 401},
		"another's token":           {second.SID, account.AuthToken, 401},
		"key with the token":        {account.KeySID, account.AuthToken, 401},
		"key that is not there":     {"", account.KeySecret, 401},
		"account with a key secret": {account.SID, account.KeySecret, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			as := *b
			as.user, as.pass = test.user, test.pass
			got := as.get("/v1/Services")
			if test.want == http.StatusOK {
				wantStatus(t, got, http.StatusOK)
				return
			}
			wantError(t, got, 401, 20003, "Authenticate")
		})
	}
	bearer := b.request(http.MethodGet, "/v1/Services", "", nil)
	bearer.Header.Set("Authorization", "Bearer "+account.AuthToken)
	as := *b
	as.user = ""
	wantError(t, as.send(bearer), 401, 20003, "Authenticate")
}

func TestAccountsAreWorldsApart(t *testing.T) {
	t.Parallel()
	second := twilio.Account{SID: "AC" + strings.Repeat("1", 32), AuthToken: "second"}
	b := newBox(t, twilio.Options{Accounts: []twilio.Account{twilio.DefaultAccount(), second}})
	zs := b.service("voice")
	as := *b
	as.user, as.pass = second.SID, second.AuthToken
	wantError(t, as.get(service(zs)), 404, 20404, "The requested resource /Services/"+zs+" was not found")
	wantError(t, as.get(service(zs)+"/Environments"), 404, 20404, zs)
	wantError(t, as.get(service("voice")), 404, 20404, "voice")
	if other := as.service("voice"); other == zs {
		t.Error("two accounts share a Service")
	}
	if got := b.get("/v1/Services").list("services"); len(got) != 1 || got[0]["sid"] != zs {
		t.Errorf("got %v", got)
	}
}

func TestUnknownOperationsAreLoud(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	const header = "Slipway-Sandbox-Unknown"
	for _, path := range []string{"/", "/v1", "/v2/Services", "/v1/services", "/v1/Services/", service(zs) + "/Nothing", "/v1/Services//Builds"} {
		got := b.get(path)
		wantError(t, got, 404, 20404, "the sandbox knows no operation GET "+path)
		if got.header.Get(header) != "GET "+path {
			t.Errorf("%s is %q", header, got.header.Get(header))
		}
	}
	for _, one := range []struct{ method, path, allow string }{
		{http.MethodPut, "/v1/Services", "GET, POST"},
		{http.MethodDelete, "/v1/Services", "GET, POST"},
		{http.MethodPost, service(zs) + "/Environments/ZE" + strings.Repeat("0", 32), "GET, DELETE"},
		{http.MethodPatch, service(zs) + "/Builds", "GET, POST"},
	} {
		got := b.do(one.method, one.path)
		wantError(t, got, 405, 20004, "the sandbox knows no operation "+one.method)
		if got.header.Get("Allow") != one.allow || got.header.Get(header) == "" {
			t.Errorf("headers are %v", got.header)
		}
	}
}

func TestMalformedAndForeignSIDsAreNotFound(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs, other := b.service("voice"), b.service("other")
	ze := b.environment(zs)
	zh, zn := b.function(zs, "/a", "public")
	zb := b.make(service(zs)+"/Builds", "FunctionVersions", zn)
	for _, path := range []string{
		service("ZSx"), service(zs) + "/Environments/x", service(zs) + "/Functions/" + ze,
		service(other) + "/Environments/" + ze, service(other) + "/Environments/" + ze + "/Variables",
		service(other) + "/Functions/" + zh, service(other) + "/Builds/" + zb, service(other) + "/Builds/" + zb + "/Status",
		service(zs) + "/Assets/" + zh, service(zs) + "/Assets/" + zh + "/Versions",
		service(zs) + "/Environments/" + ze + "/Deployments/" + zb, service(zs) + "/Environments/" + ze + "/Variables/ZV1",
		// Only the Service's own operations take its unique name.
		service("voice") + "/Functions", service("voice") + "/Environments/" + ze,
	} {
		wantError(t, b.get(path), 404, 20404, "The requested resource "+strings.TrimPrefix(path, "/v1")+" was not found")
	}
}

func TestHostsHaveTheirHalves(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	functions := service(zs) + "/Functions"
	versions := functions + "/" + b.make(functions, "FriendlyName", "/a") + "/Versions"
	upload := fileParts("/a", "public", "application/javascript", "x")
	for _, api := range []string{"serverless.twilio.com", "SERVERLESS.twilio.com:443", "serverless.sydney.au1.twilio.com", "serverless.ie1.twilio.com"} {
		b.host = api
		if got := b.get(versions); got.status != http.StatusOK || !strings.Contains(got.raw, `"url":"https://`+api+`/v1/`) {
			t.Errorf("%s: %d %s", api, got.status, got.raw)
		}
		wantError(t, b.upload(versions, upload), 405, 20004, "on this host")
	}
	for uploads, want := range map[string]string{
		"serverless-upload.twilio.com":            "https://serverless.twilio.com/v1/",
		"serverless-upload.dublin.ie1.twilio.com": "https://serverless.dublin.ie1.twilio.com/v1/",
	} {
		b.host = uploads
		wantError(t, b.get(versions), 405, 20004, "on this host")
		wantError(t, b.get("/v1/Services"), 404, 20404, "on this host")
		if got := b.upload(versions, upload); got.status != http.StatusCreated || !strings.HasPrefix(got.text("url"), want) {
			t.Errorf("%s: %d %s", uploads, got.status, got.raw)
		}
	}
	b.host = "sandbox.example:8765"
	wantStatus(t, b.upload(versions, upload), http.StatusCreated)
	if got := b.get(functions); !strings.Contains(got.raw, `"url":"http://sandbox.example:8765/v1/`) {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

func TestUniqueNamesWithSlashes(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("@acme/voice")
	if got := b.get("/v1/Services/@acme%2Fvoice"); got.text("sid") != zs {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if base := b.get(service(zs)).text("domain_base"); !strings.HasPrefix(base, "acme-voice-") {
		t.Errorf("domain_base is %q", base)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := twilio.New(twilio.Options{
		Accounts:      []twilio.Account{{SID: "AC1"}, {SID: "AC" + strings.Repeat("1", 32), KeySID: "SKx", KeySecret: "s"}},
		BaseURL:       "127.0.0.1:8765",
		Latency:       -1,
		FaultRate:     1.5,
		PageSize:      -1,
		MaxConcurrent: -1,
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, gist := range []string{`"AC1"`, "neither an auth token", `"SKx"`, "BaseURL", "Latency", "FaultRate", "PageSize", "MaxConcurrent"} {
		if !strings.Contains(err.Error(), gist) {
			t.Errorf("%q is missing in: %v", gist, err)
		}
	}
}

// FuzzAnswers: whatever the method, path, type and body, an answer of the API
// is one of its own, in JSON where it has a body, and nothing panics.
func FuzzAnswers(f *testing.F) {
	zero := strings.Repeat("0", 32)
	for _, path := range []string{
		"/v1/Services", "/v1/Services/ZS" + zero, "/_live/x.twil.io/a?b=c", "/", "//", "/v1/Services?PageSize=2&PageToken=PT",
		"/v1/Services/voice/Functions/fn/Versions", "/%2e/%00", "/v1/Services/ZS" + zero + "/Builds",
	} {
		for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
			f.Add(method, path, "application/x-www-form-urlencoded", []byte("UniqueName=a&FriendlyName=b&BuildSid="))
		}
	}
	for _, body := range []string{
		"--x\r\nContent-Disposition: form-data; name=\"Path\"\r\n\r\n/a\r\n--x\r\nContent-Disposition: form-data; name=\"Visibility\"\r\n\r\npublic\r\n--x\r\nContent-Disposition: form-data; name=\"Content\"; filename=\"a\"\r\nContent-Type: application/javascript\r\n\r\nb\r\n--x--\r\n",
		"--x\r\n\r\n--x--", "--x", "", "--x\r\nContent-Disposition: form-data; name=\"Content\"\r\n\r\n",
	} {
		f.Add("POST", "/v1/Services/voice/Functions/fn/Versions", "multipart/form-data; boundary=x", []byte(body))
	}
	f.Fuzz(func(t *testing.T, method, path, contentType string, body []byte) {
		switches := twilio.Switches{NestedServiceNames: true}
		if len(body)%2 == 1 { // the other position of all
			switches = allOn()
		}
		sandbox, err := twilio.New(twilio.Options{Switches: switches})
		if err != nil {
			t.Fatal(err)
		}
		d := direct{t, sandbox}
		fn := d.post("/v1/Services/"+d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "b").text("sid")+"/Functions", "FriendlyName", "a").text("sid")
		path = strings.ReplaceAll(path, "/fn/", "/"+fn+"/")
		request, err := http.NewRequestWithContext(t.Context(), method, "http://sandbox.test", bytes.NewReader(body))
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		if request.URL, err = request.URL.Parse(path); err != nil || request.URL.Host != "sandbox.test" {
			return
		}
		request.RequestURI = request.URL.RequestURI()
		request.Header.Set("Content-Type", contentType)
		account := twilio.DefaultAccount()
		request.SetBasicAuth(account.SID, account.AuthToken)
		recorder := httptest.NewRecorder()
		sandbox.ServeHTTP(recorder, request)
		if err := sandbox.Close(); err != nil {
			t.Fatal(err)
		}
		if recorder.Code >= 500 {
			t.Fatalf("%d %s", recorder.Code, recorder.Body)
		}
		if isAPI := recorder.Header().Get("Twilio-Request-Id") != ""; !isAPI || recorder.Code == http.StatusRequestEntityTooLarge {
			return
		}
		isPlain := switches.PlainUploadErrors && strings.HasPrefix(recorder.Header().Get("Content-Type"), "text/plain")
		if recorder.Code != http.StatusNoContent && !isPlain && !json.Valid(recorder.Body.Bytes()) {
			t.Errorf("%d is not JSON: %q", recorder.Code, recorder.Body)
		}
	})
}
