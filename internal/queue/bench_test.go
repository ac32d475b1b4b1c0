package queue_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

var body = bytes.Repeat([]byte("x"), 8<<10)

func BenchmarkBareInsert(b *testing.B) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "db")+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE d (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body BLOB)"); err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := db.ExecContext(b.Context(), "INSERT INTO d (id, body) VALUES (?, ?)", strconv.FormatInt(n.Add(1), 10), body); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkStore(b *testing.B) {
	q := open(b, b.TempDir())
	var n atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := n.Add(1)
			if _, err := q.Store(b.Context(), queue.Delivery{ID: strconv.FormatInt(id, 10), Event: "push", Repository: "acme/voice", Body: fmt.Appendf(nil, "%d%s", id, body), ReceivedAt: time.Now()},
				queue.Wanted{Kind: "decide", Lane: fmt.Sprintf("decide acme/%d", id%100)}); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkJobs(b *testing.B) {
	q := open(b, b.TempDir())
	var wanted []queue.Wanted
	for i := range b.N {
		wanted = append(wanted, queue.Wanted{Kind: "run", Lane: strconv.Itoa(i % 500)})
	}
	if _, err := q.Add(b.Context(), wanted...); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	settle(b, q, "run", 8, func(ctx context.Context, held *queue.Held) queue.End {
		for _, name := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
			_, _ = held.Do(ctx, name, func(context.Context) ([]byte, error) { return []byte(name), nil })
		}
		return queue.End{}
	})
}
