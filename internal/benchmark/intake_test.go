//go:build unix

package benchmark_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/server"
)

const (
	payloadBytes = 8 << 10
	senders      = 32 // connections, and goroutines that insert
)

// webhookKey signs the deliveries of the benchmarks.
var webhookKey = secret.New("it is for benchmarks alone")

// deliveries makes signed requests, each of its own, as they go over the wire.
type deliveries struct {
	event, repository string
	made              atomic.Int64
}

// body is a payload of some 8 KB, as much of it nested as in one of GitHub's.
func (d *deliveries) body(number int64) []byte {
	text := fmt.Appendf(make([]byte, 0, payloadBytes), `{"ref":"refs/heads/main","after":"%040x","repository":{"full_name":%q},"commits":`, number, d.repository)
	return append(append(text, commits()...), '}')
}

// commits is the larger part of a payload.
var commits = sync.OnceValue(func() []byte {
	text := []byte("[")
	for i := 0; len(text) < payloadBytes-350; i++ {
		text = fmt.Appendf(text, `{"id":"%040x","message":"change \"%d\"\nin some way","added":[],"modified":["functions/f%d.js"],"author":{"name":"Ada","email":"ada@example.com"}},`, i, i, i)
	}
	return append(text[:len(text)-1], ']')
})

// next is the next request.
func (d *deliveries) next() []byte {
	number := d.made.Add(1)
	return request(d.event, number, d.body(number))
}

// request is a signed delivery, as it goes over the wire.
func request(event string, number int64, body []byte) []byte {
	return append(fmt.Appendf(make([]byte, 0, len(body)+512), "POST /webhook HTTP/1.1\r\nHost: slipway.example.com\r\nUser-Agent: GitHub-Hookshot/044aadd\r\nAccept: */*\r\n"+
		"Content-Type: application/json\r\nX-GitHub-Event: %s\r\nX-GitHub-Delivery: %08x-cc78-11e3-81ab-4c9367dc0958\r\n"+
		"X-Hub-Signature-256: %s\r\nContent-Length: %d\r\n\r\n", event, number, gh.SignWebhook(webhookKey, body), len(body)), body...)
}

// several makes so many requests beforehand, since making them takes as long as some of
// what is measured.
func (d *deliveries) several(count int) [][]byte {
	all := make([][]byte, count)
	for i := range all {
		all[i] = d.next()
	}
	return all
}

// rate sends requests over so many connections as fast as they are answered, and returns
// how many that were a second.
func rate(b *testing.B, address, want string, requests [][]byte) float64 {
	b.Helper()
	var next atomic.Int64
	started := time.Now()
	overConnections(b, address, func(send func([]byte) string) {
		for {
			at := int(next.Add(1)) - 1
			if at >= len(requests) {
				return
			}
			if got := send(requests[at]); !strings.Contains(got, want) {
				b.Errorf("answered %s, want %s", got, want)
				return
			}
		}
	})
	return float64(len(requests)) / time.Since(started).Seconds()
}

// overConnections runs a sender on each connection. It takes next to no time itself, so
// that what is measured is the server.
func overConnections(b *testing.B, address string, run func(send func([]byte) string)) {
	b.Helper()
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			connection, err := net.Dial("tcp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer connection.Close()
			reader := bufio.NewReader(connection)
			run(func(request []byte) string {
				if _, err := connection.Write(request); err != nil {
					return err.Error()
				}
				response, err := http.ReadResponse(reader, nil)
				if err != nil {
					return err.Error()
				}
				defer response.Body.Close()
				body, _ := io.ReadAll(response.Body)
				return fmt.Sprintf("%d %s", response.StatusCode, body)
			})
		})
	}
	all.Wait()
}

