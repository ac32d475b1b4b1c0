package project

import (
	"mime"
	"os"
	"regexp"
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
		{KindAsset, "assets/a.pkpass", "application/vnd.apple.pkpass"},
		{KindAsset, "assets/a.wma", "audio/x-ms-wma"},
		{KindAsset, "assets/a.ics", "text/calendar"},
		{KindAsset, "assets/a.p12", "application/x-pkcs12"},
		{KindAsset, "assets/a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{KindAsset, "assets/a.ULAW", "audio/basic"},
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

// TestContentTypesArePlain reads the table from the source, for a switch cannot
// be walked over.
func TestContentTypesArePlain(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("contenttype.go")
	if err != nil {
		t.Fatal(err)
	}
	extensions := regexp.MustCompile(`"(\.[^"]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(extensions) < 250 {
		t.Errorf("the table has %d types, want 250 at least", len(extensions))
	}
	for _, found := range extensions {
		ext := found[1]
		if ext != strings.ToLower(ext) {
			t.Errorf("%s is never found", ext)
		}
		if got, parameters, err := mime.ParseMediaType(contentType(KindAsset, "a"+ext)); err != nil || len(parameters) > 0 {
			t.Errorf("%s: %q is no plain media type: %v", ext, got, err)
		}
	}
}

func BenchmarkContentType(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		contentType(KindAsset, "assets/a.docx")
	}
}
