package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/words"
)

// ListingVersion is the version of the form of a Listing and of Logs.
const ListingVersion = 1

// Kind is what a Listing is of, in the plural.
type Kind string

// The kinds of resources that can be listed.
const (
	Services     Kind = "services"
	Environments Kind = "environments"
	Functions    Kind = "functions"
	Assets       Kind = "assets"
	Builds       Kind = "builds"
	Deployments  Kind = "deployments"
	Variables    Kind = "variables"
)

// noun is one of the kind, in prose.
func (k Kind) noun() string {
	switch k {
	case Variables: // no word of their own, as a deploy speaks of them
		return "variable"
	default:
		singular := strings.TrimSuffix(string(k), "s")
		return strings.ToUpper(singular[:1]) + singular[1:]
	}
}

// Place is where the things of a Listing, or Logs, are. What does not apply is
// empty.
type Place struct {
	// Service is its unique name.
	Service    string `json:"service,omitempty"`
	ServiceSID string `json:"service_sid,omitempty"`
	// Environment is the name by which a deploy calls it.
	Environment    string `json:"environment,omitempty"`
	EnvironmentSID string `json:"environment_sid,omitempty"`
	// BuildSID is the Build that is live in the Environment.
	BuildSID string `json:"build_sid,omitempty"`
}

// String names the place in prose.
func (p Place) String() string {
	if p.Environment != "" {
		return clean(p.Environment) + " of " + clean(p.Service)
	}
	return clean(p.Service) + " (" + p.ServiceSID + ")"
}

// Listing is the resources of one kind, in the order in which they are shown.
type Listing[R Row] struct {
	Version int  `json:"version"`
	Kind    Kind `json:"kind"`
	Place
	// Items are never nil, so that programs find a list.
	Items []R `json:"items"`
}

// NewListing returns a Listing without items.
func NewListing[R Row](kind Kind, place Place) Listing[R] {
	return Listing[R]{Version: ListingVersion, Kind: kind, Place: place, Items: []R{}}
}

// Row is an item of a Listing.
type Row interface {
	// cells are the row of a table for people; every row has the same columns. of
	// is the Place of the Listing, now the time to which ages relate.
	cells(of Place, now time.Time) []cellOf
}

// cellOf is one value of a row. A column whose cells are all empty is left out.
type cellOf struct{ column, text string }

// ListedService is a Service in a Listing.
type ListedService struct {
	SID          string `json:"sid"`
	UniqueName   string `json:"unique_name"`
	FriendlyName string `json:"friendly_name"`
	// DomainBase begins the domains of its Environments.
	DomainBase         string     `json:"domain_base"`
	IncludeCredentials bool       `json:"include_credentials"`
	UIEditable         bool       `json:"ui_editable"`
	Created            *time.Time `json:"created"`
	Updated            *time.Time `json:"updated"`
}

func (s ListedService) cells(_ Place, now time.Time) []cellOf {
	return []cellOf{{"SERVICE", s.UniqueName}, {"FRIENDLY NAME", s.FriendlyName}, {"SID", s.SID}, {"DOMAIN BASE", s.DomainBase}, {"CREATED", moment(s.Created, now)}}
}

// ListedEnvironment is an Environment in a Listing.
type ListedEnvironment struct {
	SID string `json:"sid"`
	// Name is the one by which a deploy calls it.
	Name       string `json:"name"`
	UniqueName string `json:"unique_name"`
	Domain     string `json:"domain"`
	// BuildSID is what is live; empty when nothing is.
	BuildSID string     `json:"build_sid"`
	Created  *time.Time `json:"created"`
	Updated  *time.Time `json:"updated"`
}

func (e ListedEnvironment) cells(_ Place, now time.Time) []cellOf {
	live := e.BuildSID
	if live == "" {
		live = noValue
	}
	return []cellOf{{"ENVIRONMENT", e.Name}, {"SID", e.SID}, {"DOMAIN", e.Domain}, {"LIVE BUILD", live}, {"CREATED", moment(e.Created, now)}}
}

// ListedFile is a Function or an Asset in a Listing.
type ListedFile struct {
	// SID and Name are empty for a live Version of which the API does not tell
	// whose it is.
	SID string `json:"sid"`
	// Name is the friendly name, which by custom is the path.
	Name    string     `json:"name"`
	Created *time.Time `json:"created"`
	Updated *time.Time `json:"updated"`
	// Live is where a Version of it is live: in the Environment of the Listing,
	// or without one in any of the Service's.
	Live []LiveVersion `json:"live"`
}

// LiveVersion is a Version of a Function or an Asset in a Build that is live.
type LiveVersion struct {
	Environment string `json:"environment"`
	BuildSID    string `json:"build_sid"`
	VersionSID  string `json:"version_sid"`
	Path        string `json:"path"`
	Visibility  string `json:"visibility"`
	// Created is when this content was uploaded.
	Created *time.Time `json:"created"`
}

