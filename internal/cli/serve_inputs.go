package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/metrics"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/server"
)

// serverInputs are what a server is given, once it was looked at.
type serverInputs struct {
	secrets     gh.WebhookSecrets
	clients     *gh.Clients
	grants      *grants.Holder
	certificate *server.Certificate // nil without TLS
	// counted counts what is done with them.
	counted *metrics.Metrics
}

// openInputs looks at all that a server is given, so that what is wrong is told at once,
// with what is wrong with the settings themselves.
func openInputs(ctx context.Context, env Env, settings config.Server, wrong error, logger *slog.Logger) (*serverInputs, error) {
	var problems problem.List
	addError(&problems, wrong)
	with := &serverInputs{counted: newMetrics(logger)}
	if len(settings.WebhookSecrets) > 0 {
		with.secrets, wrong = gh.NewWebhookSecrets(settings.WebhookSecrets...)
		addError(&problems, wrong)
	}
	app, wrong := readApp(ctx, settings, logger)
	addError(&problems, wrong)
	if hasSignIn := app.ID != "" && !app.Key.IsZero() || !settings.Token.IsZero(); hasSignIn && wrong == nil {
		with.clients, wrong = openClients(env, settings, app, with.counted, logger)
		addError(&problems, wrong)
	}
	if settings.TLSCert != "" && settings.TLSKey != "" {
		with.certificate, wrong = server.LoadCertificate(settings.TLSCert, settings.TLSKey)
		addError(&problems, wrong)
	}
	own := append(slices.Clone(settings.WebhookSecrets), settings.Token, app.Key)
	held, warnings, wrong := grants.Hold(settings.ConfigFile, env.Getenv, own...)
	addError(&problems, wrong)
	with.grants = held
	warnOf(ctx, logger, warnings)
	return with, problems.Err()
}

// addError adds an error that is none of the list's kind.
func addError(problems *problem.List, err error) {
	if rest := problems.Take(err); rest != nil {
		problems.Add(rest.Error(), "")
	}
}

func warnOf(ctx context.Context, logger *slog.Logger, warnings problem.List) {
	for _, one := range warnings {
		logger.WarnContext(ctx, "server.yml", "warning", one.Error())
	}
}

// readApp reads the App's private key, where a file has it; the zero App is none.
func readApp(ctx context.Context, settings config.Server, logger *slog.Logger) (gh.App, error) {
	app := gh.App{ID: settings.AppID, Key: settings.PrivateKey}
	if path := settings.PrivateKey.Reveal(); path != "" && !strings.Contains(path, "-----BEGIN") {
		text, err := os.ReadFile(path) //nolint:gosec // the operator names it.
		if err != nil {
			return gh.App{}, &problem.Problem{
				Message: "the file with the GitHub App's private key cannot be read: " + problem.Reason(err),
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
func openClients(env Env, settings config.Server, app gh.App, counted *metrics.Metrics, logger *slog.Logger) (*gh.Clients, error) {
	return gh.NewClients(gh.Config{
		Token: settings.Token, APIURL: env.Getenv("GITHUB_API_URL"), ServerURL: env.Getenv("GITHUB_SERVER_URL"), UserAgent: userAgent(), Logger: logger,
		Observe: counted.GitHubCalled, Retry: retry.Policy{Notify: counted.GitHubRepeated},
	}, app)
}

// reloadOnHangUp reads what a server was given again at each SIGHUP, until the function
// that it returns is called.
func (i *serverInputs) reloadOnHangUp(ctx context.Context, logger *slog.Logger) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-signals:
				i.reload(ctx, logger)
			}
		}
	}()
	return func() { signal.Stop(signals); close(ended) }
}

// reload reads server.yml and the certificate again. What is broken leaves what was read
// before.
func (i *serverInputs) reload(ctx context.Context, logger *slog.Logger) {
	changed, warnings, err := i.grants.Reload()
	warnOf(ctx, logger, warnings)
	if err != nil {
		logger.ErrorContext(ctx, "server.yml is broken, and what it said before holds on", "error", errors.Unwrap(err))
	} else {
		logger.InfoContext(ctx, "server.yml was read", "changes", changed)
	}
	if i.certificate == nil {
		return
	}
	if err := i.certificate.Reload(); err != nil {
		logger.ErrorContext(ctx, "the certificate is broken, and the one before is used on", "error", err)
		return
	}
	logger.InfoContext(ctx, "the certificate was read", "ends", i.certificate.Ends())
}
