package project

import (
	"cmp"
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
	return cmp.Or(webType(ext), mediaType(ext), documentType(ext), unknownType)
}

// The types below are those that the Toolkit sends (mime-types 2.1.35), which
// knows no charset, so that a project keeps its types when it changes tools. It
// knows many more, which no website or phone call needs; they are uploaded as
// unknownType. What it does not know, and sends without a type, is marked.

// webType is the type of pages and of what belongs to them; empty for others.
func webType(ext string) string {
	switch ext {
	case ".atom":
		return "application/atom+xml"
	case ".ecma", ".es":
		return "application/ecmascript"
	case ".geojson":
		return "application/geo+json"
	case ".js", ".mjs":
		return functionType
	case ".json", ".map":
		return "application/json"
	case ".json5":
		return "application/json5"
	case ".jsonld":
		return "application/ld+json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".mathml":
		return "application/mathml+xml"
	case ".cjs":
		return "application/node"
	case ".owl", ".rdf":
		return "application/rdf+xml"
	case ".rss":
		return "application/rss+xml"
	case ".smi":
		return "application/smil+xml"
	case ".xul":
		return "application/vnd.mozilla.xul+xml"
	case ".eot":
		return "application/vnd.ms-fontobject"
	case ".wasm":
		return "application/wasm"
	case ".wsdl":
		return "application/wsdl+xml"
	case ".swf":
		return "application/x-shockwave-flash"
	case ".webapp":
		return "application/x-web-app-manifest+json"
	case ".xhtml":
		return "application/xhtml+xml"
	case ".xml", ".xsd", ".xsl":
		return "application/xml"
	case ".twiml": // not in the Toolkit; TwiML is XML
		return "application/xml"
	case ".dtd":
		return "application/xml-dtd"
	case ".xslt":
		return "application/xslt+xml"
	case ".ttc":
		return "font/collection"
	case ".otf":
		return "font/otf"
	case ".ttf":
		return "font/ttf"
	case ".woff":
		return "font/woff"
	case ".woff2":
		return "font/woff2"
	case ".appcache", ".manifest":
		return "text/cache-manifest"
	case ".coffee":
		return "text/coffeescript"
	case ".css":
		return "text/css"
	case ".htm", ".html", ".shtml":
		return "text/html"
	case ".jsx":
		return "text/jsx"
	case ".less":
		return "text/less"
	case ".mdx":
		return "text/mdx"
	case ".n3":
		return "text/n3"
	case ".gql", ".graphql", ".proto": // not in the Toolkit
		return "text/plain"
	case ".styl":
		return "text/stylus"
	case ".ttl":
		return "text/turtle"
	case ".htc":
		return "text/x-component"
	case ".hbs":
		return "text/x-handlebars-template"
	case ".opml":
		return "text/x-opml"
	case ".sass":
		return "text/x-sass"
	case ".scss":
		return "text/x-scss"
	default:
		return ""
	}
}

