package gh_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/secret"
)

func TestAppsKeys(t *testing.T) {
	t.Parallel()
	pkcs8 := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pemOf("PRIVATE KEY", der)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good := keyText().Reveal()
	const whole = "; give the .pem file that GitHub made in the App's settings, whole"
	for name, test := range map[string]struct {
		cfg  gh.Config
		app  gh.App
		want string // "" when it is taken
	}{
		"as GitHub has it":    {gh.Config{}, gh.App{ID: "42", Key: keyText()}, ""},
		"PKCS #8":             {gh.Config{}, gh.App{ID: "42", Key: secret.New(pkcs8(appKey()))}, ""},
		"in one line":         {gh.Config{}, gh.App{ID: "Iv23liA", Key: secret.New(strings.ReplaceAll(good, "\n", `\n`))}, ""},
		"with Windows' lines": {gh.Config{}, gh.App{ID: "42", Key: secret.New(strings.ReplaceAll(good, "\n", "\r\n"))}, ""},
		"text around it":      {gh.Config{}, gh.App{ID: "42", Key: secret.New("the key:\n" + good + "\n\n")}, ""},
		"no key":              {gh.Config{}, gh.App{ID: "42"}, "the GitHub App's private key is missing"},
		"no ID":               {gh.Config{}, gh.App{Key: keyText()}, "the GitHub App's ID is missing, or is none; its settings show it as App ID or Client ID"},
		"an odd ID":           {gh.Config{}, gh.App{ID: "my app", Key: keyText()}, "the GitHub App's ID is missing, or is none"},
		"a file's name":       {gh.Config{}, gh.App{ID: "42", Key: secret.New("/etc/slipway/app.pem")}, "the GitHub App's private key is not a key in PEM form" + whole},
		"cut off":             {gh.Config{}, gh.App{ID: "42", Key: secret.New(good[:500])}, "the GitHub App's private key is not a key in PEM form" + whole},
		"broken":              {gh.Config{}, gh.App{ID: "42", Key: secret.New(pemOf("RSA PRIVATE KEY", []byte("MIIE")))}, "the GitHub App's private key is broken" + whole},
		"the public half":     {gh.Config{}, gh.App{ID: "42", Key: secret.New(pemOf("PUBLIC KEY", x509.MarshalPKCS1PublicKey(&appKey().PublicKey)))}, `the GitHub App's private key is none: it is a "PUBLIC KEY"` + whole},
		"of SSH":              {gh.Config{}, gh.App{ID: "42", Key: secret.New(pemOf("OPENSSH PRIVATE KEY", []byte("x")))}, `the GitHub App's private key is none: it is a "OPENSSH PRIVATE KEY"` + whole},
		"locked":              {gh.Config{}, gh.App{ID: "42", Key: secret.New(pemOf("ENCRYPTED PRIVATE KEY", []byte("x")))}, "the GitHub App's private key is locked with a passphrase; unlock it first"},
		"locked the old way":  {gh.Config{}, gh.App{ID: "42", Key: secret.New("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n")}, "the GitHub App's private key is locked with a passphrase; unlock it first"},
		"a curve's":           {gh.Config{}, gh.App{ID: "42", Key: secret.New(pkcs8(curve))}, "the GitHub App's private key is not an RSA key of 2048 bits or more" + whole},
		"a short one":         {gh.Config{}, gh.App{ID: "42", Key: secret.New(pkcs8(short))}, "the GitHub App's private key is not an RSA key of 2048 bits or more" + whole},
		"neither":             {gh.Config{}, gh.App{}, "the GitHub token is missing"},
		"both":                {gh.Config{Token: secret.New("t0ken")}, gh.App{ID: "42", Key: keyText()}, "there are a GitHub token and a GitHub App; give one of them"},
		"all that is wrong":   {gh.Config{Token: secret.New("t0ken"), APIURL: "x"}, gh.App{ID: "#"}, "there are a GitHub token and a GitHub App; give one of them\nthe GitHub App's ID is missing, or is none; its settings show it as App ID or Client ID\nthe GitHub App's private key is missing\nGitHub's API URL is not an address such as https://api.github.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gh.NewClients(test.cfg, test.app)
			if (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), good[40:60]) || strings.Contains(err.Error(), "t0ken") || strings.Contains(err.Error(), "/etc")) {
				t.Errorf("%q shows what it was given", err)
			}
		})
	}
}
