package cli

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/slipway-dev/slipway/"

// rooms returns the packages of the repository that have code, each with what that
// imports, in the words of design.md's table.
func rooms(t *testing.T) map[string][]string {
	t.Helper()
	known := map[string]string{
		"github.com/sethvargo/go-githubactions": "go-githubactions", "github.com/spf13/cobra": "cobra", "github.com/spf13/pflag": "pflag",
		"golang.org/x/sync/errgroup": "x/sync", "golang.org/x/term": "x/term", "github.com/aymanbagabas/go-udiff": "go-udiff",
		"github.com/google/go-github/v60/github": "go-github", "github.com/Masterminds/semver/v3": "semver", "go.yaml.in/yaml/v4": "yaml",
		"github.com/cenkalti/backoff/v4": "backoff", "github.com/prometheus/client_golang/prometheus": "prometheus",
		"github.com/prometheus/client_golang/prometheus/collectors": "prometheus", "github.com/prometheus/client_golang/prometheus/promhttp": "prometheus", "modernc.org/sqlite": "sqlite", "github.com/tidwall/gjson": "gjson", "github.com/google/go-cmp/cmp": "go-cmp",
		"github.com/santhosh-tekuri/jsonschema/v6": "jsonschema",
	}
	found := make(map[string]map[string]bool)
	repository := os.DirFS(filepath.Join("..", ".."))
	err := fs.WalkDir(repository, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." {
			_, err := fs.Stat(repository, path.Join(name, "go.mod")) // a module of its own
			if err == nil || entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") {
				return fs.SkipDir
			}
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", filepath.FromSlash(name)), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		room := path.Dir(name)
		if room == "." {
			room = "main"
		}
		if found[room] == nil {
			found[room] = make(map[string]bool)
		}
		for _, one := range file.Imports {
			imported, err := strconv.Unquote(one.Path.Value)
			if err != nil {
				return err
			}
			own, isOwn := strings.CutPrefix(imported, module+"internal/")
			switch {
			case isOwn:
				found[room][own] = true
			case strings.Contains(strings.Split(imported, "/")[0], "."):
				if known[imported] == "" {
					t.Errorf("%s imports %s, for which design.md has no word", name, imported)
				}
				found[room][known[imported]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	imports := make(map[string][]string)
	for room, names := range found {
		imports[room] = slices.AppendSeq([]string{}, maps.Keys(names))
		slices.Sort(imports[room])
	}
	return imports
}

// TestRoomsAreAsTheTableSays: design.md's table has every package, with no import more
// and none less than its code has, and none of a higher level.
func TestRoomsAreAsTheTableSays(t *testing.T) {
	t.Parallel()
	const everything = "everything below"
	_, table, _ := strings.Cut(page(t, "docs/design.md"), "| Level | Package |")
	table, _, _ = strings.Cut(table, "\n\n")
	said, levels := make(map[string][]string), make(map[string]int)
	for line := range strings.Lines(table) {
		row := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(row) != 4 || !strings.Contains(row[1], "`") {
			continue
		}
		room := strings.Trim(row[1], " `")
		said[room] = []string{}
		if level, err := strconv.Atoi(strings.TrimSpace(row[0])); err == nil {
			levels[strings.TrimPrefix(room, "internal/")] = level
		}
		for _, name := range regexp.MustCompile(`everything below|[a-z][a-z/-]*`).FindAllString(row[3], -1) {
			if name != "nothing" {
				said[room] = append(said[room], name)
			}
		}
		slices.Sort(said[room])
	}
	got := rooms(t)
	for room, names := range got {
		if slices.Contains(said[room], everything) {
			names = slices.DeleteFunc(names, func(name string) bool { _, isRoom := levels[name]; return isRoom })
			got[room] = slices.Sorted(slices.Values(append(names, everything)))
			continue
		}
		own, isInternal := levels[strings.TrimPrefix(room, "internal/")]
		for _, name := range names {
			if level, isRoom := levels[name]; isRoom && isInternal && level > own {
				t.Errorf("%s, of level %d, imports %s, of level %d", room, own, name, level)
			}
		}
	}
	if diff := cmp.Diff(said, got); diff != "" {
		t.Errorf("design.md's table (-) differs from the code (+):\n%s", diff)
	}
}
