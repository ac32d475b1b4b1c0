package project

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind Kind
		rel  string
		want placement
	}{
		{KindFunction, "hello.js", placement{path: "/hello", visibility: Public}},
		{KindFunction, "index.js", placement{path: "/index", visibility: Public}},
		{KindFunction, "admin/users.protected.js", placement{path: "/admin/users", visibility: Protected}},
		{KindFunction, "lib/db.private.js", placement{path: "/lib/db", visibility: Private}},
		{KindFunction, "open.public.js", placement{path: "/open", visibility: Public}},
		{KindFunction, "hello.test.js", placement{path: "/hello.test", visibility: Public}},
		{KindFunction, "private.js", placement{path: "/private", visibility: Public}},
		{KindFunction, "private/a.js", placement{path: "/private/a", visibility: Public}},
		{KindFunction, "a.js.js", placement{path: "/a.js", visibility: Public}},
		{KindAsset, "index.html", placement{path: "/index.html", visibility: Public}},
		{KindAsset, "img/logo.private.png", placement{path: "/img/logo.png", visibility: Private}},
		{KindAsset, "js/app.js", placement{path: "/js/app.js", visibility: Public}},
		{KindAsset, "README", placement{path: "/README", visibility: Public}},
		{KindAsset, "hold music\t1.mp3", placement{path: "/hold-music-1.mp3", visibility: Public}},
		{KindAsset, "a\u00a0b\ufeffc.txt", placement{path: "/a-b-c.txt", visibility: Public}},
		{KindAsset, `img\logo.png`, placement{path: "/img/logo.png", visibility: Public}},
		{KindAsset, ".well-known/security.txt", placement{path: "/.well-known/security.txt", visibility: Public}},
		{KindAsset, "grüße.txt", placement{path: "/grüße.txt", visibility: Public}},
		{KindAsset, "_slipway.txt", placement{path: "/_slipway.txt", visibility: Public}},
		// The Toolkit takes the first ".public" out of any public name.
		{KindAsset, "our.publications.pdf", placement{
			path: "/our.publications.pdf", visibility: Public, toolkitPath: "/ourations.pdf",
		}},
		// Where ".public" is a part of its own, addresses stay what they were.
		{KindAsset, "app.public.min.js", placement{path: "/app.min.js", visibility: Public, isUnmarked: true}},
		{KindFunction, "a.public.b.js", placement{path: "/a.b", visibility: Public, isUnmarked: true}},
		{KindAsset, "a.Public.txt", placement{path: "/a.Public.txt", visibility: Public}},
		{KindAsset, "readme.public", placement{path: "/readme.public", visibility: Public}},
		// Words that only begin like a marker.
		{KindAsset, "a.privateKey.json", placement{path: "/a.privateKey.json", visibility: Public}},
		{KindAsset, "a.protectedness.json", placement{path: "/a.protectedness.json", visibility: Public}},
		{KindAsset, "a.privateé.json", placement{path: "/a.privateé.json", visibility: Public}},
		{KindAsset, "private copy.json", placement{path: "/private-copy.json", visibility: Public}},
		{KindAsset, "a.privateer.private.txt", placement{
			path: "/a.privateer.txt", visibility: Private, toolkitPath: "/aer.private.txt",
		}},
	}
	for _, test := range tests {
		got, problems := place(test.kind, test.rel)
		if len(problems) > 0 {
			t.Errorf("%s %q: unexpected problems: %v", test.kind, test.rel, problems)
		}
		if diff := cmp.Diff(got, test.want, cmp.AllowUnexported(placement{})); diff != "" {
			t.Errorf("%s %q: got (-) differs from want (+):\n%s", test.kind, test.rel, diff)
		}
	}
}

