package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
)

// adminClient asks the admin listener of a webhook server.
type adminClient struct {
	base string // without a final slash
	http *http.Client
}

// newAdminClient takes what admin-listen takes, or a URL. The error is a
// *problem.Problem.
func newAdminClient(where string) (*adminClient, error) {
	client := &adminClient{base: strings.TrimRight(where, "/"), http: &http.Client{Timeout: 30 * time.Second}}
	if path, isUnix := strings.CutPrefix(where, "unix:"); isUnix {
		client.base = "http://localhost"
		client.http.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}}
		return client, nil
	}
	if !strings.Contains(where, "://") {
		host, port, err := net.SplitHostPort(where)
		if address := net.ParseIP(host); host == "" || address != nil && address.IsUnspecified() { // it listens everywhere
			host = "localhost"
		}
		if err == nil {
			client.base = "http://" + net.JoinHostPort(host, port)
		}
	}
	if parsed, err := url.Parse(client.base); err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, &problem.Problem{Message: fmt.Sprintf("admin %q is no address", where), Fix: "Give host:port, unix:/path, or a URL, as the server has it as admin-listen."}
	}
	return client, nil
}

// ask asks the API, and reads its answer. What the server refuses is a *problem.Problem.
func (c *adminClient) ask(ctx context.Context, method, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	request.Header.Set("User-Agent", userAgent())
	response, err := c.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return oneProblem(fmt.Sprintf("no server answers at %s: %v", c.base, rootCause(err)), "Give with --admin where its admin listener is.")
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	if response.StatusCode/100 == 2 && json.Unmarshal(body, into) == nil {
		return nil
	}
	var refused struct {
		Error struct {
			Message string `json:"message"`
			Hint    string `json:"hint"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &refused) == nil && refused.Error.Message != "" {
		return oneProblem(refused.Error.Message, refused.Error.Hint)
	}
	return oneProblem(fmt.Sprintf("%s answered %d: %.200s", c.base, response.StatusCode, strings.TrimSpace(string(body))), "Give with --admin where the admin listener of a server is.")
}
