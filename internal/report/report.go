// Package report puts Plans, Results and progress into words: for a terminal,
// as Markdown for GitHub, and as JSON. It is pure: the same value gives the same
// text, which golden files hold fast. It reads nothing, sends nothing and knows
// no clock. Level 3.
package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// mostListed bounds the paths listed of each kind; the JSON form has them all.
const mostListed = 40

// JSON returns value as one indented JSON document with a final newline.
func JSON(value any) (string, error) { return encoded(value, "  ") }

// JSONLine returns value as one line of JSON, its newline included.
func JSONLine(value any) (string, error) { return encoded(value, "") }

func encoded(value any, indent string) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("encode the result: %w", err)
	}
	return legible(text.String()), nil
}

// legible writes what would drive a terminal, or be a command to GitHub's runner
// (actions/runner takes "##[" anywhere in a line), as escapes of JSON, which mean
// the same to a program. Outside of strings JSON has none of it.
func legible(document string) string {
	document = strings.ReplaceAll(document, "##[", `#\u0023[`)
	if !strings.ContainsFunc(document, isObscure) {
		return document
	}
	var text strings.Builder
	for _, r := range document {
		switch {
		case !isObscure(r):
			text.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&text, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&text, `\u%04x\u%04x`, high, low)
		}
	}
	return text.String()
}

// isObscure reports whether a rune has no shape of its own.
func isObscure(r rune) bool {
	return r != '\n' && !unicode.IsGraphic(r) && r != zeroWidthNonJoiner && r != zeroWidthJoiner
}

// Deployed tells a person what is live now. note, when not empty, stands behind
// the URL.
func Deployed(result job.Result, plan deploy.Plan, note string) string {
	var text strings.Builder
	if result.SupersededReason != "" {
		return fmt.Sprintf("%s was not deployed to %s\n\n%s\n", result.Service, result.Environment, replaced(result))
	}
	if note != "" {
		note = " (" + note + ")"
	}
	state := "is live"
	switch result.Status {
	case job.Unchanged:
		state = "is unchanged"
	case job.Superseded:
		state = "was live"
	case job.Promoted:
		state = "is promoted and live"
	default:
	}
	fmt.Fprintf(&text, "%s %s in %s\n  %s%s\n", result.Service, state, result.Environment, result.URL, note)
	if result.Status == job.Superseded {
		fmt.Fprintf(&text, "\n%s\n", replaced(result))
	}
	files(&text, "Functions", plan.Functions, done())
	files(&text, "Assets", plan.Assets, done())
	if line := variables(result.Variables, done()); line != "" {
		fmt.Fprintf(&text, "\nVariables: %s\n", line)
	}
	fmt.Fprintf(&text, "\nBuild %s on %s with %s\n", result.BuildSID, plan.Runtime, dependencies(plan))
	switch {
	case plan.Build == deploy.BuildReused:
		fmt.Fprintf(&text, "It was %s, so nothing was built\n", madeOfTheSame(plan))
	case plan.Build == deploy.BuildLive && result.Changed && result.Status != job.Unchanged:
		text.WriteString("It was live already; the variables alone changed\n")
	}
	if why := notPromoted(result); why != "" {
		text.WriteString(why + "\n")
	}
	if result.PreviousBuildSID != "" && result.PreviousBuildSID != result.BuildSID {
		fmt.Fprintf(&text, "Before it, Build %s was live\n", result.PreviousBuildSID)
	}
	for _, line := range removedPreviews(result) {
		fmt.Fprintf(&text, "Removed the preview %s\n", clean(line))
	}
	fmt.Fprintf(&text, "%s uploaded with %s in %s\n", words.Size(result.UploadedBytes), words.Count(result.APICalls, "API call"),
		words.Elapsed(time.Duration(result.DurationMS)*time.Millisecond))
	return text.String()
}

// allUnchanged ends the line of files to none of which anything happened.
const allUnchanged = " unchanged\n"

// files lists paths with who may reach them and what happened to them. Those to
// which nothing happened are counted.
func files(text *strings.Builder, title string, planned []deploy.FilePlan, say tense) {
	if len(planned) == 0 {
		return
	}
	changed := slices.DeleteFunc(slices.Clone(planned), func(file deploy.FilePlan) bool { return file.Change == deploy.Unchanged })
	unchanged := len(planned) - len(changed)
	if len(changed) == 0 {
		if !strings.HasSuffix(text.String(), allUnchanged) {
			text.WriteByte('\n')
		}
		fmt.Fprintf(text, "%s: %d%s", title, unchanged, allUnchanged)
		return
	}
	fmt.Fprintf(text, "\n%s\n", title)
	shown := changed[:min(len(changed), mostListed)]
	widest := 0
	for _, file := range shown {
		widest = max(widest, utf8.RuneCountInString(clean(file.Path)))
	}
	for _, file := range shown {
		fmt.Fprintf(text, "  %-*s  %-9s  %s", widest, clean(file.Path), clean(string(file.Visibility)), say.of(file.Change))
		if file.WasVisibility != "" {
			text.WriteString(", " + say.was(clean(string(file.WasVisibility))))
		}
		text.WriteByte('\n')
	}
	if rest := len(changed) - len(shown); rest > 0 {
		fmt.Fprintf(text, "  … and %d more\n", rest)
	}
	if unchanged > 0 {
		fmt.Fprintf(text, "  and %d without a change\n", unchanged)
	}
}

// tense puts changes into words.
type tense struct {
	of  func(deploy.Change) string
	was func(string) string // tells what a thing was before
}

// done is for what was done, intended for what a deploy would do.
func done() tense {
	return tense{of: func(change deploy.Change) string { return string(change) }, was: func(before string) string { return "was " + before }}
}

func variables(changes job.Changes, say tense) string {
	var parts []string
	for _, part := range []struct {
		what deploy.Change
		keys []string
	}{{deploy.Created, changes.Created}, {deploy.Updated, changes.Updated}, {deploy.Removed, changes.Removed}, {deploy.Unchanged, changes.Unchanged}} {
		if len(part.keys) > 0 {
			parts = append(parts, say.of(part.what)+" "+clean(strings.Join(part.keys, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}

func dependencies(plan deploy.Plan) string {
	if len(plan.Dependencies) == 0 {
		return "no dependencies of its own"
	}
	named := make([]string, len(plan.Dependencies))
	for i, dependency := range plan.Dependencies {
		named[i] = clean(dependency.Name + " " + dependency.Version)
	}
	return strings.Join(named, ", ")
}

// Failed tells a person why a Job failed, what to do, and what it left behind.
func Failed(failure job.Failure) string {
	var text strings.Builder
	for i, line := range strings.Split(failure.Message, "\n") {
		prefix := "error: "
		if i > 0 {
			prefix = "       "
		}
		fmt.Fprintf(&text, "%s%s\n", prefix, line)
	}
	for _, line := range []string{failure.Hint, failure.State} {
		if line != "" {
			fmt.Fprintf(&text, "       %s\n", line)
		}
	}
	return text.String()
}
