package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/words"
)

// Checkup shows a person what was looked at, and what to do.
func Checkup(checkup doctor.Checkup) string {
	widest := 0
	for _, one := range checkup.Checks {
		widest = max(widest, len(one.Name))
	}
	var text strings.Builder
	counts := make(map[doctor.Status]int)
	for _, one := range checkup.Checks {
		counts[one.Status]++
		lines := strings.Split(one.Message, "\n")
		if one.Fix != "" {
			lines = append(lines, one.Fix)
		}
		fmt.Fprintf(&text, "%-7s  %-*s  %s\n", one.Status, widest, one.Name, clean(lines[0]))
		for _, line := range lines[1:] {
			fmt.Fprintf(&text, "%-7s  %-*s  %s\n", "", widest, "", clean(line))
		}
	}
	text.WriteString("\n")
	switch checkup.Status {
	case doctor.Failed:
		fmt.Fprintf(&text, "%s failed", words.Count(counts[doctor.Failed], "check"))
		if warnings := counts[doctor.Warning]; warnings > 0 {
			text.WriteString(", " + words.Count(warnings, "warning"))
		}
		text.WriteString("\n")
	case doctor.Warning:
		text.WriteString(words.Count(counts[doctor.Warning], "warning") + "\n")
	default:
		text.WriteString("All is well.\n")
	}
	return text.String()
}

// SandboxCommand is the command line of a sandbox that behaves as was found.
func SandboxCommand(found doctor.Surveyed) string {
	var text strings.Builder
	text.WriteString("slipway sandbox")
	for _, one := range found.Findings {
		if one.Position == doctor.On {
			text.WriteString(" --switch " + one.Switch)
		}
	}
	return text.String()
}

// Survey shows a person what was found about the API.
func Survey(found doctor.Surveyed) string {
	var text strings.Builder
	var rows [][]cellOf
	for _, one := range found.Findings {
		if one.Position == doctor.Open {
			continue
		}
		seen := make([]string, len(one.Seen))
		for i, sight := range one.Seen {
			seen[i] = sight.String()
		}
		rows = append(rows, []cellOf{{"SWITCH", one.Switch}, {"POSITION", string(one.Position)}, {"SEEN", strings.Join(seen, "; ")}})
	}
	if len(rows) > 0 {
		text.WriteString(table(rows))
	}
	meanings(&text, found, doctor.On, "Other than the sandbox does by default:")
	meanings(&text, found, doctor.Neither, "Neither of the two ways that the sandbox knows; please report it:")
	meanings(&text, found, doctor.Open, "Open:")
	if len(found.Notes) > 0 {
		text.WriteString("\nBeside the switches:\n")
	}
	for _, note := range found.Notes {
		said := note.Seen
		if note.Seen != "" && note.Open != "" {
			said += "; "
		}
		if note.Open != "" {
			said += "open: " + note.Open
		}
		fmt.Fprintf(&text, "  %s: %s\n", clean(note.About), clean(said))
	}
	fmt.Fprintf(&text, "\n%s in %s. ", words.Count(found.APICalls, "API call"), words.Elapsed(time.Duration(found.DurationMS)*time.Millisecond))
	if len(found.Left) == 0 {
		fmt.Fprintf(&text, "The throwaway Service %s was deleted.\n", clean(found.Service))
	} else {
		fmt.Fprintf(&text, "STILL THERE: %s\n", clean(strings.Join(found.Left, ", ")))
	}
	fmt.Fprintf(&text, "\nA sandbox that behaves like this account:\n\n  %s\n", SandboxCommand(found))
	return text.String()
}

// meanings lists the facts that are at a position.
func meanings(text *strings.Builder, found doctor.Surveyed, at doctor.Position, title string) {
	for _, one := range found.Findings {
		if one.Position != at {
			continue
		}
		if title != "" {
			fmt.Fprintf(text, "\n%s\n", title)
			title = ""
		}
		said := one.Meaning
		if one.Position == doctor.Open {
			said = one.Why
		}
		fmt.Fprintf(text, "  %s: %s\n", one.Switch, clean(said))
	}
}
