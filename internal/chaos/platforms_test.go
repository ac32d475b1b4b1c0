//go:build unix

package chaos_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	twilio "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// content is what a Build is made of, by which those of different commits are told
// apart: paths and hashes.
type content string

// contentOf is what a Build made of a tree would have.
func (s service) contentOf(files map[string]string) content {
	var all []string
	for name, text := range files {
		below, isWithin := strings.CutPrefix(path.Join("/", name), strings.TrimSuffix(path.Join("/", s.folder), "/")+"/")
		if !isWithin {
			continue
		}
		if function, is := strings.CutPrefix(below, "functions/"); is {
			all = append(all, "/"+strings.TrimSuffix(function, ".js")+" "+hash(text))
		} else if asset, is := strings.CutPrefix(below, "assets/"); is {
			all = append(all, "/"+asset+" "+hash(text))
		}
	}
	slices.Sort(all)
	return content(strings.Join(all, "\n"))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// platform is what there is at Twilio, by what it is looked for.
type platform struct {
	twilio.Snapshot

	contents map[string]content // by Build
	services map[string]string  // SID by name
}

func (w *world) platform() platform {
	seen := platform{Snapshot: w.twilio.Snapshot(), contents: map[string]content{}, services: map[string]string{}}
	versions := map[string]twilio.Version{}
	for _, one := range seen.Versions {
		versions[one.SID] = one
	}
	for _, build := range seen.Builds {
		var all []string
		for _, sid := range build.VersionSIDs {
			if one := versions[sid]; !strings.HasPrefix(one.Path, "/_slipway/") {
				all = append(all, one.Path+" "+one.SHA256)
			}
		}
		slices.Sort(all)
		seen.contents[build.SID] = content(strings.Join(all, "\n"))
	}
	for _, one := range seen.Services {
		seen.services[one.UniqueName] = one.SID
	}
	return seen
}

// surplus counts Builds of what another Build of the same Service had been made of, by
// Service. Of those without Functions nobody can know: Assets cannot be read back.
func (p platform) surplus() map[string]int {
	type made struct {
		service string
		of      content
	}
	known, more := map[made]bool{}, map[string]int{}
	for _, build := range p.Builds {
		if !strings.Contains(string(p.contents[build.SID]), "/hello ") {
			continue
		}
		one := made{build.ServiceSID, p.contents[build.SID]}
		if known[one] {
			more[build.ServiceSID]++
		}
		known[one] = true
	}
	return more
}

// checkTwilio looks whether what is live is what the newest commits have, and whether it
// came to that without a step too many.
func (w *world) checkTwilio(found *findings) {
	seen := w.platform()
	surplus, builds := seen.surplus(), 0
	for _, one := range w.repositories {
		for _, service := range one.services {
			w.checkService(found, seen, one, service)
			builds += surplus[seen.services[service.name]]
		}
	}
	if builds > w.size.kills {
		found.add("", "%d Builds were made too many, by %d kills: %v", builds, w.size.kills, surplus)
	}
	if names := len(seen.services); names != len(seen.Services) {
		found.add("", "%d Services have %d names", len(seen.Services), names)
	}
}

func (w *world) checkService(found *findings, seen platform, one *repository, service service) {
	wanted := map[string]content{}
	if main := one.branches["main"]; main.sha != "" {
		wanted["stage-environment"] = service.contentOf(main.files)
	}
	for _, proposed := range one.pulls {
		if proposed.isOpen && slices.Contains(proposed.services, service) {
			wanted[fmt.Sprintf("pr-%d-environment", proposed.number)] = service.contentOf(one.branches[proposed.ref].files)
		}
	}
	live := map[string]content{}
	for _, environment := range seen.Environments {
		if environment.ServiceSID != seen.services[service.name] {
			continue
		}
		live[environment.UniqueName] = seen.contents[environment.BuildSID]
		var last twilio.Deployment
		for _, deployment := range seen.Deployments {
			if deployment.EnvironmentSID != environment.SID {
				continue
			}
			isSame := last.BuildSID == deployment.BuildSID || service.hasFunctions && seen.contents[last.BuildSID] == seen.contents[deployment.BuildSID]
			if last.SID != "" && isSame {
				found.add(one.fullName(), "the same was deployed to %s of %s twice in a row: %s of %s and %s of %s",
					environment.UniqueName, service.name, last.SID, last.BuildSID, deployment.SID, deployment.BuildSID)
			}
			last = deployment
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if got, isThere := live[name]; !isThere {
			found.add(one.fullName(), "%s has no %s", service.name, name)
		} else if got != wanted[name] {
			found.add(one.fullName(), "live in %s of %s is\n%s\nand not what the newest commit has:\n%s", name, service.name, got, wanted[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(live)) {
		if _, isWanted := wanted[name]; !isWanted {
			found.add(one.fullName(), "%s has %s, which is nobody's", service.name, name)
		}
	}
}

// checkGitHub looks whether all that GitHub was told has come to an end.
func (w *world) checkGitHub(found *findings) {
	for _, told := range w.github.Snapshot().Repositories {
		name := told.Owner + "/" + told.Name
		newest := map[[2]string]github.Status{}
		for _, one := range told.Statuses {
			newest[[2]string{one.SHA, one.Context}] = one
		}
		for _, one := range newest {
			if one.State == "pending" {
				found.add(name, "the status %s of %s is %s: %s", one.Context, short(one.SHA), one.State, one.Description)
			}
		}
		for _, one := range told.Deployments {
			state := ""
			if made := len(one.Statuses); made > 0 {
				state = one.Statuses[made-1].State
			}
			if !slices.Contains([]string{"success", "inactive", "failure", "error"}, state) {
				found.add(name, "the GitHub Deployment %d of %s to %s is %q: %s", one.ID, short(one.SHA), one.Environment, state, one.Payload)
			}
		}
		w.checkHeads(found, name, newest)
		w.checkComments(found, name, told.Comments)
	}
}

// checkHeads looks whether the newest commits say that they are live: those of pull
// requests, and that of main where there is one service, which all of them concern.
func (w *world) checkHeads(found *findings, name string, newest map[[2]string]github.Status) {
	one := w.named(name)
	check := func(ref string, service service, environment string) {
		sha := one.branches[ref].sha
		status := newest[[2]string{sha, "slipway/" + service.name + "/" + environment}]
		isLive := strings.HasPrefix(status.Description, "Deployed") || strings.HasPrefix(status.Description, "Unchanged")
		if status.State != "success" || !isLive {
			found.add(name, "the status of %s in %s at %s, the head of %s, is %q: %s", service.name, environment, short(sha), ref, status.State, status.Description)
		}
	}
	if one.branches["main"].sha != "" && len(one.services) == 1 {
		check("main", one.services[0], "stage")
	}
	for _, proposed := range one.pulls {
		for _, service := range proposed.services {
			if proposed.isOpen {
				check(proposed.ref, service, "preview")
			}
		}
	}
}

// checkComments looks at the comments of pull requests.
func (w *world) checkComments(found *findings, name string, comments []github.Comment) {
	on := map[int][]github.Comment{}
	for _, one := range comments {
		on[one.Number] = append(on[one.Number], one)
	}
	for _, proposed := range w.named(name).pulls {
		said := on[proposed.number]
		isLive := len(said) == 1 && (strings.Contains(said[0].Body, "Ready") || strings.Contains(said[0].Body, "Unchanged"))
		switch {
		case len(said) > 1:
			found.add(name, "pull request %d has %d comments", proposed.number, len(said))
		case proposed.isOpen && !isLive:
			found.add(name, "the comment of pull request %d, which is open, is %+v", proposed.number, said)
		case !proposed.isOpen && isLive:
			found.add(name, "the comment of pull request %d, which is closed, is %+v", proposed.number, said)
		}
	}
}

func (w *world) named(fullName string) *repository {
	at := slices.IndexFunc(w.repositories, func(one *repository) bool { return one.fullName() == fullName })
	return w.repositories[at]
}
