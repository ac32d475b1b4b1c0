// Package grants reads server.yml, with which who runs the webhook server says what
// each repository may do: which of its services may go to which account, Service and
// Environments, whether they may have previews, and where credentials and the values of
// variables come from. Load reads it into a File, which is plain data; a Holder keeps
// the one that holds. File.Grant judges what a repository's slipway.yml asks for, which
// only chooses among what is allowed, and Grant.Use reads what the Grant refers to.
//
// Credentials never stand in the file, and values are read when they are used: no File
// and no Grant holds one, so that both may be logged and a secret may be changed while
// the server runs. What happens on an event is decided elsewhere. Level 2: of the
// project it imports config, document, job, problem, rules, secret, twilio and words.
package grants

import (
	"path/filepath"
	"strings"
	"time"
)

// File is what server.yml says. It is not changed once it is read, and so is safe for
// concurrent use.
type File struct {
	// Path is where it was read from. What it refers to is found from its folder.
	Path string
	// Repositories are in the order of the file; there is at least one.
	Repositories []Repository

	// byName has their places by their names in lower case.
	byName map[string]int
	// withheld are the server's secrets, to which nothing may refer.
	withheld withheld
}

// Repository is what one repository may do.
type Repository struct {
	// Name is "owner/name", as the file spells it. GitHub folds its case.
	Name string
	// Line is where it begins.
	Line     int
	Accounts []Account
	Services []Service
}

// Account is an account at Twilio, and how to reach it.
type Account struct {
	// Name is what the repository's services call it.
	Name string
	// Line is where it begins.
	Line int
	// Settings say where each setting comes from, by its name; of api-key with
	// api-secret, and account-sid with auth-token, one pair is whole.
	Settings map[string]Reference
}

// Service is what the service of slipway.yml with this name may do.
type Service struct {
	// Name is what slipway.yml calls it.
	Name string
	// Line is where it begins.
	Line int
	// Own is the Service at Twilio that it goes to where nothing else is said.
	Own string
	// Environments are those that it may go to, in the order of the file.
	Environments []Environment
	// Previews say where its previews go; nil means that it has none.
	Previews *Previews
}

// Place is where something may go, and with which variables.
type Place struct {
	// Account is the name of the repository's account.
	Account string
	// Service is the unique name or the SID of the Service at Twilio.
	Service string
	// Variables say where the values come from that keys of slipway.yml stand for.
	Variables map[string]Reference
}

// Environment is one that a service may go to.
type Environment struct {
	Place

	// Name is a domain suffix, "production" or a SID: exactly what slipway.yml has to
	// say. It is never that of a preview.
	Name string
	// Line is where it stands.
	Line int
}

// Previews say where the previews of a service go, and how long they stay.
type Previews struct {
	Place

	// Line is where it stands.
	Line int
	// Max is how many there may be.
	Max int
	// TTL is how long one may stay that is not updated; 0 means for ever.
	TTL time.Duration
}

// Reference says where a value comes from. Exactly one of its texts is set; a
// credential has no Value.
type Reference struct {
	// Env is a variable of the server's environment.
	Env string
	// File is a path, from the folder of server.yml unless it is absolute.
	File string
	// Value is the value itself, which is no secret.
	Value string
	// Line is where it stands.
	Line int
}

// String names the place of the value, and never the value.
func (r Reference) String() string {
	switch {
	case r.Env != "":
		return "the environment variable " + r.Env
	case r.File != "":
		return "the file " + r.File
	default:
		return "the text of the file"
	}
}

// Repository returns what a repository may do. Its case does not matter. It costs the
// same however many there are.
func (f *File) Repository(name string) (Repository, bool) {
	at, isThere := f.byName[strings.ToLower(name)]
	if !isThere {
		return Repository{}, false
	}
	return f.Repositories[at], true
}

// name is what Problems call the file that people of a repository read: where it is on
// the server is not theirs to know.
func (f *File) name() string { return filepath.Base(f.Path) }

// account returns the account of that name; there is one.
func (r Repository) account(name string) Account {
	for _, one := range r.Accounts {
		if one.Name == name {
			return one
		}
	}
	return Account{}
}

// service returns the service of that name.
func (r Repository) service(name string) (Service, bool) {
	for _, one := range r.Services {
		if one.Name == name {
			return one, true
		}
	}
	return Service{}, false
}
