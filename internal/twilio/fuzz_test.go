package twilio_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// replying answers every request with the same text. It uses no network.
type replying struct {
	status int
	body   string
}

func (r replying) RoundTrip(sent *http.Request) (*http.Response, error) {
	if sent.Body != nil {
		_, _ = io.Copy(io.Discard, sent.Body)
		_ = sent.Body.Close()
	}
	return &http.Response{
		StatusCode: r.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: sent, ContentLength: -1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(r.body)),
	}, nil
}

// maxTold bounds what an error may say, in bytes: a message of 1,000 runes, its
// detail and other fields of 500 each, and what was asked.
const maxTold = 4*2000 + 1000

// FuzzReply reads arbitrary texts as replies of every kind. What is accepted has the
// SIDs that it must have; an error is one printable line of bounded length, and holds
// nothing of a reply that may hold values of variables.
func FuzzReply(f *testing.F) {
	const (
		sid     = "00000000000000000000000000000001"
		version = `{"sid":"ZN` + sid + `","function_sid":"ZH` + sid + `","path":"/a","visibility":"PUBLIC","date_created":"2018-11-10T20:00:00Z"}`
		build   = `{"sid":"ZB` + sid + `","status":"Building","function_versions":[` + version + `],"asset_versions":["ZN` + sid + `"],"dependencies":[{"name":"a","version":"^1"}],"runtime":"node22"}`
		meta    = `"meta":{"key":"builds","next_page_url":null}`
	)
	for _, seed := range []string{
		build, strings.ReplaceAll(build, `[{"name":"a","version":"^1"}]`, `"[{\"name\":\"a\",\"version\":\"1\"}]"`),
		`{"builds":[` + build + "," + build + "]," + meta + "}", "{" + meta + `,"builds":null}`, `{"builds":[{}],"builds":[],` + meta + "}",
		`{"variables":[{"sid":"ZV` + sid + `","key":"KEY","value":"hidden-value"}],"meta":{"key":"variables","next_page_url":"https://evil.example/"}}`,
		`{"logs":[{"sid":"NO` + sid + `","level":"ERROR","message":"\u001b[31m hidden-value","date_created":"0000-00-00"}],"meta":{"key":"logs"}}`,
		`{"sid":"ZH` + sid + `","content":"hidden-value"}`, `{"code":20001,"message":"no\n","details":{"a":[1]},"moreInfo":"x"}`,
		`{"code":1e999,"message":"\ud800","status":"x"}`, `{"__proto__":{"sid":"x"},"sid":null}`, "<html>\x00\xff", "\ufeff{}", "", "null", "[[[[", "-0", `{"meta":{"key":"meta"}}`,
	} {
		for _, status := range []int{200, 400, 404, 500} {
			f.Add(status, seed)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		client, err := twilio.New(twilio.Config{
			APIURL: "https://api.example", Credentials: twilio.Credentials{User: user, Password: secret.New(password)},
			Retry: retry.Policy{MaxAttempts: 1}, Transport: replying{status, body},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, service := t.Context(), twilio.ServiceSID(serviceSID)
		check := func(err error, isConfidential bool) {
			t.Helper()
			if err == nil {
				return
			}
			told := err.Error()
			if reply, ok := errors.AsType[*twilio.Error](err); ok && (len([]rune(reply.MoreInfo)) > 201 || strings.ContainsFunc(reply.MoreInfo, isUnprintable)) {
				t.Errorf("the page is %q", reply.MoreInfo)
			}
			if len(told) > maxTold || strings.ContainsFunc(told, isUnprintable) {
				t.Errorf("an error is not one printable line of at most %d bytes: %q", maxTold, told)
			}
			if isConfidential && status < 300 && strings.Contains(told, "hidden-value") {
				t.Errorf("an error tells what may be a value: %q", told)
			}
		}
		built, err := client.FetchBuild(ctx, service, "ZB1")
		check(err, false)
		if err == nil && !twilio.IsSID("ZB", string(built.SID)) {
			t.Errorf("a Build has the SID %q", built.SID)
		}
		_, err = client.FetchBuildStatus(ctx, service, "ZB1")
		check(err, false)
		check(client.EachBuild(ctx, service, func(b twilio.Build) {
			if !twilio.IsSID("ZB", string(b.SID)) {
				t.Errorf("a Build has the SID %q", b.SID)
			}
		}), false)
		for found, err := range client.Services(ctx) {
			check(err, false)
			if err == nil && !twilio.IsSID("ZS", string(found.SID)) {
				t.Errorf("a Service has the SID %q", found.SID)
			}
		}
		for found, err := range client.Variables(ctx, service, "ZE1") {
			check(err, true)
			if err == nil && !twilio.IsSID("ZV", string(found.SID)) {
				t.Errorf("a Variable has the SID %q", found.SID)
			}
		}
		for found, err := range client.Logs(ctx, service, "ZE1", twilio.LogQuery{}) {
			check(err, true)
			if err == nil && !twilio.IsSID("NO", string(found.SID)) {
				t.Errorf("a Log has the SID %q", found.SID)
			}
		}
		_, err = client.FetchFunctionVersionContent(ctx, service, "ZH1", "ZN1")
		check(err, true)
		check(client.DeleteFunction(ctx, service, "ZH1"), false)
	})
}

func isUnprintable(r rune) bool { return !unicode.IsPrint(r) }
