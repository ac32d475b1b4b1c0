package twilio

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// side is the half of the API that a host has.
type side int

const (
	eitherSide side = iota // a host that is none of Twilio's
	apiSide
	uploadSide
)

// operation is one row of the API: the whole of it is the table in
// operations.go.
type operation struct {
	name    string // as the OpenAPI file calls it
	method  string
	pattern string // {Name} stands for one segment
	side    side   // apiSide or uploadSide
	fields  []field
	pages   bool     // takes the paging parameters of lists
	filters []string // other parameters of the query, as a page's URLs repeat them
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

// match finds the operation for a request to a host of the given side. Without
// one it returns the methods that the path has there; none means that no such
// path is known.
func match(routes []route, on side, method, escapedPath string) (*route, map[string]string, []string) {
	segments := strings.Split(escapedPath, "/")
	var methods []string
	for i := range routes {
		one := &routes[i]
		if on != eitherSide && on != one.side {
			continue
		}
		params, fits := one.fit(segments)
		if !fits {
			continue
		}
		if one.method == method {
			return one, params, nil
		}
		if !slices.Contains(methods, one.method) {
			methods = append(methods, one.method)
		}
	}
	return nil, nil, methods
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

// hostName is the request's host in lower case, without a port.
func hostName(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// sideOf tells which half of the API a host has. Regional hosts put an edge, a
// region or both between the product and twilio.com.
func sideOf(host string) side {
	product, found := strings.CutSuffix(host, ".twilio.com")
	if !found {
		return eitherSide
	}
	product, _, _ = strings.Cut(product, ".")
	switch product {
	case "serverless":
		return apiSide
	case "serverless-upload":
		return uploadSide
	default:
		return eitherSide
	}
}

// baseURL is what absolute URLs in answers start with. Twilio's own hosts are
// only ever spoken to over TLS, and URLs name the API host, never the upload
// host.
func (s *Sandbox) baseURL(r *http.Request) string {
	if s.options.BaseURL != "" {
		return s.options.BaseURL
	}
	host, scheme := r.Host, "http"
	if r.TLS != nil || sideOf(hostName(r)) != eitherSide {
		scheme = "https"
	}
	if sideOf(hostName(r)) == uploadSide {
		host = "serverless" + host[len("serverless-upload"):]
	}
	return scheme + "://" + host
}
