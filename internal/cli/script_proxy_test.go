package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// proxyServer is a proxy for https: it refuses, or leads every host to the
// script's sandbox.
type proxyServer struct {
	refusal int    // status; 0 leads on
	target  string // host:port

	mu       sync.Mutex
	connects []string // "host:port" asked for
}

// startProxy starts a proxy and sets $PROXY_URL to it. Given a status it
// refuses with that; else it leads every host to the sandbox: proxy 403.
func startProxy(ts *testscript.TestScript, on *stage, args []string) {
	on.proxy = &proxyServer{}
	switch {
	case len(args) == 1:
		var err error
		on.proxy.refusal, err = strconv.Atoi(args[0])
		ts.Check(err)
	case len(args) == 0 && on.sandbox != nil:
		_, on.proxy.target, _ = strings.Cut(on.sandbox.url, "://")
	default:
		ts.Fatalf("usage: proxy [status]")
	}
	server := httptest.NewServer(on.proxy)
	ts.Setenv("PROXY_URL", server.URL)
	ts.Defer(server.Close)
}

func (p *proxyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.connects = append(p.connects, r.Host)
	p.mu.Unlock()
	if p.refusal != 0 {
		http.Error(w, "the proxy says no", p.refusal)
		return
	}
	there, err := net.Dial("tcp", p.target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	w.WriteHeader(http.StatusOK)
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	var directions sync.WaitGroup
	directions.Go(func() {
		_, _ = io.Copy(there, buffered)
		_ = there.Close()
	})
	directions.Go(func() {
		_, _ = io.Copy(here, there)
		_ = here.Close()
	})
	directions.Wait()
}

// proxied checks which hosts the proxy was asked for, each named once:
// proxied serverless.twilio.com:443.
func proxied(ts *testscript.TestScript, on *stage, args []string) {
	on.proxy.mu.Lock()
	defer on.proxy.mu.Unlock()
	want, got := map[string]bool{}, map[string]bool{}
	for _, host := range args {
		want[host] = true
	}
	for _, host := range on.proxy.connects {
		got[host] = true
		if !want[host] {
			ts.Fatalf("the proxy was asked for %s", host)
		}
	}
	for host := range want {
		if !got[host] {
			ts.Fatalf("the proxy was not asked for %s", host)
		}
	}
}

// newCertificate makes a certificate that signs itself for some hosts.
func newCertificate(hosts ...string) (*tls.Config, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "sandbox"},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	certificate := tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	return &tls.Config{Certificates: []tls.Certificate{certificate}}, authority, nil
}
