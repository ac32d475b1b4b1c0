package cli

import (
	"bytes"
	"strings"
	"testing"
)

// TestCompletionsGoToTheGivenStream wants the scripts where the results of all commands go.
func TestCompletionsGoToTheGivenStream(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "fish", "powershell", "zsh"} {
		var stdout, stderr bytes.Buffer
		code := Main(t.Context(), Env{
			Args: []string{"completion", shell}, Getenv: func(string) string { return "" }, Stdout: &stdout, Stderr: &stderr,
		})
		if code != 0 || stderr.Len() > 0 || !strings.Contains(stdout.String(), "slipway") {
			t.Errorf("completion %s: exit code %d, %d bytes on stdout, and on stderr %q", shell, code, stdout.Len(), stderr.String())
		}
	}
}
