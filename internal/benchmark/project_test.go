//go:build unix

package benchmark_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// writeProject makes a project whose files all differ, and returns its folder.
func writeProject(b *testing.B, functions, assets, size int) string {
	b.Helper()
	dir := b.TempDir()
	write(b, filepath.Join(dir, "package.json"), []byte(`{"name": "benchmark", "version": "1.0.0"}`))
	const head = "exports.handler = (context, event, callback) => callback(null, 'ok');\n// "
	for i := range functions {
		write(b, filepath.Join(dir, "functions", fmt.Sprintf("f%04d.js", i)), append([]byte(head), text(uint64(i), size-len(head))...))
	}
	for i := range assets {
		write(b, filepath.Join(dir, "assets", fmt.Sprintf("a%04d.txt", i)), text(uint64(functions+i), size))
	}
	return dir
}

func write(b *testing.B, file string, content []byte) {
	b.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		b.Fatal(err)
	}
}

// text is made of letters that a seed draws.
func text(seed uint64, size int) []byte {
	random := rand.NewPCG(seed, seed)
	content := make([]byte, size+7)
	for i := 0; i < size; i += 8 {
		for j, bits := 0, random.Uint64(); j < 8; j, bits = j+1, bits>>8 {
			content[i+j] = 'a' + byte(bits)&15
		}
	}
	return content[:size]
}
