package twilio

import (
	"net"
	"net/http"
	"strings"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
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

// route makes a router for each kind of host.
func route(table []operation) map[side]*wire.Router[operation] {
	routers := map[side]*wire.Router[operation]{eitherSide: {}, apiSide: {}, uploadSide: {}}
	for _, op := range table {
		for _, on := range []side{eitherSide, op.side} {
			routers[on].Add(op.method, op.pattern, op)
		}
	}
	return routers
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
