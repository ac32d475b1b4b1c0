package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	aService     = twilio.ServiceSID("ZS00000000000000000000000000000001")
	anElsewhere  = "https://elsewhere.example/v1/Services"
	aRequestID   = "RQ00000000000000000000000000000001"
	edgeOfTwilio = `{"status":429,"message":"Too many requests","detail":"The account has too many","code":20429,"moreInfo":"https://www.twilio.com/docs/errors/20429"}`
)

// calls are the calls that a row may be bound to.
func calls() map[string]func(context.Context, *twilio.Client) error {
	return map[string]func(context.Context, *twilio.Client) error{
		"fetch service": func(ctx context.Context, c *twilio.Client) error {
			_, err := c.FetchService(ctx, "site")
			return err
		},
		twilio.OpCreateService: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.CreateService(ctx, twilio.NewService{UniqueName: "site", FriendlyName: "site"})
			return err
		},
		twilio.OpCreateEnvironment: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.CreateEnvironment(ctx, aService, "dev-environment", "dev")
			return err
		},
		twilio.OpCreateVariable: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.CreateVariable(ctx, aService, "ZE1", "KEY", secret.New("a value of some length"))
			return err
		},
		twilio.OpUpdateVariable: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.UpdateVariable(ctx, aService, "ZE1", "ZV1", "KEY", secret.New("a value of some length"))
			return err
		},
		twilio.OpCreateBuild: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.CreateBuild(ctx, aService, twilio.NewBuild{AssetVersions: []twilio.VersionSID{"ZN1"}})
			return err
		},
		twilio.OpUploadAsset: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.CreateAssetVersion(ctx, aService, "ZH1", textUpload("/a.txt", "text/plain"))
			return err
		},
		twilio.OpUploadFunction: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.CreateFunctionVersion(ctx, aService, "ZH1", textUpload("/a", "application/javascript"))
			return err
		},
		twilio.OpCreateFunction: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.CreateFunction(ctx, aService, "/a")
			return err
		},
		twilio.OpCreateAsset: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.CreateAsset(ctx, aService, "/a.txt")
			return err
		},
		twilio.OpCreateDeployment: func(ctx context.Context, c *twilio.Client) error {
			_, err := c.CreateDeployment(ctx, aService, "ZE1", "ZB1")
			return err
		},
		twilio.OpDeleteFunction: func(ctx context.Context, c *twilio.Client) error { return c.DeleteFunction(ctx, aService, "ZH1") },
		twilio.OpDeleteAsset:    func(ctx context.Context, c *twilio.Client) error { return c.DeleteAsset(ctx, aService, "ZH1") },
		twilio.OpDeleteBuild:    func(ctx context.Context, c *twilio.Client) error { return c.DeleteBuild(ctx, aService, "ZB1") },
	}
}

