package cli_test

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-dev/slipway/internal/cli"
)

// tidy writes a stream without what differs from run to run to a file, for cmp:
// tidy stdout got.
func tidy(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: tidy stdout|stderr file")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(cli.Tidied(ts.ReadFile(args[0]))), 0o666))
}
