package deploy

import (
	"fmt"
	"slices"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Account is where a Target is.
type Account struct {
	// SID is empty when it is not known: an API key does not tell it, and only an
	// existing Service does.
	SID string `json:"sid,omitempty"`
	// Region is empty for the default, us1.
	Region string `json:"region,omitempty"`
}

// CheckInput compares a saved Plan with what a deploy is asked for now, before
// anything is read from the account: the account, the files, dependencies and
// runtime of the Project, and that the Plan knows the keys of its variables. The
// error is a problem.List of everything that differs; Problems with files name
// them.
func (p *Plan) CheckInput(asked Question, keys []string) error {
	var problems problem.List
	if p.Account.SID != "" && asked.Account.SID != "" && p.Account.SID != asked.Account.SID {
		problems.Add(fmt.Sprintf("the plan was made for the account %s, and account-sid is %s", p.Account.SID, shown(asked.Account.SID)), "Give the credentials of that account, or plan again.")
	}
	if regionName(p.Account) != regionName(asked.Account) {
		problems.Add(fmt.Sprintf("the plan was made in the region %s, and region is %s", regionName(p.Account), regionName(asked.Account)), "Give the same region, or plan again.")
	}
	var differing problem.List
	p.compareFiles(asked.Wanted, &differing)
	p.comparePackages(asked.Wanted, &differing)
	fates := p.fates()
	for _, key := range keys {
		if !fates[key].isGiven() {
			differing.Add(fmt.Sprintf("the variable %s is set now, and was not when the plan was made", key), "")
		}
	}
	if len(differing) > 0 {
		problems.Add("the project is not what it was when the plan was made", "Plan again, or take the changes back.")
		const most = 40
		shown := differing[:min(len(differing), most)]
		problems = append(problems, shown...)
		if rest := len(differing) - len(shown); rest > 0 {
			problems.Add(fmt.Sprintf("%d more differences are not listed", rest), "")
		}
	}
	return problems.Err()
}

func regionName(account Account) string {
	if account.Region == "" {
		return twilio.DefaultRegion
	}
	return shown(account.Region)
}

// compareFiles adds a Problem for every path of which the Plan says something else.
func (p *Plan) compareFiles(wanted *project.Project, differing *problem.List) {
	planned := make(map[string]FilePlan)
	for _, file := range p.files() {
		planned[file.Path] = file
	}
	for _, file := range slices.Concat(wanted.Functions, wanted.Assets) {
		before, ok := planned[file.Path]
		delete(planned, file.Path)
		what := ""
		switch {
		case !ok:
			what = "is new since the plan was made"
		case before.Kind != file.Kind:
			what = "is an Asset since the plan was made; it was a Function"
			if file.Kind == project.KindFunction {
				what = "is a Function since the plan was made; it was an Asset"
			}
		case before.Visibility != file.Visibility:
			what = fmt.Sprintf("is %s since the plan was made; it was %s", file.Visibility, shown(string(before.Visibility)))
		case before.SHA256 != file.SHA256:
			what = "changed since the plan was made"
		case before.ContentType != file.ContentType:
			what = fmt.Sprintf("is of the type %s since the plan was made; it was %s", file.ContentType, shown(before.ContentType))
		default:
			continue
		}
		differing.AddAt(file.Name, 0, what, "")
	}
	for _, file := range slices.Concat(p.Functions, p.Assets) {
		if _, isGone := planned[file.Path]; isGone && file.Change != Removed {
			differing.AddAt(shown(file.Name), 0, "is gone since the plan was made", "")
		}
	}
}

func (p *Plan) comparePackages(wanted *project.Project, differing *problem.List) {
	if p.Runtime != wanted.Runtime {
		differing.Add(fmt.Sprintf("the runtime is %s, and %s in the plan", wanted.Runtime, shown(p.Runtime)), "")
	}
	planned := make(map[string]string, len(p.Dependencies))
	for _, one := range p.Dependencies {
		planned[one.Name] = one.Version
	}
	for _, one := range dependenciesOf(wanted) {
		version, ok := planned[one.Name]
		delete(planned, one.Name)
		switch {
		case !ok:
			differing.Add(fmt.Sprintf("the dependency %s is new since the plan was made", one.Name), "")
		case version != one.Version:
			differing.Add(fmt.Sprintf("the dependency %s is %s, and %s in the plan", one.Name, one.Version, shown(version)), "")
		}
	}
	for _, one := range p.Dependencies {
		if _, isGone := planned[one.Name]; isGone {
			differing.Add(fmt.Sprintf("the dependency %s is gone since the plan was made", shown(one.Name)), "")
		}
	}
}

// CheckLive compares a saved Plan, for which CheckInput found nothing, with one
// that was just made of the same. The error is a *StaleError when what is live has
// moved, and a problem.Problem when the variables were given other values or the
// account is another one.
func (p *Plan) CheckLive(now Plan) error {
	if p.Account.SID != "" && now.Account.SID != "" && p.Account.SID != now.Account.SID {
		return &problem.Problem{
			Message: fmt.Sprintf("the plan was made for the account %s, and the credentials are those of %s", p.Account.SID, shown(now.Account.SID)),
			Fix:     "Give the credentials of that account, or plan again.",
		}
	}
	environment := now.Environment.Name
	switch {
	case p.ServiceSID != now.ServiceSID:
		return newStaleError(cameOrWent("the Service "+shown(now.Service), string(p.ServiceSID), string(now.ServiceSID)))
	case p.EnvironmentSID != now.EnvironmentSID:
		return newStaleError(cameOrWent("the Environment "+environment, string(p.EnvironmentSID), string(now.EnvironmentSID)))
	case p.LiveBuildSID != now.LiveBuildSID:
		return newStaleError(otherBuild(environment, p.LiveBuildSID, now.LiveBuildSID))
	case p.Fingerprint != now.Fingerprint:
		return newStaleError(otherVariables(environment))
	}
	if err := p.checkVariables(now); err != nil {
		return err
	}
	switch {
	case p.ReusedBuildSID != now.ReusedBuildSID && now.ReusedBuildSID != "":
		return newStaleError(fmt.Sprintf("Build %s, which is made of the same, has come since it was made", now.ReusedBuildSID))
	case p.ReusedBuildSID != now.ReusedBuildSID:
		return newStaleError(fmt.Sprintf("Build %s, which was to go live again, is gone", p.ReusedBuildSID))
	case doing(*p) != doing(now):
		return newStaleError("what Twilio tells of the live Build is not what it was when it was made")
	}
	return nil
}

// cameOrWent says what happened to a thing that had one SID and has another.
func cameOrWent(thing, was, is string) string {
	switch {
	case was == "":
		return thing + " was not there when it was made, and is now"
	case is == "":
		return thing + " was there when it was made, and is not now"
	default:
		return thing + " is another one than when it was made"
	}
}

// doing names all of a Plan but what is no part of what it does: what its
// files are called in the Source, its notes, and how the Target was named. Nor is it
// which Functions and Assets are there already to have new Versions: a run that was
// cut off leaves some.
func doing(plan Plan) string {
	plan.Notes, plan.Environment, plan.Service, plan.Account, plan.ManifestParentSID = nil, Environment{}, "", Account{}, ""
	plan.Variables = job.Changes{}
	plan.Dependencies = append([]twilio.Dependency{}, plan.Dependencies...)
	plan.LiveDependencies = append([]twilio.Dependency{}, plan.LiveDependencies...)
	nameless := func(files []FilePlan) []FilePlan {
		files = append([]FilePlan{}, files...)
		for i := range files {
			files[i].Name, files[i].ParentSID = "", ""
		}
		return files
	}
	plan.Functions, plan.Assets = nameless(plan.Functions), nameless(plan.Assets)
	return hashOf(plan)
}
