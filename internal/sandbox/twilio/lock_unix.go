//go:build unix

package twilio

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// lockDir takes the data directory for this process until the result is
// closed; the system frees it when the process ends, however it ends.
func lockDir(root *os.Root) (io.Closer, error) {
	file, err := root.OpenFile("lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errInUse(root.Name())
	}
	return nil, fmt.Errorf("lock the data directory: %w", err)
}
