package project

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParseEnvLineAgreesWithDotenv holds lines against what dotenv 6.2.0 makes
// of them; the values on the right were printed by it.
func TestParseEnvLineAgreesWithDotenv(t *testing.T) {
	t.Parallel()
	const none = "(sets nothing)"
	tests := []struct{ line, want string }{
		{`A=b`, "A=b"},
		{`A = b `, "A=b"},
		{`  A=b`, "A=b"},
		{"A\t=\tb", "A=b"},
		{"\ufeffA=b", "A=b"},
		{"\u00a0A\u3000=\u00a0b", "A=b"},
		{"A=\u0085b", "A=\u0085b"},
		{`A=`, "A="},
		{`A`, none},
		{`# A=b`, none},
		{`export A=b`, none},
		{`A B=c`, none},
		{`é=b`, none},
		{`=b`, none},
		{`A:b`, none},
		{`A.b-c=d`, "A.b-c=d"},
		{`1A=b`, "1A=b"},
		{`A=b=c`, "A=b=c"},
		{`A=b # c`, "A=b # c"},
		{`A=${B}`, "A=${B}"},
		{`A="b"`, "A=b"},
		{`A='b'`, "A=b"},
		{`A=" b "`, "A=b"},
		{`A="b # c"`, "A=b # c"},
		{`A="b" # c`, `A=b" # c`},
		{`A="b\nc"`, "A=b\nc"},
		{`A='b\nc'`, `A=b\nc`},
		{`A=b\nc`, `A=b\nc`},
		{`A="b`, "A=b"},
		{`A=b'`, "A=b"},
		{`A="b'`, "A=b"},
		{`A=""b""`, `A="b"`},
		{`A="`, "A="},
		{`A=""`, "A="},
		{`A="b"  `, `A=b"`},
		{"A=\"b\"  \r", `A=b"`},
		{"A=b\r", "A=b"},
		{"A=\rb", "A=b"},
		{"A=b\rc", none},
		{"A=b\u2028", "A=b"},
		{"A=b\u2028c", none},
	}
	for _, test := range tests {
		assignments, _ := parseEnv(test.line)
		got := none
		if len(assignments) == 1 {
			got = assignments[0].key + "=" + assignments[0].value
		}
		if got != test.want {
			t.Errorf("%q: got %q, want %q", test.line, got, test.want)
		}
	}
}

func TestParseEnvNumbersLines(t *testing.T) {
	t.Parallel()
	assignments, odd := parseEnv("# comment\r\nA=1\r\n\r\n  # B=2\nexport C=3\n{\nD=\"4\" \nE=5 # five\nF='6 # six'")
	want := []assignment{
		{key: "A", value: "1", line: 2},
		{key: "D", value: `4"`, line: 7, trap: "keeps its closing quote, because space follows it"},
		{key: "E", value: "5 # five", line: 8, trap: `contains " #", which begins no comment here`},
		{key: "F", value: "6 # six", line: 9},
	}
	if diff := cmp.Diff(assignments, want, cmp.AllowUnexported(assignment{})); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
	if want := []int{5, 6}; !slices.Equal(odd, want) {
		t.Errorf("lines that are not understood: got %v, want %v", odd, want)
	}
}

func FuzzParseEnv(f *testing.F) {
	for _, seed := range []string{"A=b", "A=\"b\\nc\"\r\n# x\nexport A=b", "\ufeffA=' b'\n\n=", "A=\r\u2028b", "A=\"\nB='"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		assignments, odd := parseEnv(text)
		lines := strings.Split(text, "\n")
		last := 0
		for _, a := range assignments {
			if a.line <= last || a.line > len(lines) {
				t.Fatalf("line %d after %d, of %d", a.line, last, len(lines))
			}
			last = a.line
			if a.key == "" || !strings.Contains(lines[a.line-1], a.key) {
				t.Errorf("line %d is %q and does not set %q", a.line, lines[a.line-1], a.key)
			}
			if strings.TrimFunc(a.value, isSpace) != a.value {
				t.Errorf("the value %q has space around it", a.value)
			}
			if slices.Contains(odd, a.line) {
				t.Errorf("line %d sets something and is not understood", a.line)
			}
		}
		for _, line := range odd {
			if strings.TrimFunc(lines[line-1], isSpace) == "" {
				t.Errorf("line %d is empty, yet not understood", line)
			}
		}
	})
}
