package github_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

// commitOf makes a SHA of one digit.
func commitOf(digit string) string { return strings.Repeat(digit, 40) }

// newHistory has main at d, behind b, behind a; a side branch from b to c; and
// an e that has nothing to do with them.
//
//	a - b - d  main
//	     \- c  feature/side
//	e          orphan
func newHistory(t *testing.T, options github.Options) *box {
	t.Helper()
	a, b := commitOf("a"), commitOf("b")
	large := strings.Repeat("x", 1<<20)
	options.Repositories = []github.Repository{{Owner: "acme", Name: "voice", Private: true, Commits: []github.Commit{
		{SHA: a, Files: map[string]string{"slipway.yml": "version: 1\n", "app/one.js": "1", "app/two.js": "2", "lib/x": "x"}},
		{
			SHA: b, Parents: []string{a}, Files: map[string]string{"slipway.yml": "version: 1\n", "app/one.js": "1", "app/two.js": "2", "lib/x": "x", "empty": "", "large": large, "larger": large + "x"},
			Links:      map[string]string{"app/link": "../slipway.yml", "app/dangling": "nowhere", "app/folder": "../lib"},
			Submodules: map[string]string{"vendor/sub": "https://github.com/acme/sub.git"},
		},
		{SHA: commitOf("c"), Parents: []string{b}, Branch: "feature/side", Files: map[string]string{"slipway.yml": "version: 2\n", "moved/one.js": "1", "app/new.js": "n"}},
		{SHA: commitOf("d"), Parents: []string{b}, Branch: "main", Files: map[string]string{"main.txt": "m"}},
		{SHA: commitOf("e"), Branch: "orphan"},
	}}}
	return newBox(t, options)
}

func TestContents(t *testing.T) {
	t.Parallel()
	b := newHistory(t, github.Options{})
	for _, test := range []struct {
		path, kind, content string
	}{
		{"slipway.yml?ref=" + commitOf("a"), "file", "version: 1\n"},
		{"slipway.yml?ref=feature/side", "file", "version: 2\n"},
		{"main.txt", "file", "m"},
		{"app/one.js?ref=" + commitOf("b"), "file", "1"},
		{"app%2Fone.js?ref=" + commitOf("b"), "file", "1"},
		{"empty?ref=" + commitOf("b"), "file", ""},
		{"app/link?ref=" + commitOf("b"), "file", "version: 1\n"},
		{"app/dangling?ref=" + commitOf("b"), "symlink", ""},
		{"app/folder?ref=" + commitOf("b"), "symlink", ""},
		{"vendor/sub?ref=" + commitOf("b"), "submodule", ""},
	} {
		got := b.get(voice + "/contents/" + test.path)
		wantStatus(t, got, http.StatusOK)
		decoded, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(got.text("content"), "\n", ""))
		if err != nil || string(decoded) != test.content || got.text("type") != test.kind || test.kind == "file" && (got.text("encoding") != "base64" || got.json["size"] != float64(len(test.content))) {
			t.Errorf("%s: %q of %s", test.path, decoded, got.raw)
		}
	}
	listed := b.get(voice + "/contents/app?ref=" + commitOf("b"))
	if names, kinds := listed.column("name"), listed.column("type"); !slices.Equal(names, []string{"dangling", "folder", "link", "one.js", "two.js"}) || !slices.Equal(kinds, []string{"symlink", "symlink", "symlink", "file", "file"}) {
		t.Errorf("a folder: %q %q", names, kinds)
	}
	if got := b.get(voice + "/contents/vendor?ref=" + commitOf("b")); !slices.Equal(got.column("type"), []string{"file"}) {
		t.Errorf("a submodule in its folder: %s", got.raw)
	}
	for path, message := range map[string]string{
		"nothing":                         "Not Found",
		"app/one.js/x":                    "Not Found",
		"slipway.yml":                     "Not Found", // not on main
		"main.txt?ref=" + commitOf("9"):   "No commit found for the ref " + commitOf("9"),
		"main.txt?ref=feature":            "No commit found for the ref feature",
		"lib?ref=" + commitOf("c"):        "Not Found",
		"slipway.yml?ref=refs/heads/main": "No commit found for the ref refs/heads/main",
	} {
		wantError(t, b.get(voice+"/contents/"+path), 404, message)
	}
	raw := b.with("Accept", "application/vnd.github.raw+json").get(voice + "/contents/app/link?ref=" + commitOf("b"))
	if raw.raw != "version: 1\n" || !strings.HasPrefix(raw.header.Get("Content-Type"), "application/vnd.github.raw") {
		t.Errorf("raw: %q as %s", raw.raw, raw.header.Get("Content-Type"))
	}
}