// mediaType is the type of pictures, sound and film; empty for others.
func mediaType(ext string) string {
	switch ext {
	case ".mpd":
		return "application/dash+xml"
	case ".ttml":
		return "application/ttml+xml"
	case ".m3u8":
		return "application/vnd.apple.mpegurl"
	case ".srt":
		return "application/x-subrip"
	case ".amr":
		return "audio/amr"
	case ".au", ".snd":
		return "audio/basic"
	case ".mulaw", ".ulaw": // not in the Toolkit; the telephone's own format
		return "audio/basic"
	case ".kar", ".mid", ".midi", ".rmi":
		return "audio/midi"
	case ".m4a":
		return "audio/mp4"
	case ".m2a", ".mp2", ".mp3", ".mpga":
		return "audio/mpeg"
	case ".oga", ".ogg", ".opus", ".spx":
		return "audio/ogg"
	case ".wav":
		return "audio/wave"
	case ".weba":
		return "audio/webm"
	case ".aac":
		return "audio/x-aac"
	case ".aif", ".aifc", ".aiff":
		return "audio/x-aiff"
	case ".caf":
		return "audio/x-caf"
	case ".flac":
		return "audio/x-flac"
	case ".mka":
		return "audio/x-matroska"
	case ".m3u":
		return "audio/x-mpegurl"
	case ".wma":
		return "audio/x-ms-wma"
	case ".apng":
		return "image/apng"
	case ".avif":
		return "image/avif"
	case ".bmp":
		return "image/bmp"
	case ".emf":
		return "image/emf"
	case ".gif":
		return "image/gif"
	case ".heic":
		return "image/heic"
	case ".heif":
		return "image/heif"
	case ".jp2":
		return "image/jp2"
	case ".jpe", ".jpeg", ".jpg":
		return "image/jpeg"
	case ".jxl": // not in the Toolkit
		return "image/jxl"
	case ".png":
		return "image/png"
	case ".svg", ".svgz":
		return "image/svg+xml"
	case ".tif", ".tiff":
		return "image/tiff"
	case ".psd":
		return "image/vnd.adobe.photoshop"
	case ".djvu":
		return "image/vnd.djvu"
	case ".ico":
		return "image/vnd.microsoft.icon"
	case ".dds":
		return "image/vnd.ms-dds"
	case ".wbmp":
		return "image/vnd.wap.wbmp"
	case ".webp":
		return "image/webp"
	case ".wmf":
		return "image/wmf"
	case ".cur": // not in the Toolkit
		return "image/x-icon"
	case ".pnm":
		return "image/x-portable-anymap"
	case ".tga":
		return "image/x-tga"
	case ".xbm":
		return "image/x-xbitmap"
	case ".xpm":
		return "image/x-xpixmap"
	case ".gltf":
		return "model/gltf+json"
	case ".glb":
		return "model/gltf-binary"
	case ".obj":
		return "model/obj"
	case ".stl":
		return "model/stl"
	case ".dae":
		return "model/vnd.collada+xml"
	case ".usdz":
		return "model/vnd.usdz+zip"
	case ".wrl":
		return "model/vrml"
	case ".x3d":
		return "model/x3d+xml"
	case ".vtt":
		return "text/vtt"
	case ".3gp", ".3gpp":
		return "video/3gpp"
	case ".3g2":
		return "video/3gpp2"
	case ".mj2":
		return "video/mj2"
	case ".ts":
		return "video/mp2t"
	case ".mp4", ".mp4v", ".mpg4":
		return "video/mp4"
	case ".m1v", ".m2v", ".mpe", ".mpeg", ".mpg":
		return "video/mpeg"
	case ".ogv":
		return "video/ogg"
	case ".mov", ".qt":
		return "video/quicktime"
	case ".webm":
		return "video/webm"
	case ".f4v":
		return "video/x-f4v"
	case ".flv":
		return "video/x-flv"
	case ".m4v":
		return "video/x-m4v"
	case ".mkv":
		return "video/x-matroska"
	case ".asf":
		return "video/x-ms-asf"
	case ".wmv":
		return "video/x-ms-wmv"
	case ".avi":
		return "video/x-msvideo"
	default:
		return ""
	}
}

