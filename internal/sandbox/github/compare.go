package github

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

type comparisonBody struct {
	URL             string       `json:"url"`
	HTMLURL         string       `json:"html_url"`
	BaseCommit      commitBody   `json:"base_commit"`
	MergeBaseCommit commitBody   `json:"merge_base_commit"`
	Status          string       `json:"status"`
	AheadBy         int          `json:"ahead_by"`
	BehindBy        int          `json:"behind_by"`
	TotalCommits    int          `json:"total_commits"`
	Commits         []commitBody `json:"commits"`
	Files           []changeBody `json:"files"`
}

// changeBody is a file that differs.
type changeBody struct {
	SHA              *string `json:"sha"`
	Filename         string  `json:"filename"`
	Status           string  `json:"status"`
	PreviousFilename string  `json:"previous_filename,omitempty"`
}

// compareCommits tells what lies between two commits: which are in head and not
// in base, and what they change since the commit that both have. Files are on
// the first page alone: docs.github.com/rest/commits/commits#compare-two-commits.
func compareCommits(c *call) (reply, error) {
	in := c.repository()
	from, to, isPair := strings.Cut(c.params["basehead"], "...")
	base, hasBase := in.resolve(from)
	head, hasHead := in.resolve(to)
	if !isPair || !hasBase || !hasHead {
		return reply{}, notFound()
	}
	ofBase, ofHead := in.history(base), in.history(head)
	common := slices.IndexFunc(ofHead, func(sha string) bool { return slices.Contains(ofBase, sha) })
	if common < 0 {
		// As in slapperwan/gh4a issue 544.
		return reply{}, refusal(http.StatusNotFound, "No common ancestor between %s and %s.", from, to)
	}
	ahead, behind := in.without(ofHead, ofBase), in.without(ofBase, ofHead)
	shown, header, err := c.commitsShown(ahead)
	if err != nil {
		return reply{}, err
	}
	body := comparisonBody{
		URL: c.base + c.path, HTMLURL: htmlURL(in.owner, in.name, "compare", c.params["basehead"]),
		BaseCommit: c.commitBody(base, "commits"), MergeBaseCommit: c.commitBody(ofHead[common], "commits"),
		Status: relation(len(ahead), len(behind)), AheadBy: len(ahead), BehindBy: len(behind),
		TotalCommits: len(ahead), Commits: []commitBody{}, Files: []changeBody{},
	}
	for _, sha := range shown {
		body.Commits = append(body.Commits, c.commitBody(sha, "commits"))
	}
	if number, _, _ := c.pageNumbers(); number == 1 {
		changes := changesBetween(in.commit(ofHead[common]).tree, in.commit(head).tree)
		body.Files = changes[:min(len(changes), maxComparedFiles)]
	}
	return reply{status: http.StatusOK, header: header, body: body}, nil
}

// without is the first list without what the second has, oldest first.
func (one *repository) without(some, others []string) []string {
	var left []string
	for _, known := range one.commits {
		if slices.Contains(some, known.sha) && !slices.Contains(others, known.sha) {
			left = append(left, known.sha)
		}
	}
	return left
}

// commitsShown is a page of the commits, or the newest 250 when no page is
// asked for.
func (c *call) commitsShown(all []string) ([]string, map[string]string, error) {
	if query := c.request.URL.Query(); query.Has("page") || query.Has("per_page") {
		return page(c, all)
	}
	return all[max(0, len(all)-maxComparedCommits):], nil, nil
}

func relation(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	}
	return "identical"
}

// changesBetween tells what differs, by path. A file that is gone and one of the
// same content that is new are one that was renamed.
func changesBetween(before, after map[string]entry) []changeBody {
	var gone []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, isThere := after[name]; !isThere {
			gone = append(gone, name)
		}
	}
	changes := []changeBody{}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		held := after[name]
		change := changeBody{Filename: name, SHA: new(blobSHA(held.content)), Status: "modified"}
		old, wasThere := before[name]
		if wasThere && old == held {
			continue
		}
		if !wasThere {
			change.Status = "added"
			from := slices.IndexFunc(gone, func(path string) bool { return before[path] == held })
			if from >= 0 {
				change.Status, change.PreviousFilename = "renamed", gone[from]
				gone = slices.Delete(gone, from, from+1)
			}
		}
		changes = append(changes, change)
	}
	for _, name := range gone {
		changes = append(changes, changeBody{Filename: name, Status: "removed", SHA: new(blobSHA(before[name].content))})
	}
	slices.SortFunc(changes, func(a, b changeBody) int { return strings.Compare(a.Filename, b.Filename) })
	return changes
}
