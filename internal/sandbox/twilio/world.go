package twilio

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// world is everything one account owns. The lock guards the tables; it is held
// while a request looks and changes, never while a body travels.
type world struct {
	account  Account
	inFlight atomic.Int64

	mu           sync.RWMutex
	seq          uint64
	services     *table[*service]
	environments *table[*environment]
	variables    *table[*variable]
	files        *table[*file]
	versions     *table[*version]
	builds       *table[*build]
	deployments  *table[*deployment]
	logs         *table[*logEntry] // never in the journal
	built        []time.Time       // of the last hour, deleted ones too

	// Shared by all worlds of a Sandbox.
	blobs   *blobStore
	domains *domainBases
	journal *journal // nil in memory
}

func newWorld(account Account, blobs *blobStore, domains *domainBases) *world {
	return &world{
		account:      account,
		services:     newTable[*service](),
		environments: newTable[*environment](),
		variables:    newTable[*variable](),
		files:        newTable[*file](),
		versions:     newTable[*version](),
		builds:       newTable[*build](),
		deployments:  newTable[*deployment](),
		logs:         newTable[*logEntry](),
		blobs:        blobs,
		domains:      domains,
	}
}

// change is one record that is put, or one SID that is removed. Exactly one
// field is set.
type change struct {
	Service     *service     `json:"service,omitempty"`
	Environment *environment `json:"environment,omitempty"`
	Variable    *variable    `json:"variable,omitempty"`
	File        *file        `json:"file,omitempty"`
	Version     *version     `json:"version,omitempty"`
	Build       *build       `json:"build,omitempty"`
	Deployment  *deployment  `json:"deployment,omitempty"`
	Removed     string       `json:"removed,omitempty"`
}

// newRecord heads a resource that is about to be created.
func (w *world) newRecord(prefix, parent string) record {
	w.seq++
	now := time.Now().UTC()
	return record{SID: newSID(prefix), Parent: parent, Seq: w.seq, Created: now, Updated: now}
}

// touched heads a changed copy of a resource.
func (r *record) touched() record {
	changed := *r
	changed.Updated = time.Now().UTC()
	return changed
}

// commit makes changes happen, all or none: first in the journal, in one line,
// then in the tables. The caller holds the lock.
func (w *world) commit(changes ...change) error {
	if w.journal != nil {
		if err := w.journal.append(w.account.SID, changes); err != nil {
			return err
		}
	}
	for _, one := range changes {
		if err := w.apply(one); err != nil {
			return err
		}
	}
	return nil
}

// apply carries out one change in the tables alone.
func (w *world) apply(c change) error {
	switch {
	case c.Removed != "":
		return w.remove(c.Removed)
	case c.Service != nil:
		w.domains.claim(c.Service.DomainBase)
		admit(w, w.services, c.Service)
	case c.Environment != nil:
		admit(w, w.environments, c.Environment)
	case c.Variable != nil:
		admit(w, w.variables, c.Variable)
	case c.File != nil:
		admit(w, w.files, c.File)
	case c.Version != nil:
		admit(w, w.versions, c.Version)
	case c.Build != nil:
		admit(w, w.builds, c.Build)
		w.countBuild(c.Build.Created)
	case c.Deployment != nil:
		admit(w, w.deployments, c.Deployment)
	default:
		return errors.New("a change that changes nothing")
	}
	return nil
}

func (w *world) remove(sid string) error {
	if len(sid) < 2 {
		return fmt.Errorf("%q is no SID", sid)
	}
	switch sid[:2] {
	case sidService:
		if old, found := w.services.get(sid); found {
			w.domains.release(old.DomainBase)
		}
		dismiss(w, w.services, sid)
	case sidEnvironment:
		dismiss(w, w.environments, sid)
		w.forgetLogs(sid)
	case sidVariable:
		dismiss(w, w.variables, sid)
	case sidFile:
		dismiss(w, w.files, sid)
	case sidVersion:
		dismiss(w, w.versions, sid)
	case sidBuild:
		dismiss(w, w.builds, sid)
	case sidDeployment:
		dismiss(w, w.deployments, sid)
	default:
		return fmt.Errorf("%q is the SID of nothing known", sid)
	}
	return nil
}

// Prefixes of SIDs. Functions and Assets share one, and so do their Versions.
const (
	sidService     = "ZS"
	sidEnvironment = "ZE"
	sidVariable    = "ZV"
	sidFile        = "ZH"
	sidVersion     = "ZN"
	sidBuild       = "ZB"
	sidDeployment  = "ZD"
	sidLog         = "NO"
)

func admit[T row](w *world, t *table[T], one T) {
	w.seq = max(w.seq, one.head().Seq)
	w.blobs.retain(one.blobs())
	if old, replaced := t.put(one); replaced {
		w.blobs.release(old.blobs())
	}
}

func dismiss[T row](w *world, t *table[T], sid string) {
	if old, removed := t.remove(sid); removed {
		w.blobs.release(old.blobs())
	}
}

// removals lists the rows' SIDs as changes.
func removals[T row](rows []T) []change {
	changes := make([]change, 0, len(rows))
	for _, one := range rows {
		changes = append(changes, change{Removed: one.head().SID})
	}
	return changes
}

// contents lists all of the world as changes that would make it anew, oldest
// first within each kind.
func (w *world) contents() []change {
	var all []change
	for _, one := range w.services.all() {
		all = append(all, change{Service: one})
	}
	for _, one := range w.environments.all() {
		all = append(all, change{Environment: one})
	}
	for _, one := range w.variables.all() {
		all = append(all, change{Variable: one})
	}
	for _, one := range w.files.all() {
		all = append(all, change{File: one})
	}
	for _, one := range w.versions.all() {
		all = append(all, change{Version: one})
	}
	for _, one := range w.builds.all() {
		all = append(all, change{Build: one})
	}
	for _, one := range w.deployments.all() {
		all = append(all, change{Deployment: one})
	}
	return all
}

// domainBases knows the domain bases in use, over all accounts: a domain is
// unique in the world outside.
type domainBases struct {
	mu    sync.Mutex
	taken map[string]bool
}

// claim takes a base and reports whether it was free.
func (d *domainBases) claim(base string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	base = strings.ToLower(base)
	wasFree := !d.taken[base]
	d.taken[base] = true
	return wasFree
}

func (d *domainBases) release(base string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.taken, strings.ToLower(base))
}
