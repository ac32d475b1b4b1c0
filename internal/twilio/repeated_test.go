package twilio_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestErrorsDoNotRepeatTheValueOfAVariable however the platform writes it.
func TestErrorsDoNotRepeatTheValueOfAVariable(t *testing.T) {
	t.Parallel()
	const value = "p\"ss wörd\n& more"
	for name, said := range map[string]string{
		"as it is": value, "of a form": url.QueryEscape(value), "of a path": url.PathEscape(value),
		"in quotes": inner(strconv.Quote(value)), "in ASCII": inner(strconv.QuoteToASCII(value)),
		"in JSON": `p\"ss wörd\n& more`, "in JSON for HTML": `p\"ss wörd\n\u0026 more`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]any{
				"code": 20001, "message": "Value " + said + " is refused", "detail": said, "more_info": "https://www.twilio.com/" + said, "details": said,
			})
			if err != nil {
				t.Fatal(err)
			}
			client := newClient(t, answer(http.StatusForbidden, "application/json", string(body)), once)
			_, err = client.UpdateVariable(t.Context(), serviceSID, "ZE1", "ZV1", "KEY", secret.New(value))
			reply, ok := errors.AsType[*twilio.Error](err)
			if !ok {
				t.Fatalf("got %v, want an Error", err)
			}
			if want := "Value " + secret.Placeholder + " is refused (" + secret.Placeholder + ")"; reply.Message != want || reply.MoreInfo != "https://www.twilio.com/"+secret.Placeholder {
				t.Errorf("got %q and %q, want %q", reply.Message, reply.MoreInfo, want)
			}
		})
	}
}

// inner takes the quotation marks off.
func inner(quoted string) string { return strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`) }
