package project

import (
	"path"
	"strings"
)

const (
	functionType = "application/javascript"
	unknownType  = "application/octet-stream"
)

// contentType is the media type a file is uploaded with, and served with later.
// It is never read from the host, whose tables differ from machine to machine:
// a type that changes would upload every file again.
func contentType(kind Kind, name string) string {
	if kind == KindFunction {
		return functionType
	}
	ext := strings.ToLower(path.Ext(name))
	for _, table := range []map[string]string{webTypes(), mediaTypes(), documentTypes()} {
		if found, ok := table[ext]; ok {
			return found
		}
	}
	return unknownType
}

// The tables give what the Toolkit sends (mime-types 2.1), which knows no
// charset, so that a project keeps its types when it changes tools. What the
// Toolkit does not know, and sends without a type, is marked.

// webTypes is the types of pages and of what belongs to them.
func webTypes() map[string]string {
	return map[string]string{
		".html": "text/html", ".htm": "text/html", ".shtml": "text/html", ".xhtml": "application/xhtml+xml",
		".css": "text/css", ".less": "text/less", ".scss": "text/x-scss", ".sass": "text/x-sass", ".styl": "text/stylus",
		".js": "application/javascript", ".mjs": "application/javascript", ".cjs": "application/node",
		".jsx": "text/jsx", ".coffee": "text/coffeescript",
		".json": "application/json", ".map": "application/json", ".json5": "application/json5",
		".jsonld": "application/ld+json", ".geojson": "application/geo+json",
		".webmanifest": "application/manifest+json", ".appcache": "text/cache-manifest", ".manifest": "text/cache-manifest",
		".wasm": "application/wasm", ".htc": "text/x-component", ".hbs": "text/x-handlebars-template",
		".xml": "application/xml", ".xsl": "application/xml", ".xsd": "application/xml", ".xslt": "application/xslt+xml",
		".twiml": "application/xml", // not in the Toolkit; TwiML is XML
		".rss":   "application/rss+xml", ".atom": "application/atom+xml", ".wsdl": "application/wsdl+xml",
		".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf", ".ttc": "font/collection",
		".eot":   "application/vnd.ms-fontobject",
		".proto": "text/plain", ".graphql": "text/plain", ".gql": "text/plain", // not in the Toolkit
	}
}

// mediaTypes is the types of pictures, sound and film.
func mediaTypes() map[string]string {
	return map[string]string{
		".png": "image/png", ".apng": "image/apng", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg",
		".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif", ".svg": "image/svg+xml", ".svgz": "image/svg+xml",
		".ico": "image/vnd.microsoft.icon", ".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff",
		".heic": "image/heic", ".heif": "image/heif", ".psd": "image/vnd.adobe.photoshop",
		".jxl": "image/jxl", ".cur": "image/x-icon", // not in the Toolkit
		".mp3": "audio/mpeg", ".wav": "audio/wave", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg",
		".aac": "audio/x-aac", ".m4a": "audio/mp4", ".flac": "audio/x-flac", ".weba": "audio/webm",
		".mid": "audio/midi", ".midi": "audio/midi", ".aif": "audio/x-aiff", ".aiff": "audio/x-aiff",
		".au": "audio/basic", ".amr": "audio/amr", ".m3u": "audio/x-mpegurl",
		".ulaw": "audio/basic", ".mulaw": "audio/basic", // not in the Toolkit; the telephone's own format
		".mp4": "video/mp4", ".m4v": "video/x-m4v", ".webm": "video/webm", ".ogv": "video/ogg", ".mov": "video/quicktime",
		".avi": "video/x-msvideo", ".mpeg": "video/mpeg", ".mpg": "video/mpeg", ".mkv": "video/x-matroska",
		".3gp": "video/3gpp", ".3g2": "video/3gpp2", ".ts": "video/mp2t",
		".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml",
		".vtt": "text/vtt", ".srt": "application/x-subrip",
		".glb": "model/gltf-binary", ".gltf": "model/gltf+json", ".obj": "model/obj", ".stl": "model/stl",
		".usdz": "model/vnd.usdz+zip",
	}
}

// documentTypes is the types of text, office documents, keys and archives.
func documentTypes() map[string]string {
	const office = "application/vnd.openxmlformats-officedocument."
	return map[string]string{
		".txt": "text/plain", ".text": "text/plain", ".log": "text/plain", ".conf": "text/plain", ".ini": "text/plain",
		".md": "text/markdown", ".markdown": "text/markdown", ".csv": "text/csv", ".tsv": "text/tab-separated-values",
		".yaml": "text/yaml", ".yml": "text/yaml", ".toml": "application/toml",
		".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson", // not in the Toolkit
		".ics": "text/calendar", ".vcf": "text/x-vcard", ".rtf": "application/rtf", ".sql": "application/x-sql",
		".pdf": "application/pdf", ".ps": "application/postscript", ".epub": "application/epub+zip",
		".doc": "application/msword", ".docx": office + "wordprocessingml.document",
		".xls": "application/vnd.ms-excel", ".xlsx": office + "spreadsheetml.sheet",
		".ppt": "application/vnd.ms-powerpoint", ".pptx": office + "presentationml.presentation",
		".odt": "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
		".odp": "application/vnd.oasis.opendocument.presentation",
		".eml": "message/rfc822", ".gpx": "application/gpx+xml", ".kml": "application/vnd.google-earth.kml+xml",
		".pem": "application/x-x509-ca-cert", ".crt": "application/x-x509-ca-cert", ".der": "application/x-x509-ca-cert",
		".cer": "application/pkix-cert", ".asc": "application/pgp-keys", ".sig": "application/pgp-signature",
		".zip": "application/zip", ".gz": "application/gzip", ".tar": "application/x-tar",
		".tgz": "application/gzip", // not in the Toolkit
		".7z":  "application/x-7z-compressed", ".rar": "application/vnd.rar", ".bz2": "application/x-bzip2",
		".xz": "application/x-xz", ".jar": "application/java-archive",
		".apk": "application/vnd.android.package-archive", ".bin": unknownType,
	}
}
