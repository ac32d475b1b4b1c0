package twilio

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// check refuses a change that no Sandbox has written: the journal is damaged.
func (w *world) check(c change) error {
	var checks []error
	if c.Removed != "" {
		checks = append(checks, w.checkRemoved(c.Removed))
	}
	if c.Service != nil {
		isTop := func(parent string) bool { return parent == "" }
		checks = append(checks, checkPut(w.services, c.Service, sidService, isTop))
	}
	if c.Environment != nil {
		checks = append(checks, checkPut(w.environments, c.Environment, sidEnvironment, w.services.has))
	}
	if c.Variable != nil {
		checks = append(checks, checkPut(w.variables, c.Variable, sidVariable, w.environments.has))
	}
	if c.File != nil {
		checks = append(checks, checkPut(w.files, c.File, sidFile, w.services.has))
	}
	if c.Version != nil {
		checks = append(checks, checkPut(w.versions, c.Version, sidVersion, w.files.has))
	}
	if c.Build != nil {
		checks = append(checks, checkPut(w.builds, c.Build, sidBuild, w.services.has))
	}
	if c.Deployment != nil {
		checks = append(checks, checkPut(w.deployments, c.Deployment, sidDeployment, w.environments.has))
	}
	if len(checks) != 1 {
		return fmt.Errorf("a change of %d resources; each is of one", len(checks))
	}
	return checks[0]
}

// checkPut looks at a resource's SID, at what it belongs to, now and before,
// and at the contents it names.
func checkPut[T row](t *table[T], one T, prefix string, isParent func(sid string) bool) error {
	sid, parent := one.head().SID, one.head().Parent
	if !isSID(sid, prefix) {
		return fmt.Errorf("%q is no SID with the prefix %s", sid, prefix)
	}
	if old, found := t.get(sid); found && old.head().Parent != parent {
		return fmt.Errorf("%s belongs to %q, and here to %q", sid, old.head().Parent, parent)
	}
	if !isParent(parent) {
		return fmt.Errorf("%s belongs to %q, which is not there", sid, parent)
	}
	for _, hash := range one.blobs() {
		if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size {
			return fmt.Errorf("%q is no SHA-256", hash)
		}
	}
	return nil
}

// checkRemoved wants what belongs to a resource to have gone before it.
func (w *world) checkRemoved(sid string) error {
	left := len(w.environments.of(sid)) + len(w.variables.of(sid)) + len(w.files.of(sid)) +
		len(w.versions.of(sid)) + len(w.builds.of(sid)) + len(w.deployments.of(sid))
	if left > 0 {
		return fmt.Errorf("%q is removed while something belongs to it", sid)
	}
	return nil
}

func isSID(text, prefix string) bool {
	digits, found := strings.CutPrefix(text, prefix)
	raw, err := hex.DecodeString(digits)
	return found && err == nil && len(raw) == 16
}
