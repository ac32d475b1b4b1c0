package project

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
)

// Runtimes that Twilio builds on, the platform's default first (Twilio's
// changelog, 2025-11-10 and 2026-07-08).
const (
	defaultRuntime = "node22"
	newerRuntime   = "node24"
	// latestRuntime is not documented, but Twilio's own Flex tools send it.
	latestRuntime = "latest"
)

// chooseRuntime returns the runtime asked for, else one that suits
// engines.node. Twilio adds runtimes now and then, so any that looks like one
// is passed on; the platform has the last word.
func chooseRuntime(opts Options, pkg *npm.Package) (string, problem.List, error) {
	var problems, warnings problem.List
	wanted := opts.Runtime
	if wanted == latestRuntime {
		return wanted, nil, nil
	}
	if wanted != "" {
		major, ok := nodeMajor(wanted)
		if !ok {
			opts.add(&problems, "runtime", fmt.Sprintf("runtime is %q, which is not a runtime of Twilio", wanted),
				`Use one such as "`+defaultRuntime+`".`)
			return "", nil, problems.Err()
		}
		if engines, err := npm.ParseRange(pkg.NodeRange); err == nil && !engines.HasMajor(major) {
			warnings.AddAt(pkg.File, pkg.NodeRangeLine,
				fmt.Sprintf("runtime is %q, but engines.node is %q", wanted, pkg.NodeRange),
				"Let one follow the other.")
		}
		return wanted, warnings, nil
	}
	engines, err := npm.ParseRange(pkg.NodeRange)
	if err != nil {
		warnings.AddAt(pkg.File, pkg.NodeRangeLine,
			fmt.Sprintf("engines.node is %q, which is not a range of versions, so %s is used", pkg.NodeRange, defaultRuntime),
			`Write a range such as ">=22", or choose a runtime.`)
		return defaultRuntime, warnings, nil
	}
	for _, runtime := range []string{defaultRuntime, newerRuntime} {
		if major, ok := nodeMajor(runtime); ok && engines.HasMajor(major) {
			return runtime, nil, nil
		}
	}
	problems.AddAt(pkg.File, pkg.NodeRangeLine,
		fmt.Sprintf("engines.node is %q, which neither %s nor %s satisfies", pkg.NodeRange, defaultRuntime, newerRuntime),
		fmt.Sprintf("Widen the range, or set runtime to %[1]s (--runtime %[1]s).", defaultRuntime))
	return "", nil, problems.Err()
}

// nodeMajor reads a runtime's name, such as "node22".
func nodeMajor(runtime string) (uint64, bool) {
	digits, ok := strings.CutPrefix(runtime, "node")
	major, err := strconv.ParseUint(digits, 10, 16)
	return major, ok && err == nil
}
