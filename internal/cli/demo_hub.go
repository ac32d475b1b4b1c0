package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/secret"
)

// The repository of the demonstration, and the GitHub App that is installed there.
const (
	demoOwner, demoRepository = "acme", "hello"
	demoBranch                = "main"
	demoApp                   = 1
	// demoPushPath is where the sandboxes take a push, beside what the platforms have.
	demoPushPath = "/_demo/push"
	// demoFunction is what each push changes.
	demoFunction = "functions/hello.js"
)

//go:embed demo
var demoFiles embed.FS

// demoPush is what came of a push: the answer at demoPushPath.
type demoPush struct {
	Repository string `json:"repository"`
	Branch     string `json:"branch"`
	Commit     string `json:"commit"`
	Message    string `json:"message"`
	// Delivery is the ID of the webhook's delivery, Webhook where it went, and Status
	// and Verdict what the server answered.
	Delivery string `json:"delivery"`
	Webhook  string `json:"webhook"`
	Status   int    `json:"status"`
	Verdict  string `json:"verdict"`
	Overview string `json:"overview"`
}

// demoHub does what people and GitHub do in front of a webhook: it pushes commits, and
// delivers the events.
type demoHub struct {
	github *github.Sandbox
	secret secret.String

	mu      sync.Mutex // held while something is pushed
	files   map[string]string
	release int

	connected         chan struct{} // closed once the rest is there
	webhook, overview string
	client            *http.Client
}

// newDemoHub makes the first commit of the repository, of which it tells nobody.
func newDemoHub(sandbox *github.Sandbox, key secret.String) (*demoHub, error) {
	h := &demoHub{github: sandbox, secret: key, files: map[string]string{}, connected: make(chan struct{})}
	err := fs.WalkDir(demoFiles, "demo", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := demoFiles.ReadFile(path)
		h.files[strings.TrimPrefix(path, "demo/")] = string(content)
		return err //nolint:wrapcheck // of what is in this binary.
	})
	if err == nil {
		_, err = h.commit("Say hello")
	}
	if err != nil {
		return nil, fmt.Errorf("make the repository %s/%s: %w", demoOwner, demoRepository, err)
	}
	return h, nil
}

// connect says where webhooks go and where people look. Pushes wait for it.
func (h *demoHub) connect(webhook net.Addr, overview string) {
	defer close(h.connected)
	h.webhook, h.overview = "http://"+reachable(webhook)+"/webhook", overview
	h.client = &http.Client{
		Timeout: 10 * time.Second, // GitHub's own
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, webhook.Network(), webhook.String())
		}},
	}
}

func (h *demoHub) commit(message string) (github.Pushed, error) {
	return h.github.Push(demoOwner+"/"+demoRepository, github.Push{Branch: demoBranch, Files: h.files, Message: message, Login: "ada"})
}

// ServeHTTP makes a commit and delivers it.
func (h *demoHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST pushes a commit", http.StatusMethodNotAllowed)
		return
	}
	select {
	case <-h.connected:
	case <-r.Context().Done():
		return
	}
	made, err := h.push(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(made) //nolint:errchkjson // plain data, for somebody who may be gone
}

// push changes a Function, so that there is something to deploy.
func (h *demoHub) push(ctx context.Context) (demoPush, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.release++
	line := fmt.Sprintf("const release = %d; // of %s", h.release, time.Now().UTC().Format(time.RFC3339))
	h.files[demoFunction] = regexp.MustCompile(`(?m)^const release = .*$`).ReplaceAllString(h.files[demoFunction], line)
	made := demoPush{
		Repository: demoOwner + "/" + demoRepository, Branch: demoBranch, Message: fmt.Sprintf("Release %d", h.release),
		Webhook: h.webhook, Overview: h.overview,
	}
	pushed, err := h.commit(made.Message)
	if err != nil {
		return demoPush{}, err
	}
	made.Commit = pushed.SHA
	made.Delivery, made.Status, made.Verdict, err = h.deliver(ctx, gh.EventPush, pushed.Payload)
	return made, err
}

// deliver sends an event as GitHub does, and returns what was answered:
// docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers.
func (h *demoHub) deliver(ctx context.Context, event string, payload []byte) (id string, status int, verdict string, err error) {
	id = newGUID()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.webhook, bytes.NewReader(payload))
	if err != nil {
		return id, 0, "", fmt.Errorf("deliver the event %s: %w", event, err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/sandbox", "X-GitHub-Event": event, "X-GitHub-Delivery": id,
		"X-GitHub-Hook-ID": "1", "X-Hub-Signature-256": gh.SignWebhook(h.secret, payload),
	} {
		request.Header.Set(name, value)
	}
	response, err := h.client.Do(request)
	if err != nil {
		return id, 0, "", fmt.Errorf("deliver the event %s: %w", event, err)
	}
	defer func() { _ = response.Body.Close() }()
	var said struct {
		Verdict string `json:"verdict"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&said); err != nil {
		return id, response.StatusCode, "", fmt.Errorf("read what was answered to the event %s: %w", event, err)
	}
	return id, response.StatusCode, said.Verdict, nil
}

// newGUID makes an ID up, as deliveries have them.
func newGUID() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails, as documented
	return fmt.Sprintf("%x-%x-%x-%x-%x", random[:4], random[4:6], random[6:8], random[8:10], random[10:])
}
