package deploy_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
)

var update = flag.Bool("update", false, "rewrite the saved Plan in testdata")

// savedPlan is one in which every kind of change is.
func savedPlan(t *testing.T) deploy.Saved {
	t.Helper()
	asked := question(dev(t), wanted())
	asked.Manifest = true
	return deploy.Save("slipway/1.2.3", job.Job{
		Verb: job.Deploy, Target: job.Target{Service: "site", Environment: "dev"}, Folder: ".", Commit: strings.Repeat("c", 40),
		Options: job.Options{Dependencies: "locked", DryRun: true},
	}, deploy.Diff(asked, secrets("KEY", "hidden-value", "NEW", "hidden-value"), liveSite()))
}

// TestSavedKeepsItsForm holds the JSON form of version 1, so that the next Slipway
// reads what this one wrote: fields may be added; what changes the meaning of one
// needs another version.
func TestSavedKeepsItsForm(t *testing.T) {
	t.Parallel()
	saved := savedPlan(t)
	document, err := json.MarshalIndent(saved, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "saved", "version1.json")
	if *update {
		if err := os.WriteFile(name, append(document, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), string(document)+"\n"); diff != "" {
		t.Errorf("the form has changed (-kept +now):\n%s", diff)
	}
	got, err := deploy.ParseSaved(kept)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(saved, got); diff != "" || got.Job.Options.DryRun || strings.Contains(string(document), "hidden-value") {
		t.Errorf("what was read differs (-saved +read), or holds what it must not:\n%s%s", diff, document)
	}
}

func TestParseSavedRefuses(t *testing.T) {
	t.Parallel()
	whole, err := json.Marshal(savedPlan(t))
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, other string) string {
		changed := strings.Replace(string(whole), old, other, 1)
		if changed == string(whole) {
			t.Errorf("%s is not in the plan", old)
		}
		return changed
	}
	const foreign = "it is no plan that slipway plan --out wrote"
	for name, test := range map[string]struct{ document, want string }{
		"empty":                       {" \n", "it is empty"},
		"a list":                      {`[]`, foreign},
		"null":                        {`null`, foreign},
		"text":                        {"exports.handler = 1;", foreign},
		"another document":            {`{"version":1,"status":"planned"}`, foreign},
		"no version":                  {`{"slipway_plan":0}`, foreign},
		"a version in words":          {`{"slipway_plan":"one"}`, foreign},
		"cut off":                     {string(whole[:len(whole)-2]), "it ends in the midst of a plan"},
		"cut off early":               {"{", "it ends in the midst of a plan"},
		"a newer version":             {`{"slipway_plan":2,"tool":"slipway/9\u001b[31m"}`, `it is a plan of version 2 ("slipway/9\x1b[31m" made it), and this Slipway knows version 1`},
		"a newer one of an unknown":   {`{"slipway_plan":2}`, "it is a plan of version 2, and"},
		"an unknown field":            {with(`"runtime":`, `"walltime":1,"runtime":`), `unknown field "walltime"`},
		"another type":                {with(`"runtime":"node22"`, `"runtime":22`), "it is not a plan as this Slipway writes it"},
		"more behind it":              {string(whole) + "{}", foreign},
		"another verb":                {with(`"verb":"deploy"`, `"verb":"promote"`), `it is for "promote", not for a deploy`},
		"no Service":                  {with(`"service":"site","environment":"dev"`, `"service":"","environment":"dev"`), "it names no Service"},
		"an Environment that is none": {with(`"environment":"dev"`, `"environment":"a b"`), `it names no Environment that can be: environment "a b"`},
		"no fingerprint":              {with(`"fingerprint":"`, `"fingerprint":"","domain":"`), "it does not tell what it was made from"},
		"no Build":                    {with(`"build":"new"`, `"build":"old"`), `it names no Build: "old"`},
		"a SID that is none":          {with(`"service_sid":"ZS`, `"service_sid":"\u001b`), "a SID in it is none"},
		"too large":                   {strings.Repeat(" ", deploy.MaxSaved+1), foreign + ": it has more than 16 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := deploy.ParseSaved([]byte(test.document))
			found, ok := errors.AsType[*problem.Problem](err)
			if !ok || !strings.Contains(found.Message, test.want) || found.Fix == "" {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// FuzzParseSaved has every document be a whole plan or a Problem of one printable
// line; what is whole survives being written again.
func FuzzParseSaved(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "saved", "*.json"))
	if err != nil || len(names) == 0 {
		f.Fatal("there are no saved plans to begin with", err)
	}
	for _, name := range names {
		document, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
		f.Add(document[:len(document)/2])
	}
	for _, seed := range []string{"", "{}", "[]", `{"slipway_plan":1}`, `{"slipway_plan":2,"tool":"\u001b"}`, `{"slipway_plan":1,"\n":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		saved, err := deploy.ParseSaved(document)
		if err != nil {
			found, ok := errors.AsType[*problem.Problem](err)
			if !ok || found.Message == "" || found.Fix == "" || strings.ContainsFunc(found.Message, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("the error is %#v", err)
			}
			return
		}
		again, err := json.Marshal(saved)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := deploy.ParseSaved(again); err != nil {
			t.Errorf("what was read cannot be read again: %v\n%s", err, again)
		}
		live := liveSite()
		environment, err := deploy.ParseEnvironment("dev")
		if err != nil {
			t.Fatal(err)
		}
		asked := question(environment, wanted())
		_ = saved.Plan.CheckInput(asked, []string{"KEY"})
		_ = saved.Plan.CheckLive(deploy.Diff(asked, nil, live))
	})
}
