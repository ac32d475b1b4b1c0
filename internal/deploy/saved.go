package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// savedVersion is the version of Saved's JSON form.
const savedVersion = 1

// MaxSaved bounds the JSON form of a Saved, in bytes. The Plan of a project with
// some 30,000 files reaches it.
const MaxSaved = 16 << 20

// Saved is a Plan that is kept until it is carried out, with the Job that it was
// made for. It is plain data: keys of variables, never their values, and no
// credentials. Nothing of it is sent anywhere: it is what a new Plan has to equal.
type Saved struct {
	// Version is that of the JSON form; its name tells what the document is.
	Version int `json:"slipway_plan"`
	// Tool is what made it; may be empty.
	Tool string  `json:"tool,omitempty"`
	Job  job.Job `json:"job"`
	Plan Plan    `json:"plan"`
}

// Save keeps the Plan of a Job.
func Save(tool string, asked job.Job, plan Plan) Saved {
	asked.Options.DryRun = false
	return Saved{Version: savedVersion, Tool: tool, Job: asked, Plan: plan}
}

// ParseSaved reads the JSON form of a Saved: one of this version, whole, without
// a field that this version does not have. The error is a *problem.Problem that
// names no file.
func ParseSaved(document []byte) (Saved, error) {
	const again = "Plan again with slipway plan --out."
	wrong := func(format string, arguments ...any) (Saved, error) {
		return Saved{}, &problem.Problem{Message: fmt.Sprintf(format, arguments...), Fix: again}
	}
	const foreign = "it is no plan that slipway plan --out wrote"
	if len(document) > MaxSaved {
		return wrong("%s: it has more than %d MB", foreign, MaxSaved>>20)
	}
	var head struct {
		Version *int   `json:"slipway_plan"`
		Tool    string `json:"tool"`
	}
	err := json.Unmarshal(document, &head)
	syntax, isSyntax := errors.AsType[*json.SyntaxError](err)
	switch {
	case len(bytes.TrimSpace(document)) == 0:
		return wrong("it is empty")
	case isSyntax && int(syntax.Offset) >= len(document):
		return wrong("it ends in the midst of a plan: it was cut off, or not written to its end")
	case err != nil || head.Version == nil || *head.Version < 1:
		return wrong(foreign)
	case *head.Version > savedVersion:
		maker := ""
		if head.Tool != "" {
			maker = " (" + shown(head.Tool) + " made it)"
		}
		return Saved{}, &problem.Problem{
			Message: fmt.Sprintf("it is a plan of version %d%s, and this Slipway knows version %d", *head.Version, maker, savedVersion),
			Fix:     "Deploy it with the Slipway that made it, or plan again with this one.",
		}
	}
	var saved Saved
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&saved); err != nil {
		return wrong("it is not a plan as this Slipway writes it: %s", shown(strings.TrimPrefix(err.Error(), "json: ")))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return wrong("it has more in it than a plan")
	}
	if lack := saved.lack(); lack != "" {
		return wrong("it is not a whole plan: %s", lack)
	}
	return saved, nil
}

// lack says what a Saved does not have that each has; empty when it has all.
func (s *Saved) lack() string {
	plan := &s.Plan
	isSID := func(prefix, sid string) bool { return sid == "" || twilio.IsSID(prefix, sid) }
	_, err := ParseEnvironment(s.Job.Target.Environment)
	switch {
	case s.Job.Verb != job.Deploy:
		return fmt.Sprintf("it is for %q, not for a deploy", s.Job.Verb)
	case s.Job.Target.Service == "" || plan.Service == "":
		return "it names no Service"
	case err != nil:
		return "it names no Environment that can be: " + err.Error()
	case plan.Fingerprint == "" || plan.Digest == "":
		return "it does not tell what it was made from"
	case plan.Build != BuildNew && plan.Build != BuildReused && plan.Build != BuildLive:
		return fmt.Sprintf("it names no Build: %q", plan.Build)
	case !isSID("ZS", string(plan.ServiceSID)), !isSID("ZE", string(plan.EnvironmentSID)), !isSID("AC", plan.Account.SID),
		!isSID("ZB", string(plan.LiveBuildSID)), !isSID("ZB", string(plan.ReusedBuildSID)):
		return "a SID in it is none"
	}
	return ""
}

// shown is foreign text for one line of a message: as it is, or quoted when
// something in it has no shape.
func shown(text string) string {
	const longest = 200
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return fmt.Sprintf("%q", text)
	}
	return text
}
