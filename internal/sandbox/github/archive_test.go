package github_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

// listed is what a tarball has: a type, a name, and a content or a target each.
func listed(t *testing.T, packed string) []string {
	t.Helper()
	zipped, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for archive := tar.NewReader(zipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, string(header.Typeflag)+" "+header.Name+" "+header.Linkname+header.PAXRecords["comment"]+string(content))
	}
}

func TestTarball(t *testing.T) {
	t.Parallel()
	var late atomic.Int64 // minutes
	b := newHistory(t, github.Options{Now: func() time.Time { return time.Now().Add(time.Duration(late.Load()) * time.Minute) }})
	nobody := b.with("Authorization", "")
	withoutQuery := func(link string) string {
		before, _, _ := strings.Cut(link, "?")
		return before
	}
	want := []string{
		"g pax_global_header " + commitOf("c"),
		"5 acme-voice-ccccccc/ ",
		"5 acme-voice-ccccccc/app/ ",
		"0 acme-voice-ccccccc/app/new.js n",
		"5 acme-voice-ccccccc/moved/ ",
		"0 acme-voice-ccccccc/moved/one.js 1",
		"0 acme-voice-ccccccc/slipway.yml version: 2\n",
	}
	var link string
	for _, ref := range []string{commitOf("c"), "feature/side"} {
		sent := b.get(voice + "/tarball/" + ref)
		wantStatus(t, sent, http.StatusFound)
		link = sent.header.Get("Location")
		if before, token, _ := strings.Cut(link, "?token="); before != b.url+"/_codeload/acme/voice/legacy.tar.gz/"+ref || len(token) != 32 || sent.raw != "" {
			t.Fatalf("sent on to %q, saying %q", link, sent.raw)
		}
		got := nobody.get(link)
		wantStatus(t, got, http.StatusOK)
		if found := listed(t, got.raw); !slices.Equal(found, want) {
			t.Errorf("%s: got\n%q\nwant\n%q", ref, found, want)
		}
		if got.header.Get("Content-Type") != "application/x-gzip" || got.header.Get("X-RateLimit-Limit") != "" || got.header.Get("Content-Disposition") != "attachment; filename=acme-voice-ccccccc.tar.gz" {
			t.Errorf("headers %v", got.header)
		}
	}
	b2 := b.get("/api/v3" + voice + "/tarball/" + commitOf("b")).header.Get("Location")
	if !strings.HasPrefix(b2, b.url+"/_codeload/acme/voice/") {
		t.Errorf("an enterprise's link is %s", b2)
	}
	found := listed(t, nobody.get(b2).raw)
	for _, one := range []string{"2 acme-voice-bbbbbbb/app/link ../slipway.yml", "2 acme-voice-bbbbbbb/app/dangling nowhere", "5 acme-voice-bbbbbbb/vendor/ ", "5 acme-voice-bbbbbbb/vendor/sub/ ", "0 acme-voice-bbbbbbb/empty "} {
		if !slices.Contains(found, one) {
			t.Errorf("it lacks %q, and has %.2000q", one, found)
		}
	}
	for name, test := range map[string]struct {
		got    answer
		status int
		text   string
	}{
		"a token that leaks":  {b.get(link), 400, "400: a token of the API came to the archives' host"},
		"a cookie that leaks": {nobody.with("Cookie", "a=b").get(link), 400, "400: a token of the API"},
		"no link":             {nobody.get(withoutQuery(link)), 404, "404: Not Found"},
		"another token":       {nobody.get(link + "0"), 404, "404: Not Found"},
		"another commit":      {nobody.get(strings.Replace(link, "feature/side", commitOf("a"), 1)), 404, "404: Not Found"},
		"another repository":  {nobody.get(strings.Replace(link, "acme/voice", "acme/site", 1)), 404, "404: Not Found"},
		"another method":      {nobody.do("POST", link, ""), 404, "knows no operation POST"},
		"another form":        {nobody.get(strings.Replace(link, "legacy.tar.gz", "legacy.zip", 1)), 404, "knows no operation GET"},
		"another parameter":   {nobody.get(link + "&a=b"), 422, "is not a permitted key"},
		"a commit that is none": {
			b.get(voice + "/tarball/" + commitOf("9")), 404, "Not Found",
		},
		"nobody":        {nobody.get(voice + "/tarball/" + commitOf("c")), 404, "Not Found"},
		"a query there": {b.get(voice + "/tarball/" + commitOf("c") + "?ref=main"), 422, "is not a permitted key"},
	} {
		if test.got.status != test.status || !strings.Contains(test.got.raw, test.text) {
			t.Errorf("%s: got %d %.300s, want %d %s", name, test.got.status, test.got.raw, test.status, test.text)
		}
	}
	late.Store(6)
	if got := nobody.get(link); got.status != http.StatusNotFound {
		t.Errorf("after six minutes: %d", got.status)
	}
}

// TestPublicTarballs need neither a token nor a link, only a permission where there is one.
func TestPublicTarballs(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{Switches: github.Switches{MissingTarballsHaveLinks: true}}).with("Authorization", "")
	sent := b.get("/repos/acme/site/tarball/" + sha)
	if link := sent.header.Get("Location"); sent.status != http.StatusFound || link != b.url+"/_codeload/acme/site/legacy.tar.gz/"+sha {
		t.Fatalf("got %d %s", sent.status, link)
	}
	if found := listed(t, b.get(sent.header.Get("Location")).raw); len(found) != 2 {
		t.Errorf("an empty tree has %q", found)
	}
	missing := b.get("/repos/acme/site/tarball/" + commitOf("9"))
	wantStatus(t, missing, http.StatusFound)
	wantStatus(t, b.get(missing.header.Get("Location")), http.StatusNotFound)
}
