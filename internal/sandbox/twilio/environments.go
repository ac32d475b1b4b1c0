package twilio

import (
	"regexp"
	"strings"
)

// environment is an Environment. An empty BuildSID means that nothing is live.
type environment struct {
	record
	UniqueName   string `json:"unique_name"`
	DomainSuffix string `json:"domain_suffix"`
	DomainName   string `json:"domain_name"`
	BuildSID     string `json:"build_sid"`
}

type environmentBody struct {
	SID          string           `json:"sid"`
	AccountSID   string           `json:"account_sid"`
	ServiceSID   string           `json:"service_sid"`
	BuildSID     *string          `json:"build_sid"`
	UniqueName   string           `json:"unique_name"`
	DomainSuffix *string          `json:"domain_suffix"`
	DomainName   string           `json:"domain_name"`
	DateCreated  string           `json:"date_created"`
	DateUpdated  string           `json:"date_updated"`
	URL          string           `json:"url"`
	Links        environmentLinks `json:"links"`
}

type environmentLinks struct {
	Variables   string `json:"variables"`
	Deployments string `json:"deployments"`
	Logs        string `json:"logs"`
}

func (c *call) environmentBody(one *environment) any {
	url := c.url("Services", one.Parent, "Environments", one.SID)
	return environmentBody{
		SID: one.SID, AccountSID: c.world.account.SID, ServiceSID: one.Parent,
		BuildSID: orNull(one.BuildSID), UniqueName: one.UniqueName,
		DomainSuffix: orNull(one.DomainSuffix), DomainName: one.DomainName,
		DateCreated: timestamp(one.Created), DateUpdated: timestamp(one.Updated), URL: url,
		Links: environmentLinks{
			Variables: url + "/Variables", Deployments: url + "/Deployments", Logs: url + "/Logs",
		},
	}
}

func listEnvironments(c *call) (reply, error) {
	parent, err := c.service()
	if err != nil {
		return reply{}, err
	}
	return page(c, "environments", c.world.environments.of(parent.SID), unlessShuffled[*environment](c.switches().ShuffledLists), c.environmentBody)
}

func createEnvironment(c *call) (reply, error) {
	parent, err := c.service()
	if err != nil {
		return reply{}, err
	}
	name, suffix := c.form.Get("UniqueName"), c.form.Get("DomainSuffix")
	if suffix != "" && !c.switches().SuffixesUnchecked && !domainSuffix.MatchString(suffix) {
		return reply{}, badRequest("DomainSuffix %q is not URL-friendly: letters, digits and inner dashes are", suffix)
	}
	others := c.world.environments.of(parent.SID)
	// Two without a suffix share a domain.
	mayShare := suffix == "" && c.switches().BareDomainsShared
	for _, other := range others {
		if other.UniqueName == name || !mayShare && strings.EqualFold(other.DomainSuffix, suffix) {
			return reply{}, conflict("Environment with this UniqueName or DomainSuffix already exists")
		}
	}
	if c.switches().EnvironmentLimit && len(others) >= maxEnvironments {
		return reply{}, badRequest("Environments are limited to less than or equal to %d", maxEnvironments)
	}
	domain := parent.DomainBase
	if suffix != "" {
		domain += "-" + suffix
	}
	if c.switches().LowerCaseDomains {
		domain = strings.ToLower(domain)
	}
	one := &environment{
		record:     c.world.newRecord(sidEnvironment, parent.SID),
		UniqueName: name, DomainSuffix: suffix, DomainName: domain + ".twil.io",
	}
	if err := c.world.commit(change{Environment: one}); err != nil {
		return reply{}, err
	}
	return created(c.environmentBody(one))
}

// domainSuffix is what can be part of a domain; the API says no more than
// "URL-friendly".
var domainSuffix = regexp.MustCompile(`^(?i)[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

func fetchEnvironment(c *call) (reply, error) {
	_, one, err := c.environment("Sid")
	if err != nil {
		return reply{}, err
	}
	return ok(c.environmentBody(one))
}

// deleteEnvironment is allowed while a Build is live: RJPearson94's Terraform
// provider destroys the Environment first, so that the Build can go (issue 28).
func deleteEnvironment(c *call) (reply, error) {
	_, one, err := c.environment("Sid")
	if err != nil {
		return reply{}, err
	}
	changes := c.world.environmentRemoval(one)
	if c.switches().UndeployedBuildsVanish {
		changes = append(changes, c.world.vanishing(one)...)
	}
	if err := c.world.commit(changes...); err != nil {
		return reply{}, err
	}
	return deleted()
}

// environmentRemoval lists what goes with an Environment, itself last.
func (w *world) environmentRemoval(one *environment) []change {
	changes := removals(w.variables.of(one.SID))
	changes = append(changes, removals(w.deployments.of(one.SID))...)
	return append(changes, change{Removed: one.SID})
}
