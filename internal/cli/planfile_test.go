package cli

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestPlanFileIsWholeOrNotThere has the folder refuse what is written.
func TestPlanFileIsWholeOrNotThere(t *testing.T) {
	t.Parallel()
	taken := filepath.Join(t.TempDir(), "taken")
	if err := os.MkdirAll(filepath.Join(taken, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(taken, "content"); err == nil {
		t.Error("a folder was replaced")
	}
	link := filepath.Join(t.TempDir(), "link")
	file := filepath.Join(t.TempDir(), "file")
	if err := errors.Join(os.WriteFile(file, []byte("before"), 0o644), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(link, "content"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(file)
	content, readErr := os.ReadFile(link)
	if err != nil || readErr != nil || string(content) != "content" || info.Mode() != 0o600 {
		t.Errorf("got %q, %v, %v, %v", content, info, err, readErr)
	}
	for _, folder := range []string{filepath.Dir(taken), filepath.Dir(link), filepath.Dir(file)} {
		if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
			t.Errorf("in the folder are %v, %v", left, err)
		}
	}
}
