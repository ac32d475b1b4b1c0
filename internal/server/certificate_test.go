package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

// testCertificate is one in files, as operators have it.
func testCertificate(t *testing.T) *Certificate {
	t.Helper()
	lender := httptest.NewTLSServer(http.NotFoundHandler())
	defer lender.Close()
	lent := lender.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(lent.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: lent.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := LoadCertificate(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestTLS speaks no old version, and ends a handshake that goes nowhere.
func TestTLS(t *testing.T) {
	t.Parallel()
	certificate := testCertificate(t)
	synctest.Test(t, func(t *testing.T) {
		at := &pipes{waiting: make(chan net.Conn), closed: make(chan struct{})}
		public := newHTTPServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
		go func() { _ = public.Serve(certificate.Listen(at)) }()
		t.Cleanup(func() { _ = public.Close() })
		for version, isSpoken := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
			client := tls.Client(at.dial(t), &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"}})
			err := client.HandshakeContext(t.Context())
			if (err == nil) != isSpoken {
				t.Errorf("%s: %v", tls.VersionName(version), err)
			}
			if spoken := client.ConnectionState().NegotiatedProtocol; isSpoken && spoken != "http/1.1" {
				t.Errorf("%s: it speaks %q", tls.VersionName(version), spoken)
			}
		}
		wantEnd(t, at.dial(t), headerPatience)
	})
}
