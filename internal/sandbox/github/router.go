package github

import (
	"net/http"
	"strings"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// EnterprisePrefix is where a GitHub Enterprise Server has the API, and the
// Sandbox has it, too.
const EnterprisePrefix = "/api/v3"

// repositoryPattern is how most paths begin.
const repositoryPattern = "/repos/{owner}/{repo}"

// permission is what an operation needs of a token. The zero value is none.
type permission struct{ name, level string }

// operation is one row of the API: the whole of it is the table in
// operations.go.
type operation struct {
	name    string // GitHub's operation id
	method  string
	pattern string // {name} stands for one segment, {name...} for the rest
	docs    string // its page, below https://docs.github.com/rest/
	needs   permission
	orNeeds string  // another permission of the same level that will do
	fields  []field // of the body
	query   []string
	pages   bool // takes page and per_page
	creates bool // counts as creating content
	isFree  bool // does not count against the primary rate limit
	forApps bool // takes the token of an App itself, and no other

	bodyless bool // goes without a body as well
	handle   func(*call) (reply, error)
}

// route makes a router of the operations. Where there are pages a repository
// goes by its number as well, since links to other pages have that.
func route(table []operation) *wire.Router[operation] {
	router := &wire.Router[operation]{}
	for _, op := range table {
		router.Add(op.method, op.pattern, op)
		if below, isInRepository := strings.CutPrefix(op.pattern, repositoryPattern); isInRepository && op.pages {
			router.Add(op.method, "/repositories/{repository_id}"+below, op)
		}
	}
	return router
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
