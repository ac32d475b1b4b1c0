package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// ListedPreview is the Environment of a pull request in a list.
type ListedPreview struct {
	// Number is the pull request's.
	Number         int    `json:"number"`
	Environment    string `json:"environment"`
	EnvironmentSID string `json:"environment_sid"`
	Domain         string `json:"domain"`
	// BuildSID is empty when nothing is live.
	BuildSID string `json:"build_sid"`
	// Updated is when it was deployed to for the last time; nil when that is not
	// known.
	Updated *time.Time `json:"updated"`
	// State is the pull request's: "open", "closed" or "unknown".
	State string `json:"state"`
}

// ListedPreviews are the previews of a Service.
type ListedPreviews struct {
	Version  int             `json:"version"`
	Service  string          `json:"service"`
	Previews []ListedPreview `json:"previews"`
	Warnings []string        `json:"warnings"`
}

// Previews lists previews for a person. now is the time to which ages relate.
func Previews(listed ListedPreviews, now time.Time) string {
	if len(listed.Previews) == 0 {
		return clean(listed.Service) + " has no previews\n"
	}
	rows := make([][]cellOf, len(listed.Previews))
	for i, one := range listed.Previews {
		rows[i] = []cellOf{
			{"PREVIEW", one.Environment}, {"PULL REQUEST", one.State}, {"DEPLOYED", moment(one.Updated, now)}, {"DOMAIN", one.Domain},
		}
	}
	return table(rows)
}

// swept tells a person which previews a sweep has taken away, or would.
func swept(result job.Result) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", sweepTitle(result))
	for _, line := range removedPreviews(result) {
		fmt.Fprintf(&text, "  %s\n", clean(line))
	}
	if result.Status != job.Planned {
		fmt.Fprintf(&text, "%s in %s\n", words.Count(result.APICalls, "API call"), words.Elapsed(time.Duration(result.DurationMS)*time.Millisecond))
	}
	return text.String()
}

// isSweep reports whether a Job that did not fail was a sweep: only that has no
// Environment.
func isSweep(result job.Result) bool {
	return result.Environment == "" && (result.Status == job.Pruned || result.Status == job.Unchanged || result.Status == job.Planned)
}

// sweepTitle says what a sweep came to.
func sweepTitle(result job.Result) string {
	count := words.Count(len(result.RemovedPreviews), "preview")
	switch {
	case len(result.RemovedPreviews) == 0 && result.Status == job.Planned:
		return "No preview of " + clean(result.Service) + " would go"
	case len(result.RemovedPreviews) == 0:
		return "No preview of " + clean(result.Service) + " had to go"
	case result.Status == job.Planned:
		return fmt.Sprintf("%s of %s would go", count, clean(result.Service))
	default:
		return fmt.Sprintf("%s of %s removed", count, clean(result.Service))
	}
}

// removedPreviews says of each preview that was taken away why.
func removedPreviews(result job.Result) []string {
	lines := make([]string, len(result.RemovedPreviews))
	for i, one := range result.RemovedPreviews {
		lines[i] = one.Environment + ": " + WhyRemoved(one)
	}
	return lines
}

// WhyRemoved says why a preview was taken away.
func WhyRemoved(one job.RemovedPreview) string {
	switch one.Reason {
	case job.PullRequestClosed:
		return "its pull request is closed"
	case job.PreviewUntouched:
		return "nothing was deployed to it for longer than preview-ttl"
	case job.PreviewMadeRoom:
		return "it made room for another, and was the one deployed to longest ago"
	default:
		return string(one.Reason)
	}
}

// room tells which previews went for this one.
func (s *summary) room() {
	count := len(s.result.RemovedPreviews)
	if count == 0 {
		return
	}
	title := words.Count(count, "preview") + " removed"
	if s.result.Status == job.Planned {
		title = words.Count(count, "preview") + " would go"
	}
	list := part{rank: rankWarnings, noun: "removed preview", before: "🗑️ **" + title + "**\n\n"}
	for _, line := range removedPreviews(s.result) {
		list.items = append(list.items, "- "+s.prose(line)+"\n")
	}
	s.parts = append(s.parts, list)
}
