package pipeline_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestCallsDoNotGrowWithTheProject makes the same changes to a small project and to a
// large one, of more files than a page of a listing has: both cost the same calls.
func TestCallsDoNotGrowWithTheProject(t *testing.T) {
	t.Parallel()
	calls := map[int][][]string{}
	for _, size := range []int{1, 1200} {
		s := newSite(t, sandbox.Options{})
		project := func(more ...string) fstest.MapFS {
			files := tree(more...)
			for i := range size {
				files[fmt.Sprintf("functions/f%04d.js", i)] = text("exports.x = 1;")
			}
			return files
		}
		s.deploy(project())
		s.deploy(project())
		s.wantCalls(5, 0, 0, 0)
		calls[size] = append(calls[size], slices.Sorted(slices.Values(s.calls)))
		for i := range 2 {
			s.deploy(project("functions/hello.js", fmt.Sprintf("exports.handler = %d;", i)))
			s.wantCalls(12, 2, 0, 1) // the Manifest is the other one
			calls[size] = append(calls[size], slices.Sorted(slices.Values(s.calls)))
		}
	}
	if diff := cmp.Diff(calls[1], calls[1200]); diff != "" {
		t.Errorf("calls for 1 file more (-) and for 1,200 (+):\n%s", diff)
	}
}
