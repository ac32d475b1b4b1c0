package project

import (
	"testing"

	"github.com/slipway-dev/slipway/internal/npm"
)

func TestChooseRuntime(t *testing.T) {
	t.Parallel()
	const neither = ", which neither node22 nor node24 satisfies. Widen the range, or set runtime to node22 (--runtime node22)."
	tests := []struct {
		wanted, engines    string
		want               string
		warning, wantError string
	}{
		{"", "", "node22", "", ""},
		{"", ">=18", "node22", "", ""},
		{"", ">=22.10", "node22", "", ""},
		{"", "^22.5.0", "node22", "", ""},
		{"", "20 || 22", "node22", "", ""},
		{"", ">22", "node24", "", ""},
		{"", "24.x", "node24", "", ""},
		{"", ">=20 <22 || >=24.1", "node24", "", ""},
		{"", "^18", "", "", `package.json:7: engines.node is "^18"` + neither},
		{"", ">=26", "", "", `package.json:7: engines.node is ">=26"` + neither},
		{
			"", "lts/*", "node22",
			`package.json:7: engines.node is "lts/*", which is not a range of versions, so node22 is used. Write a range such as ">=22", or choose a runtime.`, "",
		},
		{"node22", "", "node22", "", ""},
		{"node22", ">=22.5", "node22", "", ""},
		{"node26", "", "node26", "", ""},
		{"latest", ">=18", "latest", "", ""},
		{"node22", "lts/*", "node22", "", ""},
		{
			"node22", ">=24", "node22",
			`package.json:7: runtime is "node22", but engines.node is ">=24". Let one follow the other.`, "",
		},
		{"nodejs22", "", "", "", `runtime is "nodejs22", which is not a runtime of Twilio. Use one such as "node22".`},
		{"node", "", "", "", `runtime is "node", which is not a runtime of Twilio. Use one such as "node22".`},
		{"node-22", "", "", "", `runtime is "node-22", which is not a runtime of Twilio. Use one such as "node22".`},
		{"22", "", "", "", `runtime is "22", which is not a runtime of Twilio. Use one such as "node22".`},
		{"node99999", "", "", "", `runtime is "node99999", which is not a runtime of Twilio. Use one such as "node22".`},
	}
	for _, test := range tests {
		pkg := &npm.Package{File: "package.json", NodeRange: test.engines, NodeRangeLine: 7}
		got, warnings, err := chooseRuntime(Options{Runtime: test.wanted}, pkg)
		gotError := ""
		if err != nil {
			gotError = err.Error()
		}
		if got != test.want || warnings.Error() != test.warning || gotError != test.wantError {
			t.Errorf("runtime %q, engines %q: got %q, warning %q, error %q; want %q, %q, %q",
				test.wanted, test.engines, got, warnings.Error(), gotError, test.want, test.warning, test.wantError)
		}
	}
}
