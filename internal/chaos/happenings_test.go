//go:build unix

package chaos_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	github "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// repository is one at GitHub, as people have pushed to it.
type repository struct {
	owner, name string
	services    []service
	branches    map[string]branch
	pulls       []*pull // by number, from 1
}

// service is a project of a repository.
type service struct {
	name, folder string
	hasFunctions bool
}

// branch is what is at its head.
type branch struct {
	sha   string
	files map[string]string
}

// pull is a pull request, which proposes to change some services.
type pull struct {
	number   int
	ref      string
	services []service
	isOpen   bool
}

func (r *repository) fullName() string { return r.owner + "/" + r.name }

// newRepository makes one of several kinds: with one service or two, and with a service
// that has no Functions and so no Manifest.
func newRepository(number int) *repository {
	one := &repository{owner: fmt.Sprintf("acme-%d", ownerOf(number)), name: fmt.Sprintf("repository-%03d", number), branches: map[string]branch{}}
	switch number % 5 {
	case 3:
		one.services = []service{{name: fmt.Sprintf("pages-%03d", number), folder: "."}}
	case 4:
		one.services = []service{
			{fmt.Sprintf("voice-%03d", number), "voice", true},
			{fmt.Sprintf("billing-%03d", number), "billing", true},
		}
	default:
		one.services = []service{{fmt.Sprintf("voice-%03d", number), ".", true}}
	}
	return one
}

// rules is the repository's slipway.yml.
func (r *repository) rules() string {
	var all strings.Builder
	all.WriteString("version: 1\nservices:\n")
	for i, one := range r.services {
		variables := ""
		if one.hasFunctions && i == 0 {
			variables = ", variables: [DSN]"
		}
		fmt.Fprintf(&all, "  %s:\n    path: %s\n    environments: {stage: {on: {branch: main}%s}}\n    previews: {}\n", one.name, one.folder, variables)
	}
	return all.String()
}

// source is the file of a service that tells its commits apart.
func (s service) source() string {
	if s.hasFunctions {
		return path.Join(s.folder, "functions/hello.js")
	}
	return path.Join(s.folder, "assets/index.html")
}

// first is what a repository has before anything happens.
func (r *repository) first() map[string]string {
	files := map[string]string{"slipway.yml": r.rules()}
	for _, one := range r.services {
		files[path.Join(one.folder, "package.json")] = fmt.Sprintf(`{"name": %q, "engines": {"node": "22.x"}}`, one.name)
		files[path.Join(one.folder, "assets/logo.svg")] = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"
		files[one.source()] = "exports.handler = (context, event, callback) => callback(null, 'first');"
	}
	return files
}

// happenings has things happen in repositories, as a seed draws them.
type happenings struct {
	world  *world
	random *rand.Rand
	pushes int
}

func newHappenings(w *world, random *rand.Rand) *happenings {
	return &happenings{world: w, random: random}
}

// news is what GitHub tells of something that happened.
type news struct {
	repository, event, what string
	body                    []byte
}

// next has something happen, and returns what GitHub tells of it.
func (h *happenings) next(t *testing.T) []news {
	t.Helper()
	one := h.world.repositories[h.random.IntN(len(h.world.repositories))]
	if one.branches["main"].sha == "" {
		return []news{h.push(t, one, "main", one.services, true)}
	}
	open := slices.DeleteFunc(slices.Clone(one.pulls), func(p *pull) bool { return !p.isOpen })
	closed := slices.DeleteFunc(slices.Clone(one.pulls), func(p *pull) bool { return p.isOpen })
	switch draw := h.random.IntN(100); {
	case draw < 10 && len(open) < 4:
		return h.open(t, one)
	case draw < 25 && len(open) > 0:
		proposed := open[h.random.IntN(len(open))]
		pushed := h.push(t, one, proposed.ref, proposed.services, true)
		return []news{pushed, h.tell(t, one, proposed, "synchronize")}
	case draw < 35 && len(open) > 0:
		proposed := open[h.random.IntN(len(open))]
		proposed.isOpen = false
		return []news{h.tell(t, one, proposed, "closed")}
	case draw < 38 && len(closed) > 0:
		proposed := closed[h.random.IntN(len(closed))]
		proposed.isOpen = true
		return []news{h.tell(t, one, proposed, "reopened")}
	case draw < 42: // nothing of what is deployed
		return []news{h.push(t, one, "main", nil, true)}
	}
	touched := one.services
	if which := h.random.IntN(len(touched) + 1); which < len(touched) {
		touched = touched[which : which+1]
	}
	return []news{h.push(t, one, "main", touched, false)}
}

