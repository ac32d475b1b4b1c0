package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// Tag is what the Plan for a tag tells of the Build that goes live.
type Tag struct {
	// From is an Environment that runs the Build which is promoted, by the name that a
	// deploy calls it: the one that was asked for where it runs that Build. Empty when
	// none runs it, and when none is promoted.
	From string `json:"from,omitempty"`
	// Commit is what the promoted Build was made from; empty when it does not tell.
	Commit string `json:"commit,omitempty"`
	// WhyNot says why a Build is made instead; empty when none has to be.
	WhyNot string `json:"why_not,omitempty"`
	// Warnings are what a person should know of what was asked for.
	Warnings []string `json:"warnings,omitempty"`
}

// Staged is what is live in the Environment that a tag's Build is to come from.
type Staged struct {
	// Environment has no SID when there is none; Fault says why, where one is asked for.
	Environment twilio.Environment
	Fault       *problem.Problem
	// Build is the one that is live there, Known what can be told of it.
	Build twilio.Build
	Known Known
}

// findStaged finds the Environment that a tag's Build is to come from. That there is
// none is no error: before a first release there may be none yet.
func (l *Live) findStaged(asked Question, environments []twilio.Environment) {
	if asked.From.Name == "" {
		return
	}
	found, ok, err := asked.From.among(environments)
	if err == nil && !ok {
		err = missingEnvironment(l.Service, asked.From, environments)
	}
	if err == nil && found.SID == l.Environment.SID {
		err = toItself(asked.From.Name)
	}
	if fault, ok := errors.AsType[*problem.Problem](err); ok { // it is nothing else
		l.Staged.Fault = fault
		return
	}
	l.Staged.Environment = found
}

// readBuilds reads the live Build and the staged one. The latter is not there when
// Twilio has lost it.
func (l *Live) readBuilds(ctx context.Context, client *twilio.Client) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(guarded(func() error { return l.readBuild(groupCtx, client) }))
	if sid := l.Staged.Environment.BuildSID; sid != "" && sid != l.Environment.BuildSID {
		group.Go(guarded(func() error {
			build, err := client.FetchBuild(groupCtx, l.Service.SID, sid)
			if twilio.IsNotFound(err) {
				return nil
			}
			l.Staged.Build = build
			return err
		}))
	}
	err := group.Wait()
	if sid := l.Staged.Environment.BuildSID; sid != "" && sid == l.Build.SID {
		l.Staged.Build = l.Build
	}
	return err //nolint:wrapcheck // the client's own error.
}

// planTag says what becomes of a tag: the promotion of a Build, or why there is none.
func (p *Plan) planTag(asked Question, live Live) {
	if !asked.IsTag {
		return
	}
	p.Tag = &Tag{}
	if fault := live.Staged.Fault; fault != nil {
		p.Tag.Warnings = []string{"promote-from: " + fault.Error()}
	}
	switch p.Build {
	case BuildReused:
		p.Tag.From, p.Tag.Commit = live.Twin.In, live.Twin.Commit
	case BuildNew:
		p.Tag.WhyNot = strings.Join(slices.DeleteFunc([]string{whyNotStaged(asked, live), p.whyNoTwin(asked, live)},
			func(reason string) bool { return reason == "" }), "; ")
	case BuildLive, BuildNone:
	}
}

// IsPromotion reports whether a tag's tree goes live by a Build that was made before.
func (p *Plan) IsPromotion() bool { return p.Tag != nil && p.Build == BuildReused }

// withoutBuild is a Tag whose Build went away before it could be promoted; nil is none.
func (t *Tag) withoutBuild(gone twilio.BuildSID) *Tag {
	if t == nil {
		return nil
	}
	return &Tag{WhyNot: fmt.Sprintf("Build %s, which was made of the same, is gone", gone), Warnings: t.Warnings}
}

// whyNotStaged says why what is live in the Environment that was asked for is not
// promoted; empty when none was asked for.
func whyNotStaged(asked Question, live Live) string {
	from, staged := asked.From.Name, live.Staged
	sid := staged.Environment.BuildSID
	switch {
	case from == "" || live.Service.SID == "":
		return ""
	case staged.Fault != nil:
		return staged.Fault.Message
	case sid == "":
		return "nothing is live in " + from
	case staged.Build.SID == "":
		return fmt.Sprintf("%s runs Build %s, which is gone", from, sid)
	case staged.Known.Doubt != "":
		return fmt.Sprintf("%s runs Build %s, and what it was made of cannot be told: %s", from, sid, staged.Known.Doubt)
	case staged.Known.Manifest == "":
		return fmt.Sprintf("%s runs Build %s, which has no Manifest that tells what it was made of", from, sid)
	}
	commit := ""
	if staged.Known.Commit != "" {
		commit = " of commit " + shown(words.Commit(staged.Known.Commit))
	}
	return fmt.Sprintf("%s runs Build %s%s, and differs: %s", from, sid, commit, strings.Join(differences(asked.Wanted, staged), ", "))
}

// whyNoTwin says that no other Build can be promoted.
func (p *Plan) whyNoTwin(asked Question, live Live) string {
	switch {
	case live.Service.SID == "":
		return "the Service " + p.Service + " is new, and has no Builds"
	case !asked.Manifest && len(asked.Wanted.Functions) == 0:
		return "Builds of Assets alone have no Manifest that tells what they were made of"
	case !asked.Manifest:
		return "other Builds are not looked at, since manifest is false"
	default:
		return "none of the newest Builds was made of the same files, dependencies and runtime"
	}
}

// mostDifferences bounds what is told of how two Builds differ.
const mostDifferences = 5

// differences tells what a deploy would change where a staged Build is live.
func differences(wanted *project.Project, staged Staged) []string {
	plan := Diff(Question{Wanted: wanted}, nil, Live{Environment: staged.Environment, Build: staged.Build, Known: staged.Known})
	var told []string
	for _, files := range []struct {
		noun    string
		planned []FilePlan
	}{{"Function ", plan.Functions}, {"Asset ", plan.Assets}} {
		for _, file := range files.planned {
			switch {
			case file.WasVisibility != "":
				told = append(told, fmt.Sprintf("%s%s %s becomes %s", files.noun, file.Path, file.WasVisibility, file.Visibility))
			case file.Change != Unchanged:
				told = append(told, files.noun+file.Path+" "+string(file.Change))
			}
		}
	}
	for _, one := range plan.DependencyChanges() {
		switch {
		case one.From == "":
			told = append(told, one.Name+" "+one.To+" "+string(Created))
		case one.To == "":
			told = append(told, one.Name+" "+one.From+" "+string(Removed))
		default:
			told = append(told, one.Name+" "+one.From+" becomes "+one.To)
		}
	}
	if plan.LiveRuntime != plan.Runtime {
		told = append(told, "runtime "+plan.LiveRuntime+" becomes "+plan.Runtime)
	}
	if len(told) == 0 { // all else that a digest is made of has its place above
		return []string{"in dependencies that Twilio adds by itself"}
	}
	if rest := len(told) - mostDifferences; rest > 0 {
		told = append(told[:mostDifferences], fmt.Sprintf("and %d more", rest))
	}
	return told
}
