package twilio

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what X-Twilio-Signature is made of
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LivePrefix is where every host of the Sandbox serves deployed domains:
// LivePrefix, the domain, and the path.
const LivePrefix = "/_live/"

// IsLive tells whether a request is for a deployed domain, and not for the API.
func IsLive(r *http.Request) bool {
	_, _, found := liveTarget(r)
	return found
}

// liveTarget tells which deployed domain a request is for, and the path there.
func liveTarget(r *http.Request) (domain, path string, found bool) {
	if rest, isPrefixed := strings.CutPrefix(r.URL.Path, LivePrefix); isPrefixed {
		domain, path, _ = strings.Cut(rest, "/")
		return domain, "/" + path, true
	}
	if host := hostName(r); strings.HasSuffix(host, ".twil.io") {
		return host, r.URL.Path, true
	}
	return "", "", false
}

// served is what a domain has at a path, and by which Deployment.
type served struct {
	world         *world
	environment   *environment
	build         *build
	deploymentSID string
	file          *version
}

// lookUp finds what a domain serves at a path.
func (s *Sandbox) lookUp(domain, path string) (served, bool) {
	for _, w := range s.worlds {
		if found, isHere := w.lookUp(domain, path, &s.options.Switches); isHere {
			return found, found.file != nil
		}
	}
	return served{}, false
}

// asServed is a path as domains tell it from others.
func (s *Switches) asServed(path string) string {
	if s.PathsIgnoreCase {
		return strings.ToLower(path)
	}
	return path
}

// lookUp finds the domain, and the Version at the path if there is one. "/" with
// nothing at it falls back to the path "/assets/index.html": the toolkit's local
// server, which says that it mirrors production (run/runtime/server.ts), looks
// that very path up. An Asset from assets/index.html has the path "/index.html",
// so it is not meant, unless the switch says so.
func (w *world) lookUp(domain, path string, switches *Switches) (served, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	env, deploymentSID := w.atDomain(domain)
	if env == nil {
		return served{}, false
	}
	paths := []string{path}
	if path == "/" {
		paths = append(paths, "/assets/index.html")
		if switches.RootServesIndex {
			paths = append(paths, "/index.html")
		}
	}
	live, found := w.builds.get(env.BuildSID)
	for i := 0; found && i < len(paths); i++ {
		at := slices.IndexFunc(live.Versions, func(v version) bool {
			return switches.asServed(v.Path) == switches.asServed(paths[i])
		})
		if at >= 0 {
			return served{w, env, live, deploymentSID, &live.Versions[at]}, true
		}
	}
	return served{}, true
}

// atDomain finds the Environment with a domain, and the Deployment that made live
// what is. Should several have the domain, that with the newest one is served.
func (w *world) atDomain(domain string) (found *environment, deploymentSID string) {
	var newest uint64
	for _, parent := range w.services.of("") {
		for _, env := range w.environments.of(parent.SID) {
			if !strings.EqualFold(env.DomainName, domain) {
				continue
			}
			if found == nil {
				found = env
			}
			// Only a journal from elsewhere has a live Build without a Deployment.
			history := w.deployments.of(env.SID)
			if env.BuildSID == "" || len(history) == 0 {
				continue
			}
			if last := history[len(history)-1]; last.Seq > newest {
				found, deploymentSID, newest = env, last.SID, last.Seq
			}
		}
	}
	return found, deploymentSID
}

// serveLive answers a request to a deployed domain.
func (s *Sandbox) serveLive(w http.ResponseWriter, r *http.Request, domain, path string) {
	found, is := s.lookUp(domain, path)
	if !is || found.file.Visibility == visibilityPrivate {
		http.Error(w, "404 Not Found: nothing is live at "+domain+path+" in this sandbox", http.StatusNotFound)
		return
	}
	isFunction := found.file.Kind == kindFunction
	if found.file.Visibility == visibilityProtected && !isSigned(w, r, found.world.account.AuthToken, domain) {
		// Twilio's page on Assets says 403, the one on request flow 400.
		status := http.StatusForbidden
		if isFunction && !s.options.Switches.ProtectedFunctions403 {
			status = http.StatusBadRequest
		}
		http.Error(w, strconv.Itoa(status)+" "+http.StatusText(status)+": this path is protected and X-Twilio-Signature is not valid", status)
		return
	}
	if isFunction {
		thrown := found.throws()
		found.log(r, thrown) // before the answer: who has that finds the entry
		if thrown != "" {
			http.Error(w, "500 Internal Server Error: "+thrown, http.StatusInternalServerError)
			return
		}
		serveFunction(w, found)
		return
	}
	s.serveAsset(w, r, found)
}

