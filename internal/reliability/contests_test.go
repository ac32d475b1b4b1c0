package reliability_test

import (
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
)

// commit is a tree, with the variables that it wants, and how it goes live.
type commit struct {
	version   int // of the files
	variables string
	prunes    bool
	watch     time.Duration
	// copies are those that it gets of the Environment stage, which like says.
	like   string
	copies string
	// isRollback says that its Build of before is made live again, whatever the
	// variables are.
	isRollback bool
}

// contest is two deploys to one Environment at once.
type contest struct {
	name string
	// before went live one behind the other; stage is live in another Environment.
	before []commit
	stage  *commit
	two    [2]commit
	// mayMiss says that a run that changes no variable need not notice that it was
	// replaced at once: to look costs a call, and nothing would follow from it.
	mayMiss bool
}

func contests() []contest {
	base := commit{version: 0, variables: "GREETING=hello\nLIMIT=10\nOLD=1\n"}
	one := commit{version: 1, variables: "GREETING=one\nLIMIT=11\nOLD=1\nONE=1\n"}
	two := commit{version: 2, variables: "GREETING=two\nLIMIT=22\nOLD=1\nTWO=2\n"}
	with := func(c commit, change func(*commit)) commit { change(&c); return c }
	pruning := func(c *commit) { c.prunes = true }
	watching := func(c *commit) { c.watch = time.Minute }
	bare := func(c *commit) { c.variables = "" }
	copying := func(c *commit) {
		c.like, c.copies, c.variables = "stage", "LIMIT=10\nOLD=1\n", c.variables[:len("GREETING=one\n")]
	}
	noVariables := with(one, func(c *commit) { c.variables = base.variables })
	variablesAlone := with(one, func(c *commit) { c.version = base.version })
	return []contest{
		{name: "first deploys", two: [2]commit{one, two}},
		{name: "first deploys with another one's variables", stage: &base, two: [2]commit{with(one, copying), with(two, copying)}},
		{name: "redeploys", before: []commit{base}, two: [2]commit{one, two}},
		{name: "redeploys that are watched", before: []commit{base}, two: [2]commit{with(one, watching), with(two, watching)}},
		{name: "no variables", before: []commit{with(base, bare)}, two: [2]commit{with(one, bare), with(two, bare)}},
		{name: "one changes no variable", before: []commit{base}, two: [2]commit{noVariables, two}, mayMiss: true},
		{name: "one changes variables alone", before: []commit{base}, two: [2]commit{variablesAlone, two}},
		{name: "both change variables alone", before: []commit{base}, two: [2]commit{
			variablesAlone, with(two, func(c *commit) { c.version = base.version }),
		}},
		{name: "the same files", before: []commit{base}, two: [2]commit{one, with(two, func(c *commit) { c.version = one.version })}},
		{name: "both prune", before: []commit{base}, two: [2]commit{
			with(one, pruning), with(two, func(c *commit) { pruning(c); c.variables = strings.ReplaceAll(c.variables, "OLD=1\n", "") }),
		}},
		{name: "back to what was live, against a new one", before: []commit{one}, two: [2]commit{two, with(base, pruning)}},
		{name: "a roll-back against a deploy", before: []commit{base, one}, two: [2]commit{
			with(two, pruning), with(base, func(c *commit) { c.isRollback = true }),
		}},
	}
}

// step is the command that takes a commit live.
func (c commit) step() step {
	deploy := deployOf(c.version, c.variables)
	if c.isRollback {
		return step{job: job.Job{
			Verb: job.Rollback, Target: job.Target{Service: "site", Environment: "dev"}, Release: job.Release{To: deploy.job.Commit},
		}}
	}
	deploy.files["assets/index.html"] = &fstest.MapFile{Data: fmt.Appendf(nil, "<h1>%d</h1>", c.version), Mode: 0o644}
	options := &deploy.job.Options
	options.PruneVariables, options.VariablesLike, options.Watch = c.prunes, c.like, c.watch
	return deploy
}

// done is what it says when nothing has taken its place.
func (c commit) done() job.Status {
	if c.isRollback {
		return job.RolledBack
	}
	return job.Deployed
}
