package twilio

// variable is a Variable of an Environment.
type variable struct {
	record
	Key   string `json:"key"`
	Value string `json:"value"`
}

type variableBody struct {
	SID            string `json:"sid"`
	AccountSID     string `json:"account_sid"`
	ServiceSID     string `json:"service_sid"`
	EnvironmentSID string `json:"environment_sid"`
	Key            string `json:"key"`
	Value          string `json:"value"`
	DateCreated    string `json:"date_created"`
	DateUpdated    string `json:"date_updated"`
	URL            string `json:"url"`
}

func (c *call) variableBody(parent *environment, one *variable) any {
	return variableBody{
		SID: one.SID, AccountSID: c.world.account.SID, ServiceSID: parent.Parent, EnvironmentSID: parent.SID,
		Key: one.Key, Value: one.Value,
		DateCreated: timestamp(one.Created), DateUpdated: timestamp(one.Updated),
		URL: c.url("Services", parent.Parent, "Environments", parent.SID, "Variables", one.SID),
	}
}

// variable finds the Variable that the path names.
func (c *call) variable() (*environment, *variable, error) {
	_, env, err := c.environment("EnvironmentSid")
	if err != nil {
		return nil, nil, err
	}
	one, found := c.world.variables.get(c.params["Sid"])
	if !found || one.Parent != env.SID {
		return nil, nil, c.notFound()
	}
	return env, one, nil
}

// keyIsFree refuses a key that another Variable has. What the API does about
// one is not known; see Switches.
func (c *call) keyIsFree(env *environment, key, besides string) error {
	for _, other := range c.world.variables.of(env.SID) {
		if other.Key != key || other.SID == besides {
			continue
		}
		return refuseAs(c.switches().VariableConflictsAre400, "Variable with Key %s already exists", key)
	}
	return nil
}

// variablesFit refuses a Variable with which the Environment would have too many
// bytes of them, if the switch says that there is such a limit.
func (c *call) variablesFit(env *environment, changed *variable) error {
	if !c.switches().VariablesLimit {
		return nil
	}
	bytes := len(changed.Key) + len(changed.Value)
	for _, other := range c.world.variables.of(env.SID) {
		if other.SID != changed.SID {
			bytes += len(other.Key) + len(other.Value)
		}
	}
	if bytes > maxVariablesBytes {
		return badRequest("Variables are limited to %d bytes of keys and values", maxVariablesBytes)
	}
	return nil
}

func listVariables(c *call) (reply, error) {
	_, env, err := c.environment("EnvironmentSid")
	if err != nil {
		return reply{}, err
	}
	return page(c, "variables", c.world.variables.of(env.SID), unlessShuffled[*variable](c.switches().ShuffledLists), func(one *variable) any {
		return c.variableBody(env, one)
	})
}

func createVariable(c *call) (reply, error) {
	_, env, err := c.environment("EnvironmentSid")
	if err != nil {
		return reply{}, err
	}
	if err := c.keyIsFree(env, c.form.Get("Key"), ""); err != nil {
		return reply{}, err
	}
	one := &variable{
		record: c.world.newRecord(sidVariable, env.SID),
		Key:    c.form.Get("Key"), Value: c.form.Get("Value"),
	}
	if err := c.variablesFit(env, one); err != nil {
		return reply{}, err
	}
	if err := c.world.commit(change{Variable: one}); err != nil {
		return reply{}, err
	}
	return created(c.variableBody(env, one))
}

func fetchVariable(c *call) (reply, error) {
	env, one, err := c.variable()
	if err != nil {
		return reply{}, err
	}
	return ok(c.variableBody(env, one))
}

func updateVariable(c *call) (reply, error) {
	env, old, err := c.variable()
	if err != nil {
		return reply{}, err
	}
	one := *old
	one.record = old.touched()
	if c.form.Has("Key") {
		one.Key = c.form.Get("Key")
		if err := c.keyIsFree(env, one.Key, one.SID); err != nil {
			return reply{}, err
		}
	}
	if c.form.Has("Value") {
		one.Value = c.form.Get("Value")
	}
	if err := c.variablesFit(env, &one); err != nil {
		return reply{}, err
	}
	if err := c.world.commit(change{Variable: &one}); err != nil {
		return reply{}, err
	}
	return ok(c.variableBody(env, &one))
}

func deleteVariable(c *call) (reply, error) {
	_, one, err := c.variable()
	if err != nil {
		return reply{}, err
	}
	if err := c.world.commit(change{Removed: one.SID}); err != nil {
		return reply{}, err
	}
	return deleted()
}
