package gh

import (
	"fmt"
	"net/url"
	"strings"
)

// Repository names a repository on GitHub. Names have no case.
type Repository struct {
	Owner string `json:"owner"`
	Name  string `json:"name"`
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

// RepositoryOf returns which repository the address of a git remote is of, such as
// git@github.com:acme/voice.git. serverURL is the root of the website (Config.ServerURL);
// an address of another host is none's.
func RepositoryOf(remote, serverURL string) (Repository, error) {
	server, err := parseBaseURL("server", serverURL, defaultServerURL)
	if err != nil {
		return Repository{}, err
	}
	host, path := "", ""
	if address, err := url.Parse(remote); err == nil && address.Host != "" {
		host, path = address.Hostname(), address.Path
	} else if before, after, isShort := strings.Cut(remote, ":"); isShort { // as scp has it
		host, path = before[strings.LastIndex(before, "@")+1:], after
	}
	if !strings.EqualFold(strings.TrimPrefix(host, "ssh."), server.Hostname()) {
		return Repository{}, fmt.Errorf("%q is not on %s", host, server.Hostname())
	}
	return ParseRepository(strings.TrimSuffix(strings.Trim(path, "/"), ".git"))
}

const longestName = 100

func isLetterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// check refuses what no repository is called. The SDK puts names into paths as
// they are.
func (r Repository) check() error {
	for _, name := range []string{r.Owner, r.Name} {
		isOdd := func(r rune) bool { return !isLetterOrDigit(r) && r != '.' && r != '_' && r != '-' }
		if name == "" || len(name) > longestName || name == "." || name == ".." || strings.ContainsFunc(name, isOdd) {
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
	isOdd := func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') }
	return (len(text) == 40 || len(text) == 64) && !strings.ContainsFunc(text, isOdd)
}