// intake is a server that takes webhooks and does not work on them.
func intake(b *testing.B) (address string) {
	b.Helper()
	dir := b.TempDir()
	config := filepath.Join(dir, "server.yml")
	write(b, config, []byte("version: 1\nrepositories:\n  acme/voice:\n    accounts: {main: {account-sid: AC00000000000000000000000000000001, auth-token: {env: TOKEN}}}\n    services: {voice: {environments: [stage]}}\n"))
	held, _, err := grants.Hold(config, func(string) string { return "token" })
	if err != nil {
		b.Fatal(err)
	}
	kept, err := queue.Open(b.Context(), queue.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = kept.Close() })
	secrets, err := gh.NewWebhookSecrets(webhookKey)
	if err != nil {
		b.Fatal(err)
	}
	clients, err := gh.NewClients(gh.Config{Token: secret.New("token")}, gh.App{})
	if err != nil {
		b.Fatal(err)
	}
	made, err := server.New(server.Config{Queue: kept, Grants: held, Clients: clients, Secrets: secrets, Data: dir, Getenv: func(string) string { return "" }, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	return listen(b, made.Handler())
}

func listen(b *testing.B, handler http.Handler) (address string) {
	b.Helper()
	served := httptest.NewServer(handler)
	b.Cleanup(served.Close)
	return served.Listener.Addr().String()
}

// hmacAlone is what an intake takes at least: it reads the body, and looks at its
// signature.
func hmacAlone(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	sum := hmac.New(sha256.New, []byte(webhookKey.Reveal()))
	_, _ = sum.Write(body)
	given, _ := hex.DecodeString(strings.TrimPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256="))
	if err != nil || !hmac.Equal(given, sum.Sum(nil)) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write([]byte(`{"verdict":"stored"}`))
}

// bareDatabase has the table of Deliveries alone, with SQLite as the queue has it.
func bareDatabase(b *testing.B) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(b.Context(), `CREATE TABLE deliveries (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body_sha256 BLOB NOT NULL UNIQUE,
		event TEXT NOT NULL, repository TEXT NOT NULL, body BLOB, received_at INTEGER NOT NULL) STRICT`); err != nil {
		b.Fatal(err)
	}
	return db
}

// bareRate inserts rows as those of Deliveries from as many goroutines, each in a
// transaction of its own, or so many in one, and returns how many that were a second.
func bareRate(b *testing.B, db *sql.DB, bodies [][]byte, together int) float64 {
	b.Helper()
	const insert = "INSERT INTO deliveries (id, body_sha256, event, repository, body, received_at) VALUES (?, ?, 'push', 'acme/voice', ?, ?)"
	statement, err := db.PrepareContext(b.Context(), insert)
	if err != nil {
		b.Fatal(err)
	}
	defer statement.Close()
	one := func(ctx context.Context, prepared *sql.Stmt, body []byte) error {
		sum := sha256.Sum256(body)
		_, err := prepared.ExecContext(ctx, hex.EncodeToString(sum[:18]), sum[:], body, time.Now().UnixMilli())
		return err
	}
	started := time.Now()
	if together > 1 {
		for chunk := range slices.Chunk(bodies, together) {
			tx, err := db.BeginTx(b.Context(), nil)
			if err != nil {
				b.Fatal(err)
			}
			prepared := tx.StmtContext(b.Context(), statement)
			for _, body := range chunk {
				if err := one(b.Context(), prepared, body); err != nil {
					b.Fatal(err)
				}
			}
			if err := tx.Commit(); err != nil {
				b.Fatal(err)
			}
		}
		return float64(len(bodies)) / time.Since(started).Seconds()
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for at := int(next.Add(1)) - 1; at < len(bodies); at = int(next.Add(1)) - 1 {
				if err := one(b.Context(), statement, bodies[at]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	return float64(len(bodies)) / time.Since(started).Seconds()
}

func bodiesOf(requests [][]byte) [][]byte {
	bodies := make([][]byte, len(requests))
	for i, one := range requests {
		_, bodies[i], _ = bytes.Cut(one, []byte("\r\n\r\n"))
	}
	return bodies
}

// BenchmarkIntake sends signed deliveries of 8 KB over as many connections as fast as
// they are answered, in turns with what they are held to, and then half as many at a
// steady pace.
func BenchmarkIntake(b *testing.B) {
	const (
		rounds = 5
		count  = 2500
	)
	for b.Loop() {
		bare, taking, plain := bareDatabase(b), intake(b), listen(b, http.HandlerFunc(hmacAlone))
		push := &deliveries{event: "push", repository: "acme/voice"}
		other := &deliveries{event: "check_run", repository: "acme/voice"}
		stranger := &deliveries{event: "push", repository: "acme/other"}
		var stored, ofBare, ofBatches, ignored, ofStrangers []float64
		for range rounds {
			requests := push.several(count)
			inserted := bareRate(b, bare, bodiesOf(requests), 1)
			took := rate(b, taking, `202 {"verdict":"stored"}`, requests)
			stored, ofBare = append(stored, took), append(ofBare, took/inserted)
			ofBatches = append(ofBatches, took/bareRate(b, bare, bodiesOf(push.several(count)), senders))
			verified := rate(b, plain, "202", other.several(count))
			ignored = append(ignored, rate(b, taking, `202 {"verdict":"ignored"}`, other.several(count))/verified)
			ofStrangers = append(ofStrangers, rate(b, taking, `202 {"verdict":"ignored"}`, stranger.several(count))/verified)
		}
		atOnce := median(stored)
		var late []time.Duration
		for range 3 {
			late = append(late, percentile(paced(b, taking, push, atOnce/2, 2*time.Second), 99))
		}
		b.Logf("%.0f stored a second: %.2f of bare inserts, ceiling %.1f (%.2f of inserts of %d in one transaction)",
			atOnce, median(ofBare), storedRatio, median(ofBatches), senders)
		b.Logf("ignored by their event: %.2f of those whose signature alone is looked at, ceiling %.1f (by their repository: %.2f)",
			median(ignored), ignoredRatio, median(ofStrangers))
		b.Logf("at %.0f a second 99 %% are stored within %.1f ms, ceiling %d ms", atOnce/2, median(late).Seconds()*1000, storedCeiling.Milliseconds())
		b.ReportMetric(atOnce, "stored/s")
		b.ReportMetric(median(ofBare), "stored-of-bare")
		b.ReportMetric(median(ignored), "ignored-of-hmac")
		b.ReportMetric(median(late).Seconds()*1000, "ms-p99")
		if median(ofBare) < storedRatio {
			b.Errorf("stored are %.2f of bare inserts, want at least %.1f; each round %.2f", median(ofBare), storedRatio, ofBare)
		}
		if median(ignored) < ignoredRatio {
			b.Errorf("ignored are %.2f of those whose signature alone is looked at, want at least %.1f; each round %.2f", median(ignored), ignoredRatio, ignored)
		}
		if median(late) > storedCeiling {
			b.Errorf("99 %% are stored within %s, want at most %s; each run %s", median(late), storedCeiling, late)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// paced sends so many requests a second, whether those before have been answered or not,
// and returns how long after its time each was answered.
func paced(b *testing.B, address string, from *deliveries, perSecond float64, lasts time.Duration) []time.Duration {
	b.Helper()
	requests := from.several(int(perSecond * lasts.Seconds()))
	took := make([]time.Duration, len(requests))
	var next atomic.Int64
	started := time.Now()
	overConnections(b, address, func(send func([]byte) string) {
		for at := int(next.Add(1)) - 1; at < len(requests); at = int(next.Add(1)) - 1 {
			due := started.Add(time.Duration(float64(at) / perSecond * float64(time.Second)))
			time.Sleep(time.Until(due))
			if got := send(requests[at]); !strings.Contains(got, `202 {"verdict":"stored"}`) {
				b.Errorf("answered %s", got)
				return
			}
			took[at] = time.Since(due)
		}
	})
	return took
}

// percentile is what so many of a hundred do not exceed.
func percentile(values []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)*percent/100]
}
