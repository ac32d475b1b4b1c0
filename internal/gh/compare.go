package gh

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-github/v60/github"
)

// maxChanges is how many files GitHub tells of in a comparison:
// docs.github.com/rest/commits/commits#compare-two-commits.
const maxChanges = 300

// Relation is how a commit stands to the one that it is compared with.
type Relation string

// The relations of a head to its base.
const (
	// RelationUnknown is that of commits without a common one, and where one of
	// them is not there (any more).
	RelationUnknown   Relation = ""
	RelationIdentical Relation = "identical"
	// RelationAhead has all of the base, RelationBehind a part of it.
	RelationAhead  Relation = "ahead"
	RelationBehind Relation = "behind"
	// RelationDiverged lacks a part of the base and has others instead, as after a
	// forced push, and in a pull request whose base has moved on.
	RelationDiverged Relation = "diverged"
)

// Changed is what a head has changed.
type Changed struct {
	// Files are the paths that head has changed since its last commit in common
	// with base, sorted; of a file that was renamed, both.
	Files []string
	// IsCut says that there may be more of them than GitHub tells.
	IsCut bool
	// Relation is that of head to base. Where it is unknown there are no Files.
	Relation Relation
}

// IsComplete tells whether nothing but Files differs between base and head: not
// when some are cut off, and not unless head has all of base. A pull request,
// which changes nothing of what its base has got meanwhile, goes by IsCut alone.
func (c Changed) IsComplete() bool {
	return !c.IsCut && (c.Relation == RelationAhead || c.Relation == RelationIdentical)
}

// ChangedFiles compares two commits, given by their full SHAs. It needs the
// permission "contents: read". That they cannot be compared is no error where
// head can be read: their Relation is unknown then.
func (c *Client) ChangedFiles(ctx context.Context, repository Repository, base, head string) (Changed, error) {
	op := operation{name: fmt.Sprintf("compare %.7s and %.7s", oneLine(base, 100), oneLine(head, 100)), repository: repository, permission: "contents: read"}
	if err := errors.Join(repository.check(), checkSHA(base), checkSHA(head)); err != nil {
		return Changed{}, fmt.Errorf("%s: %w", op.name, err)
	}
	// Commits are of no interest, and files are on the first page whatever its size.
	smallest := &github.ListOptions{PerPage: 1}
	changed, err := read(ctx, c, op, func(ctx context.Context, sdk *github.Client) (Changed, *github.Response, error) {
		compared, response, err := sdk.Repositories.CompareCommits(ctx, repository.Owner, repository.Name, base, head, smallest)
		if err != nil {
			return Changed{}, response, err //nolint:wrapcheck // judge reads it.
		}
		changed, err := readChanged(compared, base)
		return changed, response, err
	})
	if isNotFound(err) && c.checkCommit(ctx, repository, head) == nil {
		return Changed{IsCut: true, Relation: RelationUnknown}, nil
	}
	return changed, err
}

func readChanged(compared *github.CommitsComparison, base string) (Changed, error) {
	changed := Changed{Relation: Relation(compared.GetStatus()), IsCut: compared.Files == nil || len(compared.Files) >= maxChanges}
	known := []Relation{RelationIdentical, RelationAhead, RelationBehind, RelationDiverged}
	if !slices.Contains(known, changed.Relation) || compared.GetBaseCommit().GetSHA() != base {
		return Changed{}, errShape
	}
	for _, file := range compared.Files {
		for _, path := range []string{file.GetFilename(), file.GetPreviousFilename()} {
			if path != "" {
				changed.Files = append(changed.Files, path)
			}
		}
	}
	slices.Sort(changed.Files)
	changed.Files = slices.Compact(changed.Files)
	return changed, nil
}