func TestPlaceProblems(t *testing.T) {
	t.Parallel()
	const inPublic = ", and Twilio's tools would serve the file in public. "
	tests := []struct {
		kind Kind
		rel  string
		want string
	}{
		{KindAsset, "secret.private", `the name "secret.private" ends in the marker ".private"` + inPublic +
			`Give it an extension after the marker, such as "secret.private.txt".`},
		{KindAsset, "a.private.test.json", `the name "a.private.test.json" has ".private" elsewhere than right before the extension` +
			inPublic + `Rename it to "a.test.private.json".`},
		{KindAsset, "keys.pem.protected", `the name "keys.pem.protected" has ".protected" elsewhere than right before the extension` +
			inPublic + `Rename it to "keys.protected.pem".`},
		{KindFunction, "a.Private.js", `the name "a.Private.js" has ".Private" elsewhere than right before the extension` +
			inPublic + `Rename it to "a.private.js".`},
		{KindAsset, "keys.private copy.json", `the name "keys.private copy.json" has ".private copy" elsewhere than right before the extension` +
			inPublic + `Rename it to "keys copy.private.json".`},
		{KindAsset, "z.private .pem", `the name "z.private .pem" has ".private " elsewhere than right before the extension` +
			inPublic + `Rename it to "z.private.pem".`},
		{KindFunction, "x.private-old.js", `the name "x.private-old.js" has ".private-old" elsewhere than right before the extension` +
			inPublic + `Rename it to "x-old.private.js".`},
		{KindFunction, "y.private_bak.js", `the name "y.private_bak.js" has ".private_bak" elsewhere than right before the extension` +
			inPublic + `Rename it to "y_bak.private.js".`},
		{KindFunction, "w.PROTECTED2.js", `the name "w.PROTECTED2.js" has ".PROTECTED2" elsewhere than right before the extension` +
			inPublic + `Rename it to "w2.protected.js".`},
		{KindAsset, "x.private~", `the name "x.private~" ends in the marker ".private~"` + inPublic +
			`Give it an extension after the marker, such as "x~.private.txt".`},
		{KindAsset, `a.private\b.txt`, `the folder "a.private" has a visibility marker, which counts in names of files only. ` +
			`Rename the folder, and mark each file in it.`},
		{KindAsset, "a.private (1)/b.txt", `the folder "a.private (1)" has a visibility marker, which counts in names of files only. ` +
			`Rename the folder, and mark each file in it.`},
		{KindAsset, `a\b.private`, `the name "b.private" ends in the marker ".private"` + inPublic +
			`Give it an extension after the marker, such as "b.private.txt".`},
		{KindFunction, "a.protected.private.js", `the name "a.protected.private.js" has more than one visibility marker. ` +
			`Keep one of ".protected" and ".private", right before the extension.`},
		{KindFunction, "a.private.private.js", `the name "a.private.private.js" has more than one visibility marker. ` +
			`Keep one of ".protected" and ".private", right before the extension.`},
		{KindAsset, "x/docs.private/a.txt", `the folder "docs.private" has a visibility marker, which counts in names of files only. ` +
			`Rename the folder, and mark each file in it.`},
		{KindAsset, ".private/a.txt", `the folder ".private" has a visibility marker, which counts in names of files only. ` +
			`Rename the folder, and mark each file in it.`},
		{KindAsset, "docs.privateer/README", `the name "docs.privateer/README" means public here, but private to the Toolkit. Rename the file or its folder.`},
		{KindFunction, "pay#now.js", `the path "/pay#now" contains "#", which paths on Twilio cannot. Rename the file.`},
		{KindAsset, "a'b(1)(2).png", `the path "/a'b(1)(2).png" contains "'" "(" ")", which paths on Twilio cannot. Rename the file.`},
		{KindAsset, "a\x01b", `the path "/a\x01b" contains "\x01", which paths on Twilio cannot. Rename the file.`},
		{KindAsset, `..\a.txt`, `the path "/../a.txt" has empty or dotted parts. Rename the file.`},
		{KindAsset, `a\\b.txt`, `the path "/a//b.txt" has empty or dotted parts. Rename the file.`},
		{KindFunction, "_slipway.js", `the path "/_slipway" is reserved: Slipway keeps its Manifest below /_slipway. Rename the file or its folder.`},
		{KindAsset, "_slipway/a.txt", `the path "/_slipway/a.txt" is reserved: Slipway keeps its Manifest below /_slipway. Rename the file or its folder.`},
		{KindAsset, strings.Repeat("é", 255), "the path \"/" + strings.Repeat("é", 39) + "\"… has 256 characters, and Twilio takes 255. " +
			"Shorten the names of the file or its folders."},
	}
	for _, test := range tests {
		_, problems := place(test.kind, test.rel)
		var got []string
		for _, p := range problems {
			got = append(got, p.Error())
		}
		if diff := cmp.Diff(got, []string{test.want}); diff != "" {
			t.Errorf("%s %q: got (-) differs from want (+):\n%s", test.kind, test.rel, diff)
		}
	}
	if _, problems := place(KindAsset, strings.Repeat("é", 254)); len(problems) > 0 {
		t.Errorf("a path of 255 characters is refused: %v", problems)
	}
}

func FuzzPlace(f *testing.F) {
	for _, seed := range []string{
		"a.js", "a.private.js", "secret.private", "a.private.test.json", "x.PROTECTED.y/b.txt", `a\..\b`, "a b#c", "_slipway/x", "..", ".js", "a.private copy.js", `a.private\b`, "a.privatE\u0130.js",
	} {
		f.Add(seed)
	}
	says := regexp.MustCompile(`(?i)[^/\\]\.(private|protected)(\PL|$)`)
	f.Fuzz(func(t *testing.T, rel string) {
		for _, kind := range []Kind{KindFunction, KindAsset} {
			got, problems := place(kind, rel)
			for _, p := range problems {
				if p.Message == "" || p.Fix == "" {
					t.Errorf("%q: an empty Problem: %+v", rel, p)
				}
			}
			if len(problems) > 0 {
				continue
			}
			switch {
			case !strings.HasPrefix(got.path, "/"),
				strings.ContainsAny(got.path, "#;,?:@+&$()'\" \\"),
				!utf8.ValidString(got.path),
				utf8.RuneCountInString(got.path) > 255,
				strings.Contains(got.path+"/", "/../"),
				strings.HasPrefix(got.path+"/", "/_slipway/"):
				t.Errorf("%q became %q", rel, got.path)
			}
			// What says private or protected behind a dot, and not as the beginning
			// of a longer word, must never be public.
			if says.MatchString(rel) && got.visibility == Public {
				t.Errorf("%q is public at %q", rel, got.path)
			}
		}
	})
}
