//go:build unix

package benchmark_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What is promised. docs/performance.md says the same.
const (
	// Of what `twilio-run deploy --force` takes.
	firstDeployRatio    = 0.45
	oneFileRatio        = 0.4
	nothingChangedRatio = 1.0 / 15
	memoryRatio         = 0.25

	firstDeployCeiling = 2200 * time.Millisecond // less the Build
	fiftyAtOnceCeiling = 1700 * time.Millisecond // the same, with --concurrency 50

	noticeCeiling     = 350 * time.Millisecond // from the end of a Build
	mostLooks         = 2                      // at a Build, a second
	limitRatio        = 1.3                    // of what the best fixed concurrency takes
	mostRefused       = 0.05                   // of the calls
	nothingCalls      = 5
	oneFileCalls      = 12 // and looks at the Build
	memoryCeiling     = 64 << 20
	startCeiling      = 20 * time.Millisecond
	actionCeiling     = 50 * time.Millisecond
	binarySizeCeiling = 30 << 20

	// Of the webhook server.
	storedRatio     = 0.6 // of what bare inserts take, at least
	ignoredRatio    = 0.8 // of what is looked at for its signature alone, at least
	storedCeiling   = 50 * time.Millisecond
	idleCeiling     = 60 << 20
	queuedRatio     = 2.0 // of what storing takes with 10 queued
	pickUpCeiling   = 10 * time.Millisecond
	overviewCeiling = 100 * time.Millisecond
)

// TestPageHasTheCeilings holds the tables of docs/performance.md to what the benchmarks
// hold Slipway to.
func TestPageHasTheCeilings(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]string{} // the last one of a row by the first
	for line := range strings.Lines(string(text)) {
		row := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		cells[strings.TrimSpace(row[0])] = strings.TrimSpace(row[len(row)-1])
	}
	for figure, want := range map[string]string{
		"First deploy, `--concurrency 50`, less the Build": fmt.Sprint(firstDeployRatio),
		"One file changed, less the Build":                 fmt.Sprint(oneFileRatio),
		"Nothing changed, in all":                          fmt.Sprintf("%.3f", nothingChangedRatio),
		"Peak memory, first deploy":                        fmt.Sprint(memoryRatio),
		"Peak memory, one file changed":                    fmt.Sprint(memoryRatio),
		"Peak memory, nothing changed":                     fmt.Sprint(memoryRatio),

		"First deploy, less the Build":                                    fmt.Sprintf("%d ms", firstDeployCeiling.Milliseconds()),
		"The same with `--concurrency 50`":                                fmt.Sprintf("%d ms", fiftyAtOnceCeiling.Milliseconds()),
		"The end of a Build is noticed after":                             fmt.Sprintf("%d ms", noticeCeiling.Milliseconds()),
		"Looks at a Build":                                                fmt.Sprintf("%d a second", mostLooks),
		"At most 10 requests at once: time, of the best fixed one's":      fmt.Sprint(limitRatio),
		"At most 10 requests at once: calls refused":                      fmt.Sprintf("%.0f %%", 100*mostRefused),
		"At most 100 requests at once: time, of the best fixed one's":     fmt.Sprint(limitRatio),
		"At most 100 requests at once: calls refused":                     fmt.Sprintf("%.0f %%", 100*mostRefused),
		"2,500 Functions, 60 Builds, nothing changed: calls":              strconv.Itoa(nothingCalls),
		"2,500 Functions, 60 Builds, nothing changed: peak memory":        fmt.Sprintf("%d MB", memoryCeiling>>20),
		"2,500 Functions, 60 Builds, one file changed: calls":             fmt.Sprintf("%d, and looks at the Build", oneFileCalls),
		"2,500 Functions, 60 Builds, one file changed: peak memory":       fmt.Sprintf("%d MB", memoryCeiling>>20),
		"1,000 Assets of 1 MB: peak memory":                               fmt.Sprintf("%d MB", memoryCeiling>>20),
		"Start of the binary (`slipway version`)":                         fmt.Sprintf("%d ms", startCeiling.Milliseconds()),
		"Start of the Action, to its complaint about missing credentials": fmt.Sprintf("%d ms", actionCeiling.Milliseconds()),
		"Size of the binary":                                              fmt.Sprintf("%d MB", binarySizeCeiling>>20),

		"Deliveries stored a second, of bare inserts":                    fmt.Sprintf("at least %.1f", storedRatio),
		"Events ignored a second, of a server that verifies and no more": fmt.Sprintf("at least %.1f", ignoredRatio),
		"99 % of Deliveries are stored within, at half of that load":     fmt.Sprintf("%d ms", storedCeiling.Milliseconds()),
		"1,000 Jobs queued: time to store, of that with 10":              fmt.Sprintf("%.0f", queuedRatio),
		"100,000 Jobs queued on 10,000 Targets: the same":                fmt.Sprintf("%.0f", queuedRatio),
		"10 Jobs queued: the next begins behind the one before":          fmt.Sprintf("%d ms", pickUpCeiling.Milliseconds()),
		"1,000 Jobs queued: the same":                                    fmt.Sprintf("%d ms", pickUpCeiling.Milliseconds()),
		"100,000 Jobs queued on 10,000 Targets: the next begins":         fmt.Sprintf("%d ms", pickUpCeiling.Milliseconds()),
		"Memory of an idle server, started":                              fmt.Sprintf("%d MB", idleCeiling>>20),
		"Memory of an idle server, behind 1,000 Deliveries":              fmt.Sprintf("%d MB", idleCeiling>>20),
		"Overview of 10,000 Jobs that have ended":                        fmt.Sprintf("%d ms", overviewCeiling.Milliseconds()),
	} {
		if got, found := cells[figure]; !found || got != want {
			t.Errorf("docs/performance.md has %q for the ceiling of %q, want %q", got, figure, want)
		}
	}
}
