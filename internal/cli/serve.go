package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/secret"
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
the slipway.yml of a repository chooses among that. SIGHUP has server.yml read
again.`,
		Example: `  slipway serve --data /var/lib/slipway --server-config /etc/slipway/server.yml
  slipway serve --listen systemd`,
		Args: noArguments,
	}
	cmd.Flags().SortFlags = false
	for _, setting := range config.ServerSettings() {
		addSetting(cmd, setting)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, err := config.ReadServer(config.Resolve(config.ServerSettings(), explicit(cmd.Flags()), env.Getenv))
		if err != nil {
			return err //nolint:wrapcheck // it is a problem.List.
		}
		logger := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: settings.LogLevel}))
		return runServe(cmd.Context(), env, settings, logger)
	}
	return cmd
}

// runServe serves until ctx ends, which is how a server ends.
func runServe(ctx context.Context, env Env, settings config.Server, logger *slog.Logger) (err error) {
	var problems problem.List
	secrets, wrong := gh.NewWebhookSecrets(settings.WebhookSecrets...)
	addError(&problems, wrong)
	app, wrong := readApp(ctx, settings, logger)
	addError(&problems, wrong)
	var clients *gh.Clients
	if wrong == nil {
		clients, wrong = openClients(env, settings, app, logger)
		addError(&problems, wrong)
	}
	own := append(slices.Clone(settings.WebhookSecrets), settings.Token, app.Key)
	held, warnings, wrong := grants.Hold(settings.ConfigFile, env.Getenv, own...)
	for _, one := range warnings {
		logger.WarnContext(ctx, one.Error())
	}
	if rest := problems.Take(wrong); rest != nil {
		return rest
	}
	if err := problems.Err(); err != nil {
		return err //nolint:wrapcheck // it is a problem.List.
	}
	kept, err := queue.Open(ctx, queue.Config{Dir: settings.Data, Logger: logger})
	if err != nil {
		return err //nolint:wrapcheck // it is a Problem, or says what it was.
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	served, err := server.New(server.Config{
		Queue: kept, Grants: held, Clients: clients, Secrets: secrets, Data: settings.Data, PublicURL: settings.PublicURL,
		Workers: settings.Workers, Getenv: env.Getenv, UserAgent: userAgent(), Logger: logger,
	})
	if err != nil {
		return err //nolint:wrapcheck // it says what it was.
	}
	listener, err := server.Listen(ctx, config.Listen, settings.Listen, env.Getenv)
	if err != nil {
		return err //nolint:wrapcheck // it is a Problem.
	}
	admin, err := server.Listen(ctx, config.AdminListen, settings.AdminListen, env.Getenv)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer reloadOnHangUp(ctx, held, logger)()
	logger.InfoContext(ctx, "webhooks are taken", "address", listener.Addr().String(), "overview", admin.Addr().String(), "repositories", len(held.File().Repositories))
	return served.Serve(ctx, server.Listeners{Public: listener, Admin: admin}, settings.Shutdown) //nolint:wrapcheck // it says what it was.
}

// addError adds an error that is none of the list's kind.
func addError(problems *problem.List, err error) {
	if rest := problems.Take(err); rest != nil {
		problems.Add(rest.Error(), "")
	}
}

// readApp reads the App's private key, where a file has it; the zero App is none.
func readApp(ctx context.Context, settings config.Server, logger *slog.Logger) (gh.App, error) {
	app := gh.App{ID: settings.AppID, Key: settings.PrivateKey}
	if path := settings.PrivateKey.Reveal(); path != "" && !strings.Contains(path, "-----BEGIN") {
		text, err := os.ReadFile(path)
		if err != nil {
			return gh.App{}, &problem.Problem{
				Message: fmt.Sprintf("the file with the GitHub App's private key cannot be read: %s", problem.Reason(err)),
				Fix:     "Give its path, or the key itself, as github-private-key.",
			}
		}
		app.Key = secret.New(string(text))
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o004 != 0 && runtime.GOOS != "windows" {
			logger.WarnContext(ctx, "the file with the GitHub App's private key can be read by everybody on this machine; take their permission with chmod o-r")
		}
	}
	return app, nil
}

// openClients makes what acts at GitHub: as the App, or with a token.
func openClients(env Env, settings config.Server, app gh.App, logger *slog.Logger) (*gh.Clients, error) {
	return gh.NewClients(gh.Config{
		Token: settings.Token, APIURL: env.Getenv("GITHUB_API_URL"), ServerURL: env.Getenv("GITHUB_SERVER_URL"), UserAgent: userAgent(), Logger: logger,
	}, app)
}

// reloadOnHangUp reads server.yml again at each SIGHUP, until the function that it
// returns is called.
func reloadOnHangUp(ctx context.Context, held *grants.Holder, logger *slog.Logger) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-signals:
				changed, warnings, err := held.Reload()
				for _, one := range warnings {
					logger.WarnContext(ctx, one.Error())
				}
				if err != nil {
					logger.ErrorContext(ctx, err.Error())
					continue
				}
				logger.InfoContext(ctx, changed)
			}
		}
	}()
	return func() { signal.Stop(signals); close(ended) }
}
