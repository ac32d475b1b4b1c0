package reliability_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPagesNameTests: what a page says that its promises are held by is there.
func TestPagesNameTests(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	var tests strings.Builder
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		tests.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"reliability.md", "forks.md", "security.md"} {
		page, err := os.ReadFile(filepath.Join(root, "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)(?:/([a-z_]+))?`").FindAllStringSubmatch(string(page), -1)
		if len(named) == 0 {
			t.Errorf("%s names no test", name)
		}
		for _, one := range named {
			if !strings.Contains(tests.String(), "\nfunc "+one[1]+"(") {
				t.Errorf("%s: there is no test %s", name, one[1])
			}
			if one[2] == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, "internal", "cli", "testdata", "script", one[2]+".txt")); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestEachThreatHasItsTest: no line of the table of threats is without one.
func TestEachThreatHasItsTest(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	threats := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "| ") || len(cells) != 3 || strings.TrimSpace(cells[2]) == "Test" {
			continue
		}
		if threats++; !regexp.MustCompile("`(Test|Fuzz)[A-Za-z]+").MatchString(cells[2]) || len(strings.TrimSpace(cells[1])) < 20 {
			t.Errorf("it does not say what is done, or what holds it: %s", line)
		}
	}
	if threats < 30 {
		t.Errorf("there are %d threats", threats)
	}
}
