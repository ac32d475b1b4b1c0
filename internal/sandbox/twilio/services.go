package twilio

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// service is a Service.
type service struct {
	record
	UniqueName         string `json:"unique_name"`
	FriendlyName       string `json:"friendly_name"`
	IncludeCredentials bool   `json:"include_credentials"`
	UIEditable         bool   `json:"ui_editable"`
	DomainBase         string `json:"domain_base"`
}

type serviceBody struct {
	SID                string       `json:"sid"`
	AccountSID         string       `json:"account_sid"`
	FriendlyName       string       `json:"friendly_name"`
	UniqueName         string       `json:"unique_name"`
	IncludeCredentials bool         `json:"include_credentials"`
	UIEditable         bool         `json:"ui_editable"`
	DomainBase         string       `json:"domain_base"`
	DateCreated        string       `json:"date_created"`
	DateUpdated        string       `json:"date_updated"`
	URL                string       `json:"url"`
	Links              serviceLinks `json:"links"`
}

type serviceLinks struct {
	Environments string `json:"environments"`
	Functions    string `json:"functions"`
	Assets       string `json:"assets"`
	Builds       string `json:"builds"`
}

func (c *call) serviceBody(one *service) any {
	url := c.url("Services", one.SID)
	return serviceBody{
		SID: one.SID, AccountSID: c.world.account.SID,
		FriendlyName: one.FriendlyName, UniqueName: one.UniqueName,
		IncludeCredentials: one.IncludeCredentials, UIEditable: one.UIEditable,
		DomainBase:  one.DomainBase,
		DateCreated: timestamp(one.Created), DateUpdated: timestamp(one.Updated), URL: url,
		Links: serviceLinks{
			Environments: url + "/Environments", Functions: url + "/Functions",
			Assets: url + "/Assets", Builds: url + "/Builds",
		},
	}
}

func (w *world) serviceNamed(uniqueName string) *service {
	for _, one := range w.services.of("") {
		if one.UniqueName == uniqueName {
			return one
		}
	}
	return nil
}

// ownService finds the Service that its own operations name by SID or unique
// name.
func (c *call) ownService() (*service, error) {
	name := c.params["Sid"]
	if one, found := c.world.services.get(name); found {
		return one, nil
	}
	if one := c.world.serviceNamed(name); one != nil {
		return one, nil
	}
	return nil, c.notFound()
}

func listServices(c *call) (reply, error) {
	return page(c, "services", c.world.services.of(""), unlessShuffled[*service](c.switches().ShuffledLists), c.serviceBody)
}

func createService(c *call) (reply, error) {
	name := c.form.Get("UniqueName")
	if c.world.serviceNamed(name) != nil {
		return reply{}, refuseAs(c.switches().ServiceConflictsAre400, "Service with UniqueName %s already exists", name)
	}
	if c.switches().ServiceNamesChecked && !plainName.MatchString(name) {
		return reply{}, badRequest("UniqueName %q has other characters than letters, digits and dashes", name)
	}
	if len(c.world.services.of("")) >= maxServices {
		return reply{}, badRequest("Services are limited to less than or equal to %d", maxServices)
	}
	label := name
	if c.switches().LowerCaseDomains {
		label = strings.ToLower(label)
	}
	base, err := c.world.newDomainBase(label)
	if err != nil {
		return reply{}, err
	}
	one := &service{
		record:     c.world.newRecord(sidService, ""),
		UniqueName: name, FriendlyName: c.form.Get("FriendlyName"),
		IncludeCredentials: c.boolean("IncludeCredentials", true),
		UIEditable:         c.boolean("UiEditable", false),
		DomainBase:         base,
	}
	if err := c.world.commit(change{Service: one}); err != nil {
		c.world.domains.release(base)
		return reply{}, err
	}
	return created(c.serviceBody(one))
}

// plainName is what the Console lets a Service be called.
var plainName = regexp.MustCompile(`^[0-9A-Za-z-]+$`)

// newDomainBase draws and claims a domain base: the unique name and four
// digits, as the OpenAPI file's examples have it. What becomes of characters
// that no domain can have is not known; here they become dashes.
func (w *world) newDomainBase(uniqueName string) (string, error) {
	label := strings.Map(func(r rune) rune {
		if isAlphanumeric(r) || r == '-' {
			return r
		}
		return '-'
	}, uniqueName)
	for {
		number, err := rand.Int(rand.Reader, big.NewInt(9000))
		if err != nil {
			return "", fmt.Errorf("draw a domain: %w", err)
		}
		base := fmt.Sprintf("%s-%d", strings.Trim(label, "-"), 1000+number.Int64())
		if w.domains.claim(base) {
			return base, nil
		}
	}
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func fetchService(c *call) (reply, error) {
	one, err := c.ownService()
	if err != nil {
		return reply{}, err
	}
	return ok(c.serviceBody(one))
}

func updateService(c *call) (reply, error) {
	old, err := c.ownService()
	if err != nil {
		return reply{}, err
	}
	one := *old
	one.record = old.touched()
	one.IncludeCredentials = c.boolean("IncludeCredentials", old.IncludeCredentials)
	one.UIEditable = c.boolean("UiEditable", old.UIEditable)
	if c.form.Has("FriendlyName") {
		one.FriendlyName = c.form.Get("FriendlyName")
	}
	if err := c.world.commit(change{Service: &one}); err != nil {
		return reply{}, err
	}
	return ok(c.serviceBody(&one))
}

// deleteService removes the Service with everything below it, live
// Environments too: twilio-labs/plugin-rtc removes whole apps that way.
func deleteService(c *call) (reply, error) {
	one, err := c.ownService()
	if err != nil {
		return reply{}, err
	}
	var changes []change
	for _, env := range c.world.environments.of(one.SID) {
		changes = append(changes, c.world.environmentRemoval(env)...)
	}
	for _, f := range c.world.files.of(one.SID) {
		changes = append(changes, c.world.fileRemoval(f)...)
	}
	changes = append(changes, removals(c.world.builds.of(one.SID))...)
	changes = append(changes, change{Removed: one.SID})
	if err := c.world.commit(changes...); err != nil {
		return reply{}, err
	}
	return deleted()
}
