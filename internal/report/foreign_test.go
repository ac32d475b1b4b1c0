package report_test

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// TestForeignTextDrivesNoTerminal puts the same foreign text wherever a document has
// text: none of what is printed may hold a character that a terminal obeys.
func TestForeignTextDrivesNoTerminal(t *testing.T) {
	t.Parallel()
	var (
		status  deploy.Status
		pruned  deploy.Pruned
		plan    deploy.Plan
		result  job.Result
		sources []deploy.SourceChange
	)
	for _, document := range []any{&status, &pruned, &plan, &result, &sources} {
		fill(reflect.ValueOf(document).Elem())
	}
	inside := func(change func(*job.Result, *deploy.Plan)) string {
		result, plan := result, plan
		result.Error = nil
		change(&result, &plan)
		return report.Done(result, plan, "")
	}
	for name, text := range map[string]string{
		"status":  report.Status(status, time.Unix(1_800_000_000, 0)),
		"prune":   report.Pruned(pruned),
		"sources": report.Sources(sources, true, false),
		"deploy": inside(func(result *job.Result, plan *deploy.Plan) {
			plan.Release, plan.Build, result.Status = nil, deploy.BuildNew, job.Deployed
		}),
		"plan": inside(func(result *job.Result, plan *deploy.Plan) {
			plan.Release, plan.Build, result.Status = nil, deploy.BuildReused, job.Planned
		}),
		"promote": inside(func(result *job.Result, plan *deploy.Plan) {
			plan.Build, result.Status = deploy.BuildReused, job.Promoted
		}),
		"teardown": inside(func(result *job.Result, plan *deploy.Plan) {
			plan.Build, result.Status = deploy.BuildNone, job.TornDown
		}),
	} {
		for line := range strings.Lines(text) {
			isObeyed := func(r rune) bool { return unicode.IsControl(r) || r == '\u202e' }
			if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), isObeyed) {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
}

// fill sets every text of a value to a foreign one, and makes one of whatever it
// points to or has several of.
func fill(value reflect.Value) {
	switch value.Kind() {
	case reflect.String:
		switch value.Interface().(type) {
		case deploy.Change, deploy.PruneOutcome: // words of our own
			return
		}
		value.SetString("\x1b]0;title\a\r\u202e\x9b31m")
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int, reflect.Int64:
		value.SetInt(1)
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem())
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		fill(value.Index(0))
	case reflect.Struct:
		if _, isTime := reflect.TypeAssert[time.Time](value); isTime {
			return
		}
		for _, field := range value.Fields() {
			fill(field)
		}
	default:
	}
}
