package cli

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// pagesOf returns the paths of all pages, from the repository's root.
func pagesOf(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..")
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %q, %v", pattern, found, err)
		}
		for _, file := range found {
			name, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, filepath.ToSlash(name))
		}
	}
	return pages
}

// withoutCode takes out what GitHub shows as it is: blocks of code, and code in a line.
func withoutCode(text string) string {
	text = regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(text, "")
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, "")
}

// anchors returns those that GitHub gives the headings of a page: in small letters,
// without punctuation, with hyphens for spaces, and a number where one comes again.
func anchors(text string) map[string]bool {
	text = regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(text, "")
	found := make(map[string]bool)
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		anchor := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		anchor = strings.ReplaceAll(anchor, " ", "-")
		again := anchor
		for i := 1; found[again]; i++ {
			again = anchor + "-" + strconv.Itoa(i)
		}
		found[again] = true
	}
	return found
}

// TestLinksLeadSomewhere follows the links from page to page, and to files.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	followed := 0
	for _, name := range pagesOf(t) {
		text := withoutCode(page(t, name))
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"`).FindAllStringSubmatch(text, -1) {
			target := link[1] + link[2]
			if strings.Contains(target, "://") {
				continue
			}
			followed++
			file, anchor, hasAnchor := strings.Cut(target, "#")
			at := name
			if file != "" {
				at = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(at))); err != nil {
				t.Errorf("%s links to %s: %v", name, target, err)
				continue
			}
			if hasAnchor && !anchors(page(t, at))[anchor] {
				t.Errorf("%s links to %s: no such heading", name, target)
			}
		}
	}
	if followed < 50 {
		t.Errorf("only %d links were found", followed)
	}
}

// TestPagesAreFound: every page of docs and examples can be reached from the README.
func TestPagesAreFound(t *testing.T) {
	t.Parallel()
	start := page(t, readme)
	for _, name := range pagesOf(t) {
		if name != readme && !strings.Contains(start, "]("+name+")") {
			t.Errorf("the README does not link to %s", name)
		}
	}
}

// TestPagesShowExamples: a whole workflow on these pages is one of the examples, word
// for word, and the README's first one deploys pushes.
func TestPagesShowExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "examples", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	examples := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		examples[string(text)] = filepath.Base(file)
		if !strings.Contains(page(t, "examples/README.md"), "](workflows/"+filepath.Base(file)+")") {
			t.Errorf("examples/README.md does not have %s", filepath.Base(file))
		}
	}
	for name, want := range map[string][]string{
		readme:       {"push.yml", "preview.yml"},
		previewsPage: {"sweep.yml"},
		forksPage:    {"fork-plan.yml", "fork-preview.yml"},
	} {
		var got []string
		for _, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(page(t, name), -1) {
			if !strings.Contains(block[1], "runs-on:") {
				continue
			}
			example, isThere := examples[block[1]]
			if !isThere {
				t.Errorf("%s shows a workflow that is no example:\n%s", name, block[1])
			}
			got = append(got, example)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s shows %q, want %q", name, got, want)
		}
	}
}
