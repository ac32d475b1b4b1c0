package twilio

import (
	"errors"
	"time"
)

// Expired counts what ExpireUnused removed.
type Expired struct {
	Builds, Versions, Functions, Assets int
}

// ExpireUnused is Twilio's retention sweep, as if 7 days had passed: Builds
// that no Environment serves go, then Versions in no Build, then Functions and
// Assets without Versions. What is live, and what is still building, stays.
// (Twilio's page on the Serverless API names the last three; that Builds go
// too was said in 2019 and 2020 and is taken back nowhere.) Deployments stay
// and may name Builds that are gone.
func (s *Sandbox) ExpireUnused() (Expired, error) {
	var all Expired
	var failed []error
	for _, w := range s.worlds {
		failed = append(failed, w.expireUnused(&all))
	}
	return all, errors.Join(failed...)
}

// vanishing lists the removal of the Build that an Environment serves and is about
// to serve no more, with the Versions that only it holds; nothing when another
// Environment serves it, too.
func (w *world) vanishing(env *environment) []change {
	gone, found := w.builds.get(env.BuildSID)
	if !found {
		return nil
	}
	for _, other := range w.environments.of(env.Parent) {
		if other.SID != env.SID && other.BuildSID == gone.SID {
			return nil
		}
	}
	held := map[string]bool{}
	for _, other := range w.builds.of(env.Parent) {
		for _, v := range other.Versions {
			held[v.SID] = held[v.SID] || other.SID != gone.SID
		}
	}
	changes := []change{{Removed: gone.SID}}
	for _, v := range gone.Versions {
		if w.versions.has(v.SID) && !held[v.SID] {
			changes = append(changes, change{Removed: v.SID})
		}
	}
	return changes
}

func (w *world) expireUnused(all *Expired) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var changes []change
	var gone Expired
	live := map[string]bool{}
	for _, env := range w.environments.all() {
		live[env.BuildSID] = true
	}
	held := map[string]bool{}  // Versions in a Build that stays
	inUse := map[string]bool{} // Functions and Assets with a Version that stays
	for _, one := range w.builds.all() {
		if !live[one.SID] && one.status(time.Now()) != statusBuilding {
			changes = append(changes, change{Removed: one.SID})
			gone.Builds++
			continue
		}
		for _, v := range one.Versions {
			held[v.SID] = true
		}
	}
	for _, one := range w.versions.all() {
		if held[one.SID] {
			inUse[one.Parent] = true
			continue
		}
		changes = append(changes, change{Removed: one.SID})
		gone.Versions++
	}
	for _, one := range w.files.all() {
		if inUse[one.SID] {
			continue
		}
		changes = append(changes, change{Removed: one.SID})
		if one.Kind == kindFunction {
			gone.Functions++
		} else {
			gone.Assets++
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := w.commit(changes...); err != nil {
		return err
	}
	all.Builds += gone.Builds
	all.Versions += gone.Versions
	all.Functions += gone.Functions
	all.Assets += gone.Assets
	return nil
}
