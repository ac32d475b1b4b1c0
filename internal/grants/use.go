package grants

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
)

// Use reads what the Grant refers to, as it is now; getenv looks the server's
// environment up. It returns the settings as they hold: those of the Question with the
// account's, and with what server.yml decides, which no file of the repository can
// change any more; and what tells the values of the Grant's Variables, and of nothing
// else, for bare keys and for ${KEY} in headers. Neither is to be kept longer than what
// they are used for.
//
// The error is a problem.List about server.yml, for who runs the server: it names the
// places of values, and no value.
func (g *Grant) Use(getenv func(string) string) (config.Values, func(key string) string, error) {
	from := source{filepath.Dir(g.path), getenv, g.withheld}
	var problems problem.List
	tell := func(reference Reference, what string, err error) {
		var found problem.List
		_ = found.Take(err) // it is a Problem
		for _, one := range found {
			problems.AddAt(g.path, reference.Line, what+": "+one.Message, one.Fix)
		}
	}
	values := maps.Clone(g.values)
	for _, one := range keys(ofAccount) {
		text := "" // what is not said holds for nobody else's account either
		if reference, isGiven := g.Account.Settings[one.name]; isGiven {
			read, err := from.setting(reference, one.name)
			tell(reference, fmt.Sprintf("%s of account %s", one.name, document.Shown(g.Account.Name)), err)
			text = read
		}
		if setting, isKnown := config.Lookup(one.name); isKnown { // by which a secret is never shown
			values[one.name] = config.Value{Setting: setting}
		}
		values = values.With(one.name, config.Written{Text: text})
	}
	held := make(map[string]secret.String, len(g.Variables))
	for _, key := range slices.Sorted(maps.Keys(g.Variables)) {
		read, err := from.read(g.Variables[key])
		tell(g.Variables[key], "variable "+key, err)
		held[key] = secret.New(read)
	}
	if err := problems.Err(); err != nil {
		return nil, nil, err
	}
	return values, func(key string) string { return held[key].Reveal() }, nil
}
