package words_test

import (
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/words"
)

func TestWords(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{words.Count(0, "file"), "0 files"},
		{words.Count(1, "file"), "1 file"},
		{words.Count(2, "file"), "2 files"},
		{words.Size(0), "0 bytes"},
		{words.Size(1), "1 byte"},
		{words.Size(1023), "1023 bytes"},
		{words.Size(1536), "1.5 KB"},
		{words.Size(25 << 20), "25.0 MB"},
		{words.Size(3 << 30), "3.0 GB"},
		{words.Size(5000 << 30), "5000.0 GB"},
		{words.Elapsed(40 * time.Millisecond), "0.0s"},
		{words.Elapsed(12345 * time.Millisecond), "12.3s"},
		{words.Elapsed(125 * time.Second), "2m05s"},
		{words.Elapsed(119700 * time.Millisecond), "2m00s"},
		{words.Age(-time.Second), "0 seconds"},
		{words.Age(59 * time.Second), "59 seconds"},
		{words.Age(time.Minute), "1 minute"},
		{words.Age(23 * time.Hour), "23 hours"},
		{words.Age(49 * time.Hour), "2 days"},
		{words.Commit("0123456789abcdef0123456789abcdef01234567"), "0123456"},
		{words.Commit("0123456"), "0123456"},
		{words.Commit("größer-als-sieben"), "größer-als-sieben"},
		{words.Commit(""), ""},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	many := make([]string, 23)
	for i := range many {
		many[i] = string(rune('a' + i))
	}
	for want, names := range map[string][]string{
		"":                  nil,
		"A":                 {"A"},
		"A, B":              {"A", "B"},
		`A, "\n"`:           {"A", "\n"},
		`"\x1b[31m", naïve`: {"\x1b[31m", "naïve"},
		`"\u202e", "\xff"`:  {"\u202e", "\xff"},
		"a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t and 3 more": many,
	} {
		if got := words.Names(names); got != want {
			t.Errorf("the names %q are %q, want %q", names, got, want)
		}
	}
}
