package publish

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Repository is a clone of Slipway's repository. The zero value is the one around the
// current folder. Its work tree and its index are left alone.
type Repository struct {
	// Folder is the clone's, Remote the name or URL of where it is pushed to; "" means
	// origin.
	Folder, Remote string
	// Environ is the environment that git runs in, as "NAME=value".
	Environ []string
}

// committer is who makes the commit of a release: GitHub's own user for workflows.
const (
	committerName  = "github-actions[bot]"
	committerEmail = "41898282+github-actions[bot]@users.noreply.github.com"
)

// Commit makes the commit that a version is tagged at, and returns its SHA. Its parent is
// the commit that is checked out; it differs in action.yml, which names the image. No branch has
// it: on main the Action goes on to be built from what is there. Image and parent
// decide its SHA, so that every job, and a repeated run, makes the same one.
func (r Repository) Commit(ctx context.Context, version Version, image string) (string, error) {
	parent, err := r.git(ctx, nil, "", "rev-parse", "HEAD")
	if err != nil {
		return "", err
	}
	date, err := r.git(ctx, nil, "", "show", "--no-patch", "--format=%cI", parent)
	if err != nil {
		return "", err
	}
	text, err := r.git(ctx, nil, "", "cat-file", "blob", parent+":"+actionFile)
	if err != nil {
		return "", err
	}
	action, err := Action(text+"\n", image)
	if err != nil {
		return "", err
	}
	blob, err := r.git(ctx, nil, action, "hash-object", "-w", "--stdin")
	if err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp("", "slipway-index-")
	if err != nil {
		return "", fmt.Errorf("make an index: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	index := []string{"GIT_INDEX_FILE=" + filepath.Join(scratch, "index")}
	if _, err := r.git(ctx, index, "", "read-tree", parent); err != nil {
		return "", err
	}
	if _, err := r.git(ctx, index, "", "update-index", "--cacheinfo", "100644,"+blob+","+actionFile); err != nil {
		return "", err
	}
	tree, err := r.git(ctx, index, "", "write-tree")
	if err != nil {
		return "", err
	}
	return r.git(ctx, []string{
		"GIT_AUTHOR_NAME=" + committerName, "GIT_AUTHOR_EMAIL=" + committerEmail, "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=" + committerName, "GIT_COMMITTER_EMAIL=" + committerEmail, "GIT_COMMITTER_DATE=" + date,
	}, "", "commit-tree", tree, "-p", parent, "-m", "Release "+version.String()+"\n\nThe Action runs "+image)
}

// Tags returns the tags at the remote, each with the SHA of its commit.
func (r Repository) Tags(ctx context.Context) (map[string]string, error) {
	listed, err := r.git(ctx, nil, "", "ls-remote", "--tags", r.remote())
	if err != nil {
		return nil, err
	}
	tags := make(map[string]string)
	for line := range strings.Lines(listed) {
		sha, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		// An annotated tag is listed twice, the second time with its commit.
		tags[strings.TrimSuffix(strings.TrimPrefix(ref, "refs/tags/"), "^{}")] = sha
	}
	return tags, nil
}

// Tag pushes the tag of a version with the commit that it names. A tag that names the
// commit already is left as it is, so that a run can be repeated; one that names another
// is a Problem, for nobody may find another version behind a name than the one before.
func (r Repository) Tag(ctx context.Context, version Version, sha string) error {
	tags, err := r.Tags(ctx)
	if err != nil {
		return err
	}
	switch there := tags[version.String()]; there {
	case sha:
		return nil
	case "":
		_, err := r.git(ctx, nil, "", "push", r.remote(), sha+":refs/tags/"+version.String())
		return err
	default:
		return &problem.Problem{
			Message: fmt.Sprintf("the tag %s is there already, of the commit %s", version, there),
			Fix:     "Release the next version. A run that ended half way is repeated by its failed jobs alone.",
		}
	}
}

// MoveTag has the moving tag of a version, such as v1, name its commit, and returns that
// tag; "" means that the version moves none.
func (r Repository) MoveTag(ctx context.Context, version Version, sha string) (string, error) {
	tags, err := r.Tags(ctx)
	if err != nil {
		return "", err
	}
	moving := version.MovingTag(names(tags))
	if moving == "" || tags[moving] == sha {
		return moving, nil
	}
	// By force, since it names another commit; the workflow's runs come one by one.
	_, err = r.git(ctx, nil, "", "push", "--force", r.remote(), sha+":refs/tags/"+moving)
	return moving, err
}

// names returns the tags without their commits.
func names(tags map[string]string) []string {
	var all []string
	for name := range tags {
		all = append(all, name)
	}
	return all
}

func (r Repository) remote() string {
	if r.Remote == "" {
		return "origin"
	}
	return r.Remote
}

// git runs a command of git in the clone and returns what it prints, without the last
// line break.
func (r Repository) git(ctx context.Context, environ []string, input string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", args...) //nolint:gosec // no shell, and the verb is ours.
	command.Dir = r.Folder
	command.Env = append(append([]string{}, r.Environ...), environ...)
	command.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSuffix(stdout.String(), "\n"), nil
}
