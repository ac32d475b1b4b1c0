package cli

import (
	"encoding/json"
	"errors"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/report"
)

func TestUpTo(t *testing.T) {
	t.Parallel()
	failure := errors.New("no more")
	for most, want := range map[int]int{0: 2, 1: 1, 2: 2, 3: 2} {
		asked, got := 0, 0
		items := func(yield func(int, error) bool) {
			for i := range 2 {
				if asked++; !yield(i, nil) {
					return
				}
			}
			yield(0, failure)
		}
		var err error
		for _, err = range upTo(most, items) {
			if err == nil {
				got++
			}
		}
		if got != want || asked != want || (err != nil) != (most == 0 || most > want) {
			t.Errorf("up to %d: got %d of %d with error %v, want %d", most, got, asked, err, want)
		}
	}
}

func TestPageHasTheFieldsOfEntries(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal(report.LogLine{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range regexp.MustCompile(`"([a-z_]+)":`).FindAllSubmatch(encoded, -1) {
		want = append(want, code(string(name[1])))
	}
	section := regexp.MustCompile("(?s)with its (`version`: .*?)\\.\n").FindStringSubmatch(page(t, commandsPage))
	if section == nil {
		t.Fatalf("%s does not tell the fields", commandsPage)
	}
	if diff := cmp.Diff(regexp.MustCompile("`[a-z_]+`").FindAllString(section[1], -1), want); diff != "" {
		t.Errorf("%s (-) differs from the fields (+):\n%s", commandsPage, diff)
	}
}

func TestLogsAskedReadsNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		asked          logsAsked
		most, pageSize int
	}{
		"all":           {logsAsked{}, 0, logPage},
		"few":           {logsAsked{limit: 10}, 110, 110},
		"many":          {logsAsked{limit: 5000}, 5100, logPage},
		"few of a tail": {logsAsked{limit: 10, tail: true}, 0, logPage},
	} {
		query, err := test.asked.query(nil)
		if got := test.asked.most(); err != nil || got != test.most || query.PageSize != test.pageSize {
			t.Errorf("%s: at most %d in pages of %d with error %v, want %d of %d", name, got, query.PageSize, err, test.most, test.pageSize)
		}
	}
}
