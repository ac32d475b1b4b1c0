package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func newDoctor(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [DIR]",
		Short: "Check what a deploy needs, and change nothing",
		Long: `Check what a deploy of the project in DIR (default the current folder) needs: the
settings, the project, that Twilio's hosts answer, the clock, credentials and what
they may read, the number of Services, the Service and the Environment to deploy to,
and the GitHub token if there is one. Nothing is changed. It takes the settings of
deploy.

With --live it finds out how the platform behaves where no public source tells, and
what slipway sandbox therefore can do in two ways. It makes a Service of its own for
that, named slipway-Doctor-…, and deletes it in the end, also when it is interrupted
or something fails. That takes some 250 calls, at most 3 at once, and a dozen Builds;
nothing else in the account is touched. Should the process be killed, slipway doctor
names the Service that was left.

The exit code is that of the first check that failed: 2 for settings and project, 3
for credentials, 5 when Twilio does not answer, 8 when a limit is met, else 1.`,
		Example: `  slipway doctor
  slipway doctor services/voice --environment production
  slipway doctor --output json | jq -r '.checks[] | select(.status != "ok")'
  slipway doctor --live`,
		Args: oneFolder,
	}
	var names []string
	for _, setting := range config.Settings() {
		if setting.Name != config.DryRun { // it never changes anything of the project's
			names = append(names, setting.Name)
		}
	}
	addSettings(cmd, names...)
	token := tokenSetting("a GitHub token to look at")
	addSetting(cmd, token)
	output := addOutput(cmd)
	live := addBoolean(cmd, "live", "find out how the platform behaves, on a Service that is made for it and deleted")

	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		given := explicit(cmd.Flags())
		if len(args) == 1 {
			given = inFolder(given, args[0])
		}
		form := output.read(&problems)
		isLive := live.read(&problems)
		values := config.Resolve(append(config.Settings(), token), given, env.Getenv)
		if isLive {
			return surveyed(cmd.Context(), &look{env: env, values: values, form: form}, problems)
		}
		if err := problems.Err(); err != nil {
			return err
		}
		return examined(cmd.Context(), &look{env: env, values: values, form: form})
	}
	return cmd
}

// examined checks everything, prints it, and fails for the first failure.
func examined(ctx context.Context, l *look) error {
	var problems problem.List
	byRules, err := rulesOfDeploy(l.values, false)
	if rest := problems.Take(err); rest != nil {
		return rest
	}
	l.values = byRules.values
	settings, err := config.ReadDeploy(l.values, l.env.Getenv)
	if rest := problems.Take(err); rest != nil {
		return rest
	}
	ctx, cancel := pipeline.WithTimeout(ctx, settings.Timeout)
	defer cancel()
	l.remote = settings.Remote
	e := &examination{look: l, ruled: byRules, settings: settings, logger: l.logger()}
	checks := e.all(ctx, problems.Err())
	for i, one := range checks {
		checks[i] = worded(one)
	}
	// When time is up, what was found until then is told.
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return l.failed(context.Cause(ctx), "")
	}
	checkup := doctor.NewCheckup(checks)
	if l.form == formatJSON {
		err = l.print(checkup)
	} else {
		_, err = fmt.Fprint(l.env.Stdout, report.Checkup(checkup))
	}
	if checkup.Error == nil {
		return err //nolint:wrapcheck // nothing to add.
	}
	return errors.Join(&explainedError{failure: *checkup.Error, isTold: true, err: errors.New(checkup.Error.Message)}, err)
}

// worded puts the cause of a failed check into words.
func worded(check doctor.Check) doctor.Check {
	if check.Err == nil {
		return check
	}
	failure := explain(check.Err)
	check.Message, check.Fix, check.Reason = failure.Message, failure.Hint, failure.Reason
	return check
}

// account is how the doctor reaches what is looked at.
func (l *look) account(logger *slog.Logger) doctor.Config {
	account := l.remote.Account
	return doctor.Config{
		Credentials: twilio.Credentials{User: account.User, Password: account.Password}, AccountSID: twilio.AccountSID(account.SID),
		APIURL: account.APIURL, UploadURL: account.UploadURL, Region: account.Region, Edge: account.Edge,
		LiveURL: cmp.Or(account.LiveURL, "https://{domain}"), UserAgent: userAgent(), Logger: logger,
	}
}
