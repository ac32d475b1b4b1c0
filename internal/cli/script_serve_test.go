package cli_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	githubsandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// find sets a variable to what a group of a pattern matches in what a process has
// written, or in a file: find serve stderr 'address=(\S+)' ADDRESS; find file out '(\d+)' N.
func find(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: find process stdout|stderr pattern variable | find file name pattern variable")
	}
	pattern, err := regexp.Compile(args[2])
	ts.Check(err)
	var text string
	switch {
	case args[0] == "file":
		text = ts.ReadFile(args[1])
	case args[1] == "stderr":
		text, _ = on.process(ts, args[0]).stderr.read()
	default:
		text, _ = on.process(ts, args[0]).stdout.read()
	}
	found := pattern.FindStringSubmatch(text)
	if len(found) != 2 {
		ts.Fatalf("%s has not written %s with one group: %q", args[0], args[2], text)
	}
	ts.Setenv(args[3], found[1])
}

// certificate makes one for this machine that signs itself: certificate server.pem server.key.
func certificate(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: certificate file key-file")
	}
	made, signed, err := newCertificate("127.0.0.1")
	ts.Check(err)
	key, err := x509.MarshalPKCS8PrivateKey(made.Certificates[0].PrivateKey)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), signed, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
}

// get asks an address and writes the answer to stdout; with -until as often as it takes
// until that matches. One that begins with https has to be that of a certificate. With
// -github it signs in with the token of GitHub's sandbox:
// get https://127.0.0.1:8443/healthz server.pem.
func get(ts *testscript.TestScript, _ *stage, args []string) {
	flags := flag.NewFlagSet("get", flag.ContinueOnError)
	isSigned := flags.Bool("github", false, "")
	until := flags.String("until", "", "")
	ts.Check(flags.Parse(args))
	if args = flags.Args(); len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: get [-github] [-until pattern] url [certificate]")
	}
	wanted, err := regexp.Compile(*until)
	ts.Check(err)
	trusted := x509.NewCertPool()
	if len(args) == 2 && !trusted.AppendCertsFromPEM([]byte(ts.ReadFile(args[1]))) {
		ts.Fatalf("%s is no certificate", args[1])
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted}, DisableKeepAlives: true, TLSHandshakeTimeout: 10 * time.Second,
	}}
	request, err := http.NewRequest(http.MethodGet, args[0], nil)
	ts.Check(err)
	if *isSigned {
		request.Header.Set("User-Agent", "test")
		request.Header.Set("Authorization", "Bearer "+githubsandbox.DefaultToken().Value)
	}
	for timeout := time.After(patience); ; {
		response, err := client.Do(request)
		ts.Check(err)
		body, err := io.ReadAll(response.Body)
		ts.Check(errors.Join(err, response.Body.Close()))
		if response.StatusCode != http.StatusOK {
			ts.Fatalf("%s answered %d: %s", args[0], response.StatusCode, body)
		}
		if wanted.Match(body) {
			_, _ = ts.Stdout().Write(body)
			return
		}
		select {
		case <-timeout:
			ts.Fatalf("%s has not answered so within %s: %s", args[0], patience, body)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
