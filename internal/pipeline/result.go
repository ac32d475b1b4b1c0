package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// report copies the Plan into the Result.
func (r *run) report(plan deploy.Plan) {
	r.result.Service, r.result.ServiceSID = plan.Service, string(plan.ServiceSID)
	r.result.EnvironmentSID = string(plan.EnvironmentSID)
	r.result.Domain, r.result.URL = plan.Domain, r.url(plan.Domain)
	r.result.PreviousBuildSID = string(plan.LiveBuildSID)
	r.result.Digest = plan.Digest
	r.result.Functions, r.result.Assets = changes(plan.Functions), changes(plan.Assets)
	r.result.Variables = plan.Variables
	r.reportPromotion(plan)
}

// reportPromotion copies where the Build comes from, or why a tag's is made.
func (r *run) reportPromotion(plan deploy.Plan) {
	switch {
	case plan.Tag != nil:
		r.result.PromotedFrom, r.result.NotPromoted = plan.Tag.From, plan.Tag.WhyNot
	case plan.Release != nil && !plan.IsNothing():
		r.result.PromotedFrom = plan.Release.From
	}
}

// tellTag warns of what is odd about the Environment that a tag is promoted from.
func (r *run) tellTag() {
	if r.plan.Tag == nil {
		return
	}
	for _, warning := range r.plan.Tag.Warnings {
		r.tell(job.Event{Kind: job.Warned, Phase: job.PhasePlan, Message: warning})
	}
}

// rehearse ends a Job with its Plan.
func (r *run) rehearse() {
	r.result.Status, r.result.Plan = job.Planned, planSummary(&r.plan)
	r.result.BuildSID = string(r.plan.ReusedBuildSID)
}

// end copies what came of a Plan into the Result. done is the status of one that
// had something to do, and was carried out.
func (r *run) end(outcome deploy.Outcome, err error, done job.Status) error {
	r.outcome, r.plan = outcome, outcome.Plan
	r.reportPromotion(outcome.Plan)
	r.result.ServiceSID = string(outcome.ServiceSID)
	r.result.EnvironmentSID = string(outcome.EnvironmentSID)
	r.result.Domain, r.result.URL = outcome.Domain, r.url(outcome.Domain)
	r.result.BuildSID = string(outcome.BuildSID)
	r.result.DeploymentSID = string(outcome.DeploymentSID)
	r.result.UploadedBytes = outcome.UploadedBytes
	r.result.RolledBack = outcome.RolledBack
	r.result.PreviousBuildSID = string(outcome.LiveBefore)
	if newer, ok := errors.AsType[*deploy.NewerError](err); ok {
		return r.giveUp(newer.By)
	}
	if err != nil {
		r.result.Changed = !r.plan.IsNothing() && (outcome.VariablesKept != nil || outcome.VariablesMixed != nil || hasLeft(outcome))
		return err
	}
	r.result.Status, r.result.Changed = done, true
	switch {
	case outcome.IsSuperseded:
		r.result.Status, r.result.SupersededBy = job.Superseded, string(outcome.SupersededBy)
		r.result.Changed = !r.plan.IsNothing()
	case r.plan.IsNothing():
		r.result.Status, r.result.Changed = job.Unchanged, false
	}
	if outcome.LiveBefore == outcome.BuildSID {
		r.result.PreviousBuildSID = "" // it is this one
	}
	return nil
}

// hasLeft reports whether something of what failed its check is still there, or may be.
func hasLeft(outcome deploy.Outcome) bool {
	switch outcome.Live {
	case deploy.LiveIsThis, deploy.LiveUnknown:
		return outcome.Phase == job.PhaseCheck && !outcome.RolledBack
	default:
		return outcome.Phase == job.PhaseCheck && len(outcome.VariablesLeft) > 0
	}
}

