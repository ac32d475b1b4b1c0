package queue_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-dev/slipway/internal/queue"
)

// TestBackUpOfSomebodyElses makes sure that a folder which may not be looked into is not
// told of as an empty one.
func TestBackUpOfSomebodyElses(t *testing.T) {
	t.Parallel()
	const nobody = 65534
	dir := t.TempDir()
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	file := filepath.Join(t.TempDir(), "copy.db")
	backedUp := make(chan error, 1)
	go func() {
		// A thread that is never unlocked ends with its goroutine, and with whom it acts as:
		// permissions hold nothing back from root.
		runtime.LockOSThread()
		if os.Getuid() == 0 {
			if err := syscall.Setfsuid(nobody); err != nil {
				backedUp <- err
				return
			}
		}
		backedUp <- queue.BackUp(t.Context(), dir, file)
	}()
	err := <-backedUp
	if err == nil || !strings.Contains(err.Error(), "cannot be read: permission denied. Do this as the user") {
		t.Errorf("it is %v", err)
	}
}
