package reliability_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// runTimeout is the default of the setting timeout.
const runTimeout = 15 * time.Minute

// played is what came of a scene.
type played struct {
	before, after sandbox.Snapshot
	result        job.Result
	err           error
	took          time.Duration
	calls         []call // in the order of their answers
}

// play runs a scene in a bubble of testing/synctest, against a Sandbox behind
// net/http's server and client. Policies and timeouts are those that users have:
// only the clock is the bubble's.
func play(t *testing.T, s scene, met *disturbed) played {
	t.Helper()
	world, err := sandbox.New(sandbox.Options{PageSize: 3, SlowAnswer: time.Hour, Fault: askedFault})
	if err != nil {
		t.Fatal(err)
	}
	wire := newMemoryWire()
	server := &http.Server{Handler: world, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(wire) }()
	through := &http.Transport{DialContext: wire.dial, DisableCompression: true}
	defer func() {
		through.CloseIdleConnections()
		_ = server.Close()
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	}()
	client := func(transport http.RoundTripper, observe func(twilio.Call)) *twilio.Client {
		cfg := clientConfig("http://" + memoryHost)
		cfg.Transport, cfg.Observe = transport, observe
		made, err := twilio.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	for _, step := range s.before {
		if _, err := step.run(t.Context(), client(through, nil), runTimeout); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
	}

	var mu sync.Mutex
	var calls []call
	seen, isLive := make(map[call]int), false
	met.through, met.refused, met.host = through, &http.Transport{DialContext: refuse}, memoryHost
	disturbed := client(met, func(one twilio.Call) {
		mu.Lock()
		defer mu.Unlock()
		made := call{operation: one.Operation, method: one.Method, path: withoutSIDs(one.Path)}
		seen[made]++
		made.nth, made.status, made.isBehind = seen[made], one.Status, isLive
		calls = append(calls, made)
		isLive = isLive || made.operation == "create deployment"
	})
	p := played{before: world.Snapshot()}
	began := time.Now()
	p.result, p.err = s.last.run(t.Context(), disturbed, runTimeout)
	p.took, p.after, p.calls = time.Since(began), world.Snapshot(), calls
	return p
}

// memoryHost is where the memoryWire leads to.
const memoryHost = "127.0.0.1:80"

// memoryWire joins a client and a server without a socket, on which the clock of a
// bubble would stand still.
type memoryWire struct {
	connections chan net.Conn
	closed      chan struct{}
	close       func()
}

func newMemoryWire() *memoryWire {
	w := &memoryWire{connections: make(chan net.Conn), closed: make(chan struct{})}
	w.close = sync.OnceFunc(func() { close(w.closed) })
	return w
}

func (w *memoryWire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case w.connections <- far:
		return near, nil
	case <-w.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *memoryWire) Accept() (net.Conn, error) {
	select {
	case connection := <-w.connections:
		return connection, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *memoryWire) Close() error   { w.close(); return nil }
func (w *memoryWire) Addr() net.Addr { return &net.TCPAddr{} }

// refuse is what the dial of a port comes to on which nobody listens.
func refuse(_ context.Context, network, _ string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: network, Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}
