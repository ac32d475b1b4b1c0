package twilio

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dependency is an npm package that a Build installs.
type dependency struct {
	Name    string `json:"name"`
	Version string `json:"version"` // exact, a range, or a tag
}

// Packages that no registry has, for tests of what goes wrong with
// dependencies. Any version will do.
const (
	// FailsBuild makes the Build end "failed".
	FailsBuild = "slipway-sandbox-fails-build"
	// NotOnNpm is refused when the Build is created: no matching version.
	NotOnNpm = "slipway-sandbox-not-on-npm"
	// WrongEngine is refused when the Build is created: made for another Node.js.
	WrongEngine = "slipway-sandbox-wrong-engine"
)

// decodeDependencies reads the parameter in each shape that clients send:
// a JSON array; the toolkit's array with a bare quote glued to each end
// (api/builds.ts); the array as a JSON string; an object with numbers for keys
// (curl sample of Twilio's Build page). Empty values count as none.
func decodeDependencies(values []string) ([]dependency, error) {
	var text string
	for _, value := range values {
		value = strings.TrimSpace(value)
		if value != "" && text != "" {
			return nil, badRequest("Parameter Dependencies is given several times")
		}
		text = cmp.Or(text, value)
	}
	var quoted string
	if json.Unmarshal([]byte(text), &quoted) == nil {
		text = strings.TrimSpace(quoted)
	} else if strings.HasPrefix(text, `"[`) && strings.HasSuffix(text, `]"`) {
		text = text[1 : len(text)-1]
	}
	if text == "" {
		return nil, nil
	}
	var list []dependency
	var err error
	if strings.HasPrefix(text, "{") {
		list, err = decodeNumbered(text)
	} else {
		err = decodeStrictly(text, &list)
	}
	if err != nil {
		return nil, badRequest("Dependencies is not a JSON array of objects with name and version: %v", err)
	}
	return list, nil
}

func decodeNumbered(text string) ([]dependency, error) {
	var numbered map[string]dependency
	if err := decodeStrictly(text, &numbered); err != nil {
		return nil, err
	}
	type entry struct {
		number uint64
		dependency
	}
	entries := make([]entry, 0, len(numbered))
	for key, one := range numbered {
		number, err := strconv.ParseUint(key, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("the key %q is not a number", key)
		}
		entries = append(entries, entry{number, one})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.Name, b.Name))
	})
	list := make([]dependency, len(entries))
	for i, one := range entries {
		list[i] = one.dependency
	}
	return list, nil
}

func decodeStrictly(text string, into any) error {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the end")
	}
	return nil
}

// checkDependencies names everything that could not be installed, as one
// refusal (gist of toolkit issues 325, 538 and 557). Values that point to
// files, repositories or addresses are no versions of public npm packages.
func checkDependencies(list []dependency) error {
	var unmatched []string
	seen := map[string]bool{}
	for _, one := range list {
		switch {
		case !isPackageName(one.Name):
			return badRequest("Dependencies has %q, which is no name of an npm package", one.Name)
		case seen[one.Name]:
			return badRequest("Dependencies has %s twice", one.Name)
		case one.Name == WrongEngine:
			return badRequest("The node version for %s package is incompatible", one.Name)
		case one.Name == handlerName && !isHandler(one.Version):
			unmatched = append(unmatched, unknownHandler(one.Version))
		case one.Name == NotOnNpm || !isVersion(one.Version):
			unmatched = append(unmatched, noMatch(one.Name, one.Version))
		}
		seen[one.Name] = true
	}
	if len(unmatched) > 0 {
		return badRequest("Some dependencies could not be validated. %s", strings.Join(unmatched, " "))
	}
	return nil
}

func noMatch(name, version string) string {
	return fmt.Sprintf("No matching version found for %s@%s.", name, version)
}

// isPackageName follows npm, upper case included: old packages have it.
func isPackageName(name string) bool {
	return len(name) <= 214 && regexp.MustCompile(`^(@[A-Za-z0-9~-][A-Za-z0-9._~-]*/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$`).MatchString(name)
}

// isVersion accepts what npm takes after the @ for a registry package: exact
// versions, ranges, and tags such as latest.
func isVersion(text string) bool {
	const (
		part       = `(?:0|[1-9][0-9]*|[xX*])`
		exact      = `[v=]?\s*` + part + `(?:\.` + part + `(?:\.` + part + `(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?)?`
		comparator = `(?:>=|<=|>|<|=|~>|~|\^)?\s*` + exact
		one        = `(?:` + exact + `\s+-\s+` + exact + `|` + comparator + `(?:\s+` + comparator + `)*)`
		tag        = `[A-Za-z][0-9A-Za-z._-]*`
	)
	return regexp.MustCompile(`^\s*(?:` + one + `(?:\s*\|\|\s*` + one + `)*|` + tag + `)\s*$`).MatchString(text)
}

// complete adds what every Build has (Twilio's page on dependencies) and lifts
// the handler to what the runtime needs.
func complete(list []dependency, runtime string) (all []dependency, isTooOld bool) {
	all = slices.Clone(list)
	has := func(name string) bool {
		return slices.ContainsFunc(all, func(one dependency) bool { return one.Name == name })
	}
	if !has(helperName) {
		all = append(all, dependency{helperName, defaultHelper})
	}
	if !has(handlerName) {
		all = append(all, dependency{handlerName, defaultHandler})
	}
	for i, one := range all {
		if one.Name == handlerName {
			all[i].Version, isTooOld = handlerFor(runtime, one.Version)
		}
	}
	return all, isTooOld
}

// resolve replaces a range by an exact version that it may stand for; see
// Switches.RangesResolved.
func resolve(list []dependency) []dependency {
	exact := regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*`)
	resolved := slices.Clone(list)
	for i, one := range resolved {
		resolved[i].Version = cmp.Or(exact.FindString(one.Version), "1.0.0")
	}
	return resolved
}
