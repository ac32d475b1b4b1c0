package toolkit

import (
	"errors"
	"io/fs"
	"path"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
)

// readDeployInfo names the Service that the Toolkit deployed to last in the
// account, unless it is named otherwise by its SID (its utils/deployInfoCache.ts).
// A file that the Toolkit would not understand is a warning, as it would pass it
// over too.
func (r *reader) readDeployInfo() {
	if r.isGiven(config.Service) || isSID("ZS", r.layer[config.Service].Text) || r.NewAccount {
		return
	}
	file := path.Join(r.Folder, ".twiliodeployinfo")
	source, err := r.text(file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	const passedOver = "is passed over: "
	if err != nil {
		r.warnings.AddAt(file, 0, passedOver+problem.Reason(err), "Check that it is what the Toolkit writes, or remove it.")
		return
	}
	if isBlank(source) {
		return
	}
	whole, err := parseJSON5(source)
	if broken, ok := errors.AsType[*syntaxError](err); ok {
		r.warnings.AddAt(file, broken.line, passedOver+broken.message, "Remove it; the Toolkit writes it anew.")
		return
	}
	if line, isValid := checkDeployInfo(whole); !isValid {
		r.warnings.AddAt(file, line, passedOver+"an entry is not what the Toolkit writes, which would pass it over too", "Remove it.")
		return
	}
	if r.account() == "" && len(whole.members) > 0 {
		r.warnings.AddAt(file, 0, passedOver+"an API key does not tell its account",
			"Give account-sid (TWILIO_ACCOUNT_SID) to have the Service in it used.")
		return
	}
	entry := r.inAccount(whole)
	sid := entry.value.get(keyServiceSID)
	r.give(config.Service, sid.value.text, file, sid.line)
}

// checkDeployInfo reports whether every entry is as the Toolkit writes it, and
// else the line of the first that is not.
func checkDeployInfo(whole value) (line int, isValid bool) {
	if whole.kind != mapping {
		return whole.line, false
	}
	for _, entry := range whole.members {
		isEntry := len(entry.value.members) == 2 &&
			isSID("ZS", entry.value.get(keyServiceSID).value.text) && isSID("ZB", entry.value.get("latestBuild").value.text)
		if !isEntry {
			return entry.line, false
		}
	}
	return 0, true
}
