package twilio_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestHostsFollowTheToolkitsRule(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ region, edge, want string }{
		{"", "", "https://serverless.twilio.com"},
		{"us1", "", "https://serverless.ashburn.us1.twilio.com"},
		{"stage-us1", "", "https://serverless.ashburn.stage-us1.twilio.com"},
		{"au1", "", "https://serverless.sydney.au1.twilio.com"},
		{"ie1", "", "https://serverless.dublin.ie1.twilio.com"},
		{"jp1", "", "https://serverless.jp1.twilio.com"},
		{"ie1", "frankfurt", "https://serverless.frankfurt.ie1.twilio.com"},
		{"", "sydney", "https://serverless.sydney.twilio.com"},
	} {
		api, upload := twilio.Hosts(test.region, test.edge)
		if api != test.want || upload != strings.Replace(test.want, "serverless", "serverless-upload", 1) {
			t.Errorf("Hosts(%q, %q) = %s, %s, want %s", test.region, test.edge, api, upload, test.want)
		}
	}
}

func TestParseBaseURL(t *testing.T) {
	t.Parallel()
	for text, wrong := range map[string]string{
		"https://serverless.twilio.com":    "",
		"https://serverless.twilio.com/":   "",
		"https://proxy.example:8443":       "",
		"http://127.0.0.1:8765":            "",
		"http://[::1]:8765":                "",
		"http://localhost:1":               "",
		"http://LocalHost:1":               "",
		"http://api.localhost:1":           "in clear",
		"http://127.0.0.1.example":         "in clear",
		"http://proxy.example":             "in clear",
		"https://x.example/v1":             "leave out /v1",
		"https://x.example?a=b":            "more than scheme",
		"https://user:pass@x.example":      "no credentials",
		"ftp://x.example":                  "not a base URL",
		"serverless.twilio.com":            "not a base URL",
		"https://":                         "not a base URL",
		"https://x.example:port":           "not a URL",
		"":                                 "not a base URL",
		"https://serverless.twilio.com/#a": "more than scheme",
	} {
		_, err := twilio.ParseBaseURL(text)
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("ParseBaseURL(%q): error %v, want %q", text, err, wrong)
		}
		if err != nil && strings.Contains(err.Error(), "pass") {
			t.Errorf("%q shows the password", err)
		}
	}
}

func TestNewTellsEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := twilio.New(twilio.Config{APIURL: "http://x.example", UploadURL: "nothing"})
	for _, want := range []string{"credentials are missing", "in clear", "not a base URL"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not hold %q", err, want)
		}
	}
	_, err = twilio.New(twilio.Config{Credentials: twilio.Credentials{User: "me@example.org", Password: secret.New("x")}})
	if err == nil || !strings.Contains(err.Error(), "neither an Account SID") {
		t.Errorf("error %v, want the malformed user", err)
	}
}

func TestIsSID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"ZS0123456789abcdef0123456789ABCDEF":  true,
		"ZS0123456789abcdef0123456789abcde":   false,
		"ZS0123456789abcdef0123456789abcdef0": false,
		"ZB0123456789abcdef0123456789abcdef":  false,
		"ZS0123456789abcdef0123456789abcdeg":  false,
		"":                                    false,
	} {
		if got := twilio.IsSID("ZS", text); got != want {
			t.Errorf("IsSID(%q) = %v, want %v", text, got, want)
		}
	}
}
