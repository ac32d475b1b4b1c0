package twilio

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"sync/atomic"
)

// Upload is the content of a new Function Version or Asset Version. It is
// opened for each attempt and streamed, never held in memory.
type Upload struct {
	// Path is the URL path at which the Version is served.
	Path string
	// Visibility is "public", "protected" or "private".
	Visibility string
	// ContentType is the file's; Twilio serves an Asset with it.
	ContentType string
	// Size is the number of bytes that Open gives. Another number is an error.
	Size int64
	// SHA256 is the digest of those bytes in lower-case hexadecimal. When set,
	// content with another digest is an error, and is never sent whole.
	SHA256 string
	// Open opens the content from its beginning. It may be called many times.
	Open func() (io.ReadCloser, error)
}

// FileError says that the content to upload could not be read, or is not what
// it was said to be. It is never worth another attempt.
type FileError struct{ Err error }

// Error tells the cause.
func (e *FileError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// CreateFunctionVersion uploads a Function's source as a new Function Version.
// An upload whose answer was lost is repeated: Twilio removes Versions that are
// in no Build.
func (c *Client) CreateFunctionVersion(ctx context.Context, service ServiceSID, function FunctionSID, upload Upload) (Version, error) {
	return c.upload(ctx, OpUploadFunction, upload, "Services", string(service), "Functions", string(function), "Versions")
}

// CreateAssetVersion uploads a file as a new Asset Version, as
// CreateFunctionVersion does.
func (c *Client) CreateAssetVersion(ctx context.Context, service ServiceSID, asset AssetSID, upload Upload) (Version, error) {
	return c.upload(ctx, OpUploadAsset, upload, "Services", string(service), "Assets", string(asset), "Versions")
}

func (c *Client) upload(ctx context.Context, op string, upload Upload, path ...string) (Version, error) {
	body, err := newUploadBody(upload)
	if err != nil {
		return Version{}, fmt.Errorf("%s: %w", op, err)
	}
	r := c.request(op, http.MethodPost, nil, path...)
	r.base, r.body = c.uploadURL, body
	return repeat[Version](ctx, c, r)
}

// uploadBody is a multipart form whose file part is read anew each time. Its
// length is known beforehand, so that nothing has to be sent in chunks.
type uploadBody struct {
	upload       Upload
	contentType  string
	before, rest []byte
}

func newUploadBody(upload Upload) (*uploadBody, error) {
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	file := textproto.MIMEHeader{}
	// The official Toolkit names the file by its path.
	file.Set("Content-Disposition", multipart.FileContentDisposition("Content", upload.Path))
	file.Set("Content-Type", upload.ContentType)
	err := errors.Join(parts.WriteField("Path", upload.Path), parts.WriteField("Visibility", upload.Visibility))
	if err == nil {
		_, err = parts.CreatePart(file)
	}
	length := form.Len()
	if err = errors.Join(err, parts.Close()); err != nil {
		return nil, err
	}
	whole := form.Bytes()
	return &uploadBody{upload: upload, contentType: parts.FormDataContentType(), before: whole[:length], rest: whole[length:]}, nil
}

func (b *uploadBody) length() int64 { return int64(len(b.before)+len(b.rest)) + b.upload.Size }

func (b *uploadBody) open(stall *stallTimer) (io.ReadCloser, error) {
	file, err := b.upload.Open()
	if err != nil {
		return nil, &FileError{Err: err}
	}
	content := &exactReader{file: file, left: b.upload.Size, sum: sha256.New(), want: b.upload.SHA256}
	form := io.MultiReader(bytes.NewReader(b.before), content, bytes.NewReader(b.rest))
	body := &sendingReader{Reader: form, size: b.length(), left: b.length(), stall: stall}
	return &uploadReader{Reader: body, file: file}, nil
}

type uploadReader struct {
	io.Reader
	file   io.Closer
	broken atomic.Pointer[FileError]
}

// Read remembers what was wrong with the file: a server that saw the body end
// too early may have its own word for it.
func (r *uploadReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if file, ok := errors.AsType[*FileError](err); ok {
		r.broken.Store(file)
	}
	return n, err //nolint:wrapcheck // io.EOF must stay itself.
}

func (r *uploadReader) Close() error {
	return r.file.Close() //nolint:wrapcheck // opened for reading: nothing is lost.
}

// exactReader gives the bytes that were announced, or an error: a file that
// changes during its upload must not go up in part, nor as another than the
// one that was planned.
type exactReader struct {
	file io.Reader
	left int64
	sum  hash.Hash
	want string // the sum in hexadecimal; empty when any will do
}

func (r *exactReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, r.end()
	}
	n, err := r.file.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	_, _ = r.sum.Write(p[:n]) // a hash takes everything
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return n, &FileError{Err: err}
	case err != nil && r.left > 0:
		return n, &FileError{Err: errors.New("the file has shrunk while it was uploaded")}
	case r.left > 0:
		return n, nil
	}
	if err := r.end(); !errors.Is(err, io.EOF) {
		return 0, err // the last bytes stay here, so that nobody takes the file for whole
	}
	return n, nil
}

// end is io.EOF when the file ends here and was the right one.
func (r *exactReader) end() error {
	if n, _ := r.file.Read(make([]byte, 1)); n > 0 {
		return &FileError{Err: errors.New("the file has grown while it was uploaded")}
	}
	if r.want != "" && hex.EncodeToString(r.sum.Sum(nil)) != r.want {
		return &FileError{Err: errors.New("the file has changed while it was uploaded")}
	}
	return io.EOF
}
