package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func runSandbox(ctx context.Context, env Env, input sandboxInput, level slog.Level) error {
	logger := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: level}))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", input.listen)
	if err != nil {
		return oneProblem(fmt.Sprintf("cannot listen on %s: %v", input.listen, rootCause(err)), "Choose another address or port with --listen.")
	}
	served, err := openSandboxes(ctx, input.options, input.gitHub(), logger)
	if err != nil {
		_ = listener.Close()
		return oneProblem(err.Error(), "")
	}
	if address, err := netip.ParseAddrPort(listener.Addr().String()); err == nil && !address.Addr().IsLoopback() {
		fmt.Fprintf(env.Stderr, "warning: %s can be reached from other machines, and the sandbox's credentials are known to everybody\n", listener.Addr())
	}
	served.printEnvironment(env, "http://"+reachable(listener.Addr()))
	return errors.Join(serve(ctx, listener, served), served.Close())
}

// sandboxes are the platforms that one listener stands for.
type sandboxes struct {
	ofTwilio *twilio.Sandbox
	ofGitHub *github.Sandbox // nil unless it is asked for
}

// openSandboxes makes the platforms, without GitHub where nil is given for it.
func openSandboxes(ctx context.Context, forTwilio twilio.Options, forGitHub *github.Options, logger *slog.Logger) (*sandboxes, error) {
	forTwilio.Observe = func(call twilio.Call) { logTwilioCall(ctx, logger, call) }
	ofTwilio, err := twilio.New(forTwilio)
	if err != nil || forGitHub == nil {
		return &sandboxes{ofTwilio: ofTwilio}, err
	}
	forGitHub.Observe = func(call github.Call) { logGitHubCall(ctx, logger, call) }
	ofGitHub, err := github.New(*forGitHub)
	if err != nil {
		return nil, errors.Join(err, ofTwilio.Close())
	}
	return &sandboxes{ofTwilio, ofGitHub}, nil
}

// ServeHTTP hands GitHub's API, and its host of archives, to its sandbox. A deployed
// domain has all of its paths to itself.
func (s *sandboxes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	isGitHubs := path == github.EnterprisePrefix || strings.HasPrefix(path, github.EnterprisePrefix+"/") || strings.HasPrefix(path, github.ArchivePrefix+"/")
	if s.ofGitHub != nil && isGitHubs && !twilio.IsLive(r) {
		s.ofGitHub.ServeHTTP(w, r)
		return
	}
	s.ofTwilio.ServeHTTP(w, r)
}

// Close ends both; it reports bugs that they met.
func (s *sandboxes) Close() error {
	err := s.ofTwilio.Close()
	if s.ofGitHub != nil {
		err = errors.Join(err, s.ofGitHub.Close())
	}
	return err
}

func logTwilioCall(ctx context.Context, logger *slog.Logger, call twilio.Call) {
	attributes := []any{"operation", call.Operation, "method", call.Method, "path", call.Path, "status", call.Status}
	if call.BuildTime > 0 {
		attributes = append(attributes, "build_ms", call.BuildTime.Milliseconds())
	}
	logger.DebugContext(ctx, "api call", attributes...)
}

// logGitHubCall tells of commit statuses, deployments, comments and what is written
// into GitHub Releases to everybody who watches: they are what a workflow shows of
// itself.
func logGitHubCall(ctx context.Context, logger *slog.Logger, call github.Call) {
	logger.DebugContext(ctx, "github api call", "operation", call.Operation, "method", call.Method, "path", call.Path, "status", call.Status)
	if written := call.CommitStatus; written != nil {
		logger.InfoContext(ctx, "commit status", "repository", call.Repository, "sha", written.SHA[:7], "context", written.Context,
			"state", written.State, "description", written.Description, "target_url", written.TargetURL)
	}
	if written := call.Deployment; written != nil {
		newest := github.DeploymentStatus{State: "created", Description: written.Description}
		if len(written.Statuses) > 0 {
			newest = written.Statuses[len(written.Statuses)-1]
		}
		logger.InfoContext(ctx, "github deployment", "repository", call.Repository, "sha", written.SHA[:7], "environment", written.Environment,
			"state", newest.State, "description", newest.Description, "environment_url", newest.EnvironmentURL, "log_url", newest.LogURL)
	}
	if written := call.Comment; written != nil {
		logger.InfoContext(ctx, "comment", "repository", call.Repository, "pull_request", written.Number, "text", onOneLine(written.Body))
	}
	if written := call.Release; written != nil {
		logger.InfoContext(ctx, "github release", "repository", call.Repository, "tag", written.Tag, "text", onOneLine(written.Body))
	}
}

// onOneLine is what is seen of Markdown at first, without what is hidden or folded.
func onOneLine(markdown string) string {
	const most = 400
	seen, _, _ := strings.Cut(markdown, "<details>")
	var lines []string
	for line := range strings.Lines(seen) {
		line = strings.TrimSpace(line)
		if isSeen := line != "" && !strings.HasPrefix(line, "<!--") && strings.Trim(line, "|:- ") != ""; isSeen {
			lines = append(lines, line)
		}
	}
	text := []rune(strings.ReplaceAll(strings.Join(lines, " "), "\u00a0", " "))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// printEnvironment prints what points a client at the sandboxes, as lines that a
// shell can read.
func (s *sandboxes) printEnvironment(env Env, url string) {
	account := twilio.DefaultAccount()
	pairs := [][2]string{
		{"TWILIO_ACCOUNT_SID", account.SID},
		{"TWILIO_AUTH_TOKEN", account.AuthToken},
		{"TWILIO_API_KEY", account.KeySID},
		{"TWILIO_API_SECRET", account.KeySecret},
		{"SLIPWAY_API_URL", url},
		{"SLIPWAY_UPLOAD_URL", url},
		{"SLIPWAY_LIVE_URL", liveURL(url)},
	}
	if s.ofGitHub != nil {
		pairs = append(pairs,
			[2]string{"GITHUB_API_URL", url + github.EnterprisePrefix},
			[2]string{"GITHUB_TOKEN", github.DefaultToken().Value})
	}
	fmt.Fprintf(env.Stdout, "# The sandbox answers at %s until it is stopped. Point Slipway at it with:\n", url)
	for _, pair := range pairs {
		fmt.Fprintf(env.Stdout, "export %s=%s\n", pair[0], shellQuote(pair[1]))
	}
}

func liveURL(url string) string { return url + "/_live/{domain}" }

// shellQuote protects the braces of the live URL.
func shellQuote(text string) string { return "'" + text + "'" }

// reachable is the address at which this machine reaches a listener: one that
// listens everywhere is not called "everywhere".
func reachable(address net.Addr) string {
	parsed, err := netip.ParseAddrPort(address.String())
	if err != nil || !parsed.Addr().IsUnspecified() {
		return address.String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), parsed.Port()).String()
}

// serve answers until ctx ends, then lets requests end for a moment.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the sandbox: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close()
	}
	return nil // being stopped is how a sandbox ends
}

func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
