package cli_test

import (
	"io"
	"syscall"
	"testing"

	"github.com/slipway-dev/slipway/internal/cli"
)

// unread is a pipe that nobody reads any more.
type unread struct{}

func (unread) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// TestPlanForNobody has the exit code tell of changes all the same.
func TestPlanForNobody(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"text", "json"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			got := cli.Main(t.Context(), cli.Env{
				Args:   []string{"plan", "--sandbox", "--detailed-exitcode", "--output", form, "../../testdata/projects/hello"},
				Getenv: func(string) string { return "" }, Environ: func() []string { return nil }, Stdout: unread{}, Stderr: io.Discard,
			})
			if got != 2 {
				t.Errorf("got exit code %d, want 2", got)
			}
		})
	}
}
