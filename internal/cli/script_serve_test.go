package cli_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	githubsandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// find sets a variable to what a group of a pattern matches in what a process has
// written: find serve stderr 'address=(\S+)' ADDRESS.
func find(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 4 || args[1] != "stdout" && args[1] != "stderr" {
		ts.Fatalf("usage: find process stdout|stderr pattern variable")
	}
	pattern, err := regexp.Compile(args[2])
	ts.Check(err)
	running := on.process(ts, args[0])
	stream := &running.stdout
	if args[1] == "stderr" {
		stream = &running.stderr
	}
	text, _ := stream.read()
	found := pattern.FindStringSubmatch(text)
	if len(found) != 2 {
		ts.Fatalf("%s has not written %s with one group: %q", args[0], args[2], text)
	}
	ts.Setenv(args[3], found[1])
}

// take sets a variable to a text of a JSON document: take pushed.json commit COMMIT.
func take(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: take file field variable")
	}
	var document map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &document))
	text, isText := document[args[1]].(string)
	if !isText || text == "" {
		ts.Fatalf("%s has no text %s", args[0], args[1])
	}
	ts.Setenv(args[2], text)
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

// get asks an address and writes the answer to stdout; one that begins with https has to
// be that of a certificate: get https://127.0.0.1:8443/healthz server.pem. With -github it
// signs in with the token of GitHub's sandbox.
func get(ts *testscript.TestScript, _ *stage, args []string) {
	isSigned := len(args) > 0 && args[0] == "-github"
	if isSigned {
		args = args[1:]
	}
	if len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: get [-github] url [certificate]")
	}
	trusted := x509.NewCertPool()
	if len(args) == 2 && !trusted.AppendCertsFromPEM([]byte(ts.ReadFile(args[1]))) {
		ts.Fatalf("%s is no certificate", args[1])
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted}, DisableKeepAlives: true, TLSHandshakeTimeout: 10 * time.Second,
	}}
	request, err := http.NewRequest(http.MethodGet, args[0], nil)
	ts.Check(err)
	if isSigned {
		request.Header.Set("User-Agent", "test")
		request.Header.Set("Authorization", "Bearer "+githubsandbox.DefaultToken().Value)
	}
	response, err := client.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	if response.StatusCode != http.StatusOK {
		ts.Fatalf("%s answered %d: %s", args[0], response.StatusCode, body)
	}
	_, _ = ts.Stdout().Write(body)
}
