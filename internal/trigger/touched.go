package trigger

import (
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/rules"
)

// Touched reports whether changed files, by their paths from the root of the
// repository, concern a service: one of them lies in its folder or fits one of its
// patterns of watch, or is the file with the rules. A pattern that a folder fits
// stands for all in it. Of an incomplete list nobody knows, so it concerns all.
func Touched(file *rules.File, service rules.Service, changed []string, isComplete bool) bool {
	if !isComplete {
		return true
	}
	patterns := slices.Clone(service.Watch)
	for _, pattern := range service.Watch {
		patterns = append(patterns, pattern+"/**")
	}
	watched := rules.Compile(patterns)
	return slices.ContainsFunc(changed, func(name string) bool {
		return name == file.Path || isWithin(service.Path, name) || watched.Match(name)
	})
}

// isWithin reports whether a file lies in a folder.
func isWithin(folder, name string) bool {
	return folder == "." || name == folder || strings.HasPrefix(name, folder+"/")
}
