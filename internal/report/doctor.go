package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

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

// screen is how many columns a terminal has, if nobody made it wider.
const screen = 80

// Survey shows a person what was found about the API: where each switch stands,
// and the whole of what was seen where that matters. The document has it for all.
func Survey(found doctor.Surveyed) string {
	var text strings.Builder
	text.WriteString(positions(found.Findings))
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
		text.WriteString(wrapped(note.About+": "+said, 2))
	}
	fmt.Fprintf(&text, "\n%s in %s.\n", words.Count(found.APICalls, "API call"), words.Elapsed(time.Duration(found.DurationMS)*time.Millisecond))
	if len(found.Left) == 0 {
		text.WriteString(wrapped("The throwaway Service "+found.Service+" was deleted.", 0))
	} else {
		text.WriteString(wrapped("STILL THERE: "+strings.Join(found.Left, ", "), 0))
	}
	command := SandboxCommand(found)
	if utf8.RuneCountInString(command)+2 > screen {
		command = strings.ReplaceAll(command, " --switch ", " \\\n      --switch ")
	}
	asFar := ""
	if found.Error != nil {
		asFar = ", as far as was seen"
	}
	fmt.Fprintf(&text, "\nA sandbox that behaves like this account%s:\n\n  %s\n", asFar, command)
	return text.String()
}

// positions is the table of what is settled. It fits the screen.
func positions(findings []doctor.Finding) string {
	widest := 0
	for _, one := range findings {
		widest = max(widest, utf8.RuneCountInString(one.Switch))
	}
	room := screen - widest - len("  POSITION  ")
	var rows [][]cellOf
	for _, one := range findings {
		if one.Position == doctor.Open {
			continue
		}
		seen := make([]string, len(one.Seen))
		for i, sight := range one.Seen {
			seen[i] = sight.Answer()
		}
		answer := []rune(clean(strings.Join(seen, "; ")))
		if len(answer) > room {
			answer = append(answer[:room-1], '…')
		}
		rows = append(rows, []cellOf{{"SWITCH", one.Switch}, {"POSITION", string(one.Position)}, {"SEEN", string(answer)}})
	}
	if len(rows) == 0 {
		return ""
	}
	return table(rows)
}

// meanings lists the facts that are at a position, and what was seen of them.
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
		text.WriteString(wrapped(one.Switch+": "+said, 2))
		for _, sight := range one.Seen {
			text.WriteString(wrapped(sight.String(), 6))
		}
	}
}

// wrapped breaks a text between words, such that it fits the screen; its further
// lines are indented by two more. A word that does not fit stands alone.
func wrapped(text string, indent int) string {
	var lines strings.Builder
	column := 0
	for word := range strings.FieldsSeq(clean(text)) {
		width := utf8.RuneCountInString(word)
		switch {
		case column == 0:
			lines.WriteString(strings.Repeat(" ", indent))
			column = indent
		case column+1+width > screen:
			lines.WriteString("\n" + strings.Repeat(" ", indent+2))
			column = indent + 2
		default:
			lines.WriteByte(' ')
			column++
		}
		lines.WriteString(word)
		column += width
	}
	return lines.String() + "\n"
}
