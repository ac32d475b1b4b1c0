package twilio_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// zeros is a body part of n bytes that is made as it is read.
type zeros struct {
	left, read int64
}

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left -= int64(n)
	z.read += int64(n)
	return n, nil
}

// stream builds an upload around a content that is never held in memory.
func stream(parts []part, content io.Reader) (string, io.Reader) {
	const boundary = "sandbox-boundary"
	var head strings.Builder
	for _, one := range parts {
		head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + one.name + "\"\r\n\r\n" + one.value + "\r\n")
	}
	head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"Content\"; filename=\"a\"\r\nContent-Type: application/javascript\r\n\r\n")
	return "multipart/form-data; boundary=" + boundary,
		io.MultiReader(strings.NewReader(head.String()), content, strings.NewReader("\r\n--"+boundary+"--\r\n"))
}

func TestUploadSizes(t *testing.T) {
	t.Parallel()
	const megabyte = 1 << 20
	for _, dir := range []string{"", t.TempDir()} {
		sandbox := open(t, twilio.Options{DataDir: dir})
		t.Cleanup(func() { _ = sandbox.Close() })
		d := direct{t, sandbox}
		voice := service(d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "voice").text("sid"))
		tests := map[string]struct {
			kind, visibility string
			size             int64
			want             int
		}{
			"public, at the limit":    {"Assets", "public", 25 * megabyte, 201},
			"public, above":           {"Assets", "public", 25*megabyte + 1, 413},
			"protected, far above":    {"Assets", "Protected", 300 * megabyte, 413},
			"private, at the limit":   {"Assets", "private", 10 * megabyte, 201},
			"private, above":          {"Assets", "PRIVATE", 10*megabyte + 1, 413},
			"a Function at the limit": {"Functions", "private", 64 * megabyte, 201},
			"a Function above":        {"Functions", "private", 64*megabyte + 1, 413},
			"a Function, far above":   {"Functions", "protected", 300 * megabyte, 413},
		}
		for name, test := range tests {
			if dir != "" && test.visibility == "public" {
				continue // large, and decided by the same lines as private ones
			}
			t.Run(name+" "+strconv.FormatBool(dir != ""), func(t *testing.T) {
				t.Parallel()
				zh := d.post(voice+"/"+test.kind, "FriendlyName", "a").text("sid")
				content := &zeros{left: test.size}
				contentType, body := stream([]part{{name: "Path", value: "/a"}, {name: "Visibility", value: test.visibility}}, content)
				request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, voice+"/"+test.kind+"/"+zh+"/Versions", body)
				request.Header.Set("Content-Type", contentType)
				account := twilio.DefaultAccount()
				request.SetBasicAuth(account.SID, account.AuthToken)
				recorder := httptest.NewRecorder()
				sandbox.ServeHTTP(recorder, request)
				got := decode(recorder)
				wantStatus(t, got, test.want)
				if test.want != http.StatusRequestEntityTooLarge {
					return
				}
				if got.json != nil || got.header.Get("Content-Type") != "text/html" {
					t.Errorf("413 is JSON: %v %q", got.header, got.raw)
				}
				if most := map[string]int64{"Assets": 26 * megabyte, "Functions": 65 * megabyte}[test.kind]; content.read > most {
					t.Errorf("%d bytes were read before the refusal", content.read)
				}
			})
		}
	}
}

// TestSizeIsCheckedWhenVisibilityComesLast: the limit of private Assets holds
// whatever the order of the parts.
func TestSizeIsCheckedWhenVisibilityComesLast(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	assets := service(zs) + "/Assets"
	parts := fileParts("/a", "private", "text/plain", strings.Repeat("x", 10<<20+1))
	parts[0], parts[2] = parts[2], parts[0]
	got := b.upload(assets+"/"+b.make(assets, "FriendlyName", "/a")+"/Versions", parts)
	wantStatus(t, got, http.StatusRequestEntityTooLarge)
	if blobs := b.Snapshot().Blobs; blobs != 0 {
		t.Errorf("%d contents of a refused upload are kept", blobs)
	}
}

