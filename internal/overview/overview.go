// Package overview is what people and programs see of a webhook server: pages that say
// what is live where, what is under way and what was decided, and the same as JSON.
//
// The pages need no script, which only keeps them up to date, and nothing from another
// host. What they show comes from a Reader; no database, no platform and no file is
// known here. Level 4: of the project it imports job, problem, report and words.
package overview

import (
	"cmp"
	"html/template"
	"log/slog"
	"net/http"
	"time"
)

// Config is what a handler works with. Reader, Manager and Logger are required.
type Config struct {
	Reader  Reader
	Manager Manager
	// GitHubURL is the root of GitHub's website, for links, without a final slash; empty
	// means https://github.com.
	GitHubURL string
	// Now is the clock; nil means the machine's.
	Now    func() time.Time
	Logger *slog.Logger
}

// handler answers requests for pages and for the API.
type handler struct {
	Config

	assets assets
	pages  map[string]*template.Template // by the names of their files
	// streams has a place for each live log that is followed.
	streams chan struct{}
}

// New makes the handler of pages and API. Guard has to stand in front of it.
func New(cfg Config) http.Handler {
	cfg.GitHubURL = cmp.Or(cfg.GitHubURL, "https://github.com")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	h := &handler{Config: cfg, assets: readAssets(), pages: readPages(), streams: make(chan struct{}, mostStreams)}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", h.overview)
	routes.HandleFunc("GET /jobs", h.history)
	routes.HandleFunc("GET /jobs/{number}", h.job)
	routes.HandleFunc("GET /jobs/{number}/events", h.events)
	routes.HandleFunc("GET /deliveries", h.deliveries)
	routes.Handle("GET /assets/{name}", h.assets)
	routes.HandleFunc("GET /", h.missing)
	routes.HandleFunc("GET /api/jobs", h.apiJobs)
	routes.HandleFunc("GET /api/jobs/{number}", h.apiJob)
	routes.HandleFunc("POST /api/jobs/{number}/cancel", h.apiCancel)
	routes.HandleFunc("POST /api/jobs/{number}/retry", h.apiRetry)
	routes.HandleFunc("GET /api/", func(w http.ResponseWriter, r *http.Request) {
		h.refuse(w, r, http.StatusNotFound, "the API has no "+r.URL.Path, "It has /api/jobs and /api/jobs/NUMBER.")
	})
	return routes
}
