package twilio

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadItems(t *testing.T) {
	t.Parallel()
	const sid = "ZD00000000000000000000000000000000"
	const item = `{"sid":"` + sid + `"}`
	const meta = `"meta":{"key":"deployments","next_page_url":null}`
	for name, test := range map[string]struct {
		body string
		want int // items; -1 for an error
	}{
		"a page":                  {`{"deployments":[` + item + `,` + item + `],` + meta + `}`, 2},
		"its meta part first":     {`{` + meta + `,"deployments":[` + item + `]}`, 1},
		"an empty page":           {`{"deployments":[],` + meta + `}`, 0},
		"other fields around":     {`{"a":{"b":[{}]},"n":null,"deployments":[` + item + `],"c":[[1],{}],` + meta + `}`, 1},
		"another list first":      {`{"more":[],"deployments":[` + item + `],` + meta + `}`, -1},
		"no meta part":            {`{"deployments":[` + item + `]}`, -1},
		"no list":                 {`{` + meta + `}`, -1},
		"null for the list":       {`{"deployments":null,` + meta + `}`, -1},
		"something that is none":  {`{"deployments":[{"sid":"ZX1"}],` + meta + `}`, -1},
		"cut off in an item":      {`{"deployments":[{"sid":"ZD0`, -1},
		"cut off behind an item":  {`{"deployments":[` + item, -1},
		"cut off behind the list": {`{"deployments":[` + item + `],` + meta, -1},
		"cut off in what is left": {`{"a":{"b":[`, -1},
		"more behind it":          {`{"deployments":[` + item + `],` + meta + `}{}`, -1},
		"a list alone":            {`[` + item + `]`, -1},
		"HTML":                    {`<html>`, -1},
		"nothing":                 {``, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			count := 0
			_, err := readItems(strings.NewReader(test.body), func(one Deployment) {
				if one.SID != sid {
					t.Errorf("got %q", one.SID)
				}
				count++
			})
			if (err != nil) != (test.want < 0) || err == nil && count != test.want {
				t.Errorf("got %d items, %v; want %d", count, err, test.want)
			}
		})
	}
}

func TestReplyBodyEnds(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		from io.Reader
		want error
	}{
		"whole":     {strings.NewReader(strings.Repeat("x", 1<<20)), nil},
		"too large": {strings.NewReader(strings.Repeat("x", 1<<20+1)), errTooLarge},
		"broken":    {io.MultiReader(strings.NewReader("x"), &failingReader{broken}), broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := &replyBody{from: test.from, most: 1 << 20}
			_, err := io.Copy(io.Discard, body)
			if !errors.Is(err, test.want) || !errors.Is(body.err, test.want) {
				t.Errorf("ended with %v, and kept %v; want %v", err, body.err, test.want)
			}
			if len(body.head) == 0 || len(body.head) > longestHead {
				t.Errorf("%d bytes of its beginning were kept", len(body.head))
			}
		})
	}
}

type failingReader struct{ err error }

func (r *failingReader) Read([]byte) (int, error) { return 0, r.err }
