package overview

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Guard stands in front of pages and API, so that no page of another site can use the
// browser of somebody who reaches them: requests have to be for an address that no site
// can have, which is localhost, an IP address or the host of publicURL (a name of its
// own may be made to lead here, DNS rebinding), and what changes something must not come
// from another origin.
func Guard(publicURL string, guarded http.Handler) http.Handler {
	public := ""
	if parsed, err := url.Parse(publicURL); err == nil {
		public = parsed.Hostname()
	}
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuseRequest(w, http.StatusForbidden, "this comes from a page of another site, which may not change anything here")
	}))
	next := sameOrigin.Handler(guarded)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isOwnHost(r.Host, public) {
			refuseRequest(w, http.StatusMisdirectedRequest, "this address is none that the admin listener is asked by: use localhost, an IP address, or the host of public-url")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOwnHost reports whether a Host header is one that no other site can have. One that
// is missing is no browser's.
func isOwnHost(given, public string) bool {
	host := given
	if name, _, err := net.SplitHostPort(given); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	_, err := netip.ParseAddr(host)
	return err == nil || host == "" || host == "localhost" || public != "" && strings.EqualFold(host, public)
}

func refuseRequest(w http.ResponseWriter, status int, why string) {
	protect(w.Header())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(why + "\n")) // whom it is for may be gone
}

// policy lets a page have this server's style and script, and nothing else: no script of
// its own text, no form, no frame, no other host.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// protect has browsers take what is answered for what it is, and tell nobody of it.
func protect(header http.Header) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}
