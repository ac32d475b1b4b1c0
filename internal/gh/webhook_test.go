package gh_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/secret"
)

// The example of docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries.
const (
	exampleSecret    = "It's a Secret to Everybody"
	exampleBody      = "Hello, World!"
	exampleSignature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
)

func secrets(t *testing.T, values ...string) gh.WebhookSecrets {
	t.Helper()
	given := make([]secret.String, len(values))
	for i, value := range values {
		given[i] = secret.New(value)
	}
	made, err := gh.NewWebhookSecrets(given...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// headers makes a header of names and values in turn.
func headers(pairs ...string) http.Header {
	header := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		header.Add(pairs[i], pairs[i+1])
	}
	return header
}

func TestVerify(t *testing.T) {
	t.Parallel()
	const name = "X-Hub-Signature-256"
	ofNothing := gh.SignWebhook(secret.String{}, []byte(exampleBody))
	for what, test := range map[string]struct {
		accepts gh.WebhookSecrets
		header  http.Header
		body    string
		want    string // "" when it is signed
	}{
		"GitHub's own example":       {secrets(t, exampleSecret), headers(name, exampleSignature), exampleBody, ""},
		"the first of two":           {secrets(t, exampleSecret, "new"), headers(name, exampleSignature), exampleBody, ""},
		"the last of three":          {secrets(t, "newer", "new", exampleSecret), headers(name, exampleSignature), exampleBody, ""},
		"large digits":               {secrets(t, exampleSecret), headers(name, "sha256="+strings.ToUpper(exampleSignature[7:])), exampleBody, ""},
		"an empty body":              {secrets(t, "x"), headers(name, gh.SignWebhook(secret.New("x"), nil)), "", ""},
		"another secret":             {secrets(t, "another"), headers(name, exampleSignature), exampleBody, "the webhook is not signed with a secret of this server"},
		"another body":               {secrets(t, exampleSecret), headers(name, exampleSignature), exampleBody + " ", "the webhook is not signed with a secret of this server"},
		"a body that is cut off":     {secrets(t, exampleSecret), headers(name, exampleSignature), exampleBody[:5], "the webhook is not signed with a secret of this server"},
		"no secrets":                 {gh.WebhookSecrets{}, headers(name, exampleSignature), exampleBody, "the webhook is not signed with a secret of this server"},
		"no secrets, an empty one's": {gh.WebhookSecrets{}, headers(name, ofNothing), exampleBody, "the webhook is not signed with a secret of this server"},
		"an empty secret's":          {secrets(t, exampleSecret), headers(name, ofNothing), exampleBody, "the webhook is not signed with a secret of this server"},
		"no signature":               {secrets(t, exampleSecret), headers(), exampleBody, "it has the header X-Hub-Signature-256 0 times"},
		"an empty signature":         {secrets(t, exampleSecret), headers(name, ""), exampleBody, "is not sha256= and 64 hexadecimal digits"},
		"two signatures":             {secrets(t, exampleSecret), headers(name, exampleSignature, name, exampleSignature), exampleBody, "it has the header X-Hub-Signature-256 2 times"},
		"two in one":                 {secrets(t, exampleSecret), headers(name, exampleSignature+", "+exampleSignature), exampleBody, "is not sha256= and 64 hexadecimal digits"},
		"a digit too few":            {secrets(t, exampleSecret), headers(name, exampleSignature[:70]), exampleBody, "is not sha256= and 64 hexadecimal digits"},
		"half of it":                 {secrets(t, exampleSecret), headers(name, exampleSignature[:39]), exampleBody, "is not sha256= and 64 hexadecimal digits"},
		"no prefix":                  {secrets(t, exampleSecret), headers(name, exampleSignature[7:]), exampleBody, "is not sha256= and 64 hexadecimal digits"},
		"another prefix":             {secrets(t, exampleSecret), headers(name, "sha512="+exampleSignature[7:]), exampleBody, "is not sha256= and 64 hexadecimal digits"},
		"SHA-1, of GitHub's example": {secrets(t, exampleSecret), headers("X-Hub-Signature", "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"), exampleBody, "it has the header X-Hub-Signature-256 0 times"},
		"SHA-1 under the other name": {secrets(t, exampleSecret), headers(name, "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"), exampleBody, "is not sha256= and 64 hexadecimal digits"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			err := test.accepts.Verify(test.header, []byte(test.body))
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (!errors.Is(err, gh.ErrSignature) || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestNewWebhookSecretsRefuses(t *testing.T) {
	t.Parallel()
	if _, err := gh.NewWebhookSecrets(); err == nil || err.Error() != "there is no webhook secret; without one anybody could send webhooks" {
		t.Errorf("none: %v", err)
	}
	_, err := gh.NewWebhookSecrets(secret.New(""), secret.New("goOd"), secret.New(" \n"), secret.New("hidden\n"))
	want := "webhook secret 1 is empty; without one anybody could send webhooks\n" +
		"webhook secret 3 is empty; without one anybody could send webhooks\n" +
		"webhook secret 4 begins or ends with a space or a line break, which is not part of it"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestReadWebhook(t *testing.T) {
	t.Parallel()
	const id = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
	for what, test := range map[string]struct {
		header http.Header
		want   gh.Webhook
		err    string
	}{
		"a push":        {headers("X-GitHub-Event", "push", "X-GitHub-Delivery", id), gh.Webhook{Delivery: id, Event: "push"}, ""},
		"one unknown":   {headers("X-GitHub-Event", "sub_issues", "X-GitHub-Delivery", id), gh.Webhook{Delivery: id, Event: "sub_issues"}, ""},
		"large letters": {headers("X-GitHub-Event", "ping", "X-GitHub-Delivery", strings.ToUpper(id)), gh.Webhook{Delivery: id, Event: "ping"}, ""},
		"nothing":       {headers(), gh.Webhook{}, "the webhook has no header X-GitHub-Delivery\nthe webhook has no header X-GitHub-Event"},
		"no event":      {headers("X-GitHub-Delivery", id), gh.Webhook{}, "the webhook has no header X-GitHub-Event"},
		"two events":    {headers("X-GitHub-Delivery", id, "X-GitHub-Event", "push", "X-GitHub-Event", "ping"), gh.Webhook{}, "the webhook has the header X-GitHub-Event more than once"},
		"an odd event":  {headers("X-GitHub-Delivery", id, "X-GitHub-Event", "Push\n"), gh.Webhook{}, `the webhook's header X-GitHub-Event is "Push", which GitHub does not send`},
		"a long event":  {headers("X-GitHub-Delivery", id, "X-GitHub-Event", strings.Repeat("a", 65)), gh.Webhook{}, `the webhook's header X-GitHub-Event is "aaa`},
		"an odd ID":     {headers("X-GitHub-Event", "push", "X-GitHub-Delivery", "1"), gh.Webhook{}, `the webhook's header X-GitHub-Delivery is "1", which GitHub does not send`},
		"a longer ID":   {headers("X-GitHub-Event", "push", "X-GitHub-Delivery", id+"\n"), gh.Webhook{}, `the webhook's header X-GitHub-Delivery is`},
		"an empty ID":   {headers("X-GitHub-Event", "push", "X-GitHub-Delivery", ""), gh.Webhook{}, `the webhook's header X-GitHub-Delivery is "", which`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			got, err := gh.ReadWebhook(test.header)
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("got  %+v, %v\nwant %+v, %s", got, err, test.want, test.err)
			}
		})
	}
}

// FuzzWebhook holds Verify to accepting the sum and nothing else, and ReadWebhook to
// what it was given.
func FuzzWebhook(f *testing.F) {
	f.Add("push", "72d3162e-cc78-11e3-81ab-4c9367dc0958", exampleSignature, exampleSecret, []byte(exampleBody))
	f.Add("pull_request", "72D3162E-CC78-11E3-81AB-4C9367DC0958", "sha256=", "x", []byte(`{"action":"opened","repository":{"name":"a","owner":{"login":"b"}}}`))
	f.Add("release", "", "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59", "", []byte(`{"release":{"tag_name":"v1"}}`))
	f.Fuzz(func(t *testing.T, event, delivery, signature, key string, body []byte) {
		accepted, err := gh.NewWebhookSecrets(secret.New(key))
		if err != nil {
			return
		}
		sum := hmac.New(sha256.New, []byte(key))
		sum.Write(body)
		right := "sha256=" + hex.EncodeToString(sum.Sum(nil))
		prefix, digits, _ := strings.Cut(signature, "=")
		isRight := prefix == "sha256" && strings.EqualFold("sha256="+digits, right)
		if err := accepted.Verify(headers("X-Hub-Signature-256", signature), body); (err == nil) != isRight {
			t.Errorf("the signature %q, where %q is right: %v", signature, right, err)
		}
		if err := accepted.Verify(headers("X-Hub-Signature-256", right), body); err != nil {
			t.Errorf("the right signature: %v", err)
		}
		if got := gh.SignWebhook(secret.New(key), body); got != right {
			t.Errorf("signed with %q, want %q", got, right)
		}
		read, err := gh.ReadWebhook(headers("X-GitHub-Event", event, "X-GitHub-Delivery", delivery))
		if err == nil && (read.Event != event || !strings.EqualFold(read.Delivery, delivery) || len(read.Delivery) != 36) {
			t.Errorf("read %+v of %q and %q", read, event, delivery)
		}
	})
}
