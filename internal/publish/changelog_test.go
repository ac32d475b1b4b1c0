package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/publish"
)

const changelog = `# Changelog

What users will notice.

## [Unreleased]

### Added

- Something that is not out yet.

## [1.1.0] - 2026-03-02

### Added

- ` + "`--sooner`" + `: deploys before
  it is asked to.

### Fixed

- [A page] said [1.0.0] where it meant this one.

## [1.0.0] - 2026-01-31

- The first.

## [0.9.0-rc.1] - 2026-01-01

## [0.8.0]

- No date.

[Unreleased]: https://example.com/main
[1.1.0]: https://example.com/1.1.0
`

func TestNotes(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v1.1.0": "### Added\n\n- `--sooner`: deploys before\n  it is asked to.\n\n### Fixed\n\n- [A page] said [1.0.0] where it meant this one.\n",
		"v1.0.0": "- The first.\n",
	} {
		for _, text := range []string{changelog, strings.ReplaceAll(changelog, "\n", "\r\n")} {
			got, err := publish.Notes(text, parsed(t, version))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("%s: got (-), want (+):\n%s", version, diff)
			}
		}
	}
	twice := changelog + "\n## [1.0.0] - 2026-02-01\n\n- Again.\n"
	for _, test := range []struct{ text, version, want string }{
		{changelog, "v1.2.0", "CHANGELOG.md: there is no section for v1.2.0."},
		{changelog, "v1.0.0-rc.1", "CHANGELOG.md: there is no section for v1.0.0-rc.1."},
		{changelog, "v0.9.0-rc.1", "CHANGELOG.md:26: the section for v0.9.0-rc.1 is empty."},
		{changelog, "v0.8.0", "CHANGELOG.md:28: the section for v0.8.0 has no date."},
		{twice, "v1.0.0", "CHANGELOG.md:35: there is a second section for v1.0.0; the first is in line 22."},
		{"", "v1.0.0", "CHANGELOG.md: there is no section for v1.0.0."},
	} {
		_, err := publish.Notes(test.text, parsed(t, test.version))
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.version, err, test.want)
		}
	}
}

// TestOurChangelog releases what is under [Unreleased] in CHANGELOG.md, as a maintainer
// does, and wants all of it in the notes.
func TestOurChangelog(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, unreleased, found := strings.Cut(string(text), "\n## [Unreleased]\n")
	if !found {
		t.Fatal("CHANGELOG.md has no section [Unreleased]")
	}
	unreleased, _, _ = strings.Cut(unreleased, "\n## ")
	unreleased, _, _ = strings.Cut(unreleased, "\n[")
	released := strings.Replace(string(text), "\n## [Unreleased]\n", "\n## [Unreleased]\n\n## [999.0.0] - 2026-01-31\n", 1)
	got, err := publish.Notes(released, parsed(t, "v999.0.0"))
	if strings.TrimSpace(unreleased) == "" {
		return // right behind a release
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(got), strings.TrimSpace(unreleased)); diff != "" {
		t.Errorf("the notes: got (-), want (+):\n%s", diff)
	}
}

func FuzzNotes(f *testing.F) {
	f.Add(changelog)
	f.Add("## [1.0.0] - 2026-01-31\n- x")
	f.Fuzz(func(t *testing.T, text string) {
		notes, err := publish.Notes(text, publish.Version{Major: 1})
		if err != nil {
			return
		}
		for line := range strings.Lines(notes) {
			if strings.HasPrefix(line, "## ") {
				t.Errorf("the notes reach into the next section: %q", notes)
			}
		}
		if strings.TrimSpace(notes) == "" {
			t.Errorf("the notes are empty: %q", notes)
		}
	})
}

func parsed(t *testing.T, text string) publish.Version {
	t.Helper()
	version, err := publish.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return version
}
