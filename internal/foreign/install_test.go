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

// unusedFor is how long packages of another lock file are kept: another branch may be
// under test at the same time, and a program whose packages vanish crashes.
const unusedFor = 7 * 24 * time.Hour

// installNode installs the packages of testdata/node, and returns their folder. It is
// named after the lock file and kept in the user's cache for the next run; those that
// nobody has used for long are removed.
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
	now := time.Now()
	if err := os.Chtimes(kept, now, now); err == nil { // it is there, and in use
		return filepath.Join(kept, "node_modules"), nil
	}
	if err := removeUnused(cache, now.Add(-unusedFor)); err != nil {
		return "", err
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
	// Another test run may have been quicker.
	if err := os.Rename(fresh, kept); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return filepath.Join(kept, "node_modules"), nil
})

// removeUnused removes the folders of the cache that nobody has used since then, and
// what interrupted installs have left.
func removeUnused(cache string, since time.Time) error {
	folders, err := os.ReadDir(cache)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		info, err := folder.Info()
		if err != nil || !info.ModTime().Before(since) { // it may be gone by now
			continue
		}
		if err := os.RemoveAll(filepath.Join(cache, folder.Name())); err != nil {
			return err
		}
	}
	return nil
}

// TestPackagesInUseStay: those of another branch's lock file, which its tests may be
// running at this moment.
func TestPackagesInUseStay(t *testing.T) {
	t.Parallel()
	cache, now := t.TempDir(), time.Now()
	for name, used := range map[string]time.Time{
		"old": now.Add(-unusedFor - time.Minute), "install-old": now.Add(-unusedFor - time.Minute),
		"another": now.Add(-unusedFor + time.Minute), "install-now": now,
	} {
		folder := filepath.Join(cache, name)
		if err := errors.Join(os.MkdirAll(filepath.Join(folder, "node_modules"), 0o700), os.Chtimes(folder, used, used)); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeUnused(cache, now.Add(-unusedFor)); err != nil {
		t.Fatal(err)
	}
	var left []string
	folders, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		left = append(left, folder.Name())
	}
	if got, want := strings.Join(left, " "), "another install-now"; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
}
