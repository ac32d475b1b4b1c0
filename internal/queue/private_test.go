package queue_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

// TestFilesAreForOneUser makes sure that nobody else on the machine reads the payloads
// of private repositories, or writes what is then deployed.
func TestFilesAreForOneUser(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("permissions mean nothing on Windows")
	}
	dir := filepath.Join(t.TempDir(), "data")
	hold := func(when string) {
		t.Helper()
		q, err := queue.Open(t.Context(), queue.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = q.Close() }()
		if _, err := q.Store(t.Context(), queue.Delivery{ID: when, Body: []byte(when), ReceivedAt: time.Now()}, queue.Wanted{Kind: "decide", Lane: "d"}); err != nil {
			t.Fatal(err)
		}
		if err := queue.BackUp(t.Context(), dir, filepath.Join(dir, when)); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) < 5 { // the database with its two, the lock, the back-up
			t.Fatal(entries, err)
		}
		for _, one := range entries {
			if info, err := one.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %s has %v, %v", when, one.Name(), info.Mode(), err)
			}
		}
	}
	hold("made")
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has %v, %v", info.Mode(), err)
	}
	for _, name := range []string{"slipway.db", "lock.db"} { // as cp leaves them
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	hold("copied")

	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := queue.Open(t.Context(), queue.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "can be written to by everybody") || !strings.Contains(err.Error(), "of the server's own") {
		t.Errorf("in a folder of everybody's it is %v", err)
	}
}
