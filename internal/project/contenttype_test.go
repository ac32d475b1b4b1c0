package project

import (
	"mime"
	"strings"
	"testing"
)

func TestContentType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind Kind
		name string
		want string
	}{
		{KindFunction, "functions/a.js", "application/javascript"},
		{KindAsset, "assets/a.js", "application/javascript"},
		{KindAsset, "assets/index.html", "text/html"},
		{KindAsset, "assets/LOGO.PNG", "image/png"},
		{KindAsset, "assets/a.private.json", "application/json"},
		{KindAsset, "assets/hold.wav", "audio/wave"},
		{KindAsset, "assets/font.woff2", "font/woff2"},
		{KindAsset, "assets/site.webmanifest", "application/manifest+json"},
		{KindAsset, "assets/a.twiml", "application/xml"},
		{KindAsset, "assets/a.yml", "text/yaml"},
		{KindAsset, "assets/README", "application/octet-stream"},
		{KindAsset, "assets/json", "application/octet-stream"},
		{KindAsset, "assets/a.unheard-of", "application/octet-stream"},
		{KindAsset, "assets/a.", "application/octet-stream"},
		{KindAsset, "assets.d/x", "application/octet-stream"},
	}
	for _, test := range tests {
		if got := contentType(test.kind, test.name); got != test.want {
			t.Errorf("%s %q: got %q, want %q", test.kind, test.name, got, test.want)
		}
	}
}

func TestContentTypeTables(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, table := range []map[string]string{webTypes(), mediaTypes(), documentTypes()} {
		for ext, mediaType := range table {
			if seen[ext] {
				t.Errorf("%s is in two tables", ext)
			}
			seen[ext] = true
			if !strings.HasPrefix(ext, ".") || ext != strings.ToLower(ext) {
				t.Errorf("%s is never found", ext)
			}
			if _, parameters, err := mime.ParseMediaType(mediaType); err != nil || len(parameters) > 0 {
				t.Errorf("%s: %q is no plain media type: %v", ext, mediaType, err)
			}
		}
	}
	if len(seen) < 100 {
		t.Errorf("the tables have %d types, want 100 at least", len(seen))
	}
}