func TestLargeContents(t *testing.T) {
	t.Parallel()
	for _, is403 := range []bool{false, true} {
		b := newHistory(t, github.Options{Switches: github.Switches{LargeFilesAre403: is403}})
		if got := b.get(voice + "/contents/large?ref=" + commitOf("b")); got.status != 200 || got.text("encoding") != "base64" || got.text("content") == "" {
			t.Errorf("1 MB: %d %s", got.status, got.text("encoding"))
		}
		got := b.get(voice + "/contents/larger?ref=" + commitOf("b"))
		if is403 {
			wantError(t, got, 403, "This API returns blobs up to 1 MB in size.")
		} else if got.text("encoding") != "none" || got.text("content") != "" || got.json["size"] != float64(1<<20+1) {
			t.Errorf("more: %d %.300s", got.status, got.raw)
		}
		raw := b.with("Accept", "application/vnd.github.v3.raw").get(voice + "/contents/larger?ref=" + commitOf("b"))
		if len(raw.raw) != 1<<20+1 {
			t.Errorf("raw has %d bytes", len(raw.raw))
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	b := newHistory(t, github.Options{})
	for pair, want := range map[string]string{
		commitOf("a") + "..." + commitOf("b"): "ahead 1 0 [app/dangling added app/folder added app/link added empty added large added larger added vendor/sub added]",
		commitOf("b") + "...feature%2Fside": "ahead 1 0 [app/dangling removed app/folder removed app/link removed app/new.js added app/two.js removed empty removed large removed " +
			"larger removed lib/x removed moved/one.js renamed from app/one.js slipway.yml modified vendor/sub removed]",
		"main..." + commitOf("b"):             "behind 0 1 []",
		"main...main":                         "identical 0 0 []",
		"feature%2Fside...main":               "diverged 1 1 [app/dangling removed app/folder removed app/link removed app/one.js removed app/two.js removed empty removed large removed larger removed lib/x removed main.txt added slipway.yml removed vendor/sub removed]",
		commitOf("a") + "..." + commitOf("c"): "ahead 2 0 [app/new.js added app/two.js removed lib/x removed moved/one.js renamed from app/one.js slipway.yml modified]",
	} {
		got := b.get(voice + "/compare/" + pair)
		wantStatus(t, got, http.StatusOK)
		var files []string
		list, _ := got.json["files"].([]any)
		for _, one := range list {
			fields, _ := one.(map[string]any)
			text := fmt.Sprint(fields["filename"], " ", fields["status"])
			if from, isRenamed := fields["previous_filename"]; isRenamed {
				text += fmt.Sprint(" from ", from)
			}
			files = append(files, text)
		}
		if told := fmt.Sprint(got.text("status"), " ", got.json["ahead_by"], " ", got.json["behind_by"], " ", files); told != want {
			t.Errorf("%s\ngot  %s\nwant %s", pair, told, want)
		}
	}
	for pair, message := range map[string]string{
		"main...orphan":                         "No common ancestor between main and orphan.",
		"main..." + commitOf("9"):               "Not Found",
		"main":                                  "Not Found",
		"main.." + commitOf("b"):                "Not Found",
		commitOf("9") + "..." + commitOf("a"):   "Not Found",
		"acme:main...somebody:feature%2Fforked": "Not Found",
	} {
		wantError(t, b.get(voice+"/compare/"+pair), 404, message)
	}
}

// TestCompareManyFiles has 301, of which the first page shows 300 and no other
// page any.
func TestCompareManyFiles(t *testing.T) {
	t.Parallel()
	b := newHistory(t, github.Options{})
	files := map[string]string{}
	for i := range 301 {
		files["f"+strconv.Itoa(i)] = strconv.Itoa(i)
	}
	for i, commit := range []github.Commit{{SHA: commitOf("1"), Parents: []string{commitOf("e")}}, {SHA: commitOf("2"), Parents: []string{commitOf("1")}, Files: files}} {
		if err := b.AddCommit("acme/voice", commit); err != nil {
			t.Fatal(i, err)
		}
	}
	for query, want := range map[string][2]int{"": {300, 2}, "?per_page=1": {300, 1}, "?per_page=1&page=2": {0, 1}} {
		got := b.get(voice + "/compare/orphan..." + commitOf("2") + query)
		changed, _ := got.json["files"].([]any)
		commits, _ := got.json["commits"].([]any)
		if len(changed) != want[0] || len(commits) != want[1] || got.json["total_commits"] != 2.0 {
			t.Errorf("%q: %d files, %d commits", query, len(changed), len(commits))
		}
	}
}

func TestGitObjects(t *testing.T) {
	t.Parallel()
	b := newHistory(t, github.Options{})
	got := b.get(voice + "/git/ref/heads/feature/side")
	object, _ := got.json["object"].(map[string]any)
	if got.text("ref") != "refs/heads/feature/side" || object["sha"] != commitOf("c") {
		t.Errorf("got %s", got.raw)
	}
	if got := b.get(voice + "/git/commits/" + commitOf("d")); got.text("sha") != commitOf("d") || !strings.Contains(got.raw, `"parents":[{"sha":"`+commitOf("b")) {
		t.Errorf("got %s", got.raw)
	}
	for _, path := range []string{"/git/ref/heads/feature", "/git/ref/main", "/git/ref/tags/main", "/git/commits/main", "/git/commits/" + commitOf("9")} {
		wantError(t, b.get(voice+path), 404, "Not Found")
	}
	if err := b.DeleteBranch("acme/voice", "feature/side"); err != nil {
		t.Fatal(err)
	}
	wantError(t, b.get(voice+"/git/ref/heads/feature/side"), 404, "Not Found")
	wantStatus(t, b.get(voice+"/commits/"+commitOf("c")), http.StatusOK)
}

func TestPullRequests(t *testing.T) {
	t.Parallel()
	b := newHistory(t, github.Options{PageSize: 2})
	forked := commitOf("f")
	for _, one := range []github.PullRequest{
		{Number: 3, HeadSHA: forked, HeadRef: "patch", HeadRepository: "somebody/voice", Author: "somebody", Title: "Help"},
		{Number: 1, HeadSHA: commitOf("c"), HeadRef: "feature/side"},
		{Number: 2, HeadSHA: commitOf("c"), HeadRef: "feature/side", IsMerged: true, BaseRef: "orphan"},
		{Number: 4, HeadSHA: forked, HeadRef: "gone", HeadRepository: "somebody/voice", IsHeadDeleted: true},
		{Number: 4, HeadSHA: forked, HeadRef: "gone", HeadRepository: "somebody/voice", IsHeadDeleted: true, IsClosed: true},
	} {
		if err := b.SetPullRequest("acme/voice", one); err != nil {
			t.Fatal(err)
		}
	}
	for number, want := range map[int]string{
		1: "open false head acme/voice feature/side " + commitOf("c") + " false, base main " + commitOf("d"),
		2: "closed true head acme/voice feature/side " + commitOf("c") + " false, base orphan " + commitOf("e"),
		3: "open false head somebody/voice patch " + forked + " true, base main " + commitOf("d"),
		4: "closed false head <nil> gone " + forked + " <nil>, base main " + commitOf("d"),
	} {
		got := b.get(voice + "/pulls/" + strconv.Itoa(number))
		wantStatus(t, got, http.StatusOK)
		head, _ := got.json["head"].(map[string]any)
		base, _ := got.json["base"].(map[string]any)
		repo, _ := head["repo"].(map[string]any)
		told := fmt.Sprint(got.text("state"), " ", got.json["merged"], " head ", repo["full_name"], " ", head["ref"], " ", head["sha"], " ", repo["fork"], ", base ", base["ref"], " ", base["sha"])
		if told != want {
			t.Errorf("%d\ngot  %s\nwant %s", number, told, want)
		}
	}
	for query, want := range map[string]string{"": "[3 1]", "?state=open": "[3 1]", "?state=closed": "[4 2]", "?state=all&per_page=5": "[4 3]"} {
		var numbers []int
		for _, one := range b.get(voice + "/pulls" + query).list {
			number, _ := one["number"].(float64)
			numbers = append(numbers, int(number))
		}
		if fmt.Sprint(numbers) != want {
			t.Errorf("%s: got %v, want %s", query, numbers, want)
		}
	}
	wantError(t, b.get(voice+"/pulls?state=merged"), 422, "is not open, closed or all")
	wantError(t, b.get(voice+"/pulls/9"), 404, "Not Found")
	wantStatus(t, b.get(voice+"/git/commits/"+forked), http.StatusOK)
}

// TestWorldsThatCannotBe are refused when they are given.
func TestWorldsThatCannotBe(t *testing.T) {
	t.Parallel()
	for want, repository := range map[string]github.Repository{
		`its parent "x" is not known`:               {Commits: []github.Commit{{SHA: sha, Parents: []string{"x"}}}},
		`the path "../x" is none, or there twice`:   {Commits: []github.Commit{{SHA: sha, Files: map[string]string{"../x": ""}}}},
		`the path "a" is none, or there twice`:      {Commits: []github.Commit{{SHA: sha, Files: map[string]string{"a": ""}, Links: map[string]string{"a": "b"}}}},
		`a number from 1 and a head branch`:         {Commits: []github.Commit{{SHA: sha, Branch: "main"}}, PullRequests: []github.PullRequest{{HeadSHA: sha}}},
		`its base "" is not known`:                  {PullRequests: []github.PullRequest{{Number: 1, HeadSHA: sha, HeadRef: "x"}}},
		`its head is in "x", which is no`:           {PullRequests: []github.PullRequest{{Number: 1, HeadSHA: sha, HeadRef: "x", HeadRepository: "x"}}},
		`acme/voice has the commit "abc"; a SHA`:    {Commits: []github.Commit{{SHA: sha, Branch: "main"}}, PullRequests: []github.PullRequest{{Number: 1, HeadSHA: "abc", HeadRef: "x"}}},
		`acme/voice has the environment ""; its na`: {Environments: []github.Environment{{}}},
	} {
		repository.Owner, repository.Name = "acme", "voice"
		if _, err := github.New(github.Options{Repositories: []github.Repository{repository}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	b := newBox(t, github.Options{})
	for name, err := range map[string]error{
		"commit": b.AddCommit("acme/x", github.Commit{SHA: sha}), "branch": b.DeleteBranch("acme/x", "main"),
		"pull": b.SetPullRequest("acme/x", github.PullRequest{}), "environment": b.SetEnvironment("acme/x", github.Environment{Name: "x"}),
	} {
		if err == nil || !strings.Contains(err.Error(), `no repository "acme/x"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
