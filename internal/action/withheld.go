package action

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// dependabot is who starts runs that get no secrets but its own
// (docs.github.com/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions,
// read 2026-11). A run that a person starts again keeps the actor.
const dependabot = "dependabot[bot]"

// skip reports that nothing is done, and why: with what the tree asks for where only its
// origin keeps it from being deployed. That is for information: whatever is wrong with
// it, the step is green.
func (s *setting) skip(ctx context.Context, inputs config.Action, made decision) job.Result {
	var outcomes []pipeline.Outcome
	if len(made.withheld) > 0 {
		s.console.Print(fmt.Sprintf("Slipway %s: %s", s.env.Version, s.what))
	}
	for _, request := range made.withheld {
		outcomes = append(outcomes, s.propose(ctx, request, made))
	}
	if len(outcomes) == 0 {
		outcomes = []pipeline.Outcome{skipped(inputs, made.skip)}
		if made.unread != "" {
			s.tellUnread(&outcomes[0].Result, made.unread)
		}
	}
	for i, outcome := range outcomes {
		s.report(outcomes[:i+1], len(outcomes) > 1)
		told := s.newAnnouncer(inputs, made)
		told.Skip(ctx, outcome)
		told.Warn()
	}
	last := outcomes[len(outcomes)-1]
	s.tell(last, nil)
	return last.Result
}

// propose reads what a Request that is withheld asks for. Nothing of it is sent anywhere.
func (s *setting) propose(ctx context.Context, request trigger.Request, made decision) pipeline.Outcome {
	values := request.Settings(s.values)
	lines := values[config.Variables]
	values = values.With(config.Variables, config.Written{Text: withoutEmpty(lines.Text), File: lines.File, Line: lines.Line})
	getenv := func(name string) string {
		if value := s.env.Getenv(name); value != "" {
			return value
		}
		return standIn
	}
	inputs, err := config.ReadWithoutSecrets(values, getenv)
	var problems problem.List
	_ = problems.Take(err) // it is a list
	var unusable problem.List
	inputs.WorkingDirectory = inWorkspace(s.env.Getenv("GITHUB_WORKSPACE"), values[config.WorkingDirectory].Text, &unusable)
	if len(unusable) > 0 {
		outcome := skipped(inputs, made.skip)
		s.tellUnread(&outcome.Result, unusable.Error())
		return outcome
	}
	shown := newProgress(s.console)
	defer shown.Close()
	outcome, err := pipeline.Propose(ctx, pipeline.FolderDeploy{
		Settings: inputs.Deploy, Values: values, Problems: problems, Top: s.env.Getenv("GITHUB_WORKSPACE"), Getenv: getenv,
		Logger: s.logger, Progress: shown.Show, Previews: job.Previews{Number: request.PullRequest, IsFork: request.IsFork},
	}, made.skip, len(made.withheld))
	shown.Close()
	var wrong problem.List
	if rest := wrong.Take(err); rest != nil {
		s.tellUnread(&outcome.Result, rest.Error())
		return outcome
	}
	s.console.Print(report.Proposed(outcome.Result))
	const most = 100 // of what a stranger may have written without end
	for _, one := range wrong[:min(len(wrong), most)] {
		text, _ := shorten(one.Error(), longestMessage)
		s.console.Annotate(levelWarning, place{File: one.File, Line: one.Line}, "Slipway: would be refused", text)
	}
	if rest := len(wrong) - most; rest > 0 {
		s.console.Print(fmt.Sprintf("… and %d more that it would be refused for", rest))
	}
	return outcome
}

// tellUnread says why it is not known what the tree asks for.
func (s *setting) tellUnread(result *job.Result, why string) {
	text := "What the tree asks for is not known: " + strings.ReplaceAll(why, "\n", "; ")
	result.Warnings = append(result.Warnings, text)
	s.console.Print(text)
}

// standIn is the value of a variable whose secret a run does not get. Only its key is
// ever told.
const standIn = "withheld"

// withoutEmpty gives variables a value whose secrets have come empty.
func withoutEmpty(lines string) string {
	var text strings.Builder
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if key, value, isGiven := strings.Cut(line, "="); isGiven && value == "" && !strings.HasPrefix(key, "#") {
			line += standIn
		}
		text.WriteString(line + "\n")
	}
	return text.String()
}
