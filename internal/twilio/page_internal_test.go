package twilio

import (
	"strings"
	"testing"
)

func TestPageText(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ page, want string }{
		"nginx's":       {"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center></body></html>", "502 Bad Gateway nginx"},
		"a login":       {"<!DOCTYPE html><HTML><HEAD><STYLE>a>b{c:d}</STYLE><script>if (a<b) {}</SCRIPT><!-- <b>no</b> --></HEAD><body>Sign in to the <b>proxy</b> &amp; go&nbsp;on", "Sign in to the proxy & go on"},
		"cut in a tag":  {"<html><body>Blocked<a href=\"x", "Blocked"},
		"cut in a text": {"<html>Block", "Block"},
		"only a style":  {"<html><style>a{b:c}", ""},
		"nothing":       {"<html></html>", ""},
		"a last sign":   {"<html>a<", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !isPage(test.page) {
				t.Error("it is taken for no page")
			}
			if got := pageText(test.page); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	for _, other := range []string{"", "<", "<xml>", `{"a":"<html>"}`, "Bad Gateway"} {
		if isPage(other) {
			t.Errorf("%q is taken for a page", other)
		}
	}
	if got := pageText(strings.Repeat("<", 1<<20)); got != "" {
		t.Errorf("got %.50q", got)
	}
}
