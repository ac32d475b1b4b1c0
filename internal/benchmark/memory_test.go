//go:build unix

package benchmark_test

import (
	"testing"
)

// BenchmarkLargeDeploy deploys 1,000 Assets of 1 MB: memory may grow with what
// is in flight, never with the project. The sandbox keeps them on disk.
func BenchmarkLargeDeploy(b *testing.B) {
	const (
		assets = 1000
		size   = 1 << 20
	)
	dir := writeProject(b, 0, assets, size)
	binary(b)
	for b.Loop() {
		served := startSandbox(b, "--data", b.TempDir(), "--build-time", "100ms")
		deployed := run(b, served.env, "deploy", dir, "--output", "json")
		built := served.buildTimes(b, 1)[0]
		checkResult(b, deployed.stdout, 0, assets)

		rate := float64(assets*size>>20) / (deployed.wall - built).Seconds()
		b.Logf("peak %.1f MB resident, ceiling %d MB; %.1f s, %.0f MB/s", megabytes(deployed.peakRSS), memoryCeiling>>20, deployed.wall.Seconds(), rate)
		b.ReportMetric(megabytes(deployed.peakRSS), "MB-peak")
		b.ReportMetric(rate, "MB/s")
		if deployed.peakRSS > memoryCeiling {
			b.Errorf("got a peak of %.1f MB resident, want at most %d MB", megabytes(deployed.peakRSS), memoryCeiling>>20)
		}
	}
	b.ReportMetric(0, "ns/op")
}
