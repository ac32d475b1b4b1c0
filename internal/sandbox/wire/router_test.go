package wire_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

func newRouter() *wire.Router[string] {
	router := &wire.Router[string]{}
	router.Add("GET", "/things", "list")
	router.Add("POST", "/things", "create")
	router.Add("GET", "/things/first", "first")
	router.Add("GET", "/things/{id}", "fetch")
	router.Add("DELETE", "/things/{id}", "delete")
	router.Add("GET", "/things/{id}/parts/{part}", "part")
	router.Add("GET", "/things/{id}/files/{path...}", "file")
	return router
}

func TestRouter(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]struct {
		operation string
		params    map[string]string
		methods   []string
	}{
		"GET /things":                     {"list", map[string]string{}, nil},
		"POST /things":                    {"create", map[string]string{}, nil},
		"DELETE /things":                  {"", nil, []string{"GET", "POST"}},
		"GET /things/first":               {"first", map[string]string{}, nil},
		"GET /things/2":                   {"fetch", map[string]string{"id": "2"}, nil},
		"PUT /things/2":                   {"", nil, []string{"GET", "DELETE"}},
		"GET /things/a%2Fb/parts/ä%20%7B": {"part", map[string]string{"id": "a/b", "part": "ä {"}, nil},
		"GET /things/2/files/a":           {"file", map[string]string{"id": "2", "path": "a"}, nil},
		"GET /things/2/files/a/b%20c/d":   {"file", map[string]string{"id": "2", "path": "a/b c/d"}, nil},
		"GET /things/2/files/a%2Fb/c":     {"file", map[string]string{"id": "2", "path": "a/b/c"}, nil},
		"GET /things/2/files":             {"", nil, nil},
		"GET /things/2/files/":            {"", nil, nil},
		"GET /things/2/files/a//b":        {"", nil, nil},
		"GET /things/2/files/a/":          {"", nil, nil},
		"GET /things//files/a/b":          {"", nil, nil},
		"GET /things/":                    {"", nil, nil},
		"GET /things/2/":                  {"", nil, nil},
		"GET /things//parts/1":            {"", nil, nil},
		"GET /things/%zz":                 {"", nil, nil},
		"GET /THINGS":                     {"", nil, nil},
		"GET things":                      {"", nil, nil},
		"GET ":                            {"", nil, nil},
	} {
		method, path, _ := strings.Cut(asked, " ")
		found, params, methods := newRouter().Find(method, path)
		operation := ""
		if found != nil {
			operation = *found
		}
		if operation != want.operation || !cmp.Equal(params, want.params) || !cmp.Equal(methods, want.methods) {
			t.Errorf("%s: got %q %v %v, want %+v", asked, operation, params, methods, want)
		}
	}
	if found, _, _ := new(wire.Router[string]).Find("GET", "/"); found != nil {
		t.Errorf("a router without operations finds %q", *found)
	}
}

// FuzzRouter escapes any two texts, which the router gives back.
func FuzzRouter(f *testing.F) {
	f.Add("a/b", "{x}")
	f.Add("", "..")
	f.Fuzz(func(t *testing.T, id, part string) {
		found, params, _ := newRouter().Find("GET", "/things/"+url.PathEscape(id)+"/parts/"+url.PathEscape(part))
		if id == "" || part == "" {
			if found != nil {
				t.Errorf("an empty segment is found: %q", *found)
			}
			return
		}
		if found == nil || *found != "part" || params["id"] != id || params["part"] != part {
			t.Errorf("got %v %v", found, params)
		}
	})
}
