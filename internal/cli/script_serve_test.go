package cli_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
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
// be that of a certificate: get https://127.0.0.1:8443/healthz server.pem.
func get(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: get url [certificate]")
	}
	trusted := x509.NewCertPool()
	if len(args) == 2 && !trusted.AppendCertsFromPEM([]byte(ts.ReadFile(args[1]))) {
		ts.Fatalf("%s is no certificate", args[1])
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted}, DisableKeepAlives: true, TLSHandshakeTimeout: 10 * time.Second,
	}}
	response, err := client.Get(args[0])
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	if response.StatusCode != http.StatusOK {
		ts.Fatalf("%s answered %d: %s", args[0], response.StatusCode, body)
	}
	_, _ = ts.Stdout().Write(body)
}
