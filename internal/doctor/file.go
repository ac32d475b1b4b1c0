package doctor

import (
	"io"
	"strings"
)

// file is the content of an upload: multipart/form-data with Path, Visibility
// and Content. What is large is never held in memory.
type file struct {
	path, visibility string
	mediaType        string
	head             string // the content begins with it
	size             int64  // and is filled with blanks up to so many bytes
}

// newFile makes a file of a text.
func newFile(path, visibility, mediaType, text string) *file {
	return &file{path: path, visibility: visibility, mediaType: mediaType, head: text, size: int64(len(text))}
}

// filled is the file with blanks at its end.
func (f *file) filled(size int64) *file {
	larger := *f
	larger.size = size
	return &larger
}

const boundary = "slipway-doctor-7b1f0c52d6e94a38"

func (f *file) contentType() string { return "multipart/form-data; boundary=" + boundary }

func (f *file) before() string {
	const end = "\r\n"
	field := func(name, value string) string {
		return "--" + boundary + end + `Content-Disposition: form-data; name="` + name + `"` + end + end + value + end
	}
	return field("Path", f.path) + field("Visibility", f.visibility) +
		"--" + boundary + end + `Content-Disposition: form-data; name="Content"; filename="content"` + end +
		"Content-Type: " + f.mediaType + end + end + f.head
}

const after = "\r\n--" + boundary + "--\r\n"

func (f *file) length() int64 {
	return int64(len(f.before())-len(f.head)+len(after)) + f.size
}

func (f *file) isLarge() bool { return f.size > 1<<20 }

func (f *file) open() io.Reader {
	return io.MultiReader(strings.NewReader(f.before()), io.LimitReader(blanks{}, f.size-int64(len(f.head))), strings.NewReader(after))
}

// blanks are as many as are read. At the end of a script they mean nothing.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	const some = "                                                                "
	filled := 0
	for filled < len(p) {
		filled += copy(p[filled:], some)
	}
	return filled, nil
}
