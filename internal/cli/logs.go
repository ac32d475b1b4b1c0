package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	// How far logs reach back when --since does not say; the first is Twilio's
	// own choice (OpenAPI file).
	sinceByDefault     = 24 * time.Hour
	sinceByDefaultTail = 10 * time.Minute
	// logPage is how many entries are read with one call: many, but their
	// messages may be long, and a reply must be bounded.
	logPage = 500
)

func newLogs(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "logs [DIR]",
		Short: "Show what Functions wrote to the console",
		Long: `Show what the Functions of an Environment wrote to the console, newest last. With
--tail it goes on with what comes, until it is interrupted (exit code 130) or
--timeout is over, which has no default then. It outlasts failures of Twilio and
of the network, and goes on where it was.

Twilio keeps logs for 30 days at most, and only Functions of a Build that is
live write any. Times are UTC, in whole seconds.

With --output json it prints one document; with --tail one for each entry, on a
line of its own.

The Service is the one that the project in DIR (default the current folder)
deploys to, unless --service names another. It needs the same credentials as
deploy.`,
		Example: `  slipway logs --tail
  slipway logs --environment production --since 2h --function /calls/incoming
  slipway logs services/voice --since 2026-11-22T10:00:00Z
  slipway logs --tail --output json | jq -r 'select(.level == "error").message'`,
		Args: oneFolder,
	}
	addSettings(cmd, append(lookSettings(), config.Environment)...)
	output := addOutput(cmd)
	tail := addBoolean(cmd, "tail", "go on with what comes, until interrupted")
	since := cmd.Flags().String("since", "", "how far to reach back: a time such as 90s, 2h or 7d, or one in RFC 3339 (default 24h; with --tail 10m)")
	namePlaceholder(cmd.Flags(), "since", "TIME")
	function := cmd.Flags().String("function", "", "only what the Function at this path wrote (or with this name, or ZH…)")
	namePlaceholder(cmd.Flags(), "function", "PATH")

	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		l := &look{env: env, values: config.Resolve(config.Settings(), explicit(cmd.Flags()), env.Getenv), form: output.read(&problems)}
		asked := logsAsked{tail: tail.read(&problems), function: strings.TrimSpace(*function)}
		asked.since = readSince(&problems, strings.TrimSpace(*since), asked.tail, time.Now())
		l.inLines = asked.tail
		err := l.readEnvironment(&problems)
		if err == nil {
			err = l.read(problems, l.folderOf(args))
		}
		if err == nil {
			err = runLogs(cmd.Context(), l, asked)
		}
		return l.failed(err, "")
	}
	return cmd
}

// logsAsked is which Logs to show.
type logsAsked struct {
	since    time.Time
	function string // a path, a name or a SID; empty for all
	tail     bool
}

// readSince reads a length of time before now, or a time.
func readSince(problems *problem.List, text string, tail bool, now time.Time) time.Time {
	if text == "" && tail {
		return now.Add(-sinceByDefaultTail)
	}
	if text == "" {
		return now.Add(-sinceByDefault)
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		if at.After(now) {
			problems.Add(fmt.Sprintf("since %q has not come yet", text), "")
		}
		return at
	}
	back, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var number uint64
		number, err = strconv.ParseUint(days, 10, 16) // 180 years
		back = time.Duration(number) * 24 * time.Hour
	}
	if err != nil || back < 0 {
		problems.Add(fmt.Sprintf("since %q is neither a length of time nor a time", text), "Give one such as 90s, 2h, 7d or 2026-11-22T10:00:00Z.")
		return now
	}
	return now.Add(-back)
}

func runLogs(ctx context.Context, l *look, asked logsAsked) error {
	limit := l.remote.Timeout
	if asked.tail && l.values[config.Timeout].Origin == config.FromDefault {
		limit = 0
	}
	ctx, cancel := pipeline.WithTimeout(ctx, limit)
	defer cancel()
	logger := l.logger()
	client, err := l.open(logger)
	if err != nil {
		return err
	}
	service, environment, err := l.find(ctx, client)
	if err != nil {
		return err
	}
	functions, err := readFunctions(ctx, client, service, environment)
	if err != nil {
		return err
	}
	query := twilio.LogQuery{PageSize: logPage}
	if asked.function != "" {
		if query.FunctionSID, err = functions.find(asked.function); err != nil {
			return err
		}
	}
	shown := &logsShown{look: l, place: placeOf(service, environment), since: asked.since, functions: functions}
	window := &logWindow{since: asked.since, read: func(ctx context.Context, after time.Time) iter.Seq2[twilio.Log, error] {
		query.After = after
		return client.Logs(ctx, service.SID, environment.SID, query)
	}}
	if asked.tail {
		return shown.follow(ctx, window, client)
	}
	logs, err := window.look(ctx)
	if err != nil {
		return err
	}
	return shown.all(logs)
}

// logsShown prints entries.
type logsShown struct {
	*look

	place     report.Place
	since     time.Time
	functions *functionNames
}

// all prints all there is.
func (s *logsShown) all(logs []twilio.Log) error {
	if s.form == formatJSON {
		document := report.Logs{Version: report.ListingVersion, Place: s.place, Since: s.since.UTC().Truncate(time.Second), Entries: []report.LogEntry{}}
		for _, log := range logs {
			document.Entries = append(document.Entries, s.entry(log))
		}
		return s.print(document)
	}
	if len(logs) == 0 {
		fmt.Fprint(s.env.Stderr, report.NoLogs(s.place, s.since))
	}
	return s.some(logs)
}

// some prints entries each by itself.
func (s *logsShown) some(logs []twilio.Log) error {
	var text strings.Builder
	width := report.LogWidth(s.functions.all())
	for _, log := range logs {
		if s.form == formatText {
			text.WriteString(report.LogText(s.entry(log), width))
			continue
		}
		line, err := report.JSONLine(report.LogLine{Version: report.ListingVersion, LogEntry: s.entry(log)})
		if err != nil {
			return err
		}
		text.WriteString(line)
	}
	_, err := fmt.Fprint(s.env.Stdout, text.String())
	return err //nolint:wrapcheck // nothing to add.
}

func (s *logsShown) entry(log twilio.Log) report.LogEntry {
	return report.LogEntry{
		SID: string(log.SID), Time: log.DateCreated, Level: string(log.Level),
		Function: s.functions.of(log.FunctionSID), FunctionSID: string(log.FunctionSID),
		BuildSID: string(log.BuildSID), DeploymentSID: string(log.DeploymentSID), RequestSID: log.RequestSID,
		Message: log.Message,
	}
}

// follow prints what comes. To be interrupted is how it ends, and nothing to
// explain.
func (s *logsShown) follow(ctx context.Context, window *logWindow, client *twilio.Client) error {
	told := func(format string, arguments ...any) { fmt.Fprintf(s.env.Stderr, format+"\n", arguments...) }
	if s.form == formatText {
		told("following the logs of %s ...", s.place)
	}
	following := &follower{
		look: window.look,
		show: func(logs []twilio.Log) error {
			s.functions.learn(ctx, client, logs)
			return s.some(logs)
		},
		failing:   func(err error) { told("warning: the logs cannot be read, and will be tried further: %v", err) },
		recovered: func() { told("the logs can be read again") },
	}
	err := following.run(ctx)
	if errors.Is(err, context.Canceled) {
		return &explainedError{failure: job.Failure{Reason: job.Cancelled}, isTold: true, err: err}
	}
	return err
}
