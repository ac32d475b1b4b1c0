package twilio_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestUploadStreamsAForm(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789", 50_000)
	var attempts, opened atomic.Int64
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		form, err := multipart.NewReader(r.Body, parameters["boundary"]).ReadForm(1 << 20)
		if err != nil || r.ContentLength <= int64(len(content)) {
			t.Errorf("form of %d bytes: %v", r.ContentLength, err)
			return
		}
		part, _ := form.File["Content"][0].Open()
		body, _ := io.ReadAll(part)
		head := form.File["Content"][0]
		if string(body) != content || form.Value["Path"][0] != "/ü b.txt" || form.Value["Visibility"][0] != "private" || head.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("got %d bytes, %v, %v", len(body), form.Value, head.Header)
		}
		if attempts.Add(1) < 3 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = fmt.Fprintf(w, `{"sid":%q,"path":"ü b.txt","visibility":"PRIVATE"}`, versionSID)
	}))
	sent := asset("/ü b.txt", content)
	sent.Visibility = "private"
	sent.Open = func() (io.ReadCloser, error) {
		opened.Add(1)
		return io.NopCloser(strings.NewReader(content)), nil
	}
	version, err := client.CreateAssetVersion(t.Context(), serviceSID, functionSID, sent)
	if err != nil || version.Path != "/ü b.txt" || version.Visibility != "private" {
		t.Errorf("got %+v with error %v", version, err)
	}
	if attempts.Load() != 3 || opened.Load() != 3 {
		t.Errorf("%d attempts opened the file %d times, want 3 and 3", attempts.Load(), opened.Load())
	}
}

func TestUploadRefusesAFileThatChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		open func() (io.ReadCloser, error)
		want string
	}{
		"shrunk": {reading("short"), "shrunk"},
		"grown":  {reading("much longer than it was"), "grown"},
		"gone": {func() (io.ReadCloser, error) {
			return nil, &fs.PathError{Op: "open", Path: "a.txt", Err: fs.ErrNotExist}
		}, "a.txt"},
		"unreadable":         {func() (io.ReadCloser, error) { return io.NopCloser(brokenReader{}), nil }, "disk on fire"},
		"of the same length": {reading("0123456780"), "changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int64
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				attempts.Add(1)
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					t.Error("the body went out whole")
				}
				_, _ = fmt.Fprintf(w, `{"sid":%q}`, versionSID)
			}))
			_, err := client.CreateFunctionVersion(t.Context(), serviceSID, functionSID, twilio.Upload{
				Path: "/a", Visibility: "public", ContentType: "text/plain", Size: 10, Open: test.open,
				SHA256: hexDigest("0123456789"),
			})
			if _, ok := errors.AsType[*twilio.FileError](err); !ok || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want a FileError with %q", err, test.want)
			}
			if attempts.Load() > 1 {
				t.Errorf("%d attempts, want no repetition", attempts.Load())
			}
		})
	}
}

func TestUploadTakesTheContentThatWasPlanned(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "x", strings.Repeat("0123456789", 50_000)} {
		var got atomic.Int64
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			got.Add(n)
			_, _ = fmt.Fprintf(w, `{"sid":%q}`, versionSID)
		}), once)
		planned := asset("/a", content)
		planned.SHA256 = hexDigest(content)
		if _, err := client.CreateAssetVersion(t.Context(), serviceSID, functionSID, planned); err != nil || got.Load() <= int64(len(content)) {
			t.Errorf("%d bytes: sent %d with error %v", len(content), got.Load(), err)
		}
		planned.SHA256 = hexDigest(content + ".")
		if _, err := client.CreateAssetVersion(t.Context(), serviceSID, functionSID, planned); !isA[*twilio.FileError](err) {
			t.Errorf("%d bytes with another digest: error %v, want a FileError", len(content), err)
		}
	}
}

func TestAFileThatChangedIsToldWhateverTheServerSays(t *testing.T) {
	t.Parallel()
	client := inMemory(t, func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		return reply(400, strings.NewReader(`{"code":20001,"message":"The body is not whole"}`)), nil
	})
	sent := asset("/a", "planned")
	sent.SHA256, sent.Open = hexDigest("planned"), reading("changed")
	if _, err := client.CreateAssetVersion(t.Context(), serviceSID, functionSID, sent); !isA[*twilio.FileError](err) {
		t.Errorf("error %v, want a FileError", err)
	}
}

func hexDigest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func reading(content string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }
