package report

import (
	"strings"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// Summary puts a Result and its Plan into GitHub-flavoured Markdown, for the
// summary of a workflow's step or a comment. What a person has to know comes
// first: how the Job ended, the URL or the reasons, and warnings; lists of
// files are folded. The zero Plan is that of a Job that ended before it.
//
// The text has at most most bytes. What does not fit is left out in whole items,
// folded parts first, and a last line says how much that is; with too little
// room for that line, the text is empty.
//
// Text that is not Slipway's own cannot mention, link, refer to or format
// anything.
func Summary(result job.Result, plan deploy.Plan, most int) string {
	s := summary{result: result, plan: plan}
	// One text must not take the room of all others, but a SID has to be whole.
	const longest, shares, shortest = 2000, 8, 64
	s.longestText = min(longest, max(most/shares, shortest))
	s.heading()
	if isSweep(result) {
		if len(result.RemovedPreviews) == 0 {
			s.add(rankOutcome, "outcome", s.prose(sweepTitle(result)+"."))
		}
		s.room()
		s.warnings()
		return fit(s.parts, most)
	}
	switch result.Status {
	case job.Skipped:
		s.skipped()
		s.warnings()
		s.proposal()
		return fit(s.parts, most)
	case job.Failed:
		s.failure()
	case job.Planned:
		s.add(rankOutcome, "outlook", s.prose(outlook(s.result, s.plan)))
		s.visibilities()
		s.notes()
	case job.TornDown:
		s.add(rankOutcome, "outcome", s.prose(tornDownTitle(s.result, s.plan)+"."))
	case job.Superseded:
		s.add(rankOutcome, "outcome", s.prose(replaced(s.result)+"."))
		s.add(rankOutcome, "URL", s.url())
	default:
		s.add(rankOutcome, "URL", s.url())
	}
	if s.plan.Release != nil && result.Status != job.Failed && !s.plan.IsNothing() && s.plan.EnvironmentSID != "" && s.plan.Copied == nil {
		s.add(rankState, "state", s.prose(variablesStay(result)+"."))
	}
	s.add(rankState, "reason", s.prose(notPromoted(result)))
	s.warnings()
	s.room()
	s.details()
	s.files("Function", plan.Functions)
	s.files("Asset", plan.Assets)
	s.variables()
	s.packages()
	return fit(s.parts, most)
}

// summary gathers the parts of one document, in the order in which they stand.
type summary struct {
	result      job.Result
	plan        deploy.Plan
	longestText int // of one foreign text, in bytes
	parts       []part
}

// add adds a part that stays whole; an empty text adds none.
func (s *summary) add(rank rank, noun, text string) {
	if text != "" {
		s.parts = append(s.parts, part{rank: rank, noun: noun, items: []string{text + "\n"}})
	}
}

// prose and code bound a foreign text before they defuse it.
func (s *summary) prose(text string) string {
	kept, rest := clip(text, s.longestText)
	return prose(kept) + rest
}

func (s *summary) code(text string) string {
	kept, rest := clip(text, s.longestText)
	return code(kept) + rest
}

func (s *summary) heading() {
	sign, ended := s.ending()
	var where []string
	if s.result.Service != "" {
		where = append(where, s.code(s.result.Service))
	}
	if s.result.Environment != "" {
		where = append(where, s.code(s.result.Environment))
	}
	heading := "## " + sign + " "
	if len(where) > 0 {
		heading += strings.Join(where, " in ") + ": "
	}
	s.add(rankHeading, "heading", heading+ended)
}

// ending is how the Job ended, with what a Summary says of it beside stateOf.
func (s *summary) ending() (sign, ended string) {
	sign, ended = stateOf(s.result.Status, s.prose)
	switch {
	case s.result.Status == job.Promoted, s.result.Status == job.RolledBack:
		ended += ", " + s.released()
	case s.result.Status != job.Failed || s.result.Error == nil || s.result.Error.Reason == "":
	case s.result.Error.Reason == job.Cancelled:
		return signCancelled, Cancelled
	default:
		ended += " (" + s.code(string(s.result.Error.Reason)) + ")"
		if s.result.RolledBack {
			ended += ", rolled back"
		}
	}
	return sign, ended
}

// signCancelled stands in front of Cancelled.
const signCancelled = "🚫"

// stateOf is a Status in the words of all reports; foreign makes one that is none of
// ours safe.
func stateOf(status job.Status, foreign func(string) string) (sign, state string) {
	switch status {
	case job.Deployed, job.Promoted, job.RolledBack:
		return "✅", "Ready"
	case job.Unchanged:
		return "✅", "Unchanged"
	case job.Superseded:
		return "⏩", "Superseded"
	case job.TornDown:
		return "🗑️", "Removed"
	case job.Pruned:
		return "🗑️", "Swept"
	case job.Planned:
		return "📝", "Planned"
	case job.Skipped:
		return "⏭️", "Skipped"
	case job.Failed:
		return "❌", "Failed"
	default:
		return "ℹ️", foreign(string(status))
	}
}

func (s *summary) url() string {
	if s.result.URL == "" {
		return ""
	}
	return link(s.result.URL)
}

func (s *summary) skipped() {
	sentence := "Nothing was deployed"
	if reason := strings.TrimRight(strings.TrimSpace(s.result.SkipReason), "."); reason != "" {
		sentence += ": " + s.prose(reason)
	}
	s.add(rankOutcome, "reason", sentence+".")
}

// failure says what happened, what to do, and what the run left behind.
func (s *summary) failure() {
	failure := s.result.Error
	if failure == nil {
		failure = &job.Failure{}
	}
	s.message(failure)
	if failure.Hint != "" {
		s.add(rankHint, "hint", "**Hint:** "+s.prose(failure.Hint))
	}
	if failure.State != "" {
		s.add(rankState, "state", "**State:** "+s.prose(failure.State))
	}
}

func (s *summary) message(failure *job.Failure) {
	lines := strings.Split(strings.Trim(failure.Message, "\r\n"), "\n")
	switch {
	case strings.TrimSpace(failure.Message) == "":
		s.add(rankOutcome, "message", "It ended without a message.")
	case len(lines) == 1:
		s.add(rankOutcome, "message", s.prose(lines[0]))
	case failure.Reason == job.BadInput: // a Problem on each line
		problems := part{rank: rankProblems, noun: "problem"}
		for _, line := range lines {
			if strings.TrimSpace(line) != "" {
				problems.items = append(problems.items, "- "+s.prose(line)+"\n")
			}
		}
		problems.before = "**" + words.Count(len(problems.items), "problem") + "**\n\n"
		s.parts = append(s.parts, problems)
	default:
		s.parts = append(s.parts, s.verbatim(lines))
	}
}

// verbatim keeps lines as they are: their indentation may mean something.
func (s *summary) verbatim(lines []string) part {
	text := part{rank: rankProblems, noun: "line"}
	fence := "```"
	for _, line := range lines {
		kept, rest := clip(strings.ReplaceAll(strings.TrimRight(line, "\r"), "\t", "    "), s.longestText)
		kept = clean(kept)
		fence = strings.Repeat("`", max(len(fence), longestRun(kept)+1))
		text.items = append(text.items, kept+rest+"\n")
	}
	text.before, text.after = fence+"text\n", fence+"\n"
	return text
}

func (s *summary) warnings() {
	count := len(s.result.Warnings)
	if count == 0 {
		return
	}
	list := part{rank: rankWarnings, noun: "warning", before: "⚠️ **" + words.Count(count, "warning") + "**\n\n"}
	for _, warning := range s.result.Warnings {
		list.items = append(list.items, "- "+s.prose(warning)+"\n")
	}
	s.parts = append(s.parts, list)
}

// notes say why more is done than the changes ask for, and what is lost by it.
func (s *summary) notes() {
	if len(s.plan.Notes) == 0 {
		return
	}
	list := part{rank: rankWarnings, noun: "note", before: "ℹ️ **" + words.Count(len(s.plan.Notes), "note") + "**\n\n"}
	for _, note := range s.plan.Notes {
		list.items = append(list.items, "- "+s.prose(note)+"\n")
	}
	s.parts = append(s.parts, list)
}
