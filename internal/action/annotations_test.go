package action

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/secret"
)

func TestAnnotate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		level          level
		at             place
		title, message string
		want           seenAnnotation
	}{
		"plain":          {levelNotice, place{}, "", "Live", seenAnnotation{level: "notice", message: "Live"}},
		"file":           {levelWarning, place{"package.json", 0}, "", "old", seenAnnotation{level: "warning", file: "package.json", message: "old"}},
		"line":           {levelError, place{"functions/a,b:c.js", 7}, "Twilio: no, 100%", "bad", seenAnnotation{level: "error", file: "functions/a,b:c.js", line: "7", title: "Twilio: no, 100%", message: "bad"}},
		"line alone":     {levelError, place{"", 7}, "", "bad", seenAnnotation{level: "error", message: "bad"}},
		"several lines":  {levelError, place{}, "", "a\r\n::error::b\n", seenAnnotation{level: "error", message: "a\n: :error::b"}},
		"escapes":        {levelError, place{}, "a%0Ab", "a%0Ab\x1b", seenAnnotation{level: "error", title: "a%0Ab", message: `a%0Ab\x1b`}},
		"injected":       {levelError, place{"a,line=1::b", 2}, "t,file=b\n::error::", "m", seenAnnotation{level: "error", file: "a,line=1::b", line: "2", title: "t,file=b ::error::", message: "m"}},
		"title alone":    {levelError, place{}, "broken", " ", seenAnnotation{level: "error", message: "broken"}},
		"secret":         {levelError, place{"swordfish.js", 1}, "swordfish", "a swordfish", seenAnnotation{level: "error", file: "***.js", line: "1", title: "***", message: "a ***"}},
		"a secret shows": {levelError, place{}, "", strings.Repeat("a", longestMessage-4) + "swordfish", seenAnnotation{level: "error", message: strings.Repeat("a", longestMessage-4) + "***"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, out := recordedConsole(t)
			c.Hide(secret.New("swordfish"))
			c.Annotate(test.level, test.at, test.title, test.message)
			got := out.close(c)
			if diff := cmp.Diff([]seenAnnotation{test.want}, got.annotations, cmp.AllowUnexported(seenAnnotation{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	c, out := recordedConsole(t)
	c.Annotate(levelError, place{"a.js", 1}, "", "\n")
	if got := out.close(c); len(got.log) > 0 {
		t.Errorf("an empty annotation shows as %q", got.log)
	}
}

func TestLongAnnotation(t *testing.T) {
	t.Parallel()
	c, out := recordedConsole(t)
	long := strings.Repeat("é", longestMessage-3) + "🚢"
	c.Annotate(levelNotice, place{}, "", long+"!")
	c.Annotate(levelWarning, place{"a.js", 2}, "Title", long+"!!")
	got := out.close(c)
	if got.annotations[0].message != long+"!" {
		t.Errorf("a message that just fits is cut")
	}
	if want := strings.Repeat("é", longestMessage-3) + "🚢…"; got.annotations[1].message != want {
		t.Errorf("the cut message ends with %q", got.annotations[1].message[len(want)-20:])
	}
	if last := got.log[len(got.log)-1]; len(got.log) != 3 || last != "warning: "+long+"!!" {
		t.Errorf("%d lines, the last one starting with %.30q", len(got.log), last)
	}
}

func TestManyAnnotations(t *testing.T) {
	t.Parallel()
	c, out := recordedConsole(t)
	for i := range mostAnnotations + 2 {
		c.Annotate(levelError, place{"a.js", i}, "", "broken\nat its end")
	}
	for range mostAnnotations + 1 {
		c.Annotate(levelNotice, place{}, "Title", "note")
	}
	c.Annotate(levelWarning, place{}, "", "beware")
	got := out.close(c)
	if want := 2*mostAnnotations + 1; len(got.annotations) != want {
		t.Errorf("%d annotations, want %d", len(got.annotations), want)
	}
	var plain []string
	for i, line := range got.log {
		if strings.HasPrefix(line, "error: ") {
			plain = append(plain, line, got.log[i+1])
		} else if strings.HasPrefix(line, "notice: ") || strings.HasPrefix(line, "And ") {
			plain = append(plain, line)
		}
	}
	want := []string{
		"error: broken", "at its end", "error: broken", "at its end", "notice: note",
		"And 2 more errors, 1 more notice in the log above: GitHub shows the first 10 of each kind as annotations.",
	}
	if diff := cmp.Diff(want, plain); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := out.close(c); len(again.log) != len(got.log) {
		t.Errorf("a second Close writes %q", again.log[len(got.log):])
	}
	c.Annotate(levelError, place{}, "", "late")
	if last := out.close(c).log; !strings.HasPrefix(last[len(last)-1], "And 1 more error in") {
		t.Errorf("after one more error the last line is %q", last[len(last)-1])
	}
}

func TestAnnotationsAreNotFolded(t *testing.T) {
	t.Parallel()
	c, out := recordedConsole(t)
	c.Group("Uploading")
	c.Annotate(levelWarning, place{}, "", "w1")
	c.Print("p1")
	c.Annotate(levelNotice, place{}, "", "n1")
	c.Group("Building")
	c.Annotate(levelWarning, place{}, "", "w2")
	c.Print("p2")
	c.Annotate(levelError, place{}, "", "e1")
	c.Print("p3")
	c.Group("Waiting")
	for i := range mostAnnotations {
		c.Annotate(levelWarning, place{}, "", fmt.Sprint("more ", i))
	}
	got := out.close(c)
	want := []string{
		"##[group]Uploading", "p1", "##[endgroup]", "##[warning]w1", "##[notice]n1",
		"##[group]Building", "p2", "##[endgroup]", "##[warning]w2", "##[error]e1", "p3",
		"##[group]Waiting", "##[endgroup]",
	}
	for i := range mostAnnotations - 2 {
		want = append(want, fmt.Sprint("##[warning]more ", i))
	}
	want = append(want, "warning: more 8", "warning: more 9",
		"And 2 more warnings in the log above: GitHub shows the first 10 of each kind as annotations.")
	if diff := cmp.Diff(want, got.log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, one := range got.annotations {
		if one.group != "" {
			t.Errorf("%v is folded away", one)
		}
	}
}
