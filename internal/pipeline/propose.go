package pipeline

import (
	"context"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
)

// Bounds of what one run proposes: entries of each list, and bytes of one text. All of it
// has to fit into an output of a workflow's step, which is 1 MB, with six bytes of JSON for
// each.
const (
	mostProposed     = 100
	mostProposedText = 150
	// mostProposedProblem is longer, as it says what to do as well.
	mostProposedProblem = 300
)

// Propose reads what a folder asks for without deploying it: it makes no call, and needs
// no credentials. The Result is a skip for the reason why, with a Proposal unless the
// folder cannot be read. The error, a problem.List, is what a deploy would be refused
// for, and is in the Proposal as well, as far as there is room; another one ended the
// reading. sharing is how many Proposals of one run share the room that there is.
func Propose(ctx context.Context, wanted FolderDeploy, why string, sharing int) (Outcome, error) {
	ctx, cancel := WithTimeout(ctx, wanted.Settings.Timeout)
	defer cancel()
	result := job.NewResult()
	result.Status, result.SkipReason = job.Skipped, why
	result.Service, result.Environment = wanted.Settings.Service, wanted.Settings.Environment
	var problems problem.List
	tree, err := wanted.openFolder()
	if rest := problems.Take(err); rest != nil {
		return Outcome{Result: result}, rest
	}
	if tree == nil {
		problems = append(problems, wanted.Problems...)
		return Outcome{Result: result}, problems.Err()
	}
	defer func() { _ = tree.Close() }()
	var read Reading
	err = problem.Guard(func() (err error) {
		read, err = ReadFolder(ctx, wanted, tree)
		return err
	})
	if rest := problems.Take(err); rest != nil {
		return Outcome{Result: result}, rest
	}
	result.Commit = tree.Commit
	if read.Target.Service != "" {
		result.Service = bounded(read.Target.Service) // which may be what package.json says
	}
	found, most := problems.Err(), max(mostProposed/max(sharing, 1), 1)
	result.Proposal = proposalOf(read, problems, most)
	result.Warnings = inBounds(result.Proposal, most, read.Warnings, boundedProblem)
	return Outcome{Result: result, Job: job.Job{Target: read.Target}}, found
}

// proposalOf is what was read, with most entries of each list.
func proposalOf(read Reading, problems problem.List, most int) *job.Proposal {
	found := read.Project
	if found == nil {
		found = &project.Project{}
	}
	asked := &job.Proposal{Runtime: bounded(found.Runtime)}
	file := func(one project.File) job.ProposedFile {
		return job.ProposedFile{Path: bounded(one.Path), Visibility: string(one.Visibility)}
	}
	asked.Functions = inBounds(asked, most, found.Functions, file)
	asked.Assets = inBounds(asked, most, found.Assets, file)
	asked.Dependencies = inBounds(asked, most, found.Dependencies, func(one npm.Dependency) job.ProposedPackage {
		return job.ProposedPackage{Name: bounded(one.Name), Version: bounded(one.Version)}
	})
	asked.Variables = inBounds(asked, most, read.Variables, bounded)
	asked.Problems = inBounds(asked, most, problems, func(one *problem.Problem) string { return boundedProblem(one.Error()) })
	return asked
}

func bounded(text string) string        { return cut(text, mostProposedText) }
func boundedProblem(text string) string { return cut(text, mostProposedProblem) }

// cut shortens a text to at most most bytes, and makes it UTF-8.
func cut(text string, most int) string {
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// inBounds puts most entries of a list into a Proposal, and counts the others.
func inBounds[F, T any](asked *job.Proposal, most int, all []F, made func(F) T) []T {
	kept := make([]T, min(len(all), most))
	for i := range kept {
		kept[i] = made(all[i])
	}
	asked.LeftOut += len(all) - len(kept)
	return kept
}