// push changes services, or the README alone, on a branch. What it says is new, or, when
// it may be, as it was before at times.
func (h *happenings) push(t *testing.T, one *repository, ref string, services []service, isNew bool) news {
	t.Helper()
	h.pushes++
	files := maps.Clone(one.branches[ref].files)
	if files == nil {
		files = one.first()
	}
	files["README.md"] = fmt.Sprintf("Commit %d\n", h.pushes)
	for _, service := range services {
		said := h.pushes
		if !isNew && h.random.IntN(10) == 0 {
			said = 0 // as after a revert
		}
		files[service.source()] = fmt.Sprintf("exports.handler = (context, event, callback) => callback(null, '%s %d');", service.name, said)
	}
	pushed, err := h.world.github.Push(one.fullName(), github.Push{Branch: ref, Files: files, Message: fmt.Sprintf("Commit %d", h.pushes), Login: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	one.branches[ref] = branch{pushed.SHA, files}
	h.world.mu.Lock()
	h.world.commits[pushed.SHA] = commit{one.fullName(), ref, h.pushes}
	h.world.mu.Unlock()
	return news{one.fullName(), "push", fmt.Sprintf("push of %s to %s", short(pushed.SHA), ref), pushed.Payload}
}

// open proposes a change of some services.
func (h *happenings) open(t *testing.T, one *repository) []news {
	t.Helper()
	made := &pull{number: len(one.pulls) + 1, isOpen: true, services: one.services}
	made.ref = fmt.Sprintf("feature-%d", made.number)
	if which := h.random.IntN(len(one.services) + 1); which < len(one.services) {
		made.services = one.services[which : which+1]
	}
	one.pulls = append(one.pulls, made)
	main := one.branches["main"]
	if err := h.world.github.AddCommit(one.fullName(), github.Commit{SHA: main.sha, Branch: made.ref}); err != nil {
		t.Fatal(err)
	}
	one.branches[made.ref] = main
	pushed := h.push(t, one, made.ref, made.services, true)
	return []news{pushed, h.tell(t, one, made, "opened")}
}

// tell is what GitHub tells of a pull request.
func (h *happenings) tell(t *testing.T, one *repository, of *pull, action string) news {
	t.Helper()
	head, base := one.branches[of.ref].sha, one.branches["main"].sha
	if err := h.world.github.SetPullRequest(one.fullName(), github.PullRequest{
		Number: of.number, HeadSHA: head, HeadRef: of.ref, BaseSHA: base, IsClosed: !of.isOpen,
	}); err != nil {
		t.Fatal(err)
	}
	in := map[string]any{"full_name": one.fullName(), "name": one.name, "owner": map[string]any{"login": one.owner}, "default_branch": "main"}
	state := "open"
	if !of.isOpen {
		state = "closed"
	}
	body, err := json.Marshal(map[string]any{
		"action": action, "number": of.number, "repository": in, "sender": map[string]any{"login": "ada"},
		"pull_request": map[string]any{
			"number": of.number, "state": state, "merged": false, "draft": false, "updated_at": h.happened(),
			"head": map[string]any{"sha": head, "ref": of.ref, "repo": in}, "base": map[string]any{"sha": base, "ref": "main", "repo": in},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return news{one.fullName(), "pull_request", fmt.Sprintf("pull request %d %s at %s", of.number, action, short(head)), body}
}

// happened is a time that nothing else has happened at.
func (h *happenings) happened() string {
	h.pushes++
	return fmt.Sprintf("2026-11-22T%02d:%02d:%02dZ", h.pushes/3600%24, h.pushes/60%60, h.pushes%60)
}