// throws is what a Function was told to throw, by a comment in its source such as
// "// sandbox: throw TypeError: x is not a function"; empty for nothing.
func (s served) throws() string {
	content, err := s.world.blobs.open(s.file.Blob)
	if err != nil {
		return ""
	}
	defer content.Close()
	source, _ := io.ReadAll(io.LimitReader(content, 64<<10))
	match := regexp.MustCompile(`(?m)^[ \t]*//[ \t]*sandbox: throw ([^\r\n]{1,500})`).FindSubmatch(source)
	if match == nil {
		return ""
	}
	return strings.ToValidUTF8(string(match[1]), "?")
}

// functionStub is what a Function answers here: it is not run.
type functionStub struct {
	Path       string `json:"path"`
	VersionSID string `json:"version_sid"`
	BuildSID   string `json:"build_sid"`
	Runtime    string `json:"runtime"`
}

func serveFunction(w http.ResponseWriter, found served) {
	body, err := json.Marshal(functionStub{
		Path: found.file.Path, VersionSID: found.file.SID, BuildSID: found.build.SID, Runtime: found.build.Runtime,
	})
	if err != nil {
		http.Error(w, "500 Internal Server Error: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

func (s *Sandbox) serveAsset(w http.ResponseWriter, r *http.Request, found served) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 Method Not Allowed: an Asset takes GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	content, err := found.world.blobs.open(found.file.Blob)
	if err != nil {
		http.Error(w, "500 Internal Server Error: "+err.Error(), http.StatusInternalServerError)
		return
	}
	defer content.Close()
	w.Header().Set("Content-Type", s.typeServed(found.file))
	w.Header().Set("ETag", strconv.Quote(found.file.Blob))
	http.ServeContent(w, r, "", time.Time{}, content)
}

// typeServed is the content type of an Asset. What an extension means is looked
// up in a short table: the host's own would make it another world on each machine.
func (s *Sandbox) typeServed(file *version) string {
	if !s.options.Switches.TypesByExtension {
		return file.ContentType
	}
	switch strings.ToLower(file.Path[strings.LastIndexByte(file.Path, '.')+1:]) {
	case "html":
		return "text/html"
	case "css":
		return "text/css"
	case "js":
		return "application/javascript"
	case "json":
		return "application/json"
	case "txt":
		return "text/plain"
	case "png":
		return "image/png"
	case "svg":
		return "image/svg+xml"
	default:
		return file.ContentType
	}
}

// isSigned checks X-Twilio-Signature: base64 of the HMAC-SHA1, keyed with the
// auth token, over the full URL followed by the POST parameters in order of
// their names. The URL is the domain's own, or the one that was asked for.
func isSigned(w http.ResponseWriter, r *http.Request, authToken, domain string) bool {
	given, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Signature"))
	if authToken == "" || err != nil || len(given) == 0 {
		return false
	}
	params, err := signedParams(w, r)
	if err != nil {
		return false
	}
	asked := r.URL.RequestURI()
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	own := strings.TrimPrefix(asked, LivePrefix+domain)
	if !strings.HasPrefix(own, "/") {
		own = "/" + own
	}
	for _, address := range []string{"https://" + domain + own, scheme + r.Host + asked} {
		mac := hmac.New(sha1.New, []byte(authToken))
		mac.Write([]byte(address + params))
		if hmac.Equal(mac.Sum(nil), given) {
			return true
		}
	}
	return false
}

// signedParams is the part of what is signed that a form in the body makes up.
func signedParams(w http.ResponseWriter, r *http.Request) (string, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || err != nil || mediaType != "application/x-www-form-urlencoded" {
		return "", nil //nolint:nilerr // without a form there are no parameters to sign
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		return "", errors.New("the body is not a form")
	}
	return joinParams(r.PostForm), nil
}

func joinParams(form url.Values) string {
	var text strings.Builder
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			text.WriteString(name + value)
		}
	}
	return text.String()
}