func (f ListedFile) cells(of Place, now time.Time) []cellOf {
	if of.Environment != "" {
		var live LiveVersion
		if len(f.Live) > 0 {
			live = f.Live[0]
		}
		return []cellOf{{"PATH", live.Path}, {"VISIBILITY", live.Visibility}, {"SID", f.SID}, {"VERSION", live.VersionSID}, {"UPLOADED", moment(live.Created, now)}}
	}
	names := make([]string, len(f.Live))
	for i, live := range f.Live {
		names[i] = live.Environment
	}
	return []cellOf{{"NAME", f.Name}, {"SID", f.SID}, {"LIVE IN", orNowhere(names)}, {"CREATED", moment(f.Created, now)}}
}

// ListedBuild is a Build in a Listing.
type ListedBuild struct {
	SID string `json:"sid"`
	// Status is "building", "completed" or "failed".
	Status  string `json:"status"`
	Runtime string `json:"runtime"`
	// Functions and Assets are sorted paths.
	Functions    []string     `json:"functions"`
	Assets       []string     `json:"assets"`
	Dependencies []Dependency `json:"dependencies"`
	// LiveIn are the names of Environments.
	LiveIn  []string   `json:"live_in"`
	Created *time.Time `json:"created"`
}

// Dependency is an npm package that a Build has, with Twilio's own among them.
type Dependency struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (b ListedBuild) cells(_ Place, now time.Time) []cellOf {
	return []cellOf{
		{"BUILD", b.SID},
		{"STATUS", b.Status},
		{"RUNTIME", b.Runtime},
		{"FUNCTIONS", strconv.Itoa(len(b.Functions))},
		{"ASSETS", strconv.Itoa(len(b.Assets))},
		{"LIVE IN", orNowhere(b.LiveIn)},
		{"CREATED", moment(b.Created, now)},
	}
}

// ListedDeployment is a Deployment in a Listing.
type ListedDeployment struct {
	SID string `json:"sid"`
	// BuildSID is empty for one that took the live Build away.
	BuildSID string `json:"build_sid"`
	// Live tells the one whose Build is live now.
	Live    bool       `json:"live"`
	Created *time.Time `json:"created"`
}

func (d ListedDeployment) cells(_ Place, now time.Time) []cellOf {
	build, live := d.BuildSID, ""
	if build == "" {
		build = "none: it emptied the Environment"
	}
	if d.Live {
		live = "live"
	}
	return []cellOf{{"DEPLOYMENT", d.SID}, {"BUILD", build}, {"NOW", live}, {"CREATED", moment(d.Created, now)}}
}

// ListedVariable is a variable in a Listing, which has no place for its value.
type ListedVariable struct {
	SID     string     `json:"sid"`
	Key     string     `json:"key"`
	Updated *time.Time `json:"updated"`
}

func (v ListedVariable) cells(_ Place, now time.Time) []cellOf {
	return []cellOf{{"KEY", v.Key}, {"SID", v.SID}, {"UPDATED", moment(v.Updated, now)}}
}

// Text shows the Listing to a person. now is the time to which ages relate.
func (l Listing[R]) Text(now time.Time) string {
	if len(l.Items) == 0 {
		return l.nothing()
	}
	rows := make([][]cellOf, len(l.Items))
	for i, item := range l.Items {
		rows[i] = item.cells(l.Place, now)
	}
	return l.title() + "\n\n" + table(rows)
}

func (l Listing[R]) title() string {
	count := words.Count(len(l.Items), l.Kind.noun())
	isFile := l.Kind == Functions || l.Kind == Assets
	switch {
	case l.Place == Place{}:
		return count
	case isFile && l.Environment != "":
		return fmt.Sprintf("%s live in %s, in Build %s", count, l.Place, clean(l.BuildSID))
	case l.Kind == Builds, l.Kind == Deployments:
		return fmt.Sprintf("%s of %s, newest first", count, l.Place)
	case l.Kind == Variables:
		return fmt.Sprintf("%s of %s; values are never shown", count, l.Place)
	default:
		return fmt.Sprintf("%s of %s", count, l.Place)
	}
}

// nothing is an empty Listing, and why it is empty.
func (l Listing[R]) nothing() string {
	isFile := l.Kind == Functions || l.Kind == Assets
	switch {
	case l.Place == Place{}:
		return fmt.Sprintf("The account has no %ss.\n", l.Kind.noun())
	case isFile && l.Environment != "" && l.BuildSID == "":
		return fmt.Sprintf("Nothing is live in %s.\n", l.Place)
	case isFile && l.Environment != "":
		return fmt.Sprintf("Build %s, live in %s, has no %ss.\n", clean(l.BuildSID), l.Place, l.Kind.noun())
	default:
		return fmt.Sprintf("%s has no %ss.\n", l.Place, l.Kind.noun())
	}
}

func orNowhere(environments []string) string {
	if len(environments) == 0 {
		return noValue
	}
	return strings.Join(environments, ", ")
}

// timeLayout is how times are shown to people.
const timeLayout = "2006-01-02 15:04 UTC"

// moment is a time with its age; empty when it is not known.
func moment(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	return fmt.Sprintf("%s (%s ago)", t.UTC().Format(timeLayout), words.Age(now.Sub(*t)))
}
