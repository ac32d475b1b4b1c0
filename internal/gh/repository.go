package gh

import (
	"fmt"
	"regexp"
	"strings"
)

// Repository names a repository on GitHub. Names have no case.
type Repository struct {
	Owner, Name string
}

// String returns "owner/name".
func (r Repository) String() string { return r.Owner + "/" + r.Name }

// is tells whether both are the same repository.
func (r Repository) is(other Repository) bool { return strings.EqualFold(r.String(), other.String()) }

// ParseRepository reads "owner/name", as GITHUB_REPOSITORY has it.
func ParseRepository(text string) (Repository, error) {
	owner, name, _ := strings.Cut(text, "/")
	read := Repository{Owner: owner, Name: name}
	if read.check() != nil {
		return Repository{}, notRepository(text)
	}
	return read, nil
}

// check refuses what no repository is called. The SDK puts names into paths as
// they are.
func (r Repository) check() error {
	for _, name := range []string{r.Owner, r.Name} {
		if !regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`).MatchString(name) || name == "." || name == ".." {
			return notRepository(r.String())
		}
	}
	return nil
}

func notRepository(text string) error {
	return fmt.Errorf("%q is not the name of a repository on GitHub; it is owner/name", oneLine(text, 200))
}

// checkSHA refuses what is not the full name of a commit: "sha must be a 40
// character SHA1", as GitHub answers. 64 digits are those of SHA-256.
func checkSHA(sha string) error {
	if !isSHA(sha) {
		return fmt.Errorf("%q is not a commit; give its full SHA", oneLine(sha, 100))
	}
	return nil
}

func isSHA(text string) bool {
	return regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`).MatchString(text)
}
