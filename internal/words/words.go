// Package words puts numbers into words, names into lists and commits into few
// digits, the same way wherever Slipway speaks to people, and finds the word that
// somebody meant.
// Level 0: it imports nothing of the project.
package words

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Count puts a number before a noun whose plural ends in s: "1 file",
// "2 files".
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// mostNames is how many names are told one by one.
const mostNames = 20

// Names lists names that others have chosen: "A, B, C". One that is not all
// printable is quoted, and those beyond the first 20 are counted.
func Names(names []string) string {
	told := slices.Clone(names[:min(len(names), mostNames)])
	for i, name := range told {
		if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			told[i] = strconv.QuoteToGraphic(name)
		}
	}
	list := strings.Join(told, ", ")
	if rest := len(names) - len(told); rest > 0 {
		list += fmt.Sprintf(" and %d more", rest)
	}
	return list
}

// Size puts a number of bytes into words, with units of 1,024: "12 bytes",
// "1.5 KB", "25.0 MB".
func Size(bytes int64) string {
	if bytes < 1<<10 {
		return Count(int(bytes), "byte")
	}
	value, unit := float64(bytes)/(1<<10), "KB"
	for _, larger := range []string{"MB", "GB"} {
		if value < 1<<10 {
			break
		}
		value, unit = value/(1<<10), larger
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}

// Elapsed puts the length of something that a person waits for into words:
// "0.4s", "12.3s", "2m05s".
func Elapsed(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	seconds := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%dm%02ds", seconds/60, seconds%60)
}

// Age puts a long time into the largest unit that fits: "3 days", "1 hour".
func Age(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return Count(int(d/(24*time.Hour)), "day")
	case d >= time.Hour:
		return Count(int(d/time.Hour), "hour")
	case d >= time.Minute:
		return Count(int(d/time.Minute), "minute")
	default:
		return Count(max(0, int(d/time.Second)), "second")
	}
}

// Commit is a commit's SHA as git shows it; what is none stays as it is.
func Commit(sha string) string {
	const short = 7
	if len(sha) > short && strings.Trim(sha, "0123456789abcdef") == "" {
		return sha[:short]
	}
	return sha
}
