package grants_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/secret"
)

// TestServersOwnSecretsAreWithheld refers to each of them in each way, for a credential
// and for a variable, when the file is read and when it is used.
func TestServersOwnSecretsAreWithheld(t *testing.T) {
	t.Parallel()
	const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAv\n+/abc==\n-----END RSA PRIVATE KEY-----\n"
	own := []secret.String{secret.New("key-of-the-webhook"), secret.New(pem), secret.New("short"), {}}
	const fault = "holds what is the server's own, with which whoever may deploy could act as the server. Name another place, which has a secret of the account or of the Functions."
	tests := map[string]struct {
		variable, content string
		want              string // of the place; empty means that it is allowed
	}{
		"a name of the server's":      {"{env: SLIPWAY_WEBHOOK_SECRET}", "x", "environment variable SLIPWAY_WEBHOOK_SECRET"},
		"in another case":             {"{env: Slipway_GitHub_private_key}", "x", "environment variable Slipway_GitHub_private_key"},
		"the token's name":            {"{env: GITHUB_TOKEN}", "x", "environment variable GITHUB_TOKEN"},
		"in the file itself":          {"{value: key-of-the-webhook}", "key-of-the-webhook", "text of the file"},
		"by another name":             {"{env: DSN}", " key-of-the-webhook\n", "environment variable DSN"},
		"within more":                 {"{env: DSN}", "secret=key-of-the-webhook;", "environment variable DSN"},
		"the private key's file":      {"{file: of-variable}", pem, "file of-variable"},
		"on one line":                 {"{file: of-variable}", strings.ReplaceAll(pem, "\n", `\n`), "file of-variable"},
		"with other line breaks":      {"{env: DSN}", strings.ReplaceAll(pem, "\n", "\r\n"), "environment variable DSN"},
		"a short one":                 {"{env: DSN}", "short", "environment variable DSN"},
		"what only has a short one":   {"{env: DSN}", "shortest", ""},
		"what is somebody else's":     {"{env: DSN}", "the-key-of-a-webhook", ""},
		"a variable of another name":  {"{env: MY_SLIPWAY_KEY}", "x", ""},
		"an account's own credential": {"{env: TWILIO_AUTH_TOKEN}", "x", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{"KEY": key, "DSN": test.content, "MY_SLIPWAY_KEY": test.content, "TWILIO_AUTH_TOKEN": test.content}
			for _, one := range []string{"SLIPWAY_WEBHOOK_SECRET", "Slipway_GitHub_private_key", "GITHUB_TOKEN"} {
				env[one] = test.content
			}
			path := filepath.Join(t.TempDir(), "server.yml")
			write(t, path, oneRepository(test.variable))
			write(t, filepath.Join(filepath.Dir(path), "secrets", "main"), "hunter2")
			write(t, filepath.Join(filepath.Dir(path), "of-variable"), test.content)
			_, _, err := grants.Hold(path, env.get, own...)
			if got, want := fmt.Sprint(err), path+":5: variable DSN: the "+test.want+" "+fault; test.want != "" && got != want || test.want == "" && err != nil {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if test.content == "x" { // by its name alone, which no credential may have
				return
			}
			write(t, path, oneRepository("{value: x}"))
			write(t, filepath.Join(filepath.Dir(path), "secrets", "main"), test.content)
			_, _, err = grants.Hold(path, env.get, own...)
			if isOwn := strings.Contains(fmt.Sprint(err), "server.yml:4: api-secret of account main: the file secrets/main "+fault); isOwn != (test.want != "") {
				t.Errorf("as a credential it is %v", err)
			}
		})
	}

	env := environment{"KEY": key, "DSN": "dsn"}
	path := filepath.Join(t.TempDir(), "server.yml")
	write(t, path, oneRepository("{env: DSN}"))
	write(t, filepath.Join(filepath.Dir(path), "secrets", "main"), "hunter2")
	holder, _, err := grants.Hold(path, env.get, own...)
	if err != nil {
		t.Fatal(err)
	}
	env["DSN"] = "key-of-the-webhook" // since it was read
	grant, err := holder.File().Grant(questions(t, "acme/voice", "version: 1\nservices: {voice: {variables: [DSN], environments: {stage: {on: {branch: main}}}}}")[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = grant.Use(env.get); err == nil || !strings.Contains(err.Error(), "variable DSN: the environment variable DSN "+fault) {
		t.Errorf("used it is %v", err)
	}
	if _, _, err := holder.Reload(); err == nil {
		t.Error("read anew it is allowed")
	}
	if told := fmt.Sprintf("%+v %#v %v", holder.File(), grant, err); strings.Contains(told, "webhook") || strings.Contains(told, "MIIE") {
		t.Errorf("a secret is told: %s", told)
	}
}