// planSummary puts a Plan into a Result's words.
func planSummary(plan *deploy.Plan) *job.PlanSummary {
	summary := &job.PlanSummary{
		Build: string(plan.Build), ReusedBuildSID: string(plan.ReusedBuildSID), HasChanges: !plan.IsNothing(),
		Uploads: len(plan.Uploads()), UploadBytes: plan.UploadedBytes(),
		Visibilities: []job.VisibilityChange{}, Dependencies: []job.VersionChange{}, Notes: append([]string{}, plan.Notes...),
		Runtime: job.VersionChange{From: plan.LiveRuntime, To: plan.Runtime},
	}
	for _, file := range plan.VisibilityChanges() {
		summary.Visibilities = append(summary.Visibilities, job.VisibilityChange{
			Path: file.Path, From: string(file.WasVisibility), To: string(file.Visibility),
		})
	}
	for _, one := range plan.DependencyChanges() {
		summary.Dependencies = append(summary.Dependencies, job.VersionChange{Name: one.Name, From: one.From, To: one.To})
	}
	return summary
}

// summarised counts what is to be done.
func summarised(plan deploy.Plan) string {
	counts := make(map[deploy.Change]int)
	for _, file := range slices.Concat(plan.Functions, plan.Assets) {
		counts[file.Change]++
	}
	switch {
	case plan.Build == deploy.BuildNone && plan.IsNothing():
		return "there is nothing to take away"
	case plan.Build == deploy.BuildNone:
		return fmt.Sprintf("found %s", plan.EnvironmentSID)
	case plan.Release != nil && plan.Build == deploy.BuildLive:
		return fmt.Sprintf("Build %s is live already", plan.LiveBuildSID)
	case plan.Release != nil:
		return fmt.Sprintf("found Build %s", plan.ReusedBuildSID)
	}
	summary := fmt.Sprintf("%d to create, %d to update, %d to remove", counts[deploy.Created], counts[deploy.Updated], counts[deploy.Removed])
	switch {
	case plan.IsNothing():
		return "nothing to do"
	case plan.Build == deploy.BuildLive:
		return "variables alone"
	case plan.Build == deploy.BuildReused:
		return summary + ", with Build " + string(plan.ReusedBuildSID) + ", which is there already"
	default:
		return summary
	}
}

func changes(files []deploy.FilePlan) job.Changes {
	sorted := job.NoChanges()
	for _, file := range files {
		switch file.Change {
		case deploy.Created:
			sorted.Created = append(sorted.Created, file.Path)
		case deploy.Updated:
			sorted.Updated = append(sorted.Updated, file.Path)
		case deploy.Unchanged:
			sorted.Unchanged = append(sorted.Unchanged, file.Path)
		case deploy.Removed:
			sorted.Removed = append(sorted.Removed, file.Path)
		}
	}
	return sorted
}

// state says what a failed run left behind.
func (r *run) state() string {
	if r.plan.Fingerprint == "" {
		return "Nothing was changed."
	}
	if r.plan.Build == deploy.BuildNone {
		return r.leftOver()
	}
	sentences := []string{r.live(), r.progress()}
	if keys := r.outcome.VariablesKept; len(keys) > 0 {
		sentences = append(sentences, "All but the removal of variables is done. These may still be there: "+words.Names(keys)+". Run it again to remove them.")
	}
	if keys := r.outcome.VariablesMixed; len(keys) > 0 {
		sentences = append(sentences, "These variables may have another deploy's values: "+words.Names(keys)+". Run it again to set them.")
	}
	if keys := r.outcome.VariablesLeft; len(keys) > 0 {
		sentences = append(sentences, "These variables may still have this run's values: "+words.Names(keys)+".")
	}
	if r.outcome.IsPutBack && !r.outcome.RolledBack {
		sentences = append(sentences, "The variables are as they were.")
	}
	if r.plan.ServiceSID == "" && r.outcome.ServiceSID != "" {
		sentences = append(sentences, fmt.Sprintf("The Service %s was created.", r.plan.Service))
	}
	if r.plan.EnvironmentSID == "" && r.outcome.EnvironmentSID != "" {
		sentences = append(sentences, fmt.Sprintf("The Environment %s was created.", r.result.Environment))
	}
	return strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
}

