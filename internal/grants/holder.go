package grants

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/words"
)

// Holder keeps the File that holds. Make one with Hold; it is safe for concurrent use.
type Holder struct {
	path    string
	getenv  func(string) string
	secrets []secret.String
	file    atomic.Pointer[File]
	kept    atomic.Pointer[KeptError]
	// loading is held while a File takes another's place.
	loading sync.Mutex
}

// Hold loads the file at path for the first time. Its results are those of Load.
func Hold(path string, getenv func(string) string, secrets ...secret.String) (*Holder, problem.List, error) {
	file, warnings, err := Load(path, getenv, secrets...)
	if err != nil {
		return nil, warnings, err
	}
	held := &Holder{path: path, getenv: getenv, secrets: secrets}
	held.file.Store(file)
	return held, warnings, nil
}

// File returns the one that holds now. Who asks it twice may get two.
func (h *Holder) File() *File { return h.file.Load() }

// Kept returns why the last Reload left the File before it; nil when it did not.
func (h *Holder) Kept() error {
	if kept := h.kept.Load(); kept != nil {
		return kept
	}
	return nil
}

// KeptError says that a file could not take the place of the one that holds.
type KeptError struct {
	// Path is the file's.
	Path string
	// Err is what Load returned.
	Err error
}

// Error says what holds, and what is wrong.
func (e *KeptError) Error() string {
	return fmt.Sprintf("%s was not read anew, and what it said before still holds: %v", filepath.Base(e.Path), e.Err)
}

// Unwrap returns what is wrong.
func (e *KeptError) Unwrap() error { return e.Err }

// Reload loads the file again, and returns in one line what has changed. Where the
// file is broken the one before stays; the error is a *KeptError then. The list holds
// warnings.
func (h *Holder) Reload() (changed string, warnings problem.List, err error) {
	h.loading.Lock()
	defer h.loading.Unlock()
	read, warnings, err := Load(h.path, h.getenv, h.secrets...)
	if err != nil {
		kept := &KeptError{h.path, err}
		h.kept.Store(kept)
		return "", warnings, kept
	}
	h.kept.Store(nil)
	before := h.file.Swap(read)
	return difference(before, read), warnings, nil
}

// difference says in one line what one file allows differently from another.
func difference(before, now *File) string {
	var added, changed, removed []string
	for _, one := range now.Repositories {
		switch old, wasThere := before.Repository(one.Name); {
		case !wasThere:
			added = append(added, one.Name)
		case !old.allowsTheSame(one):
			changed = append(changed, one.Name)
		}
	}
	for _, one := range before.Repositories {
		if _, isThere := now.Repository(one.Name); !isThere {
			removed = append(removed, one.Name)
		}
	}
	var told []string
	for _, one := range []struct {
		what         string
		repositories []string
	}{{"added", added}, {"changed", changed}, {"removed", removed}} {
		if len(one.repositories) > 0 {
			told = append(told, one.what+" "+words.Names(one.repositories))
		}
	}
	if len(told) == 0 {
		told = []string{"nothing has changed"}
	}
	count := words.Count(len(now.Repositories), "repository")
	if len(now.Repositories) != 1 {
		count = fmt.Sprintf("%d repositories", len(now.Repositories))
	}
	return fmt.Sprintf("%s: %s (%s)", now.name(), strings.Join(told, "; "), count)
}

// allowsTheSame reports whether two say the same, wherever they stand.
func (r Repository) allowsTheSame(other Repository) bool {
	return reflect.DeepEqual(r.withoutLines(), other.withoutLines())
}

// withoutLines is what the file says of a repository, and not where.
func (r Repository) withoutLines() Repository {
	references := func(placed map[string]Reference) map[string]Reference {
		made := make(map[string]Reference, len(placed))
		for name, one := range placed {
			one.Line = 0
			made[name] = one
		}
		return made
	}
	r.Line, r.Accounts, r.Services = 0, slices.Clone(r.Accounts), slices.Clone(r.Services)
	for i := range r.Accounts {
		r.Accounts[i].Line, r.Accounts[i].Settings = 0, references(r.Accounts[i].Settings)
	}
	for i := range r.Services {
		one := &r.Services[i]
		one.Line, one.Environments = 0, slices.Clone(one.Environments)
		for k := range one.Environments {
			one.Environments[k].Line, one.Environments[k].Variables = 0, references(one.Environments[k].Variables)
		}
		if one.Previews != nil {
			previews := *one.Previews
			previews.Line, previews.Variables = 0, references(previews.Variables)
			one.Previews = &previews
		}
	}
	return r
}
