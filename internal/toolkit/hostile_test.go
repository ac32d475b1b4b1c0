package toolkit_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/toolkit"
)

// TestReadOfHostileFilesCostsLittle holds what a file can cost to its size: none
// may keep a deploy busy, or fill a log.
func TestReadOfHostileFilesCostsLittle(t *testing.T) { //nolint:paralleltest // it counts allocations.
	const size = 1 << 16
	repeat := func(before, part, after string) string {
		return before + strings.Repeat(part, (size-len(before)-len(after))/len(part)) + after
	}
	tests := map[string]struct{ file, source string }{
		"numbers":     {rc, repeat("{a:[", "1,", "]}")},
		"names":       {rc, repeat("{", "a:1,", "}")},
		"sections":    {rc, repeat("{environments:{", "a:1,", "}}")},
		"in sections": {rc, repeat("{environments:{a:{", "b:1,", "}}}")},
		"accounts":    {rc, repeat("{projects:{", "a:{},", "}}")},
		"credentials": {rc, repeat("{", "password:1,", "}")},
		"a long text": {rc, repeat("{runtime:'", "a", "'}")},
		"a long name": {rc, repeat("{", "a", ":1}")},
		"entries":     {info, repeat("{", `"a":{serviceSid:"`+service+`",latestBuild:"`+build+`"},`, "}")},
		"lists":       {rc + ".yml", repeat("", "[", "")},
		"merges":      {rc + ".yml", repeat("a: &a {b: 1, c: 1, d: 1}\ne: {", "<<: *a,", "}")},
		"references":  {rc + ".yml", repeat("a: &a {b: 1}\ne: [", "*a,", "]")},
		"YAML names":  {rc + ".yml", repeat("", "\n", "a: 1")},
	}
	for name, test := range tests { //nolint:paralleltest // as above.
		t.Run(name, func(t *testing.T) {
			files := tree(map[string]string{test.file: test.source})
			question := toolkit.Question{Folder: ".", Values: values(map[string]string{config.AccountSID: account})}
			var told []string
			allocations := testing.AllocsPerRun(1, func() { told = shown(toolkit.Read(files, question)) })
			if most := 2.0 * size; allocations > most {
				t.Errorf("it took %.0f allocations, more than %.0f", allocations, most)
			}
			if most := 4 << 10; len(strings.Join(told, "\n")) > most {
				t.Errorf("it is told in %d lines of %d bytes, more than %d", len(told), len(strings.Join(told, "\n")), most)
			}
		})
	}
}
