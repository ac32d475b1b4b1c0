package grants

import (
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
)

// withheld are the server's own secrets, without what is lost on the way through files and
// variables. The zero value is none. It prints as placeholders.
type withheld []secret.String

// leastSearched is from how many bytes on a secret is also found within more: a shorter
// one may be part of anything.
const leastSearched = 16

func newWithheld(secrets []secret.String) withheld {
	made := make(withheld, 0, len(secrets))
	for _, one := range secrets {
		if plain := unbroken(one.Reveal()); plain != "" {
			made = append(made, secret.New(plain))
		}
	}
	return made
}

// has reports whether a value is one of them, or has one in it.
func (w withheld) has(value string) bool {
	plain := unbroken(value)
	for _, one := range w {
		if plain == one.Reveal() || one.Len() >= leastSearched && strings.Contains(plain, one.Reveal()) {
			return true
		}
	}
	return false
}

// unbroken is a text without white space and line breaks, which may be spelt \n: a key
// reads the same with others.
func unbroken(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, `\n`, "\n")), "")
}

// isOwnName reports whether a variable of the environment is the server's own, whatever
// is in it. Some systems fold case.
func isOwnName(name string) bool {
	folded := strings.ToUpper(name)
	return strings.HasPrefix(folded, "SLIPWAY_") || folded == "GITHUB_TOKEN"
}

func ownError(reference Reference) error {
	return &problem.Problem{
		Message: fmt.Sprintf("%s holds what is the server's own, with which whoever may deploy could act as the server", reference),
		Fix:     "Name another place, which has a secret of the account or of the Functions.",
	}
}
