package health

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// newClient makes a client for one address, which it does not leave.
func newClient(target *url.URL) *http.Client {
	isLoopback := isLoopbackName(target.Hostname())
	dialer := &net.Dialer{Timeout: maxTry, Control: func(_, address string, _ syscall.RawConn) error {
		return checkAddress(address, isLoopback)
	}}
	dial := dialer.DialContext
	proxies := http.ProxyFromEnvironment
	if proxy, err := proxies(&http.Request{URL: target}); err == nil && proxy != nil {
		// The proxy's own address is this machine's matter, and what lies behind it
		// the proxy's.
		dial = (&net.Dialer{Timeout: maxTry}).DialContext
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: proxies, DialContext: dial, TLSHandshakeTimeout: maxTry, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: maxAnswer, IdleConnTimeout: time.Minute,
			// Each try meets whatever edge answers then.
			DisableKeepAlives: true,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error { return checkRedirect(target, next, via) },
	}
}

// checkRedirect keeps a request, and the headers with it, on its host. via are those
// that led to it.
func checkRedirect(target *url.URL, next *http.Request, via []*http.Request) error {
	switch {
	case next.URL.Scheme != target.Scheme || !strings.EqualFold(next.URL.Host, target.Host):
		return fmt.Errorf("it redirects to another host, %q, which is not followed", next.URL.Host)
	case len(via) > maxRedirects:
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	default:
		return nil
	}
}

// isLoopbackName reports whether a host's name is this machine's own.
func isLoopbackName(name string) bool {
	address, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && address.Unmap().IsLoopback()
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
