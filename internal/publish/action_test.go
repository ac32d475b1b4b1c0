package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/publish"
)

// image is one by a digest, as the workflow names it.
var image = "ghcr.io/slipway-dev/slipway@sha256:" + strings.Repeat("0123456789abcdef", 4)

// TestAction releases the repository's own action.yml.
func TestAction(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	released, err := publish.Action(string(text), image)
	if err != nil {
		t.Fatal(err)
	}
	before, after := strings.Split(string(text), "\n"), strings.Split(released, "\n")
	if len(before) != len(after) {
		t.Fatalf("action.yml has %d lines, and had %d", len(after), len(before))
	}
	for i := range before {
		switch {
		case before[i] == after[i]:
		case before[i] != "  image: Dockerfile" || after[i] != "  image: docker://"+image:
			t.Errorf("line %d was %q and is %q", i+1, before[i], after[i])
		}
	}
	if before, after := strings.Count(string(text), "docker://"), strings.Count(released, "docker://"); after != before+1 {
		t.Errorf("action.yml names %d images by docker://, and named %d", after, before)
	}
	if _, err := publish.Action(released, image); err == nil {
		t.Error("a released action.yml was released again, without an error")
	}
}

func TestActionRefuses(t *testing.T) {
	t.Parallel()
	const text = "runs:\n  using: docker\n  image: Dockerfile\n"
	for _, wrong := range []string{
		"", "ghcr.io/slipway-dev/slipway", "ghcr.io/slipway-dev/slipway:v1", "slipway@sha256:" + strings.Repeat("0", 64), image + "0",
		strings.ToUpper(image), image[:len(image)-1], image + "\n  args: [evil]", "docker://" + image, " " + image,
		strings.Replace(image, "sha256", "sha512", 1),
	} {
		if got, err := publish.Action(text, wrong); err == nil {
			t.Errorf("the image %q was taken:\n%s", wrong, got)
		}
	}
	for _, wrong := range []string{"", "runs:\n  image: docker://x\n", text + text, "runs:\n  image: Dockerfile # ours\n"} {
		if got, err := publish.Action(wrong, image); err == nil {
			t.Errorf("%q was taken:\n%s", wrong, got)
		}
	}
}
