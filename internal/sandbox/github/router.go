package github

import (
	"net/http"
	"net/url"
	"strings"
)

// EnterprisePrefix is where a GitHub Enterprise Server has the API, and the
// Sandbox has it, too.
const EnterprisePrefix = "/api/v3"

// permission is what an operation needs of a token. The zero value is none.
type permission struct{ name, level string }

// operation is one row of the API: the whole of it is the table in
// operations.go.
type operation struct {
	name    string // GitHub's operation id
	method  string
	pattern string // {name} stands for one segment
	docs    string // its page, below https://docs.github.com/rest/
	needs   permission
	fields  []field // of the body
	pages   bool    // takes page and per_page
	creates bool    // counts as creating content
	isFree  bool    // does not count against the primary rate limit
	handle  func(*call) (reply, error)
}

// route is an operation with its pattern cut into segments.
type route struct {
	operation
	segments []string
}

func compile(table []operation) []route {
	routes := make([]route, len(table))
	for i, op := range table {
		routes[i] = route{op, strings.Split(op.pattern, "/")}
	}
	return routes
}

// match finds the operation for a request. As on GitHub, a path with a slash
// at its end is another path, and a slash inside a parameter is %2F.
func match(routes []route, method, escapedPath string) (*route, map[string]string) {
	segments := strings.Split(escapedPath, "/")
	for i := range routes {
		if one := &routes[i]; one.method == method {
			if params, fits := one.fit(segments); fits {
				return one, params
			}
		}
	}
	return nil, nil
}

func (one *route) fit(segments []string) (map[string]string, bool) {
	if len(segments) != len(one.segments) {
		return nil, false
	}
	params := map[string]string{}
	for i, want := range one.segments {
		if !strings.HasPrefix(want, "{") {
			if want != segments[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return nil, false
		}
		params[strings.Trim(want, "{}")] = value
	}
	return params, true
}

// apiPath is the request's path below the API's root, and that root's prefix.
func apiPath(r *http.Request) (path, prefix string) {
	path = r.URL.EscapedPath()
	if below, found := strings.CutPrefix(path, EnterprisePrefix); found && strings.HasPrefix(below, "/") {
		return below, EnterprisePrefix
	}
	return path, ""
}

// baseURL is what absolute URLs in answers start with.
func (s *Sandbox) baseURL(r *http.Request) string {
	_, prefix := apiPath(r)
	if s.options.BaseURL != "" {
		return s.options.BaseURL + prefix
	}
	scheme := "http"
	if r.TLS != nil || r.Host == "api.github.com" {
		scheme = "https"
	}
	return scheme + "://" + r.Host + prefix
}
