package report

import (
	"strings"
	"unicode/utf8"
)

// noValue stands in cells that have none.
const noValue = "-"

// table sets rows below the names of their columns. Texts may be foreign.
func table(rows [][]cellOf) string {
	heads := make([]string, len(rows[0]))
	widths := make([]int, len(rows[0]))
	lines := make([][]string, len(rows))
	for i, row := range rows {
		lines[i] = make([]string, len(row))
		for at, one := range row {
			heads[at] = one.column
			lines[i][at] = clean(one.text)
			widths[at] = max(widths[at], utf8.RuneCountInString(lines[i][at]))
		}
	}
	var text strings.Builder
	for _, line := range append([][]string{heads}, lines...) {
		written := 0 // where the line ends
		due := 0     // where the next cell begins
		for at, cell := range line {
			if widths[at] == 0 {
				continue
			}
			if cell == "" {
				cell = noValue
			}
			text.WriteString(strings.Repeat(" ", due-written) + cell)
			written = due + utf8.RuneCountInString(cell)
			due += max(widths[at], len(heads[at])) + len("  ")
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// Table sets rows of texts, which may be foreign, below the names of their columns. A
// column in which no row has anything is left out.
func Table(columns []string, rows ...[]string) string {
	if len(rows) == 0 {
		return ""
	}
	cells := make([][]cellOf, len(rows))
	for i, row := range rows {
		for at, text := range row {
			cells[i] = append(cells[i], cellOf{column: columns[at], text: text})
		}
	}
	return table(cells)
}
