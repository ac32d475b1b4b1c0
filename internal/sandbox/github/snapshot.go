package github

import (
	"maps"
	"slices"
)

// Snapshot is what there is at one moment, in structs of its own that stay as
// they are.
type Snapshot struct {
	// Repositories are in the order of Options.Repositories. Those that
	// Options.AssumePushed let exist follow, in the order they were named.
	Repositories []RepositorySnapshot
}

// RepositorySnapshot is a repository in a Snapshot.
type RepositorySnapshot struct {
	Owner, Name, DefaultBranch string
	Private                    bool
	Commits                    []string          // SHAs, in the order they became known
	Branches                   map[string]string // SHA by name
	Statuses                   []Status          // oldest first
	Deployments                []Deployment      // oldest first
	Comments                   []Comment         // on pull requests, oldest first
	Releases                   []Release         // oldest first
}

// Snapshot reads all repositories.
func (s *Sandbox) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all Snapshot
	for _, one := range s.repositories {
		flat := RepositorySnapshot{
			Owner: one.owner, Name: one.name, DefaultBranch: one.defaultBranch, Private: one.private, Branches: maps.Clone(one.branches),
		}
		for _, known := range one.commits {
			flat.Commits = append(flat.Commits, known.sha)
		}
		for _, made := range one.statuses {
			flat.Statuses = append(flat.Statuses, *made)
		}
		for _, made := range one.deployments {
			flat.Deployments = append(flat.Deployments, made.clone())
		}
		for _, made := range one.comments {
			flat.Comments = append(flat.Comments, *made)
		}
		for _, made := range one.releases {
			flat.Releases = append(flat.Releases, *made)
		}
		all.Repositories = append(all.Repositories, flat)
	}
	return all
}

func (d *Deployment) clone() Deployment {
	copied := *d
	copied.Statuses = slices.Clone(d.Statuses)
	return copied
}

// tell adds what the call wrote, in structs of their own. The caller holds the
// lock.
func (c *call) tell(told *Call) {
	if c.status != nil {
		told.CommitStatus = new(*c.status)
	}
	if c.comment != nil {
		told.Comment = new(*c.comment)
	}
	if c.release != nil {
		told.Release = new(*c.release)
	}
	if c.deployment != nil {
		told.Deployment = new(c.deployment.clone())
	}
}