// TestWithoutDataDirLargeContentsAreInATemporaryFolder: small ones are in
// memory, and where no folder can be made all are.
func TestWithoutDataDirLargeContentsAreInATemporaryFolder(t *testing.T) { //nolint:paralleltest // it measures allocations of the whole process
	for _, isPossible := range []bool{true, false} {
		temporary := t.TempDir()
		if !isPossible {
			temporary = filepath.Join(temporary, "missing")
		}
		t.Setenv("TMPDIR", temporary)
		sandbox := open(t, twilio.Options{})
		d := direct{t, sandbox}
		voice := service(d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "voice").text("sid"))
		var paths []string
		upload := func(size int64) (allocated uint64) {
			zh := d.post(voice+"/Functions", "FriendlyName", "a").text("sid")
			path := voice + "/Functions/" + zh + "/Versions"
			contentType, body := stream([]part{{name: "Path", value: "/a"}, {name: "Visibility", value: "public"}}, &zeros{left: size})
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, body)
			request.Header.Set("Content-Type", contentType)
			account := twilio.DefaultAccount()
			request.SetBasicAuth(account.SID, account.AuthToken)
			recorder := httptest.NewRecorder()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			sandbox.ServeHTTP(recorder, request)
			runtime.ReadMemStats(&after)
			wantStatus(t, decode(recorder), http.StatusCreated)
			paths = append(paths, voice+"/Functions/"+zh)
			return after.TotalAlloc - before.TotalAlloc
		}
		const first, last = 1000, 1<<20 + 1
		upload(first)
		if isPossible && len(files(t, temporary)) != 0 {
			t.Errorf("a small content is in a file: %v", files(t, temporary))
		}
		if allocated := upload(16 << 20); isPossible && allocated > 8<<20 {
			t.Errorf("an upload of 16 MB allocated %d bytes", allocated)
		}
		upload(last)
		for i, size := range map[int]int{0: first, 2: last} {
			version := text(d.get(paths[i] + "/Versions").list("function_versions")[0], "sid")
			if got := d.get(paths[i] + "/Versions/" + version + "/Content"); got.text("content") != strings.Repeat("\x00", size) {
				t.Errorf("a content of %d bytes reads differently: %d", size, got.status)
			}
		}
		d.do(http.MethodDelete, paths[1], "", "")
		if isPossible && len(files(t, temporary)) != 1 {
			t.Errorf("the files are %v, want one", files(t, temporary))
		}
		if err := sandbox.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(temporary); isPossible && (err != nil || len(left) != 0) {
			t.Errorf("Close leaves %v %v", left, err)
		}
	}
}

func TestUploadsPassThroughMemoryInPieces(t *testing.T) { //nolint:paralleltest // it measures allocations of the whole process
	dir := t.TempDir()
	sandbox := open(t, twilio.Options{DataDir: dir})
	defer sandbox.Close()
	d := direct{t, sandbox}
	voice := service(d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "voice").text("sid"))
	zh := d.post(voice+"/Assets", "FriendlyName", "a").text("sid")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 5 {
		contentType, body := stream([]part{{name: "Path", value: "/a"}, {name: "Visibility", value: "public"}}, &zeros{left: 5 << 20})
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, voice+"/Assets/"+zh+"/Versions", body)
		request.Header.Set("Content-Type", contentType)
		account := twilio.DefaultAccount()
		request.SetBasicAuth(account.SID, account.AuthToken)
		recorder := httptest.NewRecorder()
		sandbox.ServeHTTP(recorder, request)
		wantStatus(t, decode(recorder), http.StatusCreated)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("25 MB of uploads allocated %d bytes", grown)
	}
	var kept int64
	for _, name := range files(t, filepath.Join(dir, "blobs")) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		kept += info.Size()
	}
	if kept != 5<<20 {
		t.Errorf("%d bytes are kept of equal contents of %d", kept, 5<<20)
	}
}

// BenchmarkDeploy uploads 150 files, 50 at a time, at 80 ms latency. Each file
// takes two calls, so three rounds of 160 ms are the floor.
func BenchmarkDeploy(b *testing.B) {
	content := bytes.Repeat([]byte("x"), 20<<10)
	for _, place := range []string{"memory", "disk"} {
		b.Run(place, func(b *testing.B) {
			dir := ""
			if place == "disk" {
				dir = b.TempDir()
			}
			sandbox, err := twilio.New(twilio.Options{Latency: 80 * time.Millisecond, DataDir: dir})
			if err != nil {
				b.Fatal(err)
			}
			defer sandbox.Close()
			account := twilio.DefaultAccount()
			send := func(path, contentType string, body io.Reader) answer {
				request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, body)
				request.Header.Set("Content-Type", contentType)
				request.SetBasicAuth(account.SID, account.AuthToken)
				recorder := httptest.NewRecorder()
				sandbox.ServeHTTP(recorder, request)
				return decode(recorder)
			}
			const form = "application/x-www-form-urlencoded"
			round := 0
			for b.Loop() {
				round++
				voice := service(send("/v1/Services", form, strings.NewReader("FriendlyName=v&UniqueName=v"+strconv.Itoa(round))).text("sid"))
				var wait sync.WaitGroup
				for worker := range 50 {
					wait.Go(func() {
						for i := worker; i < 150; i += 50 {
							zh := send(voice+"/Assets", form, strings.NewReader("FriendlyName=a")).text("sid")
							contentType, body := stream([]part{{name: "Path", value: "/a"}, {name: "Visibility", value: "public"}}, bytes.NewReader(append(content, byte(i))))
							if got := send(voice+"/Assets/"+zh+"/Versions", contentType, body); got.status != http.StatusCreated {
								b.Errorf("%d %s", got.status, got.raw)
							}
						}
					})
				}
				wait.Wait()
				request := httptest.NewRequestWithContext(b.Context(), http.MethodDelete, voice, nil)
				request.SetBasicAuth(account.SID, account.AuthToken)
				sandbox.ServeHTTP(httptest.NewRecorder(), request)
			}
		})
	}
}
