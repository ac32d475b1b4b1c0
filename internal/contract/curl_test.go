package contract_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestEveryCurlSampleOnThePagesRuns runs the samples in a shell, as they are
// written but for the SIDs, which a reader fills in. A configuration of curl's own
// leads Twilio's host to the Sandbox.
func TestEveryCurlSampleOnThePagesRuns(t *testing.T) {
	t.Parallel()
	samples := curlSamples(pages(t)["build.md"])
	tests := []struct {
		name       string
		says       string // a part of the sample, by which it is known
		wantStatus int
		wantReply  []string // parts of it
		resource   string   // what the client reads the reply as; empty when it is none
	}{
		{"create", "AssetVersions=", http.StatusCreated, []string{`"status":"building"`, `"asset_versions":[{`}, "Build"},
		{
			"create with dependencies", "Dependencies=", http.StatusCreated,
			[]string{`{"name":"twilio","version":"3.71.2"}`, `{"name":"@twilio/runtime-handler","version":"1.2.1"}`},
			"Build",
		},
		// The page is older than what it says here: twilio-cli issue 252.
		{"create on node14", "Runtime=", http.StatusBadRequest, []string{"20001", "unsupported runtime: node14"}, ""},
		{"fetch", "GET", http.StatusOK, []string{`"status":"completed"`}, "Build"},
		{"list", "PageSize=20", http.StatusOK, []string{`"page_size":20`}, "ListBuild"},
		{"delete", "DELETE", http.StatusNoContent, nil, ""},
	}
	if len(samples) != len(tests) {
		t.Fatalf("the page has %d samples, want %d", len(samples), len(tests))
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Options{})
			var s tour
			s.fill(t, w, w.client(t))
			w.take()
			if !strings.Contains(samples[i], test.says) {
				t.Fatalf("this sample is another one:\n%s", samples[i])
			}
			printed := w.shell(t, s.fillIn(samples[i]))
			ran := w.take()
			if len(ran) != 1 || ran[0].status != test.wantStatus || printed != string(ran[0].reply) {
				t.Fatalf("curl printed %q after %d requests, want one that is answered %d", printed, len(ran), test.wantStatus)
			}
			for _, part := range test.wantReply {
				if !strings.Contains(printed, part) {
					t.Errorf("the reply lacks %s: %s", part, printed)
				}
			}
			if test.resource != "" {
				wantRead(t, test.resource, ran[0].reply)
			}
		})
	}
}

var shellSample = regexp.MustCompile("(?ms)^```bash\n(.*?)^```$")

// curlSamples are the shell samples on a page that call curl.
func curlSamples(page string) []string {
	var samples []string
	for _, found := range shellSample.FindAllStringSubmatch(page, -1) {
		if strings.Contains(found[1], "curl ") {
			samples = append(samples, found[1])
		}
	}
	return samples
}

// fillIn puts SIDs where a sample says that there should be some.
func (s *tour) fillIn(sample string) string {
	masked := strings.Repeat("X", 32)
	return strings.NewReplacer(
		"/ServiceSid/", "/"+string(s.services[0].SID)+"/",
		"FunctionVersions=ZN"+masked, "FunctionVersions="+string(s.sources[0].SID),
		"AssetVersions=ZN"+masked, "AssetVersions="+string(s.files[0].SID),
		"ZB"+strings.Repeat("a", 32), string(s.builds[0].SID),
	).Replace(sample)
}

// shell runs a script whose curl finds the world at Twilio's hosts.
func (w *world) shell(t *testing.T, script string) string {
	t.Helper()
	home := t.TempDir()
	// The certificate is that of another name.
	config := fmt.Sprintf("silent\nshow-error\ninsecure\nconnect-to = \"::%s\"\n", w.address)
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "CURL_HOME=" + home,
		"TWILIO_ACCOUNT_SID=" + w.account.SID, "TWILIO_AUTH_TOKEN=" + w.account.AuthToken,
	}
	command.Stderr = t.Output()
	printed, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, script)
	}
	return string(printed)
}
