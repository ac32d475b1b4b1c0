package toolkit

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
)

// apply gives the settings that count to the layer. A setting that Slipway cannot
// follow, though other things would go live, is a Problem.
func (r *reader) apply(file string, all inForce) {
	for _, key := range slices.Sorted(maps.Keys(simple())) {
		if name := simple()[key]; !r.isGiven(name) {
			r.give(name, r.textOf(file, all[key]), file, all[key].line)
		}
	}
	r.applyService(file, all)
	for _, key := range []string{keyFunctions, keyAssets} {
		if m, isSet := all[key]; isSet && !m.value.isTrue() {
			r.problems.AddAt(file, m.line, key+" is off, and Slipway has no such setting: a deploy takes both kinds live",
				fmt.Sprintf("Remove the line, and move the %s to where neither tool looks for them.", key))
		}
	}
	r.checkFolder(file, all[keyCwd])
}

// applyService names the Service; a SID beats a name, as in the Toolkit.
func (r *reader) applyService(file string, all inForce) {
	if r.isGiven(config.Service) {
		return
	}
	for _, key := range []string{keyProjectName, keyServiceName} { // the stronger comes later
		r.give(config.Service, r.textOf(file, all[key]), file, all[key].line)
	}
	m := all[keyServiceSID]
	sid := r.textOf(file, m)
	switch {
	case sid == "" || r.NewAccount:
	case !isSID("ZS", sid):
		r.problems.AddAt(file, m.line, fmt.Sprintf("serviceSid %q is not a SID of a Service", shortened(sid)),
			"It has the form ZS and 32 hexadecimal digits; give a name as serviceName.")
	default:
		r.give(config.Service, sid, file, m.line)
	}
}

// checkFolder makes sure that cwd, if it is set, is the project's folder: by the
// time that the file is read the folder is chosen. To the Toolkit it starts where
// the command does; people take it to start where the file is.
func (r *reader) checkFolder(file string, m member) {
	if r.isGiven(config.WorkingDirectory) {
		return
	}
	cwd := strings.ReplaceAll(r.textOf(file, m), `\`, "/")
	isFolder := path.Join(r.Folder, cwd) == r.Folder || path.Join(path.Dir(file), cwd) == r.Folder
	if cwd != "" && (path.IsAbs(cwd) || !isFolder) {
		r.problems.AddAt(file, m.line, fmt.Sprintf("cwd is %q, and Slipway deploys the folder that it is told to", shortened(cwd)),
			"Give that folder as working-directory.")
	}
}

// warnOfUnfollowed warns once of what the Toolkit would follow, or seems to, and
// Slipway does not.
func (r *reader) warnOfUnfollowed(file string, all inForce) {
	instead := map[string]string{
		keyProduction:    "environment: production",
		keyLoadSystemEnv: "variables",
	}
	line := 0
	var unfollowed []string
	for key, better := range instead {
		if m := all[key]; m.value.isTrue() {
			unfollowed = append(unfollowed, fmt.Sprintf("%s (use %s)", key, better))
			line = earlier(line, m.line)
		}
	}
	if len(unfollowed) > 0 {
		slices.Sort(unfollowed)
		r.warnings.AddAt(file, line, "passed over, because it has no counterpart: "+strings.Join(unfollowed, ", "), "")
	}
}

// earlier returns the line that comes first; 0 is none.
func earlier(a, b int) int {
	if a == 0 || b == 0 {
		return cmp.Or(a, b)
	}
	return min(a, b)
}
