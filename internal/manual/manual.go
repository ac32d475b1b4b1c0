// Package manual writes the commands of Slipway as pages for man(1), from what --help
// says of them. The pages are for the archives of a release; nothing of this is in the
// binary.
//
// cobra has a writer of its own, for which a command's text is Markdown. Ours is plain:
// lines that are indented stay as they are, and all others flow.
package manual

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Source is what the pages say of themselves.
type Source struct {
	// Version is the release's, such as v1.2.3.
	Version string
	// Date is the day of the pages, in UTC. It is given and not today's, so that what is
	// made of one commit is the same on every day.
	Date time.Time
}

// Pages returns a page for the command and for each below it, by the name of its file,
// such as slipway-deploy.1. Commands that --help does not list have none.
func Pages(command *cobra.Command, source Source) map[string]string {
	pages := map[string]string{fileName(command): page(command, source)}
	for _, below := range shown(command) {
		maps.Copy(pages, Pages(below, source))
	}
	return pages
}

// shown returns the commands right below one that --help lists, by name. The command
// help is none that needs a page.
func shown(command *cobra.Command) []*cobra.Command {
	var found []*cobra.Command
	for _, below := range command.Commands() {
		if below.IsAvailableCommand() && below.Name() != "help" {
			found = append(found, below)
		}
	}
	return slices.SortedFunc(slices.Values(found), func(a, b *cobra.Command) int { return cmp.Compare(a.Name(), b.Name()) })
}

func pageName(command *cobra.Command) string {
	return strings.ReplaceAll(command.CommandPath(), " ", "-")
}

func fileName(command *cobra.Command) string { return pageName(command) + ".1" }

func page(command *cobra.Command, source Source) string {
	// Cobra adds what it has in --help first then.
	command.InitDefaultHelpFlag()
	var page writer
	page.macro("TH", strings.ToUpper(pageName(command)), "1", source.Date.UTC().Format(time.DateOnly), "slipway "+source.Version, "Slipway")
	// No hyphenation and no justification: both would change what is to be typed.
	page.WriteString(".nh\n.ad l\n")
	page.section("name")
	page.line(escape(pageName(command)) + ` \- ` + escape(command.Short))
	page.section("synopsis")
	page.line(`\fB` + escape(command.CommandPath()) + `\fR` + escape(strings.TrimPrefix(command.UseLine(), command.CommandPath())))
	if len(shown(command)) > 0 {
		page.macro("br")
		page.line(`\fB` + escape(command.CommandPath()) + `\fR COMMAND`)
	}
	page.section("description")
	page.text(cmp.Or(command.Long, command.Short))
	if below := shown(command); len(below) > 0 {
		page.section("commands")
		for _, one := range below {
			page.macro("TP")
			page.line(`\fB` + escape(pageName(one)) + `\fR(1)`)
			page.line(escape(one.Short))
		}
	}
	page.flags("options", command.NonInheritedFlags())
	page.flags("options of all commands", command.InheritedFlags())
	if command.HasExample() {
		page.section("examples")
		page.text(command.Example)
	}
	if command.HasParent() {
		page.section("see also")
		page.line(`\fB` + escape(pageName(command.Parent())) + `\fR(1)`)
	}
	return page.String()
}

// writer collects a page in roff, in the macros of man(7).
type writer struct{ strings.Builder }

// line writes one that roff may not take for a request.
func (w *writer) line(escaped string) {
	if strings.HasPrefix(escaped, ".") || strings.HasPrefix(escaped, "'") {
		w.WriteString(`\&`)
	}
	w.WriteString(escaped + "\n")
}

func (w *writer) macro(name string, arguments ...string) {
	w.WriteString("." + name)
	for _, argument := range arguments {
		w.WriteString(` "` + strings.ReplaceAll(escape(argument), `"`, `\(dq`) + `"`)
	}
	w.WriteString("\n")
}

func (w *writer) section(title string) { w.macro("SH", strings.ToUpper(title)) }

// text writes paragraphs, which blank lines divide. One whose lines are all indented is
// shown as it is.
func (w *writer) text(text string) {
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			w.macro("PP")
		}
		lines := strings.Split(strings.Trim(paragraph, "\n"), "\n")
		if slices.ContainsFunc(lines, func(line string) bool { return !indent.MatchString(line) }) {
			for _, line := range lines {
				w.line(flowing(line))
			}
			continue
		}
		w.macro("RS", "2")
		w.macro("nf")
		for _, line := range lines {
			w.line(escape(indent.ReplaceAllLiteralString(line, "")))
		}
		w.macro("fi")
		w.macro("RE")
	}
}

// indent is what sets lines that are shown as they are apart: two spaces in our texts, a
// tab in cobra's of slipway completion.
var indent = regexp.MustCompile(`^(  |\t)`)

// flowing is a line that may be broken elsewhere. Cobra's texts have headings of
// Markdown, and nothing else of it.
func flowing(line string) string {
	if heading, found := strings.CutPrefix(line, "#### "); found {
		return `\fB` + escape(heading) + `\fR`
	}
	return escape(line)
}

func (w *writer) flags(title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	w.section(title)
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			return
		}
		kind, usage := pflag.UnquoteUsage(flag)
		name := `\fB` + escape("--"+flag.Name) + `\fR`
		if flag.Shorthand != "" {
			name = `\fB` + escape("-"+flag.Shorthand) + `\fR, ` + name
		}
		if kind != "" {
			name += ` \fI` + escape(kind) + `\fR`
		}
		w.macro("TP")
		w.line(name)
		w.line(escape(strings.ReplaceAll(usage, "\n", " ") + byDefault(flag)))
	})
}

// byDefault is what --help says of a flag's default: nothing where there is none.
func byDefault(flag *pflag.Flag) string {
	if slices.Contains([]string{"", "0", "0s", "false", "[]"}, flag.DefValue) {
		return ""
	}
	return fmt.Sprintf(" (default %s)", flag.DefValue)
}

// escape has roff print a text as it is: a backslash starts no escape, a hyphen is the
// one that can be copied into a shell, and what is not ASCII is named by its number, for
// a roff that reads bytes.
func escape(text string) string {
	var escaped strings.Builder
	for _, char := range text {
		switch {
		case char == '\\':
			escaped.WriteString(`\e`)
		case char == '-':
			escaped.WriteString(`\-`)
		case char > unicode.MaxASCII:
			fmt.Fprintf(&escaped, `\[u%04X]`, char)
		default:
			escaped.WriteRune(char)
		}
	}
	return escaped.String()
}
