package grants

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/job"
)

// like checks whose variables a new Environment starts from: who may deploy to an
// Environment may have its variables, and nobody else. Previews never have those of
// production.
func (j *judge) like(place Place) {
	named := j.asked.Values[config.VariablesLike].Text
	if named == "" {
		return
	}
	from, isAllowed := j.allowed(named)
	const fix = "Name another one for variables-like, or have it allowed there."
	switch {
	case !isAllowed:
		j.refuse(config.VariablesLike, fmt.Sprintf("%s have the variables of %s; %s", j.says("does not let"), document.Shown(named), j.listed()), fix)
	case from.Account != place.Account:
		j.refuse(config.VariablesLike, fmt.Sprintf("variables-like names %s, which is in another account (line %d)", named, from.Line), "Name one of the same account.")
	case j.asked.IsPreview && strings.EqualFold(named, job.Production):
		j.refuse(config.VariablesLike, "previews would start from the variables of production, which pull requests are not to have", "Name another environment.")
	case j.asked.IsPreview:
		j.grant.LikeService = from.Service
	case from.Service != place.Service:
		j.refuse(config.VariablesLike, fmt.Sprintf("variables-like names %s, which is in another Service (line %d)", named, from.Line), "Name one of the same Service.")
	}
}

// from checks from where a Build is promoted: what runs in an Environment is for those
// to have who may deploy to it, and stays in its Service.
func (j *judge) from(place Place) {
	named := j.asked.PromoteFrom
	if named == "" {
		return
	}
	const tagged = "Leave promote-from out, so that the tag itself is deployed."
	switch from, isAllowed := j.allowed(named); {
	case !isAllowed:
		j.refuse(config.Environment, fmt.Sprintf("%s promote what runs in %s; %s", j.says("does not let"), document.Shown(named), j.listed()),
			"Name another one for promote-from, or have it allowed there.")
	case from.Account != place.Account:
		j.refuse(config.Environment, fmt.Sprintf("promote-from names %s, which is in another account (line %d)", named, from.Line), tagged)
	case from.Service != place.Service:
		j.refuse(config.Environment, fmt.Sprintf("promote-from names %s, which is in another Service (line %d)", named, from.Line), tagged)
	}
}

// variables checks that there is a value for each key that is asked for, in variables
// and in headers of health checks.
func (j *judge) variables(place Place) {
	j.grant.Variables = map[string]Reference{}
	for line := range strings.Lines(j.asked.Values[config.Variables].Text) {
		if key := strings.TrimSpace(line); key != "" && !strings.Contains(key, "=") {
			j.variable(config.Variables, key, place)
		}
	}
	for _, named := range namedInHeader.FindAllStringSubmatch(j.asked.Values[config.HealthCheckHeader].Text, -1) {
		j.variable(config.HealthCheckHeader, named[1], place)
	}
}

var namedInHeader = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

func (j *judge) variable(setting, key string, place Place) {
	reference, isThere := place.Variables[key]
	switch {
	case config.HoldsCredential(key):
		j.refuse(setting, setting+" names "+key+", which holds a credential of Slipway's own", "Leave it out.")
	case isThere:
		j.grant.Variables[key] = reference
	default:
		to, line, where := j.grant.Target.Environment, j.service.Line, "variables of the environment or the service"
		if j.asked.IsPreview {
			to, line, where = "previews", j.service.Previews.Line, "variables of previews"
		}
		j.refuse(setting, fmt.Sprintf("%s gives %s of %s no variable %s (line %d)", j.file.name(), to, document.Shown(j.service.Name), document.Shown(key), line),
			"Leave it out of slipway.yml, or have it added there, to the "+where+".")
	}
}

// pin makes the settings hold that server.yml decides, so that no file of the
// repository, which may be read later, can say otherwise.
func (j *judge) pin() {
	g := j.grant
	j.set(config.Service, g.Target.Service)
	if g.Target.Environment != "" {
		j.set(config.Environment, g.Target.Environment)
	}
	if !j.asked.IsPreview {
		return
	}
	elsewhere := ""
	if g.Target.Service != j.service.Own {
		elsewhere = g.Target.Service
	}
	j.set(config.PreviewService, elsewhere)
	j.set(config.PreviewMax, strconv.Itoa(j.most()))
	ttl := ""
	if stays := j.ttl(); stays > 0 {
		ttl = stays.String()
	}
	j.set(config.PreviewTTL, ttl)
}

// set gives a setting its text. Where it stands in slipway.yml stays known if that says
// the same.
func (j *judge) set(name, text string) {
	written := config.Written{Text: text}
	if j.grant.values[name].Text == text {
		written.File, written.Line = j.grant.values.Where(name)
	}
	j.grant.values = j.grant.values.With(name, written)
}

// most is how many previews there may be: what is asked for, within what is allowed.
func (j *judge) most() int {
	allowed, written := j.service.Previews.Max, j.asked.Values[config.PreviewMax]
	asked, err := strconv.Atoi(written.Text)
	if err != nil || asked < 1 || written.Origin == config.FromDefault {
		return allowed
	}
	if asked > allowed {
		j.note("%d previews, and %s allows %d (line %d), which holds", asked, j.file.name(), allowed, j.service.Previews.Line)
	}
	return min(asked, allowed)
}

// ttl is how long previews stay, in the same way; 0 means for ever.
func (j *judge) ttl() time.Duration {
	allowed := j.service.Previews.TTL
	asked, err := config.ParseDuration(j.asked.Values[config.PreviewTTL].Text)
	switch {
	case err != nil || asked <= 0:
		return allowed
	case allowed == 0 || asked <= allowed:
		return asked
	}
	j.note("previews to stay for %s, and %s allows %s (line %d), which holds", j.asked.Values[config.PreviewTTL].Text, j.file.name(), allowed, j.service.Previews.Line)
	return allowed
}

func (j *judge) note(format string, values ...any) {
	text := fmt.Sprintf("slipway.yml asks for "+format, values...)
	if !slices.Contains(j.grant.Notes, text) {
		j.grant.Notes = append(j.grant.Notes, text)
	}
}
