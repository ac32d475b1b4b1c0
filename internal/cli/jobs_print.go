package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/overview"
	"github.com/slipway-dev/slipway/internal/report"
)

func printJobs(env Env, jobs []overview.Job) error {
	if len(jobs) == 0 {
		fmt.Fprintln(env.Stderr, "There are no Jobs.")
		return nil
	}
	var rows [][]string
	for _, one := range jobs {
		environment, ref := where(one)
		rows = append(rows, []string{
			strconv.FormatInt(one.Number, 10), state(one), one.Verb, one.Service, environment, one.Repository, ref, fmt.Sprintf("%.7s", one.Commit),
			one.CreatedAt.UTC().Format(time.DateTime), one.Reason,
		})
	}
	_, err := fmt.Fprint(env.Stdout, report.Table([]string{"JOB", "STATE", "VERB", "SERVICE", "ENVIRONMENT", "REPOSITORY", "REF", "COMMIT", "CREATED (UTC)", "REASON"}, rows...))
	return err //nolint:wrapcheck // nothing to add.
}

// state is how a Job ended, or how far it is.
func state(one overview.Job) string { return cmp.Or(one.Outcome, one.State) }

func printJob(env Env, one overview.Job) error {
	environment, ref := where(one)
	rows := [][]string{{"state", state(one)}, {"reason", one.Reason}}
	for _, more := range [][]string{
		{"verb", one.Verb},
		{"service", one.Service},
		{"environment", environment},
		{"repository", one.Repository},
		{"ref", ref},
		{"commit", one.Commit},
		{"event", one.Event},
		{"actor", one.Actor},
		{"created", instant(one.CreatedAt)},
		{"begun", instant(one.StartedAt)},
		{"ended", instant(one.EndedAt)},
		{"superseded by", number(one.SupersededBy)},
		{"attempts", strconv.Itoa(one.Attempts)},
	} {
		if more[1] != "" {
			rows = append(rows, more)
		}
	}
	for _, step := range one.Steps {
		rows = append(rows, []string{"step " + step.Name, fmt.Sprintf("done in %.1fs", step.FinishedAt.Sub(step.StartedAt).Seconds())})
	}
	if one.Result != nil {
		rows = append(rows, resultRows(*one.Result)...)
	}
	_, err := fmt.Fprint(env.Stdout, report.Table([]string{"JOB", strconv.FormatInt(one.Number, 10)}, rows...))
	return err //nolint:wrapcheck // nothing to add.
}

// resultRows say where what was deployed answers, or what went wrong and what to do. Several
// problems have a row each.
func resultRows(result job.Result) (rows [][]string) {
	failure := cmp.Or(result.Error, &job.Failure{})
	for _, one := range [][2]string{{"error", failure.Message}, {"what to do", failure.Hint}, {"left behind", failure.State}, {"url", result.URL}} {
		for line := range strings.Lines(one[1]) {
			rows = append(rows, []string{one[0], strings.TrimSpace(line)})
		}
	}
	return rows
}

func printCancelled(env Env, one overview.Job) error {
	text := "is cancelled"
	if one.State != overview.StateEnded {
		text = "stops soon, unless it has gone live"
	}
	_, err := fmt.Fprintf(env.Stdout, "Job %d %s\n", one.Number, text)
	return err //nolint:wrapcheck // nothing to add.
}

func printRetried(env Env, one overview.Job) error {
	_, err := fmt.Fprintf(env.Stdout, "Job %d does it once more\n", one.Number)
	return err //nolint:wrapcheck // nothing to add.
}

func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.DateTime) + " UTC"
}

// number is one of a Job; empty for none.
func number(of int64) string {
	if of == 0 {
		return ""
	}
	return strconv.FormatInt(of, 10)
}
