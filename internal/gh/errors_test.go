package gh_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
)

// TestMessages has the shapes in which GitHub and what stands before it refuse.
func TestMessages(t *testing.T) {
	t.Parallel()
	const read = "read commit statuses of acme/voice: "
	for name, test := range map[string]struct {
		handler http.Handler
		want    string
	}{
		"validation": {
			answer(422, `{"message":"Validation Failed","errors":[{"resource":"Status","code":"custom","field":"description","message":"description is too long (maximum is 140 characters)"},{"resource":"Status","code":"missing_field","field":"state"}]}`, "X-GitHub-Request-Id", "A:1"),
			read + "GitHub answered 422: Validation Failed: description is too long (maximum is 140 characters); state missing_field [request A:1]",
		},
		"errors as texts": {answer(422, `{"message":"Validation Failed","errors":["one","two"]}`), read + "GitHub answered 422: Validation Failed: one; two"},
		"odd errors":      {answer(422, `{"message":"Validation Failed","errors":[1]}`), read + "GitHub answered 422: Validation Failed: 1"},
		"HTML":            {answer(404, "<html>\n<h1>Not\tfound\x1b[31m</h1>"), read + `GitHub answered 404: Not Found, with the body "<html> <h1>Not found [31m</h1>"`},
		"no body":         {answer(418, ""), read + "GitHub answered 418: I'm a teapot"},
		"no known status": {answer(499, ""), read + "GitHub answered 499: no known status"},
		"JSON of another": {answer(400, `{"error":"x"}`), read + `GitHub answered 400: Bad Request, with the body "{\"error\":\"x\"}"`},
		"a personal token": {
			answer(403, `{"message":"Resource not accessible by personal access token","documentation_url":"https://docs.github.com/rest/commits/statuses","status":"403"}`),
			`read commit statuses: the GitHub token may not do this; give the personal access token the permission "statuses: write"`,
		},
		"the token in it": {answer(400, `{"message":"no `+token+` here"}`), read + "GitHub answered 400: no [secret] here"},
		"the token, bare": {answer(400, "you sent "+token), read + `GitHub answered 400: Bad Request, with the body "you sent [secret]"`},
		"a sign-in code":  {answer(401, `{"message":"Must specify two-factor authentication OTP code."}`, "X-GitHub-OTP", "required; app"), read + "GitHub answered 401: Must specify two-factor authentication OTP code."},
		// The SDK has an error of its own for this, without a status.
		"later":               {answer(202, `{}`), read + "GitHub answered 202: it was put off, which this operation does not expect"},
		"a redirect nowhere":  {answer(304, ""), read + "GitHub answered 304: a redirect that leads nowhere"},
		"an empty success":    {answer(200, ""), read + "GitHub answered 200: the answer cannot be read: it has not the fields of what was asked for (gave up after the first attempt)"},
		"null":                {answer(200, "null"), read + "GitHub answered 200: the answer cannot be read: it has not the fields of what was asked for (gave up after the first attempt)"},
		"empty objects":       {answer(200, "[{}]"), read + "GitHub answered 200: the answer cannot be read: it has not the fields of what was asked for (gave up after the first attempt)"},
		"an object":           {answer(200, "{}"), read + "GitHub answered 200: the answer cannot be read: json: cannot unmarshal object into Go value of type []*github.RepoStatus (gave up after the first attempt)"},
		"a page of a captive": {answer(200, "<html>"), read + "GitHub answered 200: the answer cannot be read: invalid character '<' looking for beginning of value (gave up after the first attempt)"},
		"half":                {answer(200, `[{"id":1,`), read + "GitHub answered 200: the answer cannot be read: unexpected EOF (gave up after the first attempt)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, test.handler, once).SetCommitStatus(t.Context(), voice, sha, pending())
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestAnswersAreBounded has answers without an end, which the SDK would read
// for ever.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 500} {
		var closed atomic.Bool
		c := client(t, once, func(cfg *gh.Config) {
			cfg.Transport = pipe(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: http.Header{}, Request: r, Body: &endless{closed: &closed}}, nil
			})
		})
		_, err := c.SetCommitStatus(t.Context(), voice, sha, pending())
		refusal, ok := errors.AsType[*gh.Error](err)
		if !ok || refusal.Status != status || len(err.Error()) > 1000 || !closed.Load() {
			t.Errorf("closed %t, error %v", closed.Load(), err)
		}
	}
}

// endless is a JSON list of spaces.
type endless struct {
	begun  bool
	closed *atomic.Bool
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	if !e.begun {
		p[0], e.begun = '[', true
	}
	return len(p), nil
}

func (e *endless) Close() error {
	e.closed.Store(true)
	return nil
}
