package foreign_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// difference is what Slipway does otherwise than the Toolkit, on purpose.
// docs/sandbox.md lists all of them.
type difference struct {
	name  string
	files map[string]string // beside package.json and the Function /hello

	theirs, ours   map[string]file // what is live beside /hello; nil when it was refused
	theySay, weSay string          // a part of what is printed; empty for nothing
}

func differences() []difference {
	public := func(contentType, text string) file { return file{false, "public", contentType, content(text)} }
	private := func(text string) file { return file{true, "private", "application/javascript", content(text)} }
	return []difference{
		{
			name: "engines.node", files: map[string]string{"package.json": `{"engines": {"node": ">=24"}}`},
			theirs: map[string]file{}, theySay: "runtime           node22",
			ours: map[string]file{}, weSay: " on node24 ",
		},
		{
			name: "names that begin with a dot", files: map[string]string{"assets/.gitkeep": "", "assets/.env": "KEY=1\n"},
			theirs: map[string]file{"/.gitkeep": public("application/octet-stream", ""), "/.env": public("application/octet-stream", "KEY=1\n")},
			ours:   map[string]file{}, weSay: "warning: assets: left out, because names that begin with a dot are not served: .env, .gitkeep",
		},
		{
			name: "node_modules", files: map[string]string{"assets/node_modules/left-pad/index.js": "1\n"},
			theirs: map[string]file{"/node_modules/left-pad/index.js": public("application/javascript", "1\n")},
			ours:   map[string]file{}, weSay: "warning: assets/node_modules: left out",
		},
		{
			name: "a marker without an extension", files: map[string]string{"assets/prices.private": "secret\n"},
			theirs: map[string]file{"/prices.private": public("application/octet-stream", "secret\n")},
			weSay:  `error: assets/prices.private: the name "prices.private" ends in the marker ".private"`,
		},
		{
			name: "a marker in the wrong place", files: map[string]string{"assets/prices.private.test.json": "{}\n"},
			theirs: map[string]file{"/prices.private.test.json": public("application/json", "{}\n")},
			weSay:  `Rename it to "prices.test.private.json"`,
		},
		{
			name: "two files for one path", files: map[string]string{"functions/a.js": "1\n", "functions/a.private.js": "2\n"},
			theySay: "Duplicate path /a", weSay: `error: functions/a.private.js: takes the path "/a", which functions/a.js has already`,
		},
		{
			name: "scripts that are not UTF-8", files: map[string]string{"assets/a.js": "'\xff'\n", "functions/b.private.js": "'\xfe'\n"},
			theirs: map[string]file{"/a.js": public("application/javascript", "'\ufffd'\n"), "/b": private("'\ufffd'\n")},
			ours:   map[string]file{"/a.js": public("application/javascript", "'\xff'\n"), "/b": private("'\xfe'\n")},
		},
		{
			name: "contents without an extension", files: map[string]string{"assets/logo": "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"},
			theirs: map[string]file{"/logo": public("image/png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")},
			ours:   map[string]file{"/logo": public("application/octet-stream", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")},
		},
		{
			name: "rare content types", files: map[string]string{"assets/model.3mf": "3"},
			theirs: map[string]file{"/model.3mf": public("model/3mf", "3")},
			ours:   map[string]file{"/model.3mf": public("application/octet-stream", "3")},
		},
		{
			name: "variables that Twilio does not take", files: map[string]string{".env": "LONG=" + strings.Repeat("x", 451) + "\n"},
			theySay: "Parameter Value is larger than 450 bytes", weSay: "error: .env:1: the value of LONG has 451 bytes, and Twilio takes 450",
		},
	}
}

// TestDifferencesFromTheToolkit holds both tools to the list of differences, and
// docs/sandbox.md to having all of them.
func TestDifferencesFromTheToolkit(t *testing.T) {
	t.Parallel()
	var names, listed []string
	for _, one := range differences() {
		names = append(names, one.name)
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			folder := inMemory(map[string]string{
				"package.json":       `{"dependencies": {"lodash": "4"}}`,
				"functions/hello.js": "exports.handler = 1;\n",
			})
			maps.Copy(folder, inMemory(one.files))
			theirs, ours := withToolkit(t, folder), withSlipway(t, folder)
			theirs.hold(t, "twilio-run", one.theirs, one.theySay)
			ours.hold(t, "Slipway", one.ours, one.weSay)
		})
	}
	_, list, _ := strings.Cut(readPage(t), "\nOn purpose Slipway ")
	list, _, _ = strings.Cut(list, "\n## ")
	for _, found := range regexp.MustCompile(`(?m)^- \*\*(.+?)\*\*`).FindAllStringSubmatch(list, -1) {
		listed = append(listed, found[1])
	}
	if diff := cmp.Diff(listed, names); diff != "" {
		t.Errorf("differences that docs/sandbox.md has (-) and that are tested (+):\n%s", diff)
	}
}

// hold compares what is live beside /hello, nothing when the deploy was to be refused,
// and looks for a text in what was printed.
func (o outcome) hold(t *testing.T, tool string, want map[string]file, said string) {
	t.Helper()
	var live map[string]file
	if !o.Refused {
		live = maps.Clone(o.Live.Environments["dev"].Files)
		delete(live, "/hello")
	}
	if diff := cmp.Diff(live, want); diff != "" {
		t.Errorf("with %s these are live (-), want (+):\n%s", tool, diff)
	}
	if !strings.Contains(o.Printed, said) {
		t.Errorf("%s did not say %q", tool, said)
	}
	if t.Failed() {
		t.Logf("%s printed:\n%s", tool, o.Printed)
	}
}

// TestContentTypesAreTheToolkits compares those that Slipway knows with those of the
// table that the Toolkit looks them up in.
func TestContentTypesAreTheToolkits(t *testing.T) {
	t.Parallel()
	w, _ := onNode(t, twilio.Options{})
	var types map[string]string
	if err := json.Unmarshal([]byte(w.run(t, "node", "--print", `JSON.stringify(require("mime-types").types)`)), &types); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for extension := range types {
		files["assets/a."+extension] = ""
	}
	loaded, err := project.Load(t.Context(), inMemory(files), project.Options{})
	if err != nil {
		t.Fatal(err)
	}
	alike, rare := 0, 0
	for _, asset := range loaded.Assets {
		switch want := types[strings.TrimPrefix(asset.Path, "/a.")]; asset.ContentType {
		case want:
			alike++
		case "application/octet-stream":
			rare++
		default:
			t.Errorf("%s is %s, want %s", asset.Path, asset.ContentType, want)
		}
	}
	t.Logf("%d of the Toolkit's %d content types, and %d rare ones as application/octet-stream", alike, len(types), rare)
	if alike < 250 || alike+rare != len(types) {
		t.Errorf("that is not all")
	}
}
