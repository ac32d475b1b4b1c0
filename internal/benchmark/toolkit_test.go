//go:build unix

package benchmark_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// toolkit is twilio-run, led to a sandbox.
type toolkit struct {
	node    string // the program
	script  string // of twilio-run
	preload string // leads its connections to the sandbox
}

// theToolkit skips a benchmark where node or npm is missing.
func theToolkit(b *testing.B) toolkit {
	b.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skipf("%s is not on PATH: twilio-run, with which Slipway is compared, needs node and npm", program)
		}
	}
	installed, err := installToolkit()
	if err != nil {
		b.Fatalf("install twilio-run: %v", err)
	}
	return installed
}

// installToolkit installs the twilio-run that internal/foreign tests the sandbox with,
// and takes the file that leads it there from docs/sandbox.md.
var installToolkit = sync.OnceValues(func() (toolkit, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return toolkit{}, err
	}
	dir := filepath.Join(folder, "toolkit")
	installed := toolkit{
		node:    node,
		script:  filepath.Join(dir, "node_modules", "twilio-run", "bin", "twilio-run.js"),
		preload: filepath.Join(dir, "to-sandbox.cjs"),
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "sandbox.md"))
	if err != nil {
		return installed, err
	}
	_, source, _ := strings.Cut(string(page), "Save this as `to-sandbox.cjs`")
	_, source, _ = strings.Cut(source, "```js\n")
	source, _, found := strings.Cut(source, "```\n")
	if !found {
		return installed, errors.New("docs/sandbox.md has no to-sandbox.cjs")
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return installed, err
	}
	if err := os.WriteFile(installed.preload, []byte(source), 0o644); err != nil {
		return installed, err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := os.ReadFile(filepath.Join("..", "foreign", "testdata", "node", name))
		if err != nil {
			return installed, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return installed, err
		}
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
	npm.Dir = dir
	if printed, err := npm.CombinedOutput(); err != nil {
		return installed, fmt.Errorf("%s: %w\n%s", npm, err, printed)
	}
	return installed, nil
})

// deploy deploys a folder as a person would who has twilio-run.
func (t toolkit) deploy(b *testing.B, served *sandbox, dir string) finished {
	b.Helper()
	command := exec.Command(t.node, t.script, "deploy", "--force", "--runtime", "node22", "--service-name", "benchmark",
		"--username", served.setting("TWILIO_ACCOUNT_SID"), "--password", served.setting("TWILIO_AUTH_TOKEN"))
	command.Dir = dir
	command.Env = append([]string{"HOME=" + folder, "PATH=" + os.Getenv("PATH"), "NODE_OPTIONS=--require " + t.preload}, served.env...)
	return toItsEnd(b, command)
}
