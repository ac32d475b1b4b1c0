package report

import (
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// Done tells a person what came of a Job that did not fail: its Plan, or what is
// live now. note, when not empty, stands behind the URL of the latter.
func Done(result job.Result, plan deploy.Plan, note string) string {
	// What the platform names; the rest is cleaned where it is printed.
	cleanEach(&result.Service, &result.Environment, &result.URL, &result.BuildSID, &result.PreviousBuildSID, &plan.Runtime)
	cleanEach(&plan.LiveBuildSID)
	switch {
	case isSweep(result):
		return swept(result)
	case plan.Build == deploy.BuildNone:
		return TornDown(result, plan)
	case plan.Release != nil:
		return Released(result, plan)
	case result.Status == job.Planned:
		return Planned(result, plan)
	default:
		return Deployed(result, plan, note)
	}
}

// Planned tells a person what a deploy would change. Who can reach what comes
// first: that is what nobody may overlook.
func Planned(result job.Result, plan deploy.Plan) string {
	var text strings.Builder
	fmt.Fprintf(&text, "Plan for %s in %s\n", result.Service, result.Environment)
	if result.URL != "" {
		fmt.Fprintf(&text, "  %s\n", result.URL)
	}
	visibilities(&text, plan)
	files(&text, "Functions", plan.Functions, intended())
	files(&text, "Assets", plan.Assets, intended())
	if line := variables(result.Variables, intended()); line != "" {
		fmt.Fprintf(&text, "\nVariables: %s\n", line)
	}
	packages(&text, plan)
	text.WriteString("\n" + outlook(result, plan) + "\n")
	if why := notPromoted(result); why != "" {
		text.WriteString(why + "\n")
	}
	for _, note := range plan.Notes {
		text.WriteString("Note: " + clean(note) + "\n")
	}
	return text.String()
}

// visibilities tells what will be more or less open.
func visibilities(text *strings.Builder, plan deploy.Plan) {
	if opened := plan.VisibilityChanges(); len(opened) > 0 {
		text.WriteByte('\n')
		for _, file := range opened {
			fmt.Fprintf(text, "%s becomes %s; it is %s now\n", clean(file.Path), clean(string(file.Visibility)), clean(string(file.WasVisibility)))
		}
	}
}

func intended() tense {
	return tense{was: func(before string) string { return "still " + before }, of: func(change deploy.Change) string {
		switch change {
		case deploy.Created:
			return "to create"
		case deploy.Updated:
			return "to update"
		case deploy.Removed:
			return "to remove"
		default:
			return string(change)
		}
	}}
}

// packages tells what a Build is made with, and what it is made with now.
func packages(text *strings.Builder, plan deploy.Plan) {
	changes := plan.DependencyChanges()
	isOtherRuntime := plan.LiveRuntime != "" && plan.LiveRuntime != plan.Runtime
	if plan.LiveBuildSID == "" {
		fmt.Fprintf(text, "\nRuntime %s with %s\n", plan.Runtime, dependencies(plan))
		return
	}
	if isOtherRuntime {
		fmt.Fprintf(text, "\nRuntime: %s becomes %s\n", clean(plan.LiveRuntime), plan.Runtime)
	}
	if len(changes) == 0 {
		return
	}
	text.WriteString("\nDependencies\n")
	for _, one := range changes {
		name, from, to := clean(one.Name), clean(one.From), clean(one.To)
		switch {
		case one.From == "":
			fmt.Fprintf(text, "  %s %s is new\n", name, to)
		case one.To == "":
			fmt.Fprintf(text, "  %s %s goes\n", name, from)
		default:
			fmt.Fprintf(text, "  %s %s becomes %s\n", name, from, to)
		}
	}
}

// outlook says what carrying a Plan out would do.
func outlook(result job.Result, plan deploy.Plan) string {
	switch {
	case plan.Build == deploy.BuildNone:
		return teardownOutlook(result, plan)
	case plan.Release != nil:
		return releaseOutlook(result, plan)
	case plan.IsNothing():
		return "Nothing to do: all of it is live."
	case plan.Build == deploy.BuildLive:
		return "No Build is needed: the variables alone change."
	case plan.IsPromotion():
		return fmt.Sprintf("Build %s would be promoted: it was %s.", clean(string(plan.ReusedBuildSID)), madeOfTheSame(plan))
	case plan.Build == deploy.BuildReused:
		return fmt.Sprintf("No Build is needed: %s was %s.", clean(string(plan.ReusedBuildSID)), madeOfTheSame(plan))
	case len(plan.Uploads()) == 0:
		return "A new Build is needed; it is made of files that are there already."
	default:
		return fmt.Sprintf("A new Build is needed, with %s to upload (%s).", words.Count(len(plan.Uploads()), "file"), words.Size(plan.UploadedBytes()))
	}
}
