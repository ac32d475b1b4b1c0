package server

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Certificate is what the server shows to those who connect by TLS, from two files. Make
// one with LoadCertificate. It is safe for concurrent use.
type Certificate struct {
	certFile, keyFile string
	held              atomic.Pointer[tls.Certificate]
}

// LoadCertificate reads the certificate, with those that have signed it behind it, and
// its private key, both as PEM. The error is a *problem.Problem.
func LoadCertificate(certFile, keyFile string) (*Certificate, error) {
	loaded := &Certificate{certFile: certFile, keyFile: keyFile}
	return loaded, loaded.Reload()
}

// Reload reads both files again. Where they cannot be used, what was read before holds
// on, and the error, a *problem.Problem, says why.
func (c *Certificate) Reload() error {
	read, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return &problem.Problem{
			Message: fmt.Sprintf("the certificate %s and its key %s cannot be used: %s", c.certFile, c.keyFile, err),
			Fix:     "Give tls-cert the file with the certificate and behind it those that signed it, and tls-key that with its private key, both as PEM.",
		}
	}
	c.held.Store(&read)
	return nil
}

// Ends is when the certificate does.
func (c *Certificate) Ends() time.Time { return c.held.Load().Leaf.NotAfter }

// Listen has who connects to a listener speak TLS.
func (c *Certificate) Listen(listener net.Listener) net.Listener {
	return tls.NewListener(listener, &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.held.Load(), nil },
	})
}
