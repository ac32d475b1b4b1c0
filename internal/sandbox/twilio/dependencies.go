package twilio

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
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
// (curl sample of Twilio's Build page). Empty values count as none, null does not.
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
	if strings.HasPrefix(text, `"`) && json.Unmarshal([]byte(text), &quoted) == nil {
		text = strings.TrimSpace(quoted)
	} else if strings.HasPrefix(text, `"[`) && strings.HasSuffix(text, `]"`) {
		text = text[1 : len(text)-1]
	}
	if text == "" {
		return nil, nil
	}
	list, err := decodeList(text)
	if err != nil {
		return nil, badRequest("Dependencies is not a JSON array of objects with name and version: %v", err)
	}
	return list, nil
}

func decodeList(text string) ([]dependency, error) {
	var raw []json.RawMessage
	var err error
	switch text[0] {
	case '[':
		err = json.Unmarshal([]byte(text), &raw)
	case '{':
		raw, err = decodeNumbered(text)
	default: // null would pass for an array
		err = errors.New("it begins with neither [ nor {")
	}
	if err != nil {
		return nil, err
	}
	list := make([]dependency, len(raw))
	for i := range raw {
		if list[i], err = decodeOne(raw[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// decodeNumbered returns the values of an object in the order of its keys,
// which are numbers.
func decodeNumbered(text string) ([]json.RawMessage, error) {
	var numbered map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &numbered); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	numbers := make([]uint64, 0, len(numbered))
	for key := range numbered {
		number, err := strconv.ParseUint(key, 10, 32)
		if err != nil || strconv.FormatUint(number, 10) != key {
			return nil, fmt.Errorf("the key %q is not a number", key)
		}
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	raw := make([]json.RawMessage, len(numbers))
	for i, number := range numbers {
		raw[i] = numbered[strconv.FormatUint(number, 10)]
	}
	return raw, nil
}

// decodeOne reads an object of just a name and a version, both strings. It is
// stricter than encoding/json about the case of keys, null and what is missing.
func decodeOne(raw json.RawMessage) (dependency, error) {
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		return dependency{}, fmt.Errorf("decode: %w", err)
	}
	name, hasName := members["name"].(string)
	version, hasVersion := members["version"].(string)
	if !hasName || !hasVersion || len(members) != 2 {
		return dependency{}, fmt.Errorf("%s is not {\"name\": string, \"version\": string}", raw)
	}
	if strings.TrimSpace(version) == "" {
		version = "*" // as npm has it
	}
	return dependency{name, version}, nil
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

// olderDefaults are what Builds without dependencies got, besides what all get
// (documentation of RJPearson94's Terraform provider). The versions are those
// of Twilio's Build page.
func olderDefaults() []dependency {
	return []dependency{{"fs", "0.0.1-security"}, {"lodash", "4.17.11"}, {"util", "0.10.3"}, {"xmldom", "0.1.27"}}
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

// resolve puts an exact version in the place of each range; see
// Switches.RangesResolved.
func resolve(list []dependency) []dependency {
	resolved := slices.Clone(list)
	for i, one := range resolved {
		resolved[i].Version = versionWithin(one.Version)
	}
	return resolved
}
