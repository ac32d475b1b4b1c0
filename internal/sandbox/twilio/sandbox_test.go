package twilio_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// box is a Sandbox behind a real server, and a client signed in to it.
type box struct {
	*twilio.Sandbox
	t       *testing.T
	url     string
	user    string
	pass    string
	host    string // Host header; empty: the server's own
	noAlive bool   // a connection for each request
	direct  bool   // without a server, as a synctest bubble needs it
}

func newBox(t *testing.T, options twilio.Options) *box {
	t.Helper()
	sandbox, err := twilio.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sandbox)
	t.Cleanup(func() {
		server.Close()
		if err := sandbox.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	account := twilio.DefaultAccount()
	return &box{Sandbox: sandbox, t: t, url: server.URL, user: account.SID, pass: account.AuthToken}
}

// newDirectBox makes a box without a server.
func newDirectBox(t *testing.T, options twilio.Options) *box {
	t.Helper()
	account := twilio.DefaultAccount()
	return &box{
		Sandbox: open(t, options), t: t, url: "http://sandbox.test",
		user: account.SID, pass: account.AuthToken, direct: true,
	}
}

// answer is a reply as plain data.
type answer struct {
	status int
	header http.Header
	raw    string
	json   map[string]any
	err    error // of the connection
}

func (a answer) text(name string) string { return text(a.json, name) }

// meta is the envelope of a list.
func (a answer) meta() map[string]any {
	meta, _ := a.json["meta"].(map[string]any)
	return meta
}

// text is an object's string of that name.
func text(object map[string]any, name string) string {
	value, _ := object[name].(string)
	return value
}

func (a answer) code() int {
	code, _ := a.json["code"].(float64)
	return int(code)
}

// list returns the objects under a name.
func (a answer) list(name string) []map[string]any {
	items, _ := a.json[name].([]any)
	var objects []map[string]any
	for _, item := range items {
		if object, isObject := item.(map[string]any); isObject {
			objects = append(objects, object)
		}
	}
	return objects
}

func (b *box) send(request *http.Request) answer {
	b.t.Helper()
	if b.user != "" {
		request.SetBasicAuth(b.user, b.pass)
	}
	if b.host != "" {
		request.Host = b.host
	}
	if b.direct {
		recorder := httptest.NewRecorder()
		b.ServeHTTP(recorder, request)
		return decode(recorder)
	}
	request.Close = b.noAlive
	client := &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	got := answer{status: response.StatusCode, header: response.Header, raw: string(raw), err: err}
	_ = json.Unmarshal(raw, &got.json) // not all answers are JSON
	return got
}

func (b *box) request(method, path, contentType string, body io.Reader) *http.Request {
	b.t.Helper()
	address := path
	if !strings.HasPrefix(path, "http") {
		address = b.url + path
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, address, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return request
}

// do sends a form, given as pairs of names and values.
func (b *box) do(method, path string, pairs ...string) answer {
	b.t.Helper()
	if method != http.MethodPost {
		return b.send(b.request(method, path, "", nil))
	}
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.send(b.request(method, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode())))
}

func (b *box) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path) }

func (b *box) post(path string, pairs ...string) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, pairs...)
}

func (b *box) del(path string) answer { b.t.Helper(); return b.do(http.MethodDelete, path) }

// make posts what has to succeed and returns the new SID.
func (b *box) make(path string, pairs ...string) string {
	b.t.Helper()
	got := b.post(path, pairs...)
	if got.status != http.StatusCreated {
		b.t.Fatalf("POST %s %q: got %d %s", path, pairs, got.status, got.raw)
	}
	return got.text("sid")
}

// part is one part of a multipart body.
type part struct {
	name, filename, contentType, value string
}

func fileParts(path, visibility, contentType, content string) []part {
	return []part{
		{name: "Path", value: path},
		{name: "Visibility", value: visibility},
		{name: "Content", filename: "file", contentType: contentType, value: content},
	}
}

func multipartBody(t *testing.T, parts []part) (string, *bytes.Buffer) {
	t.Helper()
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for _, one := range parts {
		header := textproto.MIMEHeader{}
		disposition := `form-data; name="` + one.name + `"`
		if one.filename != "" {
			disposition += `; filename="` + one.filename + `"`
		}
		header.Set("Content-Disposition", disposition)
		if one.contentType != "" {
			header.Set("Content-Type", one.contentType)
		}
		target, err := writer.CreatePart(header)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(target, one.value)
	}
	_ = writer.Close()
	return writer.FormDataContentType(), &body
}

func (b *box) upload(path string, parts []part) answer {
	b.t.Helper()
	contentType, body := multipartBody(b.t, parts)
	return b.send(b.request(http.MethodPost, path, contentType, body))
}

func service(sid string) string { return "/v1/Services/" + sid }

// service, environment and file make what most tests begin with.
func (b *box) service(name string) string {
	b.t.Helper()
	return b.make("/v1/Services", "UniqueName", name, "FriendlyName", name)
}

// environment makes one with the suffix dev.
func (b *box) environment(serviceSID string) string {
	b.t.Helper()
	return b.make(service(serviceSID)+"/Environments", "UniqueName", "dev-environment", "DomainSuffix", "dev")
}

func (b *box) function(serviceSID, path, visibility string) (fileSID, versionSID string) {
	b.t.Helper()
	return b.file(serviceSID, "Functions", path, visibility, "application/javascript", "exports.handler = () => {}")
}

func (b *box) asset(serviceSID, path, visibility, contentType, content string) (fileSID, versionSID string) {
	b.t.Helper()
	return b.file(serviceSID, "Assets", path, visibility, contentType, content)
}

func (b *box) file(serviceSID, kind, path, visibility, contentType, content string) (fileSID, versionSID string) {
	b.t.Helper()
	fileSID = b.make(service(serviceSID)+"/"+kind, "FriendlyName", path)
	got := b.upload(service(serviceSID)+"/"+kind+"/"+fileSID+"/Versions", fileParts(path, visibility, contentType, content))
	if got.status != http.StatusCreated && got.status != http.StatusOK {
		b.t.Fatalf("upload %s: got %d %s", path, got.status, got.raw)
	}
	return fileSID, got.text("sid")
}

// wantError checks a refusal's status, code and a part of its message.
func wantError(t *testing.T, got answer, status, code int, message string) {
	t.Helper()
	if got.err != nil {
		t.Fatal(got.err)
	}
	if got.status != status || got.code() != code || !strings.Contains(got.text("message"), message) {
		t.Errorf("got %d %s\nwant %d, code %d, message with %q", got.status, got.raw, status, code, message)
	}
	if moreInfo := got.text("more_info"); !strings.HasPrefix(moreInfo, "https://www.twilio.com/docs/errors/") {
		t.Errorf("more_info is %q", moreInfo)
	}
}

func wantStatus(t *testing.T, got answer, status int) {
	t.Helper()
	if got.err != nil || got.status != status {
		t.Fatalf("got %d %s %v, want %d", got.status, got.raw, got.err, status)
	}
}

func decode(recorder *httptest.ResponseRecorder) answer {
	got := answer{status: recorder.Code, header: recorder.Header(), raw: recorder.Body.String()}
	_ = json.Unmarshal(recorder.Body.Bytes(), &got.json) // not all answers are JSON
	return got
}
