package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/server"
)

func newServe(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Deploy what is pushed, by GitHub's webhooks",
		Long: `Take webhooks of GitHub, and deploy what they tell of: pushes, pull requests and
GitHub Releases of the repositories that server.yml names. What is received is
stored before it is answered, and goes on where it was when the server is stopped
or dies.

server.yml says which repository may deploy where, and where credentials come from;
the slipway.yml of a repository chooses among that. SIGHUP has server.yml and the
certificate read again; where they are broken, what was read before holds on.
SIGTERM and SIGINT stop the server once the Steps that run have ended.

With --sandbox everything is on this machine, without any account: sandboxes of
GitHub and Twilio, a repository, a server.yml and secrets of its own. Of the
environment only SLIPWAY_LOG_LEVEL counts then. slipway demo push sends it a commit.`,
		Example: `  slipway serve --sandbox
  slipway serve --data /var/lib/slipway --server-config /etc/slipway/server.yml
  slipway serve --listen systemd
  slipway serve --listen :443 --tls-cert server.pem --tls-key server.key`,
		Args: noArguments,
	}
	cmd.Flags().SortFlags = false
	for _, setting := range config.ServerSettings() {
		addSetting(cmd, setting)
	}
	inSandbox := addBoolean(cmd, "sandbox", "serve on sandboxes of GitHub and Twilio, without accounts")
	address := cmd.Flags().String("sandbox-listen", sandboxAddress, "where the sandboxes answer")
	namePlaceholder(cmd.Flags(), "sandbox-listen", "ADDRESS")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var problems problem.List
		isInSandbox := inSandbox.read(&problems)
		if !isInSandbox && cmd.Flags().Changed("sandbox-listen") {
			problems.Add("sandbox-listen is for --sandbox alone", "Give that as well, or leave it out.")
		}
		if err := problems.Err(); err != nil {
			return err
		}
		given := explicit(cmd.Flags())
		if isInSandbox {
			return runServeInSandbox(cmd.Context(), env, given, *address)
		}
		return runServe(cmd.Context(), env, config.Resolve(config.ServerSettings(), given, env.Getenv), nil)
	}
	cmd.AddCommand(newBackUp(env))
	return cmd
}

// runServeInSandbox serves in an environment that is made up; what is given by flags
// holds.
func runServeInSandbox(ctx context.Context, env Env, given func(string) (string, bool), address string) (err error) {
	values := config.Resolve(config.ServerSettings(), given, env.Getenv)
	level, err := config.ReadLogLevel(values)
	if err != nil {
		return err
	}
	if values[config.TLSCert].Origin == config.Explicit || values[config.TLSKey].Origin == config.Explicit {
		return oneProblem("tls-cert and tls-key are not for --sandbox, whose GitHub would not trust them", "Leave them out.")
	}
	data, _ := given(config.Data)
	world, err := openServeSandbox(ctx, address, data, slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: level})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.Close()) }()
	env.Getenv = world.getenv(env.Getenv)
	return runServe(ctx, env, config.Resolve(config.ServerSettings(), given, env.Getenv), world)
}

// runServe serves until ctx ends, which is how a server ends. world is what it serves in
// a sandbox; nil means that it does not.
func runServe(ctx context.Context, env Env, values config.Values, world *serveSandbox) (err error) {
	settings, err := config.ReadServer(values)
	logger := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: settings.LogLevel}))
	values.Log(logger)
	with, err := openInputs(ctx, env, settings, err, logger)
	if err != nil {
		return err
	}
	listeners, err := listen(ctx, env, settings)
	if err != nil {
		return err
	}
	defer func() { _, _ = listeners.Public.Close(), listeners.Admin.Close() }() // which Serve has done, if it came to that
	if world != nil {
		settings.PublicURL = world.connect(listeners, settings.PublicURL)
	}
	kept, err := queue.Open(ctx, queue.Config{Dir: settings.Data, Logger: logger, Hooks: with.counted.OfQueue()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	with.counted.Watch(kept, with.grants.Kept)
	served, err := server.New(server.Config{
		Queue: kept, Grants: with.grants, Clients: with.clients, Secrets: with.secrets, Data: settings.Data, PublicURL: settings.PublicURL,
		Workers: settings.Workers, Getenv: env.Getenv, UserAgent: userAgent(), Logger: logger,
		Told:   func(event string, verdict server.Verdict) { with.counted.Delivered(event, string(verdict)) },
		Called: with.counted.TwilioCalled, Repeated: with.counted.TwilioRepeated, Metrics: with.counted.Handler(),
	})
	if err != nil {
		return err
	}
	defer with.reloadOnHangUp(ctx, logger)()
	logger.InfoContext(ctx, "webhooks are taken", "address", listeners.Public.Addr().String(), "tls", with.certificate != nil,
		"overview", listeners.Admin.Addr().String(), "repositories", len(with.grants.File().Repositories))
	if world != nil {
		world.introduce(env)
	}
	if with.certificate != nil {
		listeners.Public = with.certificate.Listen(listeners.Public)
	}
	err = served.Serve(ctx, listeners, settings.Shutdown)
	logger.InfoContext(ctx, "stopped")
	return err
}

// listen listens at both addresses. What is wrong with either is told at once.
func listen(ctx context.Context, env Env, settings config.Server) (server.Listeners, error) {
	public, err := server.Listen(ctx, config.Listen, settings.Listen, env.Getenv)
	admin, errAdmin := server.Listen(ctx, config.AdminListen, settings.AdminListen, env.Getenv)
	if err == nil && errAdmin == nil {
		return server.Listeners{Public: public, Admin: admin}, nil
	}
	var problems problem.List
	for _, one := range []struct {
		listener net.Listener
		err      error
	}{{public, err}, {admin, errAdmin}} {
		addError(&problems, one.err)
		if one.listener != nil {
			_ = one.listener.Close()
		}
	}
	return server.Listeners{}, problems.Err()
}