// documentType is the type of text, office documents, keys and archives; empty for others.
func documentType(ext string) string {
	switch ext {
	case ".epub":
		return "application/epub+zip"
	case ".gml":
		return "application/gml+xml"
	case ".gpx":
		return "application/gpx+xml"
	case ".gz":
		return "application/gzip"
	case ".tgz": // not in the Toolkit
		return "application/gzip"
	case ".jar":
		return "application/java-archive"
	case ".doc", ".dot":
		return "application/msword"
	case ".bin", ".pkg":
		return unknownType
	case ".oxps":
		return "application/oxps"
	case ".pdf":
		return "application/pdf"
	case ".pgp":
		return "application/pgp-encrypted"
	case ".asc":
		return "application/pgp-keys"
	case ".sig":
		return "application/pgp-signature"
	case ".p7c", ".p7m":
		return "application/pkcs7-mime"
	case ".p7s":
		return "application/pkcs7-signature"
	case ".cer":
		return "application/pkix-cert"
	case ".crl":
		return "application/pkix-crl"
	case ".ai", ".eps", ".ps":
		return "application/postscript"
	case ".rtf":
		return "application/rtf"
	case ".toml":
		return "application/toml"
	case ".azw":
		return "application/vnd.amazon.ebook"
	case ".apk":
		return "application/vnd.android.package-archive"
	case ".key":
		return "application/vnd.apple.keynote"
	case ".pkpass":
		return "application/vnd.apple.pkpass"
	case ".kml":
		return "application/vnd.google-earth.kml+xml"
	case ".kmz":
		return "application/vnd.google-earth.kmz"
	case ".xls":
		return "application/vnd.ms-excel"
	case ".xlsm":
		return "application/vnd.ms-excel.sheet.macroenabled.12"
	case ".pps", ".ppt":
		return "application/vnd.ms-powerpoint"
	case ".pptm":
		return "application/vnd.ms-powerpoint.presentation.macroenabled.12"
	case ".docm":
		return "application/vnd.ms-word.document.macroenabled.12"
	case ".xps":
		return "application/vnd.ms-xpsdocument"
	case ".odg":
		return "application/vnd.oasis.opendocument.graphics"
	case ".odp":
		return "application/vnd.oasis.opendocument.presentation"
	case ".ods":
		return "application/vnd.oasis.opendocument.spreadsheet"
	case ".odt":
		return "application/vnd.oasis.opendocument.text"
	case ".pptx":
		return "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	case ".ppsx":
		return "application/vnd.openxmlformats-officedocument.presentationml.slideshow"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".dotx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.template"
	case ".rar":
		return "application/vnd.rar"
	case ".7z":
		return "application/x-7z-compressed"
	case ".dmg":
		return "application/x-apple-diskimage"
	case ".torrent":
		return "application/x-bittorrent"
	case ".bz2":
		return "application/x-bzip2"
	case ".deb":
		return "application/x-debian-package"
	case ".php":
		return "application/x-httpd-php"
	case ".iso":
		return "application/x-iso9660-image"
	case ".latex":
		return "application/x-latex"
	case ".mobi":
		return "application/x-mobipocket-ebook"
	case ".exe":
		return "application/x-msdos-program"
	case ".msi":
		return "application/x-msdownload"
	case ".jsonl", ".ndjson": // not in the Toolkit
		return "application/x-ndjson"
	case ".pl":
		return "application/x-perl"
	case ".p12", ".pfx":
		return "application/x-pkcs12"
	case ".p7b":
		return "application/x-pkcs7-certificates"
	case ".sh":
		return "application/x-sh"
	case ".sql":
		return "application/x-sql"
	case ".tar":
		return "application/x-tar"
	case ".tcl":
		return "application/x-tcl"
	case ".tex":
		return "application/x-tex"
	case ".crt", ".der", ".pem":
		return "application/x-x509-ca-cert"
	case ".xpi":
		return "application/x-xpinstall"
	case ".xz":
		return "application/x-xz"
	case ".zip":
		return "application/zip"
	case ".eml":
		return "message/rfc822"
	case ".ics", ".ifb":
		return "text/calendar"
	case ".csv":
		return "text/csv"
	case ".markdown", ".md":
		return "text/markdown"
	case ".conf", ".def", ".in", ".ini", ".log", ".text", ".txt":
		return "text/plain"
	case ".shex":
		return "text/shex"
	case ".tsv":
		return "text/tab-separated-values"
	case ".vcard":
		return "text/vcard"
	case ".c", ".cpp", ".h":
		return "text/x-c"
	case ".java":
		return "text/x-java-source"
	case ".lua":
		return "text/x-lua"
	case ".vcs":
		return "text/x-vcalendar"
	case ".vcf":
		return "text/x-vcard"
	case ".yaml", ".yml":
		return "text/yaml"
	default:
		return ""
	}
}
