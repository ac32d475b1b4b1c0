package grants

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/words"
)

// MaxBytes is how large the file may be.
const MaxBytes = 8 << 20

// Bounds for files that are not what their names say.
const (
	maxRepositories = 10_000
	maxAccounts     = 100 // of each repository
	maxServices     = 100 // of each repository
	maxEnvironments = 100 // of each service
	maxVariables    = 200 // of each place
)

// Parse reads the text of server.yml, which stands at path. It opens nothing. The
// error is a problem.List of everything that is wrong with it.
func Parse(path string, source []byte) (*File, error) {
	p := &parser{path: path, known: map[scope][]key{}, usual: defaultMax()}
	p.File, p.Whole, p.Shared = path, "Put all repositories under repositories.", "What holds in every environment of a service goes into the service."
	if len(source) > MaxBytes {
		p.Wrong(0, "is larger than "+words.Size(MaxBytes), "Check that it is the file it should be.")
		return nil, p.Problems.Err()
	}
	file := p.file(p.Read(string(source)))
	if err := p.Problems.Err(); err != nil {
		return nil, err
	}
	return file, nil
}

// parser makes a File of values, and collects what is wrong with them.
type parser struct {
	document.Reader

	path string
	// known are the keys of each scope that was met.
	known map[scope][]key
	// usual is how many previews there may be where nothing is said.
	usual int
}

// keys returns those that are known in a scope.
func (p *parser) keys(s scope) []key {
	if p.known[s] == nil {
		p.known[s] = keys(s)
	}
	return p.known[s]
}

// file reads the whole file.
func (p *parser) file(top document.Value) *File {
	if !p.Top(top, "Begin with version: 1, and put what each repository may do below repositories.") {
		return nil
	}
	found := p.section(ofFile, top)
	if isKnown := p.Version(found[keyVersion]); !isKnown {
		return nil
	}
	all := found[keyRepositories]
	if !p.isSome(all, all.Line, "there are no repositories", "Name one or more below repositories, as owner/name.", maxRepositories) {
		return nil
	}
	file := &File{Path: p.path, byName: make(map[string]int, len(all.Value.Members))}
	for _, m := range all.Value.Members {
		folded := strings.ToLower(m.Name)
		switch before, isAgain := file.byName[folded]; {
		case !repositoryName.MatchString(m.Name) || noRepository.MatchString(m.Name):
			p.Wrong(m.Line, document.Shown(m.Name)+" is not the name of a repository", "Write it as owner/name, such as acme/voice.")
			continue
		case isAgain:
			p.Wrong(m.Line, fmt.Sprintf("%s is the repository in line %d, since GitHub folds case", m.Name, file.Repositories[before].Line), "Keep one of them.")
			continue
		}
		file.byName[folded] = len(file.Repositories)
		file.Repositories = append(file.Repositories, p.repository(m))
	}
	if len(p.Problems) == 0 { // otherwise where things go may be what is wrong
		p.checkClashes(file.Repositories)
	}
	return file
}

// Owners have letters, digits and dashes, and those that a company manages an
// underscore (docs.github.com, Username considerations for external authentication);
// repositories may have dots as well, but not as folders have them, and not the end of an
// address to clone from, which would never be met.
var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,98}/[A-Za-z0-9._-]{1,100}$`)
	noRepository   = regexp.MustCompile(`/\.{1,2}$|\.[Gg][Ii][Tt]$`)
)

// section returns the members of a mapping that may stand in the scope, by their
// names, and tells of the others.
func (p *parser) section(s scope, of document.Value) map[string]document.Member {
	known := p.keys(s)
	isThis := func(name string) bool {
		return slices.ContainsFunc(known, func(one key) bool { return one.name == name })
	}
	return p.Section(of, isThis, func(name string) (message, fix string) {
		message = fmt.Sprintf("%s has no key %s", s, document.Shown(name))
		if s == ofCredential && name == keyValue {
			return "a credential is given by its value, and no file is to hold one", byReference
		}
		for _, other := range []scope{ofRepository, ofAccount, ofService, ofPreviews} {
			if other != s && isKnown(other, name) && !isCloser(known, name) {
				return message, "It belongs to " + string(other) + "."
			}
		}
		return message, document.Meant(name, names(known))
	})
}

// isCloser reports whether a name is a slip of one that is known.
func isCloser(known []key, name string) bool {
	return strings.HasPrefix(document.Meant(name, names(known)), "Did you mean")
}

// isSome reports whether a value is a mapping of at least one and at most so many
// members, and tells if it is not: that there are none at a line.
func (p *parser) isSome(m document.Member, line int, none, fix string, most int) bool {
	if m.Line == 0 || m.Value.Kind == document.Nothing || m.Value.Kind == document.Mapping && len(m.Value.Members) == 0 {
		p.Wrong(line, none, fix)
		return false
	}
	return p.IsMapping(m) && !p.IsTooMany(m, len(m.Value.Members), most)
}

// repository reads what one of them may do.
func (p *parser) repository(m document.Member) Repository {
	read := Repository{Name: m.Name, Line: m.Line}
	if m.Value.Kind != document.Nothing && !p.IsMapping(m) {
		return read
	}
	found := p.section(ofRepository, m.Value)
	accounts, services := found[keyAccounts], found[keyServices]
	if p.isSome(accounts, orLine(accounts, m), m.Name+" has no accounts", "Name one or more below accounts, each with its api-key and api-secret.", maxAccounts) {
		for _, one := range accounts.Value.Members {
			read.Accounts = append(read.Accounts, p.account(one))
		}
	}
	if p.isSome(services, orLine(services, m), m.Name+" has no services", "Name what slipway.yml calls them below services, each with its environments.", maxServices) {
		for _, one := range services.Value.Members {
			read.Services = append(read.Services, p.service(one, read.Accounts))
		}
	}
	return read
}

// orLine is the line of a member, or else that of what it would be in.
func orLine(m, in document.Member) int {
	if m.Line == 0 {
		return in.Line
	}
	return m.Line
}
