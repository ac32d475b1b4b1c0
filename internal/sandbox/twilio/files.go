package twilio

// kind tells Functions from Assets, which share their shape and their SIDs'
// prefix.
type kind string

const (
	kindFunction kind = "function"
	kindAsset    kind = "asset"
)

func (k kind) name() string {
	if k == kindFunction {
		return "Function"
	}
	return "Asset"
}

func (k kind) plural() string { return k.name() + "s" }

// with makes a handler of one that serves both kinds.
func (k kind) with(handle func(*call, kind) (reply, error)) func(*call) (reply, error) {
	return func(c *call) (reply, error) { return handle(c, k) }
}

// file is a Function or an Asset: the name that Versions hang on. Names are
// not unique; the toolkit looks before it creates (api/functions.ts).
type file struct {
	record
	Kind         kind   `json:"kind"`
	FriendlyName string `json:"friendly_name"`
}

type fileBody struct {
	SID          string    `json:"sid"`
	AccountSID   string    `json:"account_sid"`
	ServiceSID   string    `json:"service_sid"`
	FriendlyName string    `json:"friendly_name"`
	DateCreated  string    `json:"date_created"`
	DateUpdated  string    `json:"date_updated"`
	URL          string    `json:"url"`
	Links        fileLinks `json:"links"`
}

type fileLinks struct {
	FunctionVersions string `json:"function_versions,omitempty"`
	AssetVersions    string `json:"asset_versions,omitempty"`
}

func (c *call) fileBody(one *file) any {
	url := c.url("Services", one.Parent, one.Kind.plural(), one.SID)
	links := fileLinks{AssetVersions: url + "/Versions"}
	if one.Kind == kindFunction {
		links = fileLinks{FunctionVersions: url + "/Versions"}
	}
	return fileBody{
		SID: one.SID, AccountSID: c.world.account.SID, ServiceSID: one.Parent, FriendlyName: one.FriendlyName,
		DateCreated: timestamp(one.Created), DateUpdated: timestamp(one.Updated), URL: url, Links: links,
	}
}

func listFiles(c *call, k kind) (reply, error) {
	parent, err := c.service()
	if err != nil {
		return reply{}, err
	}
	var files []*file
	for _, one := range c.world.files.of(parent.SID) {
		if one.Kind == k {
			files = append(files, one)
		}
	}
	return page(c, string(k)+"s", files, unlessShuffled[*file](c.switches().ShuffledLists), c.fileBody)
}

func createFile(c *call, k kind) (reply, error) {
	parent, err := c.service()
	if err != nil {
		return reply{}, err
	}
	one := &file{
		record: c.world.newRecord(sidFile, parent.SID),
		Kind:   k, FriendlyName: c.form.Get("FriendlyName"),
	}
	if err := c.world.commit(change{File: one}); err != nil {
		return reply{}, err
	}
	return created(c.fileBody(one))
}

func fetchFile(c *call, k kind) (reply, error) {
	_, one, err := c.file(k, "Sid")
	if err != nil {
		return reply{}, err
	}
	return ok(c.fileBody(one))
}

func updateFile(c *call, k kind) (reply, error) {
	_, old, err := c.file(k, "Sid")
	if err != nil {
		return reply{}, err
	}
	one := *old
	one.record = old.touched()
	one.FriendlyName = c.form.Get("FriendlyName")
	if err := c.world.commit(change{File: &one}); err != nil {
		return reply{}, err
	}
	return ok(c.fileBody(&one))
}

// deleteFile is refused while a live Build holds one of the Versions: "fail to
// delete if any of its Versions are referenced by an active Build" (Function
// page of the API reference).
func deleteFile(c *call, k kind) (reply, error) {
	parent, one, err := c.file(k, "Sid")
	if err != nil {
		return reply{}, err
	}
	for sid := range c.world.liveBuilds(parent.SID) {
		live, found := c.world.builds.get(sid)
		if !found {
			continue
		}
		for _, held := range live.Versions {
			if held.Parent == one.SID {
				return reply{}, refuseAs(c.switches().FileGuardIs400, "Cannot delete %s because its Version %s is referenced by an active Build", k.name(), held.SID)
			}
		}
	}
	if err := c.world.commit(c.world.fileRemoval(one)...); err != nil {
		return reply{}, err
	}
	return deleted()
}

// fileRemoval lists what goes with a Function or Asset, itself last.
func (w *world) fileRemoval(one *file) []change {
	return append(removals(w.versions.of(one.SID)), change{Removed: one.SID})
}

// liveBuilds are the SIDs of the Builds that a Service's Environments serve.
func (w *world) liveBuilds(serviceSID string) map[string]bool {
	live := map[string]bool{}
	for _, env := range w.environments.of(serviceSID) {
		if env.BuildSID != "" {
			live[env.BuildSID] = true
		}
	}
	return live
}
