package foreign_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// installPatience bounds what is fetched or compiled once on a machine.
const installPatience = 8 * time.Minute

// needs skips a test where a program of its client is missing.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("with -short no client that is not ours is installed and run")
	}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not on PATH: the test needs %s", program, strings.Join(programs, ", "))
		}
	}
}

// onNode is a world in which the packages of testdata/node are installed, led to the
// Sandbox by the page's preload.
func onNode(t *testing.T, options twilio.Options) (w *world, preload string) {
	t.Helper()
	needs(t, "npm", "node", "sh")
	modules, err := installNode()
	if err != nil {
		t.Fatalf("install testdata/node: %v", err)
	}
	path := filepath.Join(modules, ".bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	w = newWorld(t, options, "PATH="+path, "NODE_PATH="+modules)
	w.write(t, map[string]string{"to-sandbox.cjs": block(t, "`to-sandbox.cjs`", "js")})
	return w, block(t, "have Node.js load it", "sh")
}

// installNode installs the packages of testdata/node, and returns their folder. It is
// named after the lock file and kept in the user's cache for the next run; those of
// other lock files are removed.
var installNode = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "slipway-foreign")
	manifest, err1 := os.ReadFile(filepath.Join("testdata", "node", "package.json"))
	lock, err2 := os.ReadFile(filepath.Join("testdata", "node", "package-lock.json"))
	if err := errors.Join(err1, err2, os.MkdirAll(cache, 0o700)); err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(manifest, lock...))
	kept := filepath.Join(cache, hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(kept); err == nil {
		return filepath.Join(kept, "node_modules"), nil
	}
	fresh, err := os.MkdirTemp(cache, "install-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	err1 = os.WriteFile(filepath.Join(fresh, "package.json"), manifest, 0o600)
	err2 = os.WriteFile(filepath.Join(fresh, "package-lock.json"), lock, 0o600)
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), installPatience)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir = fresh
	if printed, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", npm, err, printed)
	}
	others, err := os.ReadDir(cache)
	if err != nil {
		return "", err
	}
	// Another test run may have been quicker.
	if err := os.Rename(fresh, kept); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	for _, other := range others {
		if other.Name() != filepath.Base(kept) && !strings.HasPrefix(other.Name(), "install-") {
			_ = os.RemoveAll(filepath.Join(cache, other.Name()))
		}
	}
	return filepath.Join(kept, "node_modules"), nil
})
