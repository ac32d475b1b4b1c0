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
		name := simple()[key]
		if m, isSet := all[key]; isSet && !r.isGiven(name) && r.isText(file, m) {
			r.give(name, m.value.text, file, m.line)
		}
	}
	r.applyService(file, all)
	for _, key := range []string{keyFunctions, keyAssets} {
		if m, isSet := all[key]; isSet && m.value.kind == boolean && !m.value.isTrue() {
			r.problems.AddAt(file, m.line, key+" is false, and Slipway has no such setting: a deploy takes both kinds live",
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
	if m := all[keyServiceName]; r.isText(file, m) {
		r.give(config.Service, m.value.text, file, m.line)
	}
	m := all[keyServiceSID]
	if !r.isText(file, m) || m.value.text == "" || r.NewAccount {
		return
	}
	if !isSID("ZS", m.value.text) {
		r.problems.AddAt(file, m.line, fmt.Sprintf("serviceSid %q is not a SID of a Service", shortened(m.value.text)),
			"It has the form ZS and 32 hexadecimal digits; give a name as serviceName.")
		return
	}
	r.give(config.Service, m.value.text, file, m.line)
}

// checkFolder makes sure that cwd, if it is set, is the project's folder: by the
// time that the file is read the folder is chosen.
func (r *reader) checkFolder(file string, m member) {
	if r.isGiven(config.WorkingDirectory) || m.line == 0 || !r.isText(file, m) || m.value.text == "" {
		return
	}
	named := strings.ReplaceAll(m.value.text, `\`, "/")
	if path.Join(path.Dir(file), named) != r.Folder {
		r.problems.AddAt(file, m.line, fmt.Sprintf("cwd is %q, and Slipway deploys the folder that it is told to", shortened(m.value.text)),
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
