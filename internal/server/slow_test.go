package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/secret"
)

// pipes is a listener in memory, so that time may pass in no time.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.waiting:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// dial connects a client, whose end the test need not close.
func (p *pipes) dial(t *testing.T) net.Conn {
	t.Helper()
	client, conn := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	p.waiting <- conn
	return client
}

const slowBody = `{"repository":{"full_name":"acme/voice"}}`

// signed is a webhook as text, with a number of its own.
func signed(number int, body string, length int) string {
	return fmt.Sprintf("POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-GitHub-Event: push\r\n"+
		"X-GitHub-Delivery: %08d-cc78-11e3-81ab-4c9367dc0958\r\nX-Hub-Signature-256: %s\r\nContent-Length: %d\r\n\r\n",
		number, gh.SignWebhook(secret.New("key"), []byte(body)), length) + body
}

// inCrowd runs a test against the server as it is at the public address.
func inCrowd(t *testing.T, test func(t *testing.T, at *pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		secrets, err := gh.NewWebhookSecrets(secret.New("key"))
		if err != nil {
			t.Fatal(err)
		}
		logger := slog.New(slog.DiscardHandler)
		intake := NewIntake(IntakeConfig{
			Secrets: secrets, Events: []string{"push"}, IsKnown: func(gh.Repository) bool { return true },
			Store: func(context.Context, queue.Delivery) (bool, error) { return true, nil },
			Told:  func(string, Verdict) {}, Logger: logger,
		})
		at := &pipes{waiting: make(chan net.Conn), closed: make(chan struct{})}
		public := newHTTPServer(intake, logger)
		go func() { _ = public.Serve(at) }()
		t.Cleanup(func() {
			_ = public.Close()
			time.Sleep(time.Minute) // in which all that is left comes to its end
		})
		test(t, at)
	})
}

// wantStored sends a webhook, which is to be stored at once.
func wantStored(t *testing.T, client net.Conn) {
	t.Helper()
	began := time.Now()
	go func() { _, _ = io.WriteString(client, signed(1, slowBody, len(slowBody))) }()
	answer, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		t.Fatalf("a webhook has no answer: %v", err)
	}
	_ = answer.Body.Close()
	if took := time.Since(began); answer.StatusCode != http.StatusAccepted || took > 0 {
		t.Errorf("a webhook was answered %d after %s", answer.StatusCode, took)
	}
}

// wantEnd reads until the server ends the connection, and holds when to a bound.
func wantEnd(t *testing.T, client net.Conn, within time.Duration) (said string) {
	t.Helper()
	began := time.Now()
	all, err := io.ReadAll(client)
	if took := time.Since(began); err != nil || took > within {
		t.Errorf("the connection ended after %s, not within %s: %v", took, within, err)
	}
	return string(all)
}

// drip sends a text byte by byte, as long as the server takes it.
func drip(client net.Conn, text string) {
	for i := range len(text) {
		if _, err := io.WriteString(client, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// TestSlowClients has each kind of them beside one that is as GitHub's are.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	webhook := signed(2, slowBody, len(slowBody))
	headers, _, _ := strings.Cut(webhook, "\r\n\r\n")
	tests := map[string]struct {
		sends  func(net.Conn)
		within time.Duration
		said   string
	}{
		"nothing":        {func(net.Conn) {}, headerPatience, ""},
		"half a header":  {func(c net.Conn) { _, _ = io.WriteString(c, headers[:100]) }, headerPatience, "400"},
		"slow headers":   {func(c net.Conn) { drip(c, webhook) }, headerPatience, "400"},
		"endless ones":   {func(c net.Conn) { _, _ = io.WriteString(c, headers+"\r\nX: "+strings.Repeat("x", 1<<20)) }, time.Second, "431"},
		"no body":        {func(c net.Conn) { _, _ = io.WriteString(c, headers+"\r\n\r\n") }, bodyPatience, "400"},
		"a slow body":    {func(c net.Conn) { _, _ = io.WriteString(c, headers+"\r\n\r\n"); drip(c, slowBody) }, bodyPatience, "400"},
		"a slow large":   {func(c net.Conn) { _, _ = io.WriteString(c, signed(2, "", maxBody)); drip(c, slowBody) }, bodyPatience, "400"},
		"none behind it": {func(c net.Conn) { _, _ = io.WriteString(c, webhook) }, idlePatience, "202"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inCrowd(t, func(t *testing.T, at *pipes) {
				t.Helper()
				slow := at.dial(t)
				go test.sends(slow)
				synctest.Wait()
				wantStored(t, at.dial(t))
				if said := wantEnd(t, slow, test.within+time.Second); !strings.HasPrefix(strings.TrimPrefix(said, "HTTP/1.1 "), test.said) || (said == "") != (test.said == "") {
					t.Errorf("it was answered %q", said)
				}
			})
		})
	}
}

// TestClientsThatDoNotListen sends webhooks whose answers are not read.
func TestClientsThatDoNotListen(t *testing.T) {
	t.Parallel()
	inCrowd(t, func(t *testing.T, at *pipes) {
		t.Helper()
		deaf := at.dial(t)
		go func() { _, _ = io.WriteString(deaf, signed(2, slowBody, len(slowBody))) }()
		time.Sleep(answerPatience + time.Second)
		if err := deaf.SetWriteDeadline(time.Now().Add(time.Second)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the server still has the connection: %v", err)
		}
	})
}

// TestCrowd opens more connections than there may be: those that wait make place, and
// those that have only come do not.
func TestCrowd(t *testing.T) {
	t.Parallel()
	for name, begins := range map[string]string{"silent": "", "with half a header": "POST /webhook HTTP/1.1\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inCrowd(t, func(t *testing.T, at *pipes) {
				t.Helper()
				var crowd []net.Conn
				for range mostConnections {
					one := at.dial(t)
					crowd = append(crowd, one)
					_, _ = io.WriteString(one, begins)
				}
				synctest.Wait()
				refused := at.dial(t)
				wantEnd(t, refused, 0) // none of the others has had its time yet
				time.Sleep(settledAfter)
				for range 3 {
					wantStored(t, at.dial(t))
				}
				closed := 0
				for _, one := range crowd {
					if err := one.SetReadDeadline(time.Now()); errors.Is(err, io.ErrClosedPipe) {
						closed++
					}
				}
				if closed != 3 {
					t.Errorf("%d of those that wait were closed, want 3", closed)
				}
			})
		})
	}
}

// TestLargePayloadsDoNotFillTheMemory has so many come at once, and slowly, that another
// one is told to come again, while small ones are stored.
func TestLargePayloadsDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	inCrowd(t, func(t *testing.T, at *pipes) {
		t.Helper()
		for i := range mostLarge {
			slow := at.dial(t)
			go func() { _, _ = io.WriteString(slow, signed(10+i, "", largeBody+1)) }()
		}
		synctest.Wait()
		late, began := at.dial(t), time.Now()
		go func() { _, _ = io.WriteString(late, signed(2, "", largeBody+1)) }()
		wantStored(t, at.dial(t))
		answer, err := http.ReadResponse(bufio.NewReader(late), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if took := time.Since(began); answer.StatusCode != http.StatusServiceUnavailable || took > largePatience {
			t.Errorf("it was answered %d after %s", answer.StatusCode, took)
		}
	})
}
