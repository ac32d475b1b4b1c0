//go:build !unix

package twilio

import (
	"fmt"
	"io"
	"os"
)

// lockDir is a file without force here: only on Unix does the standard library
// offer a lock that ends with the process.
func lockDir(root *os.Root) (io.Closer, error) {
	file, err := root.OpenFile("lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	return file, nil
}
