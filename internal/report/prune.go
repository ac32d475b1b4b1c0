package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// Pruned tells a person what was removed, or would be, and what was kept and why.
func Pruned(pruned deploy.Pruned) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s (%s)\n", clean(pruned.Service), clean(string(pruned.ServiceSID)))
	prunedItems(&text, "Functions", pruned.Functions)
	prunedItems(&text, "Assets", pruned.Assets)
	prunedItems(&text, "Environments", pruned.Environments)
	fmt.Fprintf(&text, "\n%s\n", prunedTotal(pruned))
	fmt.Fprintf(&text, "%s and %s are held by Builds.\n", words.Count(pruned.FunctionsInBuilds, "Function"), words.Count(pruned.AssetsInBuilds, "Asset"))
	for _, note := range pruned.Notes {
		fmt.Fprintf(&text, "Note: %s\n", clean(note))
	}
	return text.String()
}

// prunedItems lists things with what became of them; what was kept comes last.
func prunedItems(text *strings.Builder, title string, items []deploy.PrunedItem) {
	if len(items) == 0 {
		return
	}
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(a, b deploy.PrunedItem) int { return rankOf(a.Outcome) - rankOf(b.Outcome) })
	shown := sorted[:min(len(sorted), mostListed)]
	widest := 0
	for _, item := range shown {
		widest = max(widest, utf8.RuneCountInString(clean(item.Name)))
	}
	fmt.Fprintf(text, "\n%s\n", title)
	for _, item := range shown {
		fmt.Fprintf(text, "  %-*s  %s  %s", widest, clean(item.Name), clean(item.SID), outcomeOf(item.Outcome))
		if item.Why != "" {
			why, rest := clip(clean(item.Why), mostOfWhy)
			text.WriteString(": " + why + rest)
		}
		if item.Variables > 0 && item.Outcome != deploy.PruneKept {
			text.WriteString(", with " + words.Count(item.Variables, "variable"))
		}
		text.WriteByte('\n')
	}
	if rest := len(sorted) - len(shown); rest > 0 {
		fmt.Fprintf(text, "  … and %d more\n", rest)
	}
}

// mostOfWhy bounds, in bytes, what is said of a thing that could not be removed.
const mostOfWhy = 300

// rankOf puts first what was done.
func rankOf(outcome deploy.PruneOutcome) int {
	return slices.Index([]deploy.PruneOutcome{deploy.PruneFailed, deploy.PruneRemoved, deploy.PruneToRemove, deploy.PruneKept}, outcome)
}

func outcomeOf(outcome deploy.PruneOutcome) string {
	if outcome == deploy.PruneToRemove {
		return "to remove"
	}
	return string(outcome)
}

// prunedTotal counts what became of all.
func prunedTotal(pruned deploy.Pruned) string {
	count := func(outcome deploy.PruneOutcome) (all int, named string) {
		var parts []string
		for _, list := range []struct {
			noun  string
			items []deploy.PrunedItem
		}{{"Function", pruned.Functions}, {"Asset", pruned.Assets}, {"Environment", pruned.Environments}} {
			number := 0
			for _, item := range list.items {
				if item.Outcome == outcome {
					number++
				}
			}
			if number > 0 {
				parts = append(parts, words.Count(number, list.noun))
			}
			all += number
		}
		if last := len(parts) - 1; last > 0 {
			parts = append(parts[:last-1], parts[last-1]+" and "+parts[last])
		}
		return all, strings.Join(parts, ", ")
	}
	var sentences []string
	for _, one := range []struct {
		outcome deploy.PruneOutcome
		said    string
	}{{deploy.PruneRemoved, "removed"}, {deploy.PruneToRemove, "to remove"}, {deploy.PruneFailed, "failed"}, {deploy.PruneKept, "kept"}} {
		if all, named := count(one.outcome); all > 0 {
			sentences = append(sentences, named+" "+one.said)
		}
	}
	isNothing := len(sentences) == 0
	switch said := strings.Join(sentences, "; "); {
	case isNothing:
		return "There is nothing to remove."
	case pruned.Status == job.Planned:
		return said + ". Nothing was removed."
	default:
		return said + "."
	}
}
