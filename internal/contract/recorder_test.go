package contract_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// exchange is a request and the reply to it, as they were on the wire.
type exchange struct {
	request *http.Request // its URL is absolute; its body has been read
	sent    []byte
	status  int
	header  http.Header // the reply's
	reply   []byte
}

// recorder keeps every exchange of the API. It stands between a client and the
// Sandbox, and is safe for concurrent use.
type recorder struct {
	sandbox *sandbox.Sandbox

	mu        sync.Mutex
	exchanges []exchange
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if sandbox.IsLive(request) {
		r.sandbox.ServeHTTP(w, request)
		return
	}
	sent, err := io.ReadAll(request.Body)
	if err != nil {
		return // the client is gone
	}
	request.Body = io.NopCloser(bytes.NewReader(sent))
	answer := httptest.NewRecorder()
	r.sandbox.ServeHTTP(answer, request)

	asked := request.Clone(request.Context())
	asked.URL.Scheme, asked.URL.Host = "https", request.Host
	one := exchange{asked, sent, answer.Code, answer.Header(), answer.Body.Bytes()}
	r.mu.Lock()
	r.exchanges = append(r.exchanges, one)
	r.mu.Unlock()

	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// take returns what was recorded since the last time.
func (r *recorder) take() []exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.exchanges
	r.exchanges = nil
	return taken
}
