//go:build unix

package benchmark_test

import (
	"os"
	"testing"
	"time"
)

// BenchmarkVersion starts the binary and lets it end: what every command costs
// before it does anything.
func BenchmarkVersion(b *testing.B) {
	const (
		runs    = 20
		ceiling = startCeiling
	)
	binary(b)
	for b.Loop() {
		var walls []time.Duration
		for range runs {
			walls = append(walls, run(b, nil, "version").wall)
		}
		middle := median(walls)
		b.Logf("median %s, ceiling %s", middle.Round(10*time.Microsecond), ceiling)
		b.ReportMetric(float64(middle.Microseconds())/1000, "ms-start")
		if middle > ceiling {
			b.Errorf("got a median of %s, want at most %s", middle, ceiling)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBinarySize weighs the static, stripped binary.
func BenchmarkBinarySize(b *testing.B) {
	const ceiling = binarySizeCeiling
	for b.Loop() {
		info, err := os.Stat(binary(b))
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%.2f MB, ceiling %d MB", megabytes(info.Size()), ceiling>>20)
		b.ReportMetric(megabytes(info.Size()), "MB-binary")
		if info.Size() > ceiling {
			b.Errorf("got %.2f MB, want at most %d MB", megabytes(info.Size()), ceiling>>20)
		}
	}
	b.ReportMetric(0, "ns/op")
}
