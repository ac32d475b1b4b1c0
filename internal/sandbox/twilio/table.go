package twilio

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"
)

// record is what every resource has. Records are never changed once they are
// in a table: an update puts a changed copy in the old one's place.
type record struct {
	SID     string    `json:"sid"`
	Parent  string    `json:"parent,omitempty"` // SID of what it belongs to
	Seq     uint64    `json:"seq"`              // order of creation in its world
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

func (r *record) head() *record { return r }

// blobs are the hashes of the contents that the record keeps alive.
func (r *record) blobs() []string { return nil }

type row interface {
	head() *record
	blobs() []string
}

// table holds the resources of one kind. It is guarded by its world's lock.
type table[T row] struct {
	bySID    map[string]T
	byParent map[string][]T // oldest first
}

func newTable[T row]() *table[T] {
	return &table[T]{bySID: map[string]T{}, byParent: map[string][]T{}}
}

func (t *table[T]) get(sid string) (T, bool) {
	one, found := t.bySID[sid]
	return one, found
}

func (t *table[T]) has(sid string) bool {
	_, found := t.bySID[sid]
	return found
}

// of returns the rows that belong to parent, oldest first. The slice is the
// table's own.
func (t *table[T]) of(parent string) []T { return t.byParent[parent] }

// all returns every row, oldest first.
func (t *table[T]) all() []T {
	rows := make([]T, 0, len(t.bySID))
	for _, one := range t.bySID {
		rows = append(rows, one)
	}
	slices.SortFunc(rows, func(a, b T) int { return cmp.Compare(a.head().Seq, b.head().Seq) })
	return rows
}

// put adds a row or replaces the one with the same SID, which it returns.
func (t *table[T]) put(one T) (old T, replaced bool) {
	sid, parent := one.head().SID, one.head().Parent
	old, replaced = t.bySID[sid]
	t.bySID[sid] = one
	if replaced {
		t.byParent[parent][t.position(parent, sid)] = one
	} else {
		t.byParent[parent] = append(t.byParent[parent], one)
	}
	return old, replaced
}

func (t *table[T]) remove(sid string) (old T, removed bool) {
	old, removed = t.bySID[sid]
	if !removed {
		return old, false
	}
	delete(t.bySID, sid)
	parent := old.head().Parent
	at := t.position(parent, sid)
	t.byParent[parent] = slices.Delete(t.byParent[parent], at, at+1)
	if len(t.byParent[parent]) == 0 {
		delete(t.byParent, parent)
	}
	return old, true
}

func (t *table[T]) position(parent, sid string) int {
	return slices.IndexFunc(t.byParent[parent], func(one T) bool { return one.head().SID == sid })
}

// newSID draws a SID: a prefix of two letters and 32 hex digits.
func newSID(prefix string) string {
	var random [16]byte
	rand.Read(random[:])
	return prefix + hex.EncodeToString(random[:])
}
