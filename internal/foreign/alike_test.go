package foreign_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// projectsVariable names a folder with more projects, such as a checkout of
// github.com/twilio-labs/function-templates.
const projectsVariable = "SLIPWAY_PROJECTS"

// TestProjectsAreDeployedAlike deploys each project of testdata, an odd one, and all
// below SLIPWAY_PROJECTS, with twilio-run and with Slipway, to two Sandboxes, and
// compares these. Each project is deployed as it is. All that the two are told is a name
// for the Service, since most public projects have none.
func TestProjectsAreDeployedAlike(t *testing.T) {
	t.Parallel()
	projects := projectsIn(t, filepath.Join("..", "..", "testdata", "projects"))
	if _, found := projects["voice-ivr"]; !found {
		t.Errorf("testdata has no voice-ivr, but %d other projects", len(projects))
	}
	projects["odd"] = oddProject()
	if folder := os.Getenv(projectsVariable); folder == "" {
		t.Logf("%s names no folder with more projects", projectsVariable)
	} else {
		more := projectsIn(t, folder)
		if len(more) == 0 {
			t.Errorf("there is no project in %s", folder)
		}
		for name, folder := range more {
			projects["more/"+name] = folder
		}
	}
	// The Toolkit does not read engines.node, and sends no runtime unless it is told.
	runtimes := map[string]string{"monorepo/services/messaging": "node24"}

	var mu sync.Mutex
	var alike []string
	t.Cleanup(func() {
		slices.Sort(alike)
		t.Logf("%d of %d projects were deployed alike: %s", len(alike), len(projects), strings.Join(alike, ", "))
	})
	for name, folder := range projects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var flags []string
			if runtime := runtimes[name]; runtime != "" {
				flags = []string{"--runtime", runtime}
			}
			theirs, ours := withToolkit(t, folder, flags...), withSlipway(t, folder)
			if theirs.Refused || ours.Refused {
				t.Fatalf("twilio-run printed:\n%s\nSlipway printed:\n%s", theirs.Printed, ours.Printed)
			}
			if diff := compare(theirs, ours); diff != "" {
				t.Fatalf("twilio-run made (-), Slipway made (+):\n%s", diff)
			}
			if len(ours.Live.Environments["dev"].Files) == 0 {
				t.Fatal("they made nothing")
			}
			mu.Lock()
			defer mu.Unlock()
			alike = append(alike, name)
		})
	}
}

// compare compares everything but what was printed.
func compare(theirs, ours outcome) string {
	return cmp.Diff(theirs, ours, cmpopts.IgnoreFields(outcome{}, "Printed"))
}

// projectsIn are the projects below a folder, by their names there: folders with a
// package.json and one of the folders that the Toolkit looks for. What lies inside of
// a project is part of it.
func projectsIn(t *testing.T, root string) map[string]fs.FS {
	t.Helper()
	tree := os.DirFS(root)
	found := map[string]fs.FS{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if entry.Name() == "node_modules" || entry.Name() == ".git" {
			return fs.SkipDir
		}
		project, err := fs.Sub(tree, name)
		if err != nil {
			return fmt.Errorf("open %s: %w", name, err)
		}
		if !isProject(project) {
			return nil
		}
		found[name] = project
		return fs.SkipDir
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func isProject(folder fs.FS) bool {
	if _, err := fs.Stat(folder, "package.json"); err != nil {
		return false
	}
	return slices.ContainsFunc([]string{"functions", "src", "assets", "static"}, func(name string) bool {
		info, err := fs.Stat(folder, name)
		return err == nil && info.IsDir()
	})
}

// oddProject is one of what people seldom have, but may: other folders, names that
// cannot be paths as they are, contents of every kind, a .env in all of dotenv's forms.
func oddProject() fs.FS {
	files := map[string]string{
		"package.json": `{
	"dependencies": {"a": "", "b": "*", "c": "latest", "d": ">=1 <2 || 3.x", "@e/f": "~1.2.3", "@twilio/runtime-handler": "2.0.1"},
	"devDependencies": {"g": "1"}, "optionalDependencies": {"h": "1"}, "peerDependencies": {"i": "1"}
}`,
		".env": "PLAIN=1\n SPACED = out  \nQUOTED=\"a # b\"\nSINGLE='a\\nb'\nDOUBLE=\"a\\nb\"\nEMPTY=\nNOTHING=\"\"\nBLANK=' '\n" +
			"EQUALS=a=b\nDOTTED.KEY=1\nDASHED-KEY=1\n#COMMENT=1\nTWICE=1\nTWICE=2\nTWILIO_KEY=1\nACCOUNT_SID=AC1\nAUTH_TOKEN=1\n" +
			"export EXPORTED=1\nUNCLOSED=\"a\nTICKS=`a`\nDOLLAR=$PLAIN\nUNICODE=ü€\nTRAILING=a # b\r\nnothing\nCOLON: 1\n",
		"src/index.js":                                       "exports.handler = 1;\n",
		"src/my folder/my\tfunction.js":                      "exports.handler = 2;\n",
		"src/public.public.js":                               "exports.handler = 3;\n",
		"src/v2.beta.private.js":                             "exports.handler = 4;\n",
		"src/byte-order-mark.protected.js":                   "\ufeffexports.handler = 5;\n",
		"src/crlf.js":                                        "exports.handler = 6;\r\n",
		"src/empty.js":                                       "",
		"src/no-function.mjs":                                "export const handler = 7;\n",
		"src/no-function.ts":                                 "export const handler = 8;\n",
		"src/NO-FUNCTION.JS":                                 "exports.handler = 9;\n",
		"src/README.md":                                      "# No Function\n",
		"src/package.json":                                   "{}\n",
		"static/index.html":                                  "<!doctype html>\n",
		"static/UPPER.HTML":                                  "<!doctype html>\n",
		"static/no-extension":                                "text\n",
		"static/ends-in-a-dot.":                              "text\n",
		"static/a..b.txt":                                    "text\n",
		"static/archive.tar.gz":                              "\x1f\x8b\x08\x00",
		"static/unknown.extension":                           "text\n",
		"static/empty.css":                                   "",
		"static/nothing":                                     "",
		"static/binary.private.bin":                          "\x00\xff\xfe",
		"static/public.public.html":                          "<!doctype html>\n",
		"static/grüezi-€.txt":                                "text\n",
		"static/no\u00a0break.txt":                           "text\n",
		"static/100%25.txt":                                  "text\n",
		"static/~!*[]{}=^|<>%\u3000.txt":                     "text\n",
		"static/back\\slash.txt":                             "text\n",
		"static/u\u0308.txt":                                 "text\n",
		"static/" + strings.Repeat("long/", 49) + "name.txt": "text\n",
		"static/script.js":                                   "\ufefflet ü = '€';\r\n",
		"static/deep/er/still/style.css":                     "body {}\n",
		"static/module.mjs":                                  "export {};\n",
		"static/package.json":                                "{}\n",
		"static/functions/no-function.js":                    "exports.handler = 10;\n",
		"static/privateer.html":                              "<!doctype html>\n",
		"static/song.protected.mp3":                          "ID3",
		"static/font.woff2":                                  "wOF2",
		"static/picture.SVG":                                 "<svg/>",
		"public/not-a-folder-of-either.txt":                  "text\n",
	}
	project := inMemory(files)
	project["static/link.html"] = &fstest.MapFile{Data: []byte("index.html"), Mode: fs.ModeSymlink | 0o777}
	return project
}

// inMemory is a folder with these files.
func inMemory(files map[string]string) fstest.MapFS {
	folder := fstest.MapFS{}
	for name, content := range files {
		folder[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return folder
}
