package report

import (
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/words"
)

const (
	// mostCompared bounds the lines that are shown of one source's difference, and
	// longestLine each of them, in bytes.
	mostCompared = 400
	longestLine  = 500
)

// The colours of a difference, as of git's.
const (
	bold, cyan, green, red, plain = "\x1b[1m", "\x1b[36m", "\x1b[32m", "\x1b[31m", "\x1b[m"
)

// Sources shows a person how the sources of Functions would change, each as a
// unified diff. hasAssets says that Assets change, too. What sources hold neither
// drives a terminal nor is a command to GitHub's runner.
func Sources(changes []deploy.SourceChange, hasAssets, isColoured bool) string {
	d := differences{isColoured: isColoured}
	for _, one := range changes {
		d.source(one)
	}
	switch {
	case hasAssets:
		d.text.WriteString("\nWhat changes within Assets cannot be shown: Twilio does not give them back.\n")
	case len(changes) == 0:
		d.text.WriteString("\nNo Function that is live would be updated.\n")
	}
	return d.text.String()
}

// differences gathers the text.
type differences struct {
	text       strings.Builder
	isColoured bool
	shown      int // lines of the source at hand
}

func (d *differences) line(colour, text string) {
	text = strings.ReplaceAll(broken(text), "##[", "## [")
	if d.isColoured && colour != "" {
		text = colour + text + plain
	}
	d.text.WriteString(text + "\n")
}

func (d *differences) source(change deploy.SourceChange) {
	path, name := clean(change.Path), clean(change.Name)
	d.text.WriteByte('\n')
	switch {
	case change.Lack != "":
		d.line(bold, path+" is not shown: "+clean(change.Lack))
		return
	case change.Live == change.Wanted:
		d.line(bold, path+" keeps its source")
		return
	}
	unified, err := udiff.ToUnifiedDiff(path, name, change.Live, udiff.Lines(change.Live, change.Wanted), udiff.DefaultContextLines)
	if err != nil { // the edits are the library's own
		d.line(bold, path+" is not shown: "+clean(err.Error()))
		return
	}
	d.line(bold, "--- "+path+" (live)")
	d.line(bold, "+++ "+name)
	d.shown = 0
	rest := 0
	for _, hunk := range unified.Hunks {
		if d.shown < mostCompared {
			d.line(cyan, place(hunk))
		}
		for _, line := range hunk.Lines {
			if d.shown >= mostCompared {
				rest++
				continue
			}
			d.shown++
			d.compared(line)
		}
	}
	if rest > 0 {
		d.line("", "… and "+words.Count(rest, "line")+" more")
	}
}

// place is where in both sources a hunk is, as "@@ -1,3 +1,4 @@".
func place(hunk *udiff.Hunk) string {
	before, after := 0, 0
	for _, line := range hunk.Lines {
		if line.Kind != udiff.Insert {
			before++
		}
		if line.Kind != udiff.Delete {
			after++
		}
	}
	at := func(first, count int) string {
		if count == 0 { // of nothing the line before counts
			first--
		}
		return fmt.Sprintf("%d,%d", first, count)
	}
	return fmt.Sprintf("@@ -%s +%s @@", at(hunk.FromLine, before), at(hunk.ToLine, after))
}

func (d *differences) compared(line udiff.Line) {
	mark, colour := " ", ""
	switch line.Kind {
	case udiff.Insert:
		mark, colour = "+", green
	case udiff.Delete:
		mark, colour = "-", red
	case udiff.Equal:
	}
	content, hasEnd := strings.CutSuffix(line.Content, "\n")
	content, hasReturn := strings.CutSuffix(content, "\r")
	kept, rest := clip(content, longestLine)
	columns := strings.Split(kept, "\t") // which clean would make spaces
	for i := range columns {
		columns[i] = clean(columns[i])
	}
	text := mark + strings.Join(columns, "\t") + rest
	if hasReturn && line.Kind != udiff.Equal {
		text += "␍"
	}
	d.line(colour, text)
	if !hasEnd {
		d.line("", `\ No newline at end of file`)
	}
}
