package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/words"
)

// rank says which parts of a document stay when there is no room for all: the
// lowest first.
type rank int

// The ranks. What fits in a few lines comes before what can be long; what is
// folded goes first, and shares the room that there is.
const (
	rankHeading rank = iota
	rankOutcome
	rankHint
	rankState
	rankDetails
	rankProblems
	rankWarnings
	rankFolded
)

// part is a piece of a document that can be cut between its items.
type part struct {
	rank rank
	// noun is what one item is; its plural ends in s.
	noun string
	// folded is the line to unfold the part with, in HTML. Empty means that the
	// part is always seen.
	folded string
	// before and after stand around the items: a table's head, a fence.
	before, after string
	// items are whole lines.
	items []string
}

// render writes the part with its first kept items; with none it is empty.
func (p *part) render(kept int) string {
	if kept == 0 {
		return ""
	}
	var text strings.Builder
	if p.folded != "" {
		text.WriteString("<details>\n<summary>" + p.folded + "</summary>\n\n")
	}
	text.WriteString(p.before)
	for _, item := range p.items[:kept] {
		text.WriteString(item)
	}
	text.WriteString(p.after)
	if rest := len(p.items) - kept; rest > 0 {
		fmt.Fprintf(&text, "\n… and %d more\n", rest)
	}
	if p.folded != "" {
		text.WriteString("\n</details>\n")
	}
	return text.String()
}

// most is how many items the part can keep in room bytes.
func (p *part) most(room int) int {
	if len(p.render(len(p.items))) <= room {
		return len(p.items)
	}
	if len(p.items) == 1 {
		return 0
	}
	// With one item less left out, its length and that of the count change; so
	// this is measured with the longest count.
	room -= len(p.render(1)) - len(p.items[0])
	kept := 0
	for _, item := range p.items[:len(p.items)-1] {
		if room -= len(item); room < 0 {
			break
		}
		kept++
	}
	return kept
}

// fit joins parts to a document of at most most bytes. When it has to leave
// items out, it ends with a line that says how many of which. parts[0] is its
// heading.
func fit(parts []part, most int) string {
	kept := make([]int, len(parts))
	for i := range parts {
		kept[i] = len(parts[i].items)
	}
	if text := join(parts, kept, ""); len(text) <= most {
		return text
	}
	// In little room the heading matters more than what exactly is missing.
	for _, note := range []func([]int) string{
		func(kept []int) string { return leftOut(parts, kept) },
		func([]int) string { return cutShort },
	} {
		longest := note(make([]int, len(parts)))
		if kept = choose(parts, most-len(longest)); kept[0] > 0 {
			return join(parts, kept, note(kept))
		}
	}
	if len(cutShort) <= most {
		return cutShort
	}
	return ""
}

// choose gives room to parts by their rank and returns how many items of each
// have a place.
func choose(parts []part, room int) []int {
	order, size := make([]int, len(parts)), make([]int, len(parts))
	folded := 0
	for i := range order {
		order[i] = i
		if parts[i].rank == rankFolded {
			size[i] = len(parts[i].items)
			folded++
		}
	}
	// Of equals the shorter one comes first, as it leaves some of its share.
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(parts[a].rank, parts[b].rank), cmp.Compare(size[a], size[b]))
	})
	kept := make([]int, len(parts))
	for _, i := range order {
		const blankLine = 1
		share := room - blankLine
		if parts[i].rank == rankFolded {
			share = room/folded - blankLine
			folded--
		}
		if kept[i] = parts[i].most(share); kept[i] > 0 {
			room -= len(parts[i].render(kept[i])) + blankLine
		}
	}
	return kept
}

func join(parts []part, kept []int, note string) string {
	var blocks []string
	for i := range parts {
		if text := parts[i].render(kept[i]); text != "" {
			blocks = append(blocks, text)
		}
	}
	if note != "" {
		blocks = append(blocks, note)
	}
	return strings.Join(blocks, "\n")
}

// cutShort is what leftOut says when there is no room for more.
const cutShort = "_Cut to fit._\n"

// leftOut says what a document lacks. It is longest when nothing is kept.
func leftOut(parts []part, kept []int) string {
	var missing []string
	for i, p := range parts {
		switch rest := len(p.items) - kept[i]; {
		case rest == 0:
		case len(p.items) == 1 && p.folded == "":
			missing = append(missing, "the "+p.noun)
		default:
			missing = append(missing, fmt.Sprintf("%d of %s", rest, words.Count(len(p.items), p.noun)))
		}
	}
	return "_Cut to fit. Left out: " + strings.Join(missing, ", ") + "._\n"
}
