package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// sandboxInput is what the command line asks for.
type sandboxInput struct {
	listen  string
	options sandbox.Options
}

// check finds what is out of bounds.
func (i *sandboxInput) check(problems *problem.List) {
	for _, length := range []struct {
		name string
		time.Duration
	}{{"latency", i.options.Latency}, {"build-time", i.options.BuildTime}, {"build-time-max", i.options.BuildTimeMax}} {
		if length.Duration < 0 {
			problems.Add(fmt.Sprintf("%s %q is less than nothing", length.name, length.Duration), "")
		}
	}
	if i.options.MaxConcurrent < 1 {
		problems.Add(fmt.Sprintf("max-concurrent %q is not a number from 1 on", strconv.Itoa(i.options.MaxConcurrent)), "")
	}
	if !(i.options.FaultRate >= 0 && i.options.FaultRate <= 1) {
		problems.Add(fmt.Sprintf("fault-rate %q is not a share from 0 to 1", strconv.FormatFloat(i.options.FaultRate, 'g', -1, 64)), "")
	}
}

func newSandbox(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the Twilio Serverless API from this machine, for tests and trials",
		Long: `Serve the Twilio Serverless API from this machine, until it is stopped. Whatever
is deployed to it answers, too: by its domain in the Host header, and below
/_live/DOMAIN/. It prints the environment variables that point Slipway, and
any other client, at it.

Its answers follow Twilio's documentation strictly: an unknown field or route
is refused. Dependencies are not installed and Functions are not run; a Function
answers with a small JSON document that names its path, Version and Build.`,
		Example: `  slipway sandbox                              # on a free port of this machine
  slipway sandbox --listen 127.0.0.1:8765 --data .sandbox
  slipway sandbox --fault-rate 0.2 --seed 7 --latency 80ms`,
		Args: noArguments,
	}
	input := &sandboxInput{}
	flags, options := cmd.Flags(), &input.options
	flags.StringVar(&input.listen, "listen", "127.0.0.1:0", "address and port; port 0 takes a free one")
	flags.StringVar(&options.DataDir, "data", "", "keep the world in this folder, for several runs")
	flags.DurationVar(&options.Latency, "latency", 0, "time added to each answer of the API")
	flags.DurationVar(&options.BuildTime, "build-time", time.Second, "how long a Build takes")
	flags.DurationVar(&options.BuildTimeMax, "build-time-max", 0, "draw each Build's time between --build-time and this")
	flags.IntVar(&options.MaxConcurrent, "max-concurrent", 50, "requests at once above which an account gets 429")
	flags.Float64Var(&options.FaultRate, "fault-rate", 0, "share of requests, 0 to 1, that meet a fault")
	flags.Uint64Var(&options.Seed, "seed", 1, "makes faults and build times repeatable")
	for name, value := range map[string]string{
		"listen": "ADDRESS", "data": "DIR", "latency": "DURATION", "build-time": "DURATION", "build-time-max": "DURATION",
		"max-concurrent": "N", "fault-rate": "SHARE", "seed": "N",
	} {
		namePlaceholder(flags, name, value)
	}
	failBuild := addBoolean(cmd, "fail-build", "let every Build fail")
	addSettings(cmd, config.LogLevel)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var problems problem.List
		options.FailBuilds = failBuild.read(&problems)
		input.check(&problems)
		level, err := config.ReadLogLevel(config.Resolve(config.Settings(), explicit(cmd.Flags()), env.Getenv))
		if rest := problems.Take(err); rest != nil {
			return rest
		}
		if err := problems.Err(); err != nil {
			return err
		}
		return runSandbox(cmd.Context(), env, *input, level)
	}
	return cmd
}

func runSandbox(ctx context.Context, env Env, input sandboxInput, level slog.Level) error {
	logger := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: level}))
	input.options.Observe = func(call sandbox.Call) {
		attributes := []any{"operation", call.Operation, "method", call.Method, "path", call.Path, "status", call.Status}
		if call.BuildTime > 0 {
			attributes = append(attributes, "build_ms", call.BuildTime.Milliseconds())
		}
		logger.DebugContext(ctx, "api call", attributes...)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", input.listen)
	if err != nil {
		return oneProblem(fmt.Sprintf("cannot listen on %s: %v", input.listen, rootCause(err)), "Choose another address or port with --listen.")
	}
	served, err := sandbox.New(input.options)
	if err != nil {
		_ = listener.Close()
		return oneProblem(err.Error(), "")
	}
	if address, err := netip.ParseAddrPort(listener.Addr().String()); err == nil && !address.Addr().IsLoopback() {
		fmt.Fprintf(env.Stderr, "warning: %s can be reached from other machines, and the sandbox's credentials are known to everybody\n", listener.Addr())
	}
	printEnvironment(env, "http://"+reachable(listener.Addr()))
	return errors.Join(serve(ctx, listener, served), served.Close())
}

// reachable is the address at which this machine reaches a listener: one that
// listens everywhere is not called "everywhere".
func reachable(address net.Addr) string {
	parsed, err := netip.ParseAddrPort(address.String())
	if err != nil || !parsed.Addr().IsUnspecified() {
		return address.String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), parsed.Port()).String()
}

// printEnvironment prints what points a client at the sandbox, as lines that a
// shell can read.
func printEnvironment(env Env, url string) {
	account := sandbox.DefaultAccount()
	fmt.Fprintf(env.Stdout, "# The sandbox answers at %s until it is stopped. Point Slipway at it with:\n", url)
	for _, pair := range [][2]string{
		{"TWILIO_ACCOUNT_SID", account.SID},
		{"TWILIO_AUTH_TOKEN", account.AuthToken},
		{"TWILIO_API_KEY", account.KeySID},
		{"TWILIO_API_SECRET", account.KeySecret},
		{"SLIPWAY_API_URL", url},
		{"SLIPWAY_UPLOAD_URL", url},
		{"SLIPWAY_LIVE_URL", liveURL(url)},
	} {
		fmt.Fprintf(env.Stdout, "export %s=%s\n", pair[0], shellQuote(pair[1]))
	}
}

func liveURL(url string) string { return url + "/_live/{domain}" }

// shellQuote protects the braces of the live URL.
func shellQuote(text string) string { return "'" + text + "'" }

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
