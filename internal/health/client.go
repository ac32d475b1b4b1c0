package health

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// peer is one address and a client that does not leave it.
type peer struct {
	target     *url.URL
	isLoopback bool // it is meant to be this machine's own
	client     *http.Client
}

// locate is the address of a deployed domain's path. The domain is what an API said:
// it is held to be a host's name and nothing else.
func locate(liveURL, domain, path string) (*url.URL, error) {
	if !regexp.MustCompile(`^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*$`).MatchString(domain) {
		return nil, fmt.Errorf("the domain %q, which the API gave, is not a host's name", domain)
	}
	target, err := url.Parse(strings.ReplaceAll(liveURL, "{domain}", domain) + path)
	if err != nil {
		return nil, fmt.Errorf("check %s: the address is not understood", domain)
	}
	return target, nil
}

// shownURL is an address without its query, which may hold a secret.
func shownURL(target *url.URL) string {
	shown := *target
	shown.RawQuery, shown.ForceQuery, shown.User = "", false, nil
	return shown.String()
}

func newPeer(target *url.URL, isLoopback bool) peer {
	dialer := &net.Dialer{Timeout: maxTry, Control: func(_, address string, _ syscall.RawConn) error {
		return checkAddress(address, isLoopback)
	}}
	dial := dialer.DialContext
	proxies := http.ProxyFromEnvironment
	if proxy, err := proxies(&http.Request{URL: target}); err == nil && proxy != nil {
		// The proxy's own address is this machine's matter, and what a name leads to
		// behind it the proxy's.
		dial = (&net.Dialer{Timeout: maxTry}).DialContext
	}
	return peer{target: target, isLoopback: isLoopback, client: &http.Client{
		Transport: &http.Transport{
			Proxy: proxies, DialContext: dial, TLSHandshakeTimeout: maxTry, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: maxAnswer,
			// Each try meets whatever edge answers then.
			DisableKeepAlives: true,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error { return checkRedirect(target, next, via) },
	}}
}

func (p peer) do(request *http.Request) (*http.Response, error) {
	// An address that is no name is known without a look, so a proxy is not asked for it.
	if ip, err := netip.ParseAddr(p.target.Hostname()); err == nil {
		if err := checkAddress(netip.AddrPortFrom(ip, 0).String(), p.isLoopback); err != nil {
			return nil, err
		}
	}
	response, err := p.client.Do(request)
	if broken, ok := errors.AsType[*url.Error](err); ok {
		err = broken.Err // which has the address and its query in it
	}
	return response, err
}

// checkRedirect keeps a request, and the headers with it, on its host. via are those
// that led to it.
func checkRedirect(target *url.URL, next *http.Request, via []*http.Request) error {
	switch {
	case origin(next.URL) != origin(target):
		return fmt.Errorf("it redirects to another place, %q, which is not followed", origin(next.URL))
	case len(via) > maxRedirects:
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	default:
		return nil
	}
}

// origin is a URL's scheme, host and port, the latter only where it is unusual.
func origin(of *url.URL) string {
	host := strings.ToLower(of.Host)
	if of.Port() == map[string]string{"http": "80", "https": "443"}[of.Scheme] {
		host = strings.TrimSuffix(host, ":"+of.Port())
	}
	return of.Scheme + "://" + host
}

// isLoopback reports whether live-url itself, and not a domain in it, names this
// machine.
func isLoopback(liveURL string) bool {
	parsed, err := url.Parse(strings.ReplaceAll(liveURL, "{domain}", "domain.invalid"))
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(parsed.Hostname())
	return strings.EqualFold(parsed.Hostname(), "localhost") || err == nil && address.Unmap().IsLoopback()
}

var errPrivate = errors.New("its address is that of a private network, which a check does not reach into")

// checkAddress refuses addresses that are not the internet's; this machine's own
// counts where the check was asked to go there.
func checkAddress(address string, isLoopback bool) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("its address %s is not understood: %w", address, err)
	}
	ip := parsed.Addr().Unmap()
	if ip.IsLoopback() && isLoopback {
		return nil
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(reserved(), func(block netip.Prefix) bool { return block.Contains(ip) }) {
		return errPrivate
	}
	return nil
}

// reserved are blocks of addresses that are global in form, but not in use on the
// internet (IANA's registries of special-purpose addresses).
func reserved() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),
		netip.MustParsePrefix("100.64.0.0/10"),
		netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"),
		netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("64:ff9b::/96"),
		netip.MustParsePrefix("64:ff9b:1::/48"),
		netip.MustParsePrefix("2002::/16"),
		netip.MustParsePrefix("fec0::/10"),
	}
}
