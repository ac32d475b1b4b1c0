package github

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Commit is a commit: its SHA at least.
type Commit struct {
	SHA string // 40 lower-case hex digits
	// Branch is put on the commit, unless it is empty.
	Branch string
	// Parents are SHAs of commits that are known already; none means that its
	// history begins with it.
	Parents []string
	// Files are all files of its tree: content by path.
	Files map[string]string
	// Links are the symbolic links of its tree: target by path.
	Links map[string]string
	// Submodules are those of its tree: the address of a repository by path.
	Submodules map[string]string
	// At is when it was made. Zero means the start of 2026.
	At time.Time
}

// commit is a commit that is known.
type commit struct {
	sha     string
	at      time.Time
	parents []string
	tree    map[string]entry // by path; directories are what paths lie in
}

// entry is a file, a symbolic link or a submodule of a tree.
type entry struct {
	kind    string // "file", "symlink" or "submodule", as GitHub's types are
	content string // of a file; a link's target; a submodule's address
}

// add makes a commit known. One that is known without a tree, such as one that
// was assumed, learns what it has.
func (one *repository) add(given Commit) error {
	if !isSHA(given.SHA) {
		return fmt.Errorf("%s has the commit %q; a SHA is 40 lower-case hex digits", one.fullName(), given.SHA)
	}
	tree, err := given.tree()
	for _, parent := range given.Parents {
		if one.commit(parent) == nil {
			err = errors.Join(err, fmt.Errorf("its parent %q is not known", parent))
		}
	}
	if err != nil {
		return fmt.Errorf("commit %s of %s: %w", given.SHA, one.fullName(), err)
	}
	known := one.commit(given.SHA)
	if known == nil {
		known = &commit{sha: given.SHA, at: orDefault(given.At, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
		one.commits = append(one.commits, known)
	}
	if len(known.tree) == 0 && len(known.parents) == 0 {
		known.tree, known.parents = tree, slices.Clone(given.Parents)
	}
	if given.Branch != "" {
		one.branches[given.Branch] = given.SHA
	}
	return nil
}

// tree is what the commit holds, by path.
func (given Commit) tree() (map[string]entry, error) {
	tree := map[string]entry{}
	var wrong error
	for kind, entries := range map[string]map[string]string{"file": given.Files, "symlink": given.Links, "submodule": given.Submodules} {
		for path, content := range entries {
			if _, isTwice := tree[path]; isTwice || !fs.ValidPath(path) || path == "." {
				wrong = errors.Join(wrong, fmt.Errorf("the path %q is none, or there twice", path))
			}
			tree[path] = entry{kind, content}
		}
	}
	return tree, wrong
}

func (one *repository) commit(sha string) *commit {
	for _, known := range one.commits {
		if known.sha == sha {
			return known
		}
	}
	return nil
}

// resolve finds the commit that a ref names: a SHA, a branch with or without "heads/",
// a tag with or without "tags/", as the pages of these operations say, or HEAD, which is
// the default branch. Of a tag and a branch of one name it is the tag, as for git
// (gitrevisions(7)).
func (one *repository) resolve(ref string) (sha string, found bool) {
	if one.commit(ref) != nil {
		return ref, true
	}
	if ref == "HEAD" {
		ref = "heads/" + one.defaultBranch
	}
	if tag, isThere := one.tags[strings.TrimPrefix(ref, "tags/")]; isThere {
		return tag.sha, true
	}
	sha, found = one.branches[strings.TrimPrefix(ref, "heads/")]
	return sha, found
}

// history is a commit and all that lie behind it, nearest first.
func (one *repository) history(sha string) []string {
	seen := []string{sha}
	for i := 0; i < len(seen); i++ {
		for _, parent := range one.commit(seen[i]).parents {
			if !slices.Contains(seen, parent) {
				seen = append(seen, parent)
			}
		}
	}
	return seen
}

// change changes a repository that is given as "owner/name".
func (s *Sandbox) change(fullName string, change func(*repository) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, name, _ := strings.Cut(fullName, "/")
	found := s.repository(owner, name)
	if found == nil {
		return fmt.Errorf("the sandbox has no repository %q", fullName)
	}
	return change(found)
}

// AddCommit makes a commit known to a repository, given as "owner/name", and
// puts its branch on it; an empty branch leaves all branches where they are. A
// commit that is known already is no error; it keeps the tree that it has.
func (s *Sandbox) AddCommit(fullName string, given Commit) error {
	return s.change(fullName, func(one *repository) error { return one.add(given) })
}

// DeleteBranch takes a branch away; its commits stay. One that is not there is
// no error.
func (s *Sandbox) DeleteBranch(fullName, branch string) error {
	return s.change(fullName, func(one *repository) error {
		maps.DeleteFunc(one.branches, func(name, _ string) bool { return name == branch })
		return nil
	})
}

// shaBody is how other resources name a commit.
type shaBody struct {
	SHA     string `json:"sha"`
	URL     string `json:"url"`
	HTMLURL string `json:"html_url"`
}

func (c *call) shaBody(sha, below string) shaBody {
	one := c.repository()
	return shaBody{SHA: sha, URL: c.url("repos", one.owner, one.name, below, sha), HTMLURL: htmlURL(one.owner, one.name, "commit", sha)}
}

// commitBody has a commit's SHA, addresses and parents; the Sandbox knows no
// authors and no messages.
type commitBody struct {
	shaBody

	Parents []shaBody `json:"parents"`
}

// commitBody is the commit as it is below "commits", or below "git/commits".
func (c *call) commitBody(sha, below string) commitBody {
	body := commitBody{shaBody: c.shaBody(sha, below), Parents: []shaBody{}}
	for _, parent := range c.repository().commit(sha).parents {
		body.Parents = append(body.Parents, c.shaBody(parent, below))
	}
	return body
}

func getCommit(c *call) (reply, error) {
	ref := c.params["ref"]
	sha, found := c.repository().resolve(ref)
	if !found {
		// As in MishaKav/pytest-coverage-comment issue 195.
		return reply{}, refusal(http.StatusUnprocessableEntity, "No commit found for SHA: %s", ref)
	}
	return ok(c.commitBody(sha, "commits"))
}

// getGitCommit knows commits by their full SHA alone.
func getGitCommit(c *call) (reply, error) {
	if c.repository().commit(c.params["sha"]) == nil {
		return reply{}, notFound()
	}
	return ok(c.commitBody(c.params["sha"], "git/commits"))
}

// getRef has branches and tags, by their whole names: "heads/main", "tags/v1". An
// annotated tag is an object of its own.
func getRef(c *call) (reply, error) {
	one, ref := c.repository(), c.params["name"]
	kind, sha, found := "commit", "", false
	if branch, isBranch := strings.CutPrefix(ref, "heads/"); isBranch {
		sha, found = one.branches[branch]
	}
	if name, isTag := strings.CutPrefix(ref, "tags/"); isTag {
		var named tag
		named, found = one.tags[name]
		if sha = named.sha; named.object != "" {
			kind, sha = "tag", named.object
		}
	}
	if !found {
		return reply{}, notFound()
	}
	return ok(map[string]any{
		"ref": "refs/" + ref, "url": c.url("repos", one.owner, one.name, "git/refs", ref),
		"object": map[string]string{"type": kind, "sha": sha, "url": c.url("repos", one.owner, one.name, "git", kind+"s", sha)},
	})
}
