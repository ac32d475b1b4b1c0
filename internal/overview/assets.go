package overview

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file that pages load.
type asset struct {
	name    string // with a part that changes with the content
	content []byte
}

// assets are those files, by the names of their files and by those they are served by.
type assets map[string]asset

func readAssets() assets {
	read := assets{}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		panic(err) // the binary has them
	}
	for _, entry := range entries {
		content, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		extension := path.Ext(entry.Name())
		one := asset{strings.TrimSuffix(entry.Name(), extension) + "." + hex.EncodeToString(sum[:6]) + extension, content}
		read[entry.Name()], read[one.name] = one, one
	}
	return read
}

// ServeHTTP answers with a file that a browser may keep: another content has another
// name.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	one := a[r.PathValue("name")]
	protect(w.Header())
	if one.name == "" || one.name != r.PathValue("name") {
		http.Error(w, "there is no such file; reload the page that asks for it", http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("ETag", `"`+one.name+`"`)
	http.ServeContent(w, r, one.name, time.Time{}, bytes.NewReader(one.content))
}
