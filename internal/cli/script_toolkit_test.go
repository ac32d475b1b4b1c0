package cli_test

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// serviceSID puts a Service's SID into a variable: service voice VOICE.
func serviceSID(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: service name VARIABLE")
	}
	for _, service := range on.sandbox.Snapshot().Services {
		if service.UniqueName == args[0] {
			ts.Setenv(args[1], service.SID)
			return
		}
	}
	ts.Fatalf("there is no Service %s", args[0])
}

// edit changes a script, so that it has to be deployed again: edit hello.js.
func edit(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: edit file")
	}
	file := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(file, []byte(ts.ReadFile(file)+"// edited\n"), 0o600))
}

// fill puts the values of variables into a file that names them:
// fill .twiliodeployinfo VOICE.
func fill(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: fill file VARIABLE...")
	}
	file := ts.MkAbs(args[0])
	text := ts.ReadFile(file)
	for _, name := range args[1:] {
		value := ts.Getenv(name)
		if value == "" || !strings.Contains(text, name) {
			ts.Fatalf("%s is not set, or not in %s", name, args[0])
		}
		text = strings.ReplaceAll(text, name, value)
	}
	ts.Check(os.WriteFile(file, []byte(text), 0o600))
}
