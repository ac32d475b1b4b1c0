package action

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/secret"
)

// recorder is a step's stdout. Each Write must be one whole line.
type recorder struct {
	t *testing.T

	mu    sync.Mutex
	bytes bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if end := bytes.IndexAny(p, "\r\n"); end != len(p)-1 || p[end] != '\n' {
		r.t.Errorf("one Write has %q, which is not one line", p)
	}
	return r.bytes.Write(p)
}

// recordedConsole returns a console outside of any workflow, and its stdout.
func recordedConsole(t *testing.T) (*console, *recorder) {
	t.Helper()
	out := &recorder{t: t}
	return newConsole(out, func(string) string { return "" }), out
}

// close closes the console and returns what the runner saw.
func (r *recorder) close(c *console) *runner {
	r.t.Helper()
	if err := c.Close(); err != nil {
		r.t.Errorf("Close() = %v", err)
	}
	return watch(r.bytes.Bytes())
}

func TestForeignLines(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		writes []string
		want   []string
	}{
		"plain":                   {[]string{"time=now msg=\"hello\"\n"}, []string{`time=now msg="hello"`}},
		"no end":                  {[]string{"a\nb"}, []string{"a", "b"}},
		"blank lines":             {[]string{"a\n\n\nb\n"}, []string{"a", "", "", "b"}},
		"over two writes":         {[]string{"::er", "ror::a\n"}, []string{": :error::a"}},
		"colon by colon":          {[]string{":", ":", "error::a", "\n"}, []string{": :error::a"}},
		"three colons":            {[]string{":::a\n"}, []string{": ::a"}},
		"colons within":           {[]string{"std::string ::error::a\n"}, []string{"std::string ::error::a"}},
		"after blanks":            {[]string{" \t::error::a\n"}, []string{" \t: :error::a"}},
		"after wide blanks":       {[]string{"\u2003\u00a0\u3000::error::a\n"}, []string{"\u2003\u00a0\u3000: :error::a"}},
		"after next line":         {[]string{"\u0085::error::a\n"}, []string{`\u0085::error::a`}},
		"after vertical tab":      {[]string{"\v\f::error::a\n"}, []string{`\x0b\x0c::error::a`}},
		"after a line separator":  {[]string{"a\u2028::error::b\u2029::error::c\n"}, []string{`a\u2028::error::b\u2029::error::c`}},
		"after a byte order mark": {[]string{"\ufeff::error::a\n"}, []string{`\ufeff::error::a`}},
		"carriage return":         {[]string{"10%\r::error::a\r"}, []string{"10%", ": :error::a"}},
		"a line end split":        {[]string{"a\r", "\nb\r", "c\n"}, []string{"a", "b", "c"}},
		"brackets":                {[]string{"a ##[error]b\n"}, []string{"a ## [error]b"}},
		"more brackets":           {[]string{"####[##[error]b\n"}, []string{"#### [## [error]b"}},
		"brackets over writes":    {[]string{"a #", "#[error]b\n"}, []string{"a ## [error]b"}},
		"colours":                 {[]string{"\x1b[31mred\x1b[0m\n"}, []string{`\x1b[31mred\x1b[0m`}},
		"NUL, BEL, DEL":           {[]string{"\x00\a\x7f\n"}, []string{`\x00\x07\x7f`}},
		"tabs":                    {[]string{"a\tb\n"}, []string{"a\tb"}},
		"direction overrides":     {[]string{"a\u202eb\n"}, []string{`a\u202eb`}},
		"tags":                    {[]string{"a\U000e0041b\n"}, []string{`a\U000e0041b`}},
		"not UTF-8":               {[]string{"a\xffb\xc3\n"}, []string{`a\xffb\xc3`}},
		"a character split":       {[]string{"caf\xc3", "\xa9 \xf0\x9f", "\x9a\xa2\n"}, []string{"café 🚢"}},
		"replacement character":   {[]string{"a\ufffdb\n"}, []string{"a\ufffdb"}},
		"other scripts":           {[]string{"ключ 鍵 مفتاح e\u0301 ✔\ufe0f\n"}, []string{"ключ 鍵 مفتاح e\u0301 ✔\ufe0f"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, out := recordedConsole(t)
			for _, text := range test.writes {
				if n, err := io.WriteString(c, text); n != len(text) || err != nil {
					t.Errorf("Write(%q) = %d, %v", text, n, err)
				}
			}
			got := out.close(c)
			if diff := cmp.Diff(test.want, got.log); diff != "" {
				t.Errorf("Write gave (-want +got):\n%s", diff)
			}
			if len(got.commands) > 0 || len(actCommands(out.bytes.Bytes())) > 0 {
				t.Errorf("%q has commands: %q", test.writes, out.bytes.String())
			}

			c, out = recordedConsole(t)
			c.Print(strings.Join(test.writes, ""))
			if diff := cmp.Diff(test.want, out.close(c).log); diff != "" {
				t.Errorf("Print gave (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	c, out := recordedConsole(t)
	const value = "the-secret-at-the-border"
	c.Hide(secret.New(value))
	before := strings.Repeat("a", longestLine-4)
	for range 100 {
		for _, text := range []string{before, value, strings.Repeat("é", longestLine)} {
			if _, err := io.WriteString(c, text); err != nil {
				t.Fatal(err)
			}
		}
		if most := longestLine + c.masks.longest; len(c.partial) > most {
			t.Fatalf("%d bytes of a line are kept, more than %d", len(c.partial), most)
		}
	}
	io.WriteString(c, "\nnext\n")
	whole := len(before) + len(value) + 2*longestLine
	want := []string{before + fmt.Sprintf("*** … (%d bytes more)", 100*whole-len(before)-len(value)), "next"}
	if diff := cmp.Diff(want, out.close(c).log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	c, out = recordedConsole(t)
	c.Print(strings.Repeat("a", longestLine) + "\n" + strings.Repeat("a", longestLine-1) + "é\n" + strings.Repeat("\x80", longestLine+1))
	want = []string{strings.Repeat("a", longestLine), strings.Repeat("a", longestLine-1) + " … (2 bytes more)"}
	want = append(want, strings.Repeat(`\x80`, longestLine-utf8.UTFMax)+fmt.Sprintf(" … (%d bytes more)", utf8.UTFMax+1))
	if diff := cmp.Diff(want, out.close(c).log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPrintLeavesBegunLines(t *testing.T) {
	t.Parallel()
	c, out := recordedConsole(t)
	c.Hide(secret.New("swordfish"))
	io.WriteString(c, "begun sword")
	c.Print("between")
	io.WriteString(c, "fish ended\n")
	if diff := cmp.Diff([]string{"between", "begun *** ended"}, out.close(c).log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	c, out := recordedConsole(t)
	c.Hide(secret.New("swordfish"))
	c.EndGroup()
	c.Group("Uploading swordfish ::endgroup::\r\n##[endgroup]\x1b" + strings.Repeat("é", 300))
	c.Print("inside")
	c.Group("::add-mask::a")
	c.EndGroup()
	c.EndGroup()
	c.Group("the last")
	got := out.close(c)
	long := "Uploading *** ::endgroup:: ## [endgroup]\\x1b"
	long += strings.Repeat("é", longestTitle-1-len(long)) + "…"
	want := []string{
		"##[group]" + long, "inside", "##[endgroup]",
		"##[group]: :add-mask::a", "##[endgroup]",
		"##[group]the last", "##[endgroup]",
	}
	if diff := cmp.Diff(want, got.log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConcurrentWriters(t *testing.T) {
	t.Parallel()
	c, out := recordedConsole(t)
	const writers, each = 8, 50
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			c.Hide(secret.New(fmt.Sprintf("secret-of-writer-%d", writer)))
			for i := range each {
				fmt.Fprintf(c, "written %d.%d secret-of-writer-%d\n", writer, i, writer)
				c.Print(fmt.Sprintf("printed %d.%d", writer, i))
				c.Group("group")
				c.Annotate(levelWarning, place{}, "", "warned")
				c.EndGroup()
			}
		})
	}
	group.Wait()
	got := out.close(c)
	var want []string
	for writer := range writers {
		for i := range each {
			want = append(want, fmt.Sprintf("written %d.%d ***", writer, i), fmt.Sprintf("printed %d.%d", writer, i))
		}
	}
	lines := slices.DeleteFunc(got.log, func(line string) bool {
		return strings.HasPrefix(line, "##[") || line == "warning: warned" || strings.HasPrefix(line, "And ")
	})
	slices.Sort(lines)
	slices.Sort(want)
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(got.annotations) != mostAnnotations {
		t.Errorf("%d annotations, want %d", len(got.annotations), mostAnnotations)
	}
}

func TestBrokenStdout(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	broken := errors.New("the pipe is broken")
	reader.CloseWithError(broken)
	c := newConsole(writer, func(string) string { return "" })
	c.Hide(secret.New("swordfish"))
	c.Group("group")
	c.Annotate(levelError, place{}, "", "message")
	if n, err := io.WriteString(c, "line\n"); n != 5 || !errors.Is(err, broken) {
		t.Errorf("Write() = %d, %v, want 5 and %v", n, err, broken)
	}
	if err := c.Close(); !errors.Is(err, broken) {
		t.Errorf("Close() = %v, want %v", err, broken)
	}
}

// FuzzForeignText gives the console text of strangers in every place that takes
// it, the lines in three Writes, and asks both runners what they make of it.
func FuzzForeignText(f *testing.F) {
	for _, text := range []string{
		"plain\n", "::error::a\n", " \u2003::add-mask::a", "a\r::error::b\r\n", "x ##[group]y\n###[error]z", "::stop-commands::x",
		"\x1b[31m::error::", "\xff\xfe::error::\x00", "\u2028::error::", "a:\n:error::b", "::group::%0A::error::b%25", ",file=b:c\n%2C",
		"\ufeff::warning::a", "😀" + strings.Repeat("é", 130) + "🚢",
	} {
		f.Add(text, 1, 3)
	}
	f.Fuzz(func(t *testing.T, text string, first, second int) {
		first = min(max(first, 0), len(text))
		second = min(max(second, first), len(text))

		c, out := recordedConsole(t)
		for _, part := range []string{text[:first], text[first:second], text[second:]} {
			io.WriteString(c, part)
		}
		written := out.close(c)
		if len(written.commands) > 0 || len(actCommands(out.bytes.Bytes())) > 0 {
			t.Errorf("a runner finds commands in %q", out.bytes.String())
		}
		checkLegible(t, written.log, readLines(text))

		c, out = recordedConsole(t)
		c.Print(text)
		if printed := out.close(c); !slices.Equal(printed.log, written.log) || len(printed.commands) > 0 {
			t.Errorf("Print shows %q, Write %q", printed.log, written.log)
		}

		c, out = recordedConsole(t)
		c.Group(text)
		c.Annotate(levelError, place{text, 3}, text, "message: "+text)
		checkCommands(t, out.close(c), text)
		if act := actCommands(out.bytes.Bytes()); len(act) < 3 || !strings.HasPrefix(act[2], "::error") {
			t.Errorf("act finds the commands %q", act)
		}
	})
}

// checkCommands asks for a group, its end and an error, made of text alone.
func checkCommands(t *testing.T, got *runner, text string) {
	t.Helper()
	var names []string
	for _, command := range got.commands {
		names = append(names, command.name)
	}
	if want := []string{"group", "endgroup", "error"}; !slices.Equal(names, want) {
		t.Fatalf("the commands are %q, want %q", names, want)
	}
	annotation := got.annotations[0]
	if annotation.file != "" && annotation.line != "3" {
		t.Errorf("the annotation has the line %q, want 3", annotation.line)
	}
	for _, line := range []string{got.groups[0], annotation.title, annotation.file} {
		if strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Errorf("%q is not one line", line)
		}
	}
	if short := len(text) < longestTitle/10; short { // no more than ten characters come of one byte
		whole := []string{strings.Join(readLines(text), " ")}
		checkLegible(t, []string{got.groups[0]}, whole)
		checkLegible(t, []string{annotation.title}, whole)
		checkLegible(t, []string{annotation.file}, whole)
		checkLegible(t, strings.Split(annotation.message, "\n"), readLines("message: "+text))
	}
	for line := range strings.SplitSeq(annotation.message, "\n") {
		if strings.Contains(line, "##[") {
			t.Errorf("the log has a line %q, in which its page may see a mark", line)
		}
	}
}

// checkLegible wants a line for each line, and in it, in order, each character
// that has a shape; those that were cut off are counted.
func checkLegible(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d lines %q, want %d: %q", len(got), got, len(want), want)
	}
	for i, line := range want {
		if len(line) > longestLine {
			if !strings.HasSuffix(got[i], " more)") {
				t.Errorf("a line of %d bytes is not marked as cut", len(line))
			}
			continue
		}
		rest := got[i]
		for _, r := range line {
			if r == utf8.RuneError || !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S) {
				continue
			}
			at := strings.IndexRune(rest, r)
			if at < 0 {
				t.Fatalf("%q is lost from %q, shown as %q", r, line, got[i])
			}
			rest = rest[at+utf8.RuneLen(r):]
		}
	}
}
