package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestFaultsThatDoNotEnd shows what a person reads once the attempts are used
// up, which takes about a minute and a half; here the policy is scaled.
func TestFaultsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	tests := map[string]struct {
		answer http.HandlerFunc
		want   string
		reason job.Reason
	}{
		"429": {
			answer(http.StatusTooManyRequests, `{"status":429,"message":"Too many requests","code":20429,"moreInfo":"https://www.twilio.com/docs/errors/20429"}`),
			`error: fetch service: GET /v1/Services/site answered 429 (code 20429): Too many requests (gave up after 12 attempts in N.Ns)
       The account has too many requests in flight, live calls and messages included. Lower concurrency, or run it again when there is less traffic. More: https://www.twilio.com/docs/errors/20429
       Nothing was changed.
`, job.LimitReached,
		},
		"503": {
			answer(http.StatusServiceUnavailable, ""),
			`error: fetch service: GET /v1/Services/site answered 503: Service Unavailable (gave up after 12 attempts in N.Ns)
       Twilio has a fault of its own, or a proxy in front of it has; see https://status.twilio.com. Run it again later.
       Nothing was changed.
`, job.TimedOut,
		},
		"no answer": {
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			`error: fetch service: GET 127.0.0.1:PORT/v1/Services/site got no answer: EOF (gave up after 12 attempts in N.Ns)
       Check the network, the proxy settings, region and edge; then run it again.
       Nothing was changed.
`, job.TimedOut,
		},
		"half an answer": {
			answer(http.StatusOK, `{"sid":"ZS`),
			`error: fetch service: GET /v1/Services/site answered 200 with a body that cannot be read (unexpected end of JSON input): "{\"sid\":\"ZS" (gave up after 12 attempts in N.Ns)
       Check api-url, and whether a proxy answers in Twilio's place; otherwise run it again later.
       Nothing was changed.
`, job.TimedOut,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.answer)
			defer server.Close()
			client, err := twilio.New(twilio.Config{
				Credentials: twilio.Credentials{User: "SK" + strings.Repeat("0", 32), Password: secret.New("x")},
				APIURL:      server.URL, Retry: retry.Default().Scaled(0.01),
			})
			if err != nil {
				t.Fatal(err)
			}
			outcome, err := pipeline.Run(t.Context(), job.Job{Verb: job.Deploy, Target: job.Target{Environment: "dev"}, Folder: "."}, pipeline.Config{
				Client: client,
				Source: fstest.MapFS{
					"package.json":      {Data: []byte(`{"name": "site"}`)},
					"assets/index.html": {Data: []byte("<h1>hello</h1>")},
				},
			})
			if err == nil {
				t.Fatal("it succeeded")
			}
			failure := *outcome.Result.Error
			if diff := cmp.Diff(Tidied(report.Failed(failure)), test.want); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
			if failure.Reason != test.reason {
				t.Errorf("the reason is %s, want %s", failure.Reason, test.reason)
			}
		})
	}
}