func textUpload(path, contentType string) twilio.Upload {
	const content = "text"
	return twilio.Upload{
		Path: path, Visibility: "public", ContentType: contentType, Size: int64(len(content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

// said is a reply as Twilio's Serverless API writes it.
func said(status, code int, message string) string {
	return fmt.Sprintf(`{"code":%d,"message":%q,"more_info":"https://www.twilio.com/docs/errors/%d","status":%d}`, code, message, code, status)
}

// answering returns a client of a server that answers every call alike.
func answering(t *testing.T, status int, header http.Header, body string) *twilio.Client {
	t.Helper()
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	return client
}

// TestExplainOfEachKnownReply gets each reply of the table over HTTP, as far as they
// are known in the words of the platform.
func TestExplainOfEachKnownReply(t *testing.T) {
	t.Parallel()
	const anyCall = "fetch service"
	tests := []struct { // in the order of the table
		call   string
		status int
		body   string
		reason job.Reason
		hint   string
	}{
		{twilio.OpCreateBuild, 403, said(403, 20003, "Permission Denied"), job.BadCredentials, "Restricted key"},
		{anyCall, 401, "", job.BadCredentials, "belong together"},
		{anyCall, 400, said(400, 20003, "Authenticate"), job.BadCredentials, "belong together"},
		{twilio.OpUploadFunction, 429, edgeOfTwilio, job.LimitReached, "requests in flight"},
		{twilio.OpUploadAsset, 413, "<html><title>413 Request Entity Too Large</title></html>", job.LimitReached, "25 MB"},
		{twilio.OpUploadFunction, 413, "<html><title>413 Request Entity Too Large</title></html>", job.LimitReached, "private Asset"},
		{twilio.OpCreateBuild, 413, "<html><title>413 Request Entity Too Large</title></html>", job.LimitReached, "fewer files"},
		{anyCall, 404, said(404, 20404, "The requested resource /Services/site was not found"), job.BadInput, "another account"},
		{anyCall, 404, "<html>not here</html>", job.BadInput, "api-url"},
		{twilio.OpCreateService, 405, said(405, 20004, "Method not allowed"), job.BadInput, "proxy"},
		{anyCall, 408, "", job.TimedOut, "too long to arrive"},
		{twilio.OpCreateEnvironment, 409, said(409, 20409, "Environment with this UniqueName or DomainSuffix already exists"), job.BadInput, "domain suffix"},
		{twilio.OpDeleteFunction, 409, said(409, 20409, "cannot delete Function because it is part of an active Build"), job.Internal, "slipway prune"},
		{twilio.OpCreateDeployment, 400, said(400, 20001, "Build ZB1 cannot be deployed: its status is failed"), job.Internal, "slipway list builds"},
		{twilio.OpCreateBuild, 400, said(400, 20001, "Duplicate path /a"), job.BadInput, "Rename one"},
		{twilio.OpCreateService, 409, said(409, 20409, "Service with this UniqueName already exists"), job.Internal, "Run it again"},
		{twilio.OpCreateService, 400, said(400, 20001, "Services are limited to less than or equal to 50"), job.LimitReached, "support"},
		{twilio.OpCreateBuild, 400, said(400, 20001, "Some dependencies could not be validated. No matching version found for @twilio/runtime-handler@2.1.0."), job.BadInput, "2.0.1"},
		{twilio.OpCreateBuild, 400, said(400, 20001, "Some dependencies could not be validated. No matching version found for lodash@99."), job.BadInput, "package.json"},
		{twilio.OpCreateBuild, 400, said(400, 20001, "The node version for stripe package is incompatible"), job.BadInput, "engines"},
		{twilio.OpCreateBuild, 400, said(400, 20001, "unsupported runtime: node10"), job.BadInput, "node22"},
		{twilio.OpCreateBuild, 400, said(400, 20001, "At least one Function Version or Asset Version is required for Build"), job.BadInput, "Add one"},
		{twilio.OpCreateBuild, 400, said(400, 20001, "no"), job.BadInput, "another runtime"},
		{twilio.OpUploadAsset, 400, said(400, 20001, "no"), job.BadInput, "Rename it"},
		{twilio.OpCreateService, 400, said(400, 20001, "no"), job.BadInput, "50 letters"},
		{twilio.OpCreateEnvironment, 400, said(400, 20001, "no"), job.BadInput, "16 letters"},
		{twilio.OpCreateVariable, 400, said(400, 20001, "no"), job.BadInput, "450 bytes"},
		{anyCall, 400, said(400, 20001, "PageSize is 0; it is a number from 1 to 1000"), job.Internal, "a fault of Slipway"},
		{anyCall, 500, `{"message":"An error occurred","status":500}`, job.TimedOut, "status.twilio.com"},
		{anyCall, 302, "", job.TimedOut, "redirect"},
		// More ways to the same rows.
		{twilio.OpCreateFunction, 400, said(400, 20001, "FriendlyName is too long"), job.BadInput, "Rename it"},
		{twilio.OpCreateAsset, 400, said(400, 20001, "FriendlyName is too long"), job.BadInput, "Rename it"},
		{twilio.OpUploadFunction, 400, "Path has a character that it may not have", job.BadInput, "Rename it"},
		{twilio.OpCreateDeployment, 409, said(409, 20409, "Build ZB1 cannot be deployed: its status is building"), job.Internal, "slipway list builds"},
		{twilio.OpCreateBuild, 409, said(409, 20409, "Duplicate path /a"), job.BadInput, "Rename one"},
		{twilio.OpCreateEnvironment, 400, said(400, 20001, "UniqueName is limited to 100 characters"), job.BadInput, "16 letters"},
		{twilio.OpCreateEnvironment, 400, said(400, 20001, "Environments are limited to less than or equal to 25"), job.LimitReached, "support"},
		{twilio.OpUploadFunction, 400, said(400, 20001, "no"), job.BadInput, "Rename it"},
		{twilio.OpUpdateVariable, 400, said(400, 20001, "no"), job.BadInput, "450 bytes"},
		{twilio.OpDeleteAsset, 409, said(409, 20409, "in use"), job.Internal, "slipway prune"},
		{twilio.OpDeleteBuild, 400, said(400, 20001, "cannot delete Build because it is part of an active Deployment"), job.Internal, "slipway prune"},
		{anyCall, 503, "<html>", job.TimedOut, "status.twilio.com"},
	}
	rows := deploy.ReplyRows()
	if len(tests) < len(rows) {
		t.Fatalf("there are %d replies for %d rows", len(tests), len(rows))
	}
	for i, test := range tests {
		t.Run(fmt.Sprintf("%d %s %d", i, test.call, test.status), func(t *testing.T) {
			t.Parallel()
			client := answering(t, test.status, http.Header{"Twilio-Request-Id": {aRequestID}, "Location": {anElsewhere}}, test.body)
			err := calls()[test.call](t.Context(), client)
			reply, ok := errors.AsType[*twilio.Error](err)
			if !ok {
				t.Fatalf("got %v, want a reply", err)
			}
			row := deploy.RowOf(reply)
			if row < 0 || i < len(rows) && row != i {
				t.Fatalf("%v is explained by row %d, want %d", err, row, i)
			}
			got := deploy.Explain(err)
			if got.Reason != test.reason || !strings.Contains(got.Hint, test.hint) {
				t.Errorf("got %+v, want reason %s and a hint with %q", got, test.reason, test.hint)
			}
			for _, part := range []string{test.call, fmt.Sprint("answered ", test.status), aRequestID} {
				if !strings.Contains(got.Message, part) {
					t.Errorf("the message %q does not tell %q", got.Message, part)
				}
			}
			if reply.MoreInfo != "" && !strings.HasSuffix(got.Hint, reply.MoreInfo) {
				t.Errorf("the hint %q does not end with %s", got.Hint, reply.MoreInfo)
			}
		})
	}
}

// TestExplainOfAnUnknownReply holds that it shows all that the platform said, safe to
// print and bounded.
func TestExplainOfAnUnknownReply(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<21)
	tests := map[string]struct {
		body string
		want []string // of the message
		hint string
	}{
		"all of it": {
			`{"code":"29999","message":"Teapot\n::error::\u001b[31m","detail":"short\tand stout","more_info":"https://www.twilio.com/docs/errors/29999","details":{"spout":true},"params":["tip"],"empty":{},"userError":null}`,
			[]string{"(code 29999): Teapot ::error:: [31m (short and stout)", `{"details":{"spout":true},"params":["tip"]} [request ` + aRequestID + "]"},
			"it may be a proxy that answers in Twilio's place. More: https://www.twilio.com/docs/errors/29999",
		},
		"text":                  {"short\r\nand stout", []string{`answered 418: I'm a teapot, with the body "short and stout"`}, "does not know this reply"},
		"HTML":                  {"<!DOCTYPE html><html><head><style>a{}</style><title>Blocked</title></head><body>Ask your administrator.", []string{`answered 418: I'm a teapot, with a page that says "Blocked Ask your administrator."`}, "it may be a proxy"},
		"nothing":               {"", []string{"answered 418: I'm a teapot [request"}, "does not know this reply"},
		"another shape":         {`{"message":{"text":"short"},"code":{}}`, []string{`with the body "{\"message\":{\"text\":\"short\"}`}, "does not know this reply"},
		"an array":              {`[1]`, []string{`with the body "[1]"`}, "does not know this reply"},
		"a long body":           {long, []string{"xxx…"}, "does not know this reply"},
		"a long message":        {`{"message":"` + long[:1<<19] + `","details":"` + long[:1<<18] + `"}`, []string{"xxx…"}, "does not know this reply"},
		"bytes that are none":   {"\xff\xfe\x00stout", []string{"stout"}, "does not know this reply"},
		"depth":                 {strings.Repeat("[", 1<<16), []string{"[[["}, "does not know this reply"},
		"a code out of numbers": {`{"code":1e999,"message":"short"}`, []string{"answered 418: short"}, "does not know this reply"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := answering(t, http.StatusTeapot, http.Header{"Twilio-Request-Id": {aRequestID + ", " + aRequestID}}, test.body)
			err := calls()["fetch service"](t.Context(), client)
			got := deploy.Explain(err)
			if got.Reason != job.Internal || !strings.Contains(got.Hint, test.hint) {
				t.Errorf("got %+v, want a hint with %q", got, test.hint)
			}
			for _, part := range append(test.want, aRequestID) {
				if !strings.Contains(got.Message, part) {
					t.Errorf("the message %q does not tell %q", got.Message, part)
				}
			}
			if most := 2500; len(got.Message) > most || strings.ContainsFunc(got.Message, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("the message is not one printable line of at most %d bytes: %.300q", most, got.Message)
			}
		})
	}
	// What no row knows is not taken for something that one does.
	for _, one := range []struct {
		call   string
		status int
		body   string
	}{
		{twilio.OpDeleteFunction, 407, ""},
		{twilio.OpDeleteBuild, 402, ""},
		{twilio.OpCreateBuild, 400, "<html>400 The plain HTTP request was sent to HTTPS port</html>"},
		{twilio.OpCreateVariable, 400, "Your request was blocked"},
	} {
		got := deploy.Explain(calls()[one.call](t.Context(), answering(t, one.status, nil, one.body)))
		if got.Reason != job.Internal || !strings.Contains(got.Hint, "does not know this reply") {
			t.Errorf("%s that is answered %d %q: got %+v", one.call, one.status, one.body, got)
		}
	}
	// What may hold values of variables is not shown.
	err := calls()[twilio.OpUpdateVariable](t.Context(), answering(t, http.StatusTeapot, nil, `{"message":"no","params":["hidden"]}`))
	if err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v, want nothing of what may be a value", err)
	}
}

// TestErrorsPage holds docs/errors.md to what Explain says. With -update it writes
// its tables of replies and of Builds.
func TestErrorsPage(t *testing.T) {
	t.Parallel()
	name := filepath.Join("..", "..", "docs", "errors.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for head, rows := range map[string][]string{
		"| Reply | To | Exit, reason | Cause | Way out |\n|---|---|---|---|---|\n": deploy.ReplyRows(),
		"| Usual cause | Way out |\n|---|---|\n":                                   deploy.BuildCauseRows(),
	} {
		before, rest, found := strings.Cut(page, head)
		if !found {
			t.Fatalf("docs/errors.md has no table with the head %q", head)
		}
		table, after, _ := strings.Cut("\n"+rest, "\n\n")
		want := "\n" + strings.Join(rows, "\n")
		if *update {
			page = before + strings.TrimSuffix(head, "\n") + want + "\n\n" + after
		} else if diff := cmp.Diff(want, table); diff != "" {
			t.Errorf("a table of docs/errors.md differs (-want +got); -update writes it:\n%s", diff)
		}
	}
	if *update {
		if err := os.WriteFile(name, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for met, err := range map[string]error{
		"a broken connection": &twilio.BrokenError{Op: "x", Err: errors.New("connection refused")},
		"another host":        &twilio.BrokenError{Op: "x", Err: &twilio.ProxyError{Status: "407 Proxy Authentication Required"}},
		"an unreadable reply": &twilio.UnreadableError{Op: "x", Err: errors.New("EOF")},
		"a changed file":      &twilio.BrokenError{Op: "x", Err: &twilio.FileError{Err: errors.New("the file has grown")}},
		"a foreign page":      &twilio.ForeignPageError{Op: "x", Base: "the API's address", Page: "https://b.example"},
		"an unknown reply":    &twilio.Error{Status: http.StatusTeapot},
		"an endless Build":    &deploy.UnfinishedBuildError{Build: "ZB…", Err: fmt.Errorf("wait: %w", retry.ErrBudget)},
		"the end of the run":  context.DeadlineExceeded,
	} {
		said := deploy.Explain(err)
		if row := fmt.Sprintf("| %d `%s` | %s |", said.Reason.ExitCode(), said.Reason, said.Hint); !strings.Contains(page, row) {
			t.Errorf("docs/errors.md does not tell of %s:\n%s", met, row)
		}
	}
}
