package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/follow"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	// logPage is how many entries are read with one call: many, but their
	// messages may be long, and a reply must be bounded.
	logPage = 500
	// logSlack is how many more than --limit are read: the listing is only about
	// newest first.
	logSlack = 100
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
live write any. Times are UTC, in whole seconds, by Twilio's clock.

With --output json it prints one document; with --tail one for each entry, on a
line of its own.

The Service is the one that the project in DIR (default the current folder)
deploys to, unless --service names another. It needs the same credentials as
deploy.`,
		Example: `  slipway logs --tail
  slipway logs --environment production --since 2h --function /calls/incoming
  slipway logs --limit 50
  slipway logs services/voice --since 2026-11-22T10:00:00Z
  slipway logs --tail --output json | jq -r 'select(.level == "error").message'`,
		Args: oneFolder,
	}
	addSettings(cmd, append(lookSettings(), config.Environment)...)
	output := addOutput(cmd)
	tail := addBoolean(cmd, "tail", "go on with what comes, until interrupted")
	since := cmd.Flags().String("since", "", "how far to reach back: a time such as 90s, 2h or 7d, a date, or a time in RFC 3339 (default 24h; with --tail 10m)")
	namePlaceholder(cmd.Flags(), "since", "TIME")
	function := cmd.Flags().String("function", "", "only what the Function at this path wrote (or with this name, or ZH…)")
	namePlaceholder(cmd.Flags(), "function", "PATH")
	limit := cmd.Flags().Int("limit", 0, "only the newest N entries; with --tail, of those that are there when it begins (default all)")
	namePlaceholder(cmd.Flags(), "limit", "N")

	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		l := &look{env: env, values: config.Resolve(config.Settings(), explicit(cmd.Flags()), env.Getenv), form: output.read(&problems)}
		asked := logsAsked{tail: tail.read(&problems), function: strings.TrimSpace(*function), limit: readLimit(&problems, *limit)}
		asked.since = readSince(&problems, strings.TrimSpace(*since), asked.tail)
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

func readLimit(problems *problem.List, limit int) int {
	if limit < 0 {
		problems.Add(fmt.Sprintf("limit %d is no number of entries", limit), "")
	}
	return min(limit, math.MaxInt32) // so that it can be added to
}

// logsAsked is which Logs to show.
type logsAsked struct {
	since    since
	function string // a path, a name or a SID; empty for all
	limit    int    // 0 for all
	tail     bool
}

// most is how many entries are read; 0 for as many as there are. With tail that
// is all: what is not shown must be known, so as not to pass for new.
func (a logsAsked) most() int {
	if a.limit == 0 || a.tail {
		return 0
	}
	return a.limit + logSlack
}

// query asks for the entries, of no time yet. The error is a *problem.Problem.
func (a logsAsked) query(functions *functionNames) (twilio.LogQuery, error) {
	query := twilio.LogQuery{PageSize: logPage}
	if most := a.most(); most > 0 {
		query.PageSize = min(most, logPage)
	}
	if a.function == "" {
		return query, nil
	}
	var err error
	query.FunctionSID, err = functions.find(a.function)
	return query, err
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
	query, err := asked.query(functions)
	if err != nil {
		return err
	}
	from, err := asked.since.from(client.Now())
	if err != nil {
		return err
	}
	shown := &logsShown{
		look: l, place: placeOf(service, environment), since: from, limit: asked.limit,
		functions: functions, only: query.FunctionSID,
	}
	window := &follow.Window{Since: from, Now: client.Now, Read: func(ctx context.Context, after time.Time) iter.Seq2[twilio.Log, error] {
		query.After = after
		return upTo(asked.most(), client.Logs(ctx, service.SID, environment.SID, query))
	}}
	if asked.tail {
		return shown.follow(ctx, window, client)
	}
	logs, err := window.Look(ctx)
	if err != nil {
		return err
	}
	return shown.all(logs)
}

// logsShown prints entries.
type logsShown struct {
	*look

	place report.Place
	since time.Time
	// limit is how many of what comes first are shown, the newest; 0 for all.
	limit     int
	functions *functionNames
	// only is the Function that was asked for; empty for all.
	only twilio.FunctionSID
}

// newest returns what of the first entries is to be shown, and of later ones all.
func (s *logsShown) newest(logs []twilio.Log) []twilio.Log {
	if s.limit > 0 && len(logs) > s.limit {
		logs = logs[len(logs)-s.limit:]
	}
	s.limit = 0
	return logs
}

// all prints all there is.
func (s *logsShown) all(logs []twilio.Log) error {
	logs = s.newest(logs)
	if s.form == formatJSON {
		document := report.Logs{Version: report.ListingVersion, Place: s.place, Since: s.since.UTC().Truncate(time.Second), Entries: []report.LogEntry{}}
		for _, log := range logs {
			document.Entries = append(document.Entries, s.entry(log))
		}
		return s.print(document)
	}
	if len(logs) == 0 {
		fmt.Fprint(s.env.Stderr, report.NoLogs(s.place, s.function(s.only), s.since))
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

// function names a Function in prose.
func (s *logsShown) function(sid twilio.FunctionSID) string {
	return cmp.Or(s.functions.of(sid), string(sid))
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
func (s *logsShown) follow(ctx context.Context, window *follow.Window, client *twilio.Client) error {
	told := func(format string, arguments ...any) { fmt.Fprintf(s.env.Stderr, format+"\n", arguments...) }
	if s.form == formatText {
		told("%s", report.Following(s.place, s.function(s.only)))
	}
	following := &follow.Follower{
		Look: window.Look,
		Show: func(logs []twilio.Log) error {
			logs = s.newest(logs)
			s.functions.learn(ctx, client, logs)
			return s.some(logs)
		},
		Failing:   func(err error) { told("warning: the logs cannot be read, and will be tried further: %v", err) },
		Recovered: func() { told("the logs can be read again") },
	}
	err := following.Run(ctx)
	switch {
	case errors.Is(err, context.Canceled):
		return &explainedError{failure: job.Failure{Reason: job.Cancelled}, isTold: true, err: err}
	case twilio.IsNotFound(err): // it was there when this began
		return oneProblem(fmt.Sprintf("%s is no longer there, and its logs went with it", s.place), "")
	default:
		return err
	}
}

// upTo ends a listing after so many items, without reading further; 0 leaves it
// whole.
func upTo[T any](most int, items iter.Seq2[T, error]) iter.Seq2[T, error] {
	if most == 0 {
		return items
	}
	return func(yield func(T, error) bool) {
		left := most
		for item, err := range items {
			left--
			if !yield(item, err) || left == 0 {
				return
			}
		}
	}
}
