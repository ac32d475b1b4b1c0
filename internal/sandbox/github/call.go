package github

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one request on its way through an operation.
type call struct {
	sandbox *Sandbox
	token   *Token // nil without one
	op      *operation
	params  map[string]string
	body    map[string]string // fields that are given and not null; what is no text as its JSON
	rate    rate
	writer  http.ResponseWriter
	request *http.Request
	path    string // escaped, below the API's root
	base    string // of absolute URLs
	now     time.Time
	// status is the commit status that the call wrote, and deployment what it made
	// or gave a status; nil when it wrote none.
	status     *Status
	deployment *Deployment
	comment    *Comment // likewise what it wrote or changed
	release    *Release
}

// run checks the request and carries it out. Handlers run under the Sandbox's
// lock, taken once the body has been read.
func (c *call) run(told *Call) (reply, error) {
	if err := checkQuery(c.request.URL.Query(), c.op); err != nil {
		return reply{}, err
	}
	if c.op.creates && c.token != nil {
		if wait, hasRoom := c.sandbox.chargeCreation(c.token, c.now); !hasRoom {
			return reply{}, c.sandbox.secondaryLimit(c.sandbox.limitStatus(), wait, !c.sandbox.options.Switches.NoRetryAfter)
		}
	}
	if err := c.permit(); err != nil {
		return reply{}, err
	}
	if c.op.method == http.MethodPost || c.op.method == http.MethodPatch {
		body, err := c.readBody()
		if err != nil {
			return reply{}, err
		}
		c.body = body
	}
	c.sandbox.mu.Lock()
	defer c.sandbox.mu.Unlock()
	answer, err := c.op.handle(c)
	c.tell(told)
	return answer, err
}

// permit holds the token to what the operation needs. A repository that is out
// of its sight does not exist for it, lest its existence be told.
func (c *call) permit() error {
	if isApp := c.token != nil && c.token.app != 0; isApp != c.op.forApps {
		if c.op.forApps { // as in actions/create-github-app-token issue 153
			return refusal(http.StatusUnauthorized, "A JSON web token could not be decoded")
		}
		// No source says what GitHub answers to this.
		return refusal(http.StatusUnauthorized, "Bad credentials (the sandbox takes an App's own token for what is about its installations alone)")
	}
	if c.op.needs.name == "" {
		return nil
	}
	c.sandbox.mu.Lock()
	c.assumePushed()
	one := c.repository()
	c.sandbox.mu.Unlock()
	isRead := levelOf(c.op.needs.level) == levelOf("read")
	switch {
	case one == nil, one.private && !c.token.covers(one):
		return notFound()
	case isRead && one.private && !c.token.mayDo(c.op) && c.sandbox.options.Switches.UnreadableIs404:
		return notFound()
	case !one.private && isRead:
		// Each page says that public resources are read without permission.
		return nil
	case c.token == nil:
		return refusal(http.StatusUnauthorized, "Requires authentication")
	case !c.token.covers(one), !c.token.mayDo(c.op):
		return refusal(http.StatusForbidden, "Resource not accessible by integration")
	}
	return nil
}

// covers tells whether the token was made for the repository.
func (t *Token) covers(one *repository) bool {
	if t == nil || t.account != "" && !strings.EqualFold(t.account, one.owner) {
		return false
	}
	for _, fullName := range t.Repositories {
		if strings.EqualFold(fullName, one.fullName()) {
			return true
		}
	}
	return len(t.Repositories) == 0
}

// mayDo tells whether the token has what an operation needs.
func (t *Token) mayDo(op *operation) bool {
	return t.may(op.needs) || op.orNeeds != "" && t.may(permission{op.orNeeds, op.needs.level})
}

// may tells whether the token has a permission; a level holds the lower ones.
func (t *Token) may(needs permission) bool {
	if needs == (permission{"metadata", "read"}) {
		return true
	}
	return levelOf(t.Permissions[needs.name]) >= levelOf(needs.level)
}

// repository finds the repository that the path names, by its names or by its
// number. The caller holds the lock.
func (c *call) repository() *repository {
	if number := c.params["repository_id"]; number != "" {
		for _, one := range c.sandbox.repositories {
			if strconv.FormatInt(one.id, 10) == number {
				return one
			}
		}
		return nil
	}
	return c.sandbox.repository(c.params["owner"], c.params["repo"])
}

func (c *call) url(path ...string) string { return c.base + "/" + strings.Join(path, "/") }

// htmlURL is a page of GitHub's website, which the Sandbox does not have.
func htmlURL(path ...string) string { return "https://github.com/" + strings.Join(path, "/") }

// signedInAs finds the token that a request carries. None at all is no error.
func (s *Sandbox) signedInAs(r *http.Request, now time.Time) (*Token, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, nil // nobody in particular: public resources can be read
	}
	scheme, value, _ := strings.Cut(header, " ")
	var found *Token
	if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "token") {
		for i := range s.options.Tokens {
			if subtle.ConstantTimeCompare([]byte(value), []byte(s.options.Tokens[i].Value)) == 1 {
				found = &s.options.Tokens[i]
			}
		}
		if isWebToken(value) {
			return s.signedInAsApp(value, now)
		}
		if made, err := s.madeToken(value, now); made != nil || err != nil {
			return made, err
		}
	}
	if found == nil {
		return nil, refusal(http.StatusUnauthorized, "Bad credentials")
	}
	return found, nil
}

// checkQuery is stricter than GitHub, which passes over what it does not know:
// a misspelt parameter would be lost without a word.
func checkQuery(query url.Values, op *operation) error {
	var wrong []string
	for name, values := range query {
		isPaging := name == "page" || name == "per_page"
		switch {
		case isPaging && !op.pages, !isPaging && !slices.Contains(op.query, name):
			wrong = append(wrong, strconv.Quote(name)+" is not a permitted key (the sandbox takes documented parameters only).")
		case len(values) > 1:
			wrong = append(wrong, strconv.Quote(name)+" is given more than once.")
		}
	}
	return invalidRequest(wrong)
}
