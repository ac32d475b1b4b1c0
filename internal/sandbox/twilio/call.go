package twilio

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// call is one request on its way through an operation.
type call struct {
	sandbox *Sandbox
	world   *world
	op      *operation
	params  map[string]string
	form    url.Values
	writer  http.ResponseWriter
	request *http.Request
	base    string // scheme://host of absolute URLs
	// buildTime is how long the Build takes that the call created.
	buildTime time.Duration
}

// run checks the request and carries it out. Handlers of the API side run
// under the world's lock, taken once the body has been read; an upload takes
// the lock itself, around its body.
func (c *call) run() (reply, error) {
	if c.switches().MalformedSIDsAre400 {
		if err := c.checkSIDs(); err != nil {
			return reply{}, err
		}
	}
	if err := checkQuery(c.request.URL.Query(), c.op); err != nil {
		return reply{}, err
	}
	switch {
	case c.op.side == uploadSide:
	case c.op.method == http.MethodPost:
		form, err := readForm(c.writer, c.request, c.op.fields)
		if err != nil {
			return reply{}, err
		}
		c.form = form
		c.world.mu.Lock()
		defer c.world.mu.Unlock()
	case c.op.method == http.MethodDelete:
		c.world.mu.Lock()
		defer c.world.mu.Unlock()
	default:
		c.world.mu.RLock()
		defer c.world.mu.RUnlock()
	}
	return c.op.handle(c)
}

// notFound is the API's 404, which names the path without its version.
func notFound(path string) error {
	return &apiError{
		http.StatusNotFound, codeNotFound,
		fmt.Sprintf("The requested resource %s was not found", strings.TrimPrefix(path, "/v1")),
	}
}

func (c *call) notFound() error { return notFound(c.request.URL.Path) }

// switches are those of the Sandbox.
func (c *call) switches() *Switches { return &c.sandbox.options.Switches }

func (c *call) url(path ...string) string {
	return c.base + "/v1/" + strings.Join(path, "/")
}

// boolean reads a field that is true or false.
func (c *call) boolean(name string, otherwise bool) bool {
	if !c.form.Has(name) {
		return otherwise
	}
	return isTrue(c.form.Get(name))
}

// checkSIDs refuses what is no SID where the path has one. A Service may be
// named otherwise, so its place takes anything.
func (c *call) checkSIDs() error {
	var wrong []string
	for name, value := range c.params {
		isService := name == "ServiceSid" || strings.HasSuffix(c.op.name, "Service")
		if !isService && !wellFormedSID.MatchString(value) {
			wrong = append(wrong, fmt.Sprintf("%s %q is not a SID", name, value))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return refusal(wrong)
}

var wellFormedSID = regexp.MustCompile(`^[A-Z]{2}[0-9a-fA-F]{32}$`)

// service finds the Service that a nested path is below.
func (c *call) service() (*service, error) {
	name := c.params["ServiceSid"]
	if one, found := c.world.services.get(name); found {
		return one, nil
	}
	if one := c.world.serviceNamed(name); one != nil && c.switches().NestedServiceNames {
		return one, nil
	}
	return nil, c.notFound()
}

// environment finds the Environment that the path names by the parameter.
func (c *call) environment(param string) (*service, *environment, error) {
	parent, err := c.service()
	if err != nil {
		return nil, nil, err
	}
	one, found := c.world.environments.get(c.params[param])
	if !found || one.Parent != parent.SID {
		return nil, nil, c.notFound()
	}
	return parent, one, nil
}

// file finds the Function or Asset that the path names by the parameter.
func (c *call) file(k kind, param string) (*service, *file, error) {
	parent, err := c.service()
	if err != nil {
		return nil, nil, err
	}
	one, found := c.world.files.get(c.params[param])
	if !found || one.Parent != parent.SID || one.Kind != k {
		return nil, nil, c.notFound()
	}
	return parent, one, nil
}

// signedInAs finds the world whose credentials a request carries.
func (s *Sandbox) signedInAs(r *http.Request) *world {
	user, password, given := r.BasicAuth()
	if !given {
		return nil
	}
	var found *world
	for _, w := range s.worlds {
		a := w.account
		if same(user, a.SID, password, a.AuthToken) || same(user, a.KeySID, password, a.KeySecret) {
			found = w
		}
	}
	return found
}

func same(user, wantUser, password, wantPassword string) bool {
	isUser := subtle.ConstantTimeCompare([]byte(user), []byte(wantUser))
	isPassword := subtle.ConstantTimeCompare([]byte(password), []byte(wantPassword))
	return wantUser != "" && wantPassword != "" && isUser&isPassword == 1
}
