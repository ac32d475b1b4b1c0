package npm

import (
	"encoding/json"
	"maps"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMembersCountsLines(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"a.json": {Data: []byte("\ufeff\n\r\n  {\"a\" :\n\n {\"x\": \"}\\\"\",\n\"y\": [\n[]]}, \"b\\u0063\":\n1,\"d\":-1.5e3\n,\"a\":null}\n")}}
	whole, err := readJSON(fsys, "a.json", 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	type found struct {
		name      string
		line      int
		raw       string
		valueLine int
	}
	var got []found
	for m := range whole.members() {
		got = append(got, found{m.name, m.line, string(m.value.raw), m.value.line})
	}
	want := []found{
		{"a", 3, "{\"x\": \"}\\\"\",\n\"y\": [\n[]]}", 5},
		{"bc", 7, "1", 8},
		{"d", 8, "-1.5e3", 8},
		{"a", 9, "null", 9},
	}
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(found{})); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
}

// FuzzMembers holds the walk against encoding/json.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, ` { "a" : [ 1 , {"}":"\\"} ] , "\ud800":"\"" ,"a":false}`, "{\"\xff\":\"\xfe\"}", `{"a":1.5e-3}`, `{"a":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var want map[string]json.RawMessage
		if !json.Valid(data) || json.Unmarshal(data, &want) != nil || want == nil {
			return
		}
		got := map[string]json.RawMessage{}
		for m := range (value{raw: data, line: 1}).members() {
			got[m.name] = m.value.raw
			if wantText := ""; json.Unmarshal(m.value.raw, &wantText) == nil && m.value.kind() == "a string" {
				if text, ok := m.value.text(); !ok || text != wantText {
					t.Errorf("%q: got %q, %t, want %q", m.value.raw, text, ok, wantText)
				}
			}
		}
		if !maps.EqualFunc(got, want, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Errorf("%q: got %q, want %q", data, got, want)
		}
	})
}

func TestPlainJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{}":                                  "{}",
		`{"a": [1, 2,], }`:                    `{"a": [1, 2 ]  }`,
		"{\"a\": 1, // one\r\n}":              "{\"a\": 1        \r\n}",
		"{/* a\nb */\"a\": \"/*,]//\\\",}\"}": "{    \n    \"a\": \"/*,]//\\\",}\"}",
		"[1 /*,*/ , //]\n ]":                  "[1            \n ]",
		"{,}":                                 "{,}",
		"[,]":                                 "[,]",
		",]":                                  ",]",
		"[1,,]":                               "[1,,]",
		"[1/2]":                               "[1/2]",
		`{"a`:                                 `{"a`,
		`{"a\`:                                `{"a\`,
		"/":                                   "/",
		"/* ":                                 "   ",
	} {
		if got := string(plainJSON([]byte(text))); got != want {
			t.Errorf("plainJSON(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzPlainJSON: JSON stays as it is, and every line where it is.
func FuzzPlainJSON(f *testing.F) {
	for _, seed := range []string{`{"a": [1, 2,], } // x`, `{"//": "/*", "\\": ",]"}`, "[/*\n*/1,\n]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := plainJSON(data)
		if json.Valid(data) && string(got) != string(data) {
			t.Errorf("%q became %q", data, got)
		}
		if len(got) != len(data) || strings.Count(string(got), "\n") != strings.Count(string(data), "\n") {
			t.Errorf("%q became %q, which has other lines", data, got)
		}
	})
}

// TestHugeLocksAreReadLean: a lock file comes from a repository, which may belong
// to anybody.
func TestHugeLocksAreReadLean(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	content := "{\"lockfileVersion\": 3" + strings.Repeat(`,"aaaaaaaa":1`, 2_000_000) + `, "packages": {"": {}, "node_modules/a": {"version": "1.0.0"}}}`
	fsys := fstest.MapFS{
		"package.json":      {Data: []byte(`{"dependencies": {"a": "^1.0.0"}}`)},
		"package-lock.json": {Data: []byte(content)},
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	got, _, err := Read(fsys, ".", Locked)
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	if err != nil || got.LockFile == "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	allocated := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d MB in %v, %d MB allocated", len(content)>>20, elapsed, allocated>>20)
	if limit := uint64(4 * len(content)); allocated > limit {
		t.Errorf("allocated %d bytes for a lock of %d", allocated, len(content))
	}
}

// TestHugeYAMLIsReadLean: the loader holds many times what it reads, and some of it
// to the end of a text that is no YAML from its first line on.
func TestHugeYAMLIsReadLean(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for _, part := range []string{
		`""`, "''", "\"\n", "*a ", "&a ", "!a ", "{#\n", "...\n", "a:\n", "- ", "? ", "[", "a,", "{", "a\n", "'a': 'b'\n", "%a\n", "|\n", "}", "---\n",
	} {
		for _, begin := range []string{"", "{", "a: "} {
			content := begin + strings.Repeat(part, maxYAMLBytes/len(part)-1)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := parseYAML("pnpm-lock.yaml", []byte(content))
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			if limit := uint64(640 << 20); allocated > limit {
				t.Errorf("%q and many %q: allocated %d MB for %d: %v", begin, part, allocated>>20, len(content)>>20, err)
			}
		}
	}
}
