package npm_test

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/slipway-dev/slipway/internal/npm"
)

// A recording is a project with a lock file that the tool itself wrote, and what
// the tool said about its dependencies, or the Problems that are to be found;
// testdata/locks/README.md tells how they were made.
type recording struct {
	kind, shape string
	// folder is the project's.
	folder   string
	fsys     fstest.MapFS
	answer   string
	problems string
}

// recordings reads testdata/locks.
func recordings(tb testing.TB) []recording {
	tb.Helper()
	names, err := filepath.Glob("testdata/locks/*/*.txtar")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no recordings: %v", err)
	}
	var found []recording
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		archive := txtar.Parse(data)
		_, folder, _ := strings.Cut(string(archive.Comment), "folder: ")
		one := recording{
			kind: filepath.Base(filepath.Dir(name)), shape: strings.TrimSuffix(filepath.Base(name), ".txtar"),
			folder: strings.TrimSpace(folder), fsys: fstest.MapFS{},
		}
		for _, file := range archive.Files {
			switch file.Name {
			case "answer.txt":
				one.answer = string(file.Data)
			case "problems.txt":
				one.problems = string(file.Data)
			default:
				one.fsys[file.Name] = &fstest.MapFile{Data: file.Data}
			}
		}
		found = append(found, one)
	}
	return found
}

// TestVersionsAreThoseThatTheToolsPrint: `npm ls`, `yarn why`, `pnpm why` and `bun
// why` were asked about each direct dependency.
func TestVersionsAreThoseThatTheToolsPrint(t *testing.T) {
	t.Parallel()
	files, dependencies := map[string]int{}, map[string]int{}
	for _, one := range recordings(t) {
		if one.answer == "" {
			continue
		}
		manifest := one.manifest(t)
		said := one.said(manifest)
		if len(said) != len(manifest.Dependencies) {
			t.Errorf("%s/%s: the tool says %v of the dependencies %v", one.kind, one.shape, said, manifest.Dependencies)
		}
		files[one.kind]++
		dependencies[one.kind] += len(said)
		t.Run(one.kind+"/"+one.shape, func(t *testing.T) {
			t.Parallel()
			got, warnings, err := npm.Read(one.fsys, one.folder, npm.Locked)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("warnings %v, error %v", warnings, err)
			}
			if got.LockFile == "" {
				t.Error("the lock file is not used")
			}
			versions := map[string]string{}
			for _, dependency := range got.Dependencies {
				versions[dependency.Name] = dependency.Version
			}
			if diff := cmp.Diff(versions, said); diff != "" {
				t.Errorf("got (-) differs from what the tool says (+):\n%s", diff)
			}
		})
	}
	for _, kind := range []string{"npm", "pnpm-v5", "pnpm-v6", "pnpm-v9", "yarn-classic", "yarn-berry", "bun"} {
		t.Logf("%s: %d dependencies in %d lock files are compared with what the tool prints", kind, dependencies[kind], files[kind])
		if files[kind] < 5 {
			t.Errorf("%s: %d recordings are compared, want at least 5", kind, files[kind])
		}
	}
}

// manifest is a package.json as the standard library reads it.
type manifest struct {
	Name         string            `json:"name"`
	Dependencies map[string]string `json:"dependencies"`
}

// manifest returns that of the project.
func (r recording) manifest(t *testing.T) manifest {
	t.Helper()
	var found manifest
	if err := json.Unmarshal(r.fsys[path.Join(r.folder, "package.json")].Data, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// said returns what the tool says: the versions by name.
func (r recording) said(manifest manifest) map[string]string {
	if r.kind == "npm" {
		return r.listed()
	}
	found := map[string]string{}
	for dependency := range manifest.Dependencies {
		fill := strings.NewReplacer(
			"DEPENDENCY", regexp.QuoteMeta(dependency), "PACKAGE", regexp.QuoteMeta(manifest.Name), "FOLDER", regexp.QuoteMeta(r.folder),
		)
		for _, pattern := range r.patterns() {
			if match := regexp.MustCompile(fill.Replace(pattern)).FindStringSubmatch(r.answer); match != nil {
				found[dependency] = match[1]
				break
			}
		}
	}
	return found
}

// patterns match the version in the answers; the first that does counts.
func (r recording) patterns() []string {
	switch r.kind {
	case "yarn-classic": // under its own package, or hoisted
		return []string{`Found "PACKAGE#DEPENDENCY@([^"]+)"`, `Found "DEPENDENCY@([^"]+)"`}
	case "yarn-berry": // below its workspace
		return []string{`(?m)^[├└]─ PACKAGE@workspace:FOLDER\n[│ ]+[├└]─ DEPENDENCY@npm:(\S+)`}
	case "bun": // above those that require it; `bun pm ls` of old: below its workspace, or at the top
		return []string{
			`(?m)^DEPENDENCY@(\S+)\n(?:  .*\n)*?  [├└]─ PACKAGE(?:@workspace)?(?: \(requires|\n)`,
			`(?m)^[├└]── PACKAGE@workspace:FOLDER\n(?:[│ ]   .*\n)*?[│ ]   [├└]── DEPENDENCY@(\S+)`,
			`(?m)^[├└]── DEPENDENCY@(\S+)`,
		}
	default: // pnpm 10 puts it above its dependents, pnpm 9 at the margin
		return []string{
			`(?m)^DEPENDENCY@(\S+)\n(?:[│├└ ].*\n)*?[├└]── PACKAGE@\S+ \(dependencies\)`,
			`(?m)^DEPENDENCY (\S+)`,
		}
	}
}

// listed returns what `npm ls` says, a tree whose root is the package or, above
// it, that of the workspace.
func (r recording) listed() map[string]string {
	found := map[string]string{}
	inside, depth := r.folder == ".", 0
	for line := range strings.Lines(r.answer) {
		label := strings.TrimLeft(line, "│├└─┬ ")
		at := len([]rune(line)) - len([]rune(label))
		switch {
		case strings.HasSuffix(strings.TrimSpace(label), "-> ./"+r.folder):
			inside, depth = true, at
		case inside && at == depth+4 || inside && r.folder != "." && at == depth+2:
			entry, _, _ := strings.Cut(strings.TrimSpace(label), " ")
			if i := strings.LastIndex(entry, "@"); i > 0 && !strings.Contains(label, "->") {
				found[entry[:i]] = entry[i+1:]
			}
		}
	}
	return found
}

// TestWhatTwilioCannotInstallIsReported: aliases, folders, addresses, packages of
// the workspace, and patched ones.
func TestWhatTwilioCannotInstallIsReported(t *testing.T) {
	t.Parallel()
	for _, one := range recordings(t) {
		if one.answer != "" {
			continue
		}
		t.Run(one.kind+"/"+one.shape, func(t *testing.T) {
			t.Parallel()
			_, _, err := npm.Read(one.fsys, one.folder, npm.Locked)
			wantProblems(t, err, strings.Split(strings.TrimSpace(one.problems), "\n"))
		})
	}
}
