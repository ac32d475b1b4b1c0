package cli

import (
	"log/slog"

	"github.com/slipway-dev/slipway/internal/metrics"
	"github.com/slipway-dev/slipway/internal/server"
)

// newMetrics counts what a server does.
func newMetrics(logger *slog.Logger) *metrics.Metrics {
	build := thisBuild()
	return metrics.New(metrics.Config{Version: build.Version, Commit: build.Commit, Labels: metrics.Labels(server.WordsCounted()), Logger: logger})
}
