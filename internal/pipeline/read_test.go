package pipeline_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/pipeline"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// A file may give a setting without a line.
func TestRunTellsWhereTheServiceIsNamed(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{})
	for line, want := range map[int]string{0: " The Service is named in package.json.", 7: " The Service is named in package.json:7."} {
		asked := deployment()
		asked.Target.Service = "ZSffffffffffffffffffffffffffffffff"
		outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{
			Client: client, Source: tree(),
			Where: func(setting string) (string, int) {
				return map[string]string{config.Service: "package.json"}[setting], line
			},
		})
		if err == nil || !strings.HasSuffix(outcome.Result.Error.Message, want) {
			t.Errorf("got %v\nwant it to end with %q", outcome.Result.Error, want)
		}
	}
}
