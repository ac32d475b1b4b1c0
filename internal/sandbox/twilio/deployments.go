package twilio

import "time"

// deployment is a Deployment: one activation of a Build in an Environment. An
// empty BuildSID emptied it.
type deployment struct {
	record
	BuildSID string `json:"build_sid"`
}

type deploymentBody struct {
	SID            string  `json:"sid"`
	AccountSID     string  `json:"account_sid"`
	ServiceSID     string  `json:"service_sid"`
	EnvironmentSID string  `json:"environment_sid"`
	BuildSID       *string `json:"build_sid"`
	DateCreated    string  `json:"date_created"`
	DateUpdated    string  `json:"date_updated"`
	URL            string  `json:"url"`
}

func (c *call) deploymentBody(env *environment, one *deployment) any {
	return deploymentBody{
		SID: one.SID, AccountSID: c.world.account.SID, ServiceSID: env.Parent, EnvironmentSID: env.SID,
		BuildSID:    orNull(one.BuildSID),
		DateCreated: timestamp(one.Created), DateUpdated: timestamp(one.Updated),
		URL: c.url("Services", env.Parent, "Environments", env.SID, "Deployments", one.SID),
	}
}

func listDeployments(c *call) (reply, error) {
	_, env, err := c.environment("EnvironmentSid")
	if err != nil {
		return reply{}, err
	}
	return page(c, "deployments", c.world.deployments.of(env.SID), newestFirst, func(one *deployment) any {
		return c.deploymentBody(env, one)
	})
}

func fetchDeployment(c *call) (reply, error) {
	_, env, err := c.environment("EnvironmentSid")
	if err != nil {
		return reply{}, err
	}
	one, found := c.world.deployments.get(c.params["Sid"])
	if !found || one.Parent != env.SID {
		return reply{}, c.notFound()
	}
	return ok(c.deploymentBody(env, one))
}

// createDeployment makes a Build live, or empties the Environment when none is
// named (Deployment page of the API reference). Asking for what already holds
// is a conflict, also when nothing is live and nothing is asked for
// (twilio-labs/serverless-api issue 27, twilio-cli issue 215).
func createDeployment(c *call) (reply, error) {
	parent, env, err := c.environment("EnvironmentSid")
	if err != nil {
		return reply{}, err
	}
	asked := c.form.Get("BuildSid")
	if asked != "" {
		if err := c.deployable(parent, asked); err != nil {
			return reply{}, err
		}
	}
	if env.BuildSID == asked {
		return reply{}, conflict("Environment already has requested deployment")
	}
	one := &deployment{record: c.world.newRecord(sidDeployment, env.SID), BuildSID: asked}
	changed := *env
	changed.record = env.touched()
	changed.BuildSID = asked
	changes := []change{{Deployment: one}, {Environment: &changed}}
	if c.switches().UndeployedBuildsVanish {
		changes = append(changes, c.world.vanishing(env)...)
	}
	if err := c.world.commit(changes...); err != nil {
		return reply{}, err
	}
	return created(c.deploymentBody(env, one))
}

// deployable refuses a Build that is not there or not completed. Neither answer
// is known; see Switches.
func (c *call) deployable(parent *service, sid string) error {
	one, found := c.world.builds.get(sid)
	if !found || one.Parent != parent.SID {
		if c.switches().StaleBuildIs400 {
			return badRequest("Build %s was not found", sid)
		}
		return notFound("/Services/" + parent.SID + "/Builds/" + sid)
	}
	if status := one.status(time.Now()); status != statusCompleted {
		return refuseAs(!c.switches().UnfinishedBuildIs409, "Build %s cannot be deployed: its status is %s", sid, status)
	}
	return nil
}
