package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

// forms are how a secret can look in a text: as it is, escaped, and in base64 wherever
// it stands in what was encoded, such as a header's user:password.
func forms(value string) []string {
	quoted, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	found := []string{value, url.QueryEscape(value), url.PathEscape(value), strings.Trim(string(quoted), `"`), strings.Trim(fmt.Sprintf("%q", value), `"`)}
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			encoded := alphabet.EncodeToString(append(make([]byte, before), value...))
			encoded = encoded[(before*8+5)/6:] // a digit that holds bits of its neighbours says nothing
			if (before+len(value))%3 != 0 {
				encoded = encoded[:len(encoded)-1]
			}
			found = append(found, encoded)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// seen are the credentials that platforms have been sent.
type seen struct {
	mu     sync.Mutex
	values map[string]string // what each is
}

// watch keeps what requests are signed with. While isOdd, Twilio refuses everything, and
// repeats in the refusal what it was sent.
func (s *seen) watch(isOdd *atomic.Bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			s.mu.Lock()
			if kind == "Bearer" {
				s.values[value] = "a token of GitHub's"
			}
			s.mu.Unlock()
			if kind == "Basic" && isOdd.Load() {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusUnauthorized)
				_ = json.NewEncoder(w).Encode(map[string]any{"code": 20003, "message": "you sent " + value, "status": 401})
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// TestSecretsAreNowhere deploys as an App, with what goes well and what fails, and then
// looks for each form of each secret in all that is left of it.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(pair)}))
	const dsn, header = `postgres://u:p/ä"+s@db/x?y=1&z`, "header-of-voice-7c1e"
	sent, isOdd := &seen{values: map[string]string{}}, &atomic.Bool{}
	w := newWorldOf(t, setup{
		watch: sent.watch(isOdd), app: gh.App{ID: "42", Key: secret.New(text)}, env: map[string]string{"VOICE_DSN": dsn, "VOICE_HEADER": header},
		github: github.Options{Apps: []github.App{{ID: 42, Slug: "slipway", Key: &pair.PublicKey, Installations: []github.Installation{{ID: 7, Account: "acme", Permissions: map[string]string{
			"actions": "read", "contents": "write", "deployments": "write", "pull_requests": "write", "statuses": "write",
		}}}}}},
		services: "{voice: {environments: [stage, production], previews: true, variables: {DSN: {env: VOICE_DSN}, HEADER: {env: VOICE_HEADER}}}}",
	})
	rules := func(more string) string {
		return "version: 1\nservices: {voice: {variables: [DSN], " + more + "environments: {stage: {on: {branch: main}}}, previews: {}}}\n"
	}
	const check = "health-check: /none, health-check-timeout: 1s, health-check-header: ['X: ${HEADER}'], "
	base := w.push("main", project("slipway.yml", rules("")))
	w.settle()
	w.push("main", project("slipway.yml", rules(check), "functions/new.js", "exports.handler = 1")) // which is not found, and taken back
	w.settle()
	w.push("main", project("slipway.yml", rules("api-key: ${KEY}, "))) // of which server.yml knows nothing
	w.push("main", project("slipway.yml", rules("health-check-header: ['X: ${SECRET}'], ")))
	w.push("main", project("slipway.yml", rules(""), "functions/a#b.js", "")) // which cannot be deployed
	head := w.push("feature", project("slipway.yml", rules("")))
	w.settle()
	w.pull("opened", head, base)
	w.settle()
	isOdd.Store(true)
	w.push("main", project("slipway.yml", rules(""), "functions/newer.js", "exports.handler = 2"))
	w.settle()

	secrets := map[string]string{key.Reveal(): "the webhook's secret", w.env.get("SECRET"): "the secret of the API key", dsn: "a variable", header: "a header", text: "the private key"}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) == 64 {
			secrets[line] = "a line of the private key"
		}
	}
	sent.mu.Lock()
	maps.Copy(secrets, sent.values)
	tokens := len(sent.values)
	sent.mu.Unlock()
	if tokens < 2 || len(secrets) < 30 {
		t.Fatalf("%d tokens and %d secrets are not all", tokens, len(secrets))
	}
	found := w.leftBehind()
	for value, what := range secrets {
		for _, form := range forms(value) {
			for place, content := range found {
				if at := strings.Index(content, form); at >= 0 {
					t.Errorf("%s has %s: %q", place, what, content[max(0, at-60):min(len(content), at+len(form)+20)])
				}
			}
		}
	}
	for line := range strings.Lines(found["the log"]) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("a line of the log is %q", line)
		}
	}
}

// leftBehind is all that others may see of what the server did, by where.
func (w *world) leftBehind() map[string]string {
	w.t.Helper()
	found := map[string]string{"the log": w.log.String()}
	err := filepath.WalkDir(filepath.Join(filepath.Dir(w.config), "data"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found[entry.Name()] = string(content)
		return err
	})
	if err != nil || len(found["slipway.db"]) == 0 {
		w.t.Fatalf("there are %d files, %v", len(found), err)
	}
	found["GitHub"] = fmt.Sprintf("%+v", w.github.Snapshot())
	snapshot := w.twilio.Snapshot()
	snapshot.Variables = nil // which are to have them
	found["Twilio"] = fmt.Sprintf("%+v", snapshot)
	pages := []string{"/", "/api/jobs", "/api/targets", "/api/deliveries", "/jobs", "/deliveries", "/metrics", "/readyz"}
	for number := range 40 {
		pages = append(pages, fmt.Sprintf("/jobs/%d", number), fmt.Sprintf("/api/jobs/%d", number), fmt.Sprintf("/api/jobs/%d/log", number))
	}
	shown := 0
	for _, page := range pages {
		request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.admin.URL+page, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		status, answer := send(w.t, request)
		found[page] = answer
		if status == http.StatusOK {
			shown++
		}
	}
	if shown < 3 {
		w.t.Errorf("%d pages were shown", shown)
	}
	return found
}
