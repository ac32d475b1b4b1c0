package overview

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

// How many of each are on a page.
const (
	targetsShown    = 50
	openShown       = 20
	deliveriesShown = 15
	listed          = 50
)

// readPages reads the templates, each page's with those that all have.
func readPages() map[string]*template.Template {
	read := map[string]*template.Template{}
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		panic(err) // the binary has them
	}
	for _, name := range names {
		if base := strings.TrimPrefix(name, "pages/"); base != "layout.html" {
			read[strings.TrimSuffix(base, ".html")] = template.Must(template.ParseFS(pageFiles, "pages/layout.html", name))
		}
	}
	return read
}

// page is what every page has.
type page struct {
	// Root leads from the page to the first one, so that the pages may lie below any
	// path of a proxy.
	Root    string
	Title   string
	Section string // the part of the navigation that it is in
	Style   string
	Script  string
	Icon    string
	Now     *moment
	Body    any
}

// show answers with a page, and by its content's hash with nothing when the browser has
// it.
func (h *handler) show(w http.ResponseWriter, r *http.Request, status int, name, section, title string, body any) {
	var text bytes.Buffer
	err := h.pages[name].ExecuteTemplate(&text, "layout", page{
		Root: root(r.URL.Path), Title: title, Section: section, Now: h.moment(h.Now()), Body: body,
		Style: h.assets["overview.css"].name, Script: h.assets["overview.js"].name, Icon: h.assets["icon.svg"].name,
	})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	protect(w.Header())
	sum := sha256.Sum256(text.Bytes())
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if status == http.StatusOK && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // whom it is for may be gone
}

// root leads from a path to the first page.
func root(path string) string {
	if depth := strings.Count(path, "/") - 1; depth > 0 {
		return strings.Repeat("../", depth)
	}
	return "./"
}

// missing answers where there is nothing, and says where there is something.
func (h *handler) missing(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusNotFound, "missing", "", "Not found", strings.HasPrefix(r.URL.Path, "/jobs/"))
}

// failPage answers when what a page shows could not be found out.
func (h *handler) failPage(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody is there to be answered
	}
	h.Logger.ErrorContext(r.Context(), "the overview could not be shown", "path", r.URL.Path, "error", err)
	h.show(w, r, http.StatusInternalServerError, "failed", "", "Not available", nil)
}
