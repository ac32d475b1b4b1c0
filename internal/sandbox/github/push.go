package github

import (
	"crypto/sha1" //nolint:gosec // git's own names of things.
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Push is a commit that somebody pushes to a branch, on top of what the branch has.
type Push struct {
	// Branch is made when it is not there. Empty means the default branch.
	Branch string
	// Files are all files of the commit's tree, content by path, and Links its symbolic
	// links, target by path.
	Files, Links map[string]string
	// Message is the commit's. Empty means "Update".
	Message string
	// Login is who pushes. Empty means the repository's owner.
	Login string
}

// Pushed is what came of a Push.
type Pushed struct {
	// SHA is the commit's, as git would name it.
	SHA string
	// Payload is that of the event "push" as GitHub sends it to a webhook.
	Payload []byte
}

// AddRepository makes a repository. One of the same name is an error.
func (s *Sandbox) AddRepository(given Repository) error {
	one := Options{Repositories: []Repository{given}}
	if err := one.complete(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.repository(given.Owner, given.Name) != nil {
		return fmt.Errorf("the sandbox has a repository %s/%s", given.Owner, given.Name)
	}
	made := newRepository(one.Repositories[0], s.nextID())
	if err := made.fill(given); err != nil {
		return err
	}
	s.repositories = append(s.repositories, made)
	return nil
}

// Push makes a commit in a repository, given as "owner/name", and puts its branch on it.
// The time is that of the Sandbox's clock; equal pushes at different times are different
// commits.
func (s *Sandbox) Push(fullName string, push Push) (Pushed, error) {
	var made Pushed
	return made, s.change(fullName, func(one *repository) error {
		push.Branch = orDefault(push.Branch, one.defaultBranch)
		push.Message, push.Login = orDefault(push.Message, "Update"), orDefault(push.Login, one.owner)
		at := s.options.Now().UTC().Truncate(time.Second)
		commit := Commit{Branch: push.Branch, Files: push.Files, Links: push.Links, At: at}
		before := one.branches[push.Branch]
		if before != "" {
			commit.Parents = []string{before}
		}
		tree, err := commit.tree()
		if err != nil {
			return err
		}
		commit.SHA = push.commitSHA(commit, tree)
		if one.commit(commit.SHA) != nil {
			return errors.New("this was pushed already, in the same second")
		}
		var old map[string]entry
		if before != "" {
			old = one.commit(before).tree
		}
		if err := one.add(commit); err != nil {
			return err
		}
		made.SHA = commit.SHA
		made.Payload, err = json.Marshal(s.pushPayload(one, push, commit, before, commitPayload(one, push, commit, old, tree)))
		return err //nolint:wrapcheck // it cannot fail: all of it is plain data.
	})
}

// commitSHA is git's name of the commit, which has one parent at most.
func (push Push) commitSHA(commit Commit, tree map[string]entry) string {
	lines := []string{"tree " + treeSHA(tree)}
	for _, parent := range commit.Parents {
		lines = append(lines, "parent "+parent)
	}
	who := fmt.Sprintf("%s <%s> %d +0000", push.Login, email(push.Login), commit.At.Unix())
	lines = append(lines, "author "+who, "committer "+who, "", push.Message, "")
	return objectSHA("commit", strings.Join(lines, "\n"))
}

// pushPayload has the fields of docs.github.com/webhooks/webhook-events-and-payloads#push,
// and of the examples in @octokit/webhooks-examples 7.6.1.
func (s *Sandbox) pushPayload(one *repository, push Push, commit Commit, before string, inPayload map[string]any) map[string]any {
	api, page := orDefault(s.options.BaseURL, "https://api.github.com"), htmlURL(one.owner, one.name)
	compare := page + "/compare/" + before[:min(12, len(before))] + "..." + commit.SHA[:12]
	if before == "" {
		compare = page + "/commit/" + commit.SHA
	}
	payload := map[string]any{
		"ref": "refs/heads/" + push.Branch, "before": orDefault(before, strings.Repeat("0", 40)), "after": commit.SHA,
		"created": before == "", "deleted": false, "forced": false, "base_ref": nil, "compare": compare,
		"commits": []any{inPayload}, "head_commit": inPayload,
		"repository": s.repositoryPayload(api, one, commit.At),
		"pusher":     map[string]any{"name": push.Login, "email": email(push.Login)},
		"sender":     userPayload(api, push.Login),
	}
	s.addInstallation(one, payload)
	return payload
}

// addInstallation adds the installation of the App that a payload is sent to.
func (s *Sandbox) addInstallation(one *repository, payload map[string]any) {
	for _, app := range s.apps {
		for _, installed := range app.Installations {
			if payload["installation"] == nil && installed.covers(one) { // each App would be sent its own
				payload["installation"] = map[string]any{"id": installed.ID, "node_id": nodeID("IntegrationInstallation", installed.ID)}
			}
		}
	}
}

// commitPayload is a commit with what it changes, in which a file that is renamed is
// removed and added.
func commitPayload(one *repository, push Push, commit Commit, before, after map[string]entry) map[string]any {
	added, removed, modified := []string{}, []string{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if old, wasThere := before[name]; !wasThere {
			added = append(added, name)
		} else if old != after[name] {
			modified = append(modified, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, isThere := after[name]; !isThere {
			removed = append(removed, name)
		}
	}
	person := map[string]any{"name": push.Login, "email": email(push.Login), "username": push.Login}
	return map[string]any{
		"id": commit.SHA, "tree_id": treeSHA(after), "distinct": true, "message": push.Message,
		"timestamp": timestamp(commit.At), "url": htmlURL(one.owner, one.name, "commit", commit.SHA),
		"author": person, "committer": person, "added": added, "removed": removed, "modified": modified,
	}
}

// treeSHA is git's name of a tree: entries by their names, folders as if theirs ended in a
// slash.
func treeSHA(tree map[string]entry) string {
	modes := map[string]string{"file": "100644", "symlink": "120000", "submodule": "160000"}
	folders, lines := map[string]map[string]entry{}, map[string]string{}
	for name, held := range tree {
		if folder, below, isBelow := strings.Cut(name, "/"); isBelow {
			if folders[folder] == nil {
				folders[folder] = map[string]entry{}
			}
			folders[folder][below] = held
			continue
		}
		lines[name] = treeLine(modes[held.kind], name, blobSHA(held.content))
	}
	for folder, below := range folders {
		lines[folder+"/"] = treeLine("40000", path.Base(folder), treeSHA(below))
	}
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		all.WriteString(lines[name])
	}
	return objectSHA("tree", all.String())
}

func treeLine(mode, name, sha string) string {
	raw, _ := hex.DecodeString(sha) // it is one of ours
	return mode + " " + name + "\x00" + string(raw)
}

// objectSHA is git's name of an object.
func objectSHA(kind, content string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", kind, len(content), content)) //nolint:gosec // git's own.
	return hex.EncodeToString(sum[:])
}