// live says what answers in the Environment.
func (r *run) live() string {
	was := r.plan.LiveBuildSID
	if r.outcome.Phase != "" {
		was = r.outcome.LiveBefore
	}
	switch {
	case r.outcome.Live == deploy.LiveGone:
		return fmt.Sprintf("The Environment %s is not there any more.", r.result.Environment)
	case r.outcome.RolledBack:
		return r.liveAgain()
	case r.outcome.Phase == job.PhaseCheck && r.outcome.Live == deploy.LiveIsThis:
		unchecked := ""
		if r.outcome.IsUnverified {
			unchecked = "; whether it works was not found out"
		}
		return fmt.Sprintf("Build %s is live in %s%s.", r.outcome.BuildSID, r.result.Environment, unchecked)
	case r.outcome.Live == deploy.LiveUnknown:
		unknown := fmt.Sprintf("Whether Build %s is live in %s is not known; slipway status tells.", r.outcome.BuildSID, r.result.Environment)
		if (r.plan.Release == nil || r.plan.Copied != nil) && r.outcome.Phase != job.PhaseCheck {
			unknown += " The variables have their new values."
		}
		return unknown
	case r.outcome.Live == deploy.LiveOther && r.outcome.SupersededBy != "":
		return fmt.Sprintf("Build %s is live in %s; it went live while this ran.", r.outcome.SupersededBy, r.result.Environment)
	case r.outcome.Live == deploy.LiveOther:
		return fmt.Sprintf("Nothing is live in %s; it was taken away while this ran.", r.result.Environment)
	case (r.outcome.VariablesKept != nil || r.outcome.VariablesMixed != nil) && was != r.outcome.BuildSID:
		return fmt.Sprintf("Build %s is live in %s.", r.outcome.BuildSID, r.result.Environment)
	case was != r.plan.LiveBuildSID && was != "":
		return fmt.Sprintf("Build %s is live in %s; it went live while this ran.", was, r.result.Environment)
	case was != r.plan.LiveBuildSID:
		return fmt.Sprintf("Nothing is live in %s; it was taken away while this ran.", r.result.Environment)
	case was != "":
		return fmt.Sprintf("Build %s is live in %s, as before.", was, r.result.Environment)
	default:
		return fmt.Sprintf("Nothing is live in %s, as before.", r.result.Environment)
	}
}

// liveAgain says what a roll-back brought back.
func (r *run) liveAgain() string {
	if r.outcome.LiveBefore == r.outcome.BuildSID {
		return fmt.Sprintf("Rolled back: in %s the variables are as they were; Build %s is live, as before.", r.result.Environment, r.outcome.BuildSID)
	}
	before := "nothing is live, as before"
	if was := r.outcome.LiveBefore; was != "" {
		before = fmt.Sprintf("Build %s is live again", was)
	}
	variables := ""
	if r.plan.Release == nil || r.plan.Copied != nil {
		variables = ", with the variables as they were"
	}
	return fmt.Sprintf("Rolled back: in %s %s%s.", r.result.Environment, before, variables)
}

// progress says how far the run came.
func (r *run) progress() string {
	switch build := r.outcome.BuildSID; r.outcome.Phase {
	case job.PhaseUpload:
		return fmt.Sprintf("%d of %s uploaded.", r.outcome.Uploaded, words.Count(r.outcome.ToUpload, "file"))
	case job.PhaseBuild:
		if build == "" {
			return "The files were uploaded; no Build was made of them."
		}
		return fmt.Sprintf("Build %s did not go live.", build)
	case job.PhaseActivate:
		switch {
		case r.outcome.Live == deploy.LiveUnknown || r.outcome.Live == deploy.LiveOther || r.outcome.VariablesKept != nil || r.outcome.VariablesMixed != nil:
			return ""
		case r.plan.Build == deploy.BuildLive:
			return "Only variables were to change."
		case r.plan.Release != nil:
			return fmt.Sprintf("Build %s did not go live.", build)
		case r.plan.Build == deploy.BuildReused:
			return fmt.Sprintf("Build %s, which was made of the same before, did not go live.", build)
		}
		return fmt.Sprintf("Build %s of this run is complete, but not live.", build)
	case job.PhaseRead, job.PhasePlan, job.PhaseCheck, job.PhaseTeardown, job.PhasePrune:
	}
	return ""
}

func (r *run) url(domain string) string {
	if domain == "" {
		return ""
	}
	return strings.ReplaceAll(r.liveURL(), "{domain}", domain)
}

// liveURL is where deployed domains answer.
func (r *run) liveURL() string { return cmp.Or(r.cfg.LiveURL, "https://{domain}") }
