package twilio

import "net/http"

// Fields of requests; names, bounds and need as in the OpenAPI file.
func operations() []operation {
	const (
		get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete

		services     = "/v1/Services"
		oneService   = services + "/{Sid}"
		inService    = services + "/{ServiceSid}"
		environments = inService + "/Environments"
		inEnv        = environments + "/{EnvironmentSid}"
		variables    = inEnv + "/Variables"
		deployments  = inEnv + "/Deployments"
		logs         = inEnv + "/Logs"
		builds       = inService + "/Builds"
	)
	friendlyName := field{name: "FriendlyName", required: true, maxChars: maxFriendlyName}
	table := []operation{
		{name: "ListService", method: get, pattern: services, pages: true, handle: listServices},
		{name: "CreateService", method: post, pattern: services, handle: createService, fields: []field{
			{name: "UniqueName", required: true, maxChars: maxServiceUniqueName},
			friendlyName,
			{name: "IncludeCredentials", isBool: true},
			{name: "UiEditable", isBool: true},
		}},
		{name: "FetchService", method: get, pattern: oneService, handle: fetchService},
		{name: "UpdateService", method: post, pattern: oneService, handle: updateService, fields: []field{
			{name: "FriendlyName", maxChars: maxFriendlyName},
			{name: "IncludeCredentials", isBool: true},
			{name: "UiEditable", isBool: true},
		}},
		{name: "DeleteService", method: del, pattern: oneService, handle: deleteService},

		{name: "ListEnvironment", method: get, pattern: environments, pages: true, handle: listEnvironments},
		{name: "CreateEnvironment", method: post, pattern: environments, handle: createEnvironment, fields: []field{
			{name: "UniqueName", required: true, maxChars: maxEnvironmentUniqueName},
			{name: "DomainSuffix", maxChars: maxDomainSuffix, mayBeEmpty: true},
			// The toolkit sends it, so Twilio passes over it (api/environments.ts).
			{name: "FriendlyName", mayBeEmpty: true},
		}},
		{name: "FetchEnvironment", method: get, pattern: environments + "/{Sid}", handle: fetchEnvironment},
		{name: "DeleteEnvironment", method: del, pattern: environments + "/{Sid}", handle: deleteEnvironment},

		{name: "ListVariable", method: get, pattern: variables, pages: true, handle: listVariables},
		{name: "CreateVariable", method: post, pattern: variables, handle: createVariable, fields: []field{
			{name: "Key", required: true, maxChars: maxVariableKey},
			{name: "Value", required: true, maxBytes: maxVariableValueBytes},
		}},
		{name: "FetchVariable", method: get, pattern: variables + "/{Sid}", handle: fetchVariable},
		{name: "UpdateVariable", method: post, pattern: variables + "/{Sid}", handle: updateVariable, fields: []field{
			{name: "Key", maxChars: maxVariableKey},
			{name: "Value", maxBytes: maxVariableValueBytes},
		}},
		{name: "DeleteVariable", method: del, pattern: variables + "/{Sid}", handle: deleteVariable},

		{name: "ListBuild", method: get, pattern: builds, pages: true, handle: listBuilds},
		{name: "CreateBuild", method: post, pattern: builds, handle: createBuild, fields: []field{
			{name: "FunctionVersions", isList: true},
			{name: "AssetVersions", isList: true},
			// Repeated empty values are what an array of objects becomes in Node's
			// querystring; flex-plugin-builder sends them and deploys.
			{name: "Dependencies", isList: true, mayBeEmpty: true},
			{name: "Runtime"},
		}},
		{name: "FetchBuild", method: get, pattern: builds + "/{Sid}", handle: fetchBuild},
		{name: "DeleteBuild", method: del, pattern: builds + "/{Sid}", handle: deleteBuild},
		{name: "FetchBuildStatus", method: get, pattern: builds + "/{Sid}/Status", handle: fetchBuildStatus},

		{name: "ListDeployment", method: get, pattern: deployments, pages: true, handle: listDeployments},
		{name: "CreateDeployment", method: post, pattern: deployments, handle: createDeployment, fields: []field{
			{name: "BuildSid"},
			{name: "IsPlugin", isBool: true},
		}},
		{name: "FetchDeployment", method: get, pattern: deployments + "/{Sid}", handle: fetchDeployment},

		{name: "ListLog", method: get, pattern: logs, pages: true, filters: logFilters(), handle: listLogs},
		{name: "FetchLog", method: get, pattern: logs + "/{Sid}", handle: fetchLog},
	}
	for _, k := range []kind{kindFunction, kindAsset} {
		all := inService + "/" + k.plural()
		versions := all + "/{" + k.name() + "Sid}/Versions"
		table = append(table,
			operation{name: "List" + k.name(), method: get, pattern: all, pages: true, handle: k.with(listFiles)},
			operation{name: "Create" + k.name(), method: post, pattern: all, handle: k.with(createFile), fields: []field{friendlyName}},
			operation{name: "Fetch" + k.name(), method: get, pattern: all + "/{Sid}", handle: k.with(fetchFile)},
			operation{name: "Update" + k.name(), method: post, pattern: all + "/{Sid}", handle: k.with(updateFile), fields: []field{friendlyName}},
			operation{name: "Delete" + k.name(), method: del, pattern: all + "/{Sid}", handle: k.with(deleteFile)},
			operation{name: "List" + k.name() + "Version", method: get, pattern: versions, pages: true, handle: k.with(listVersions)},
			operation{name: "Fetch" + k.name() + "Version", method: get, pattern: versions + "/{Sid}", handle: k.with(fetchVersion)},
			operation{name: "Create" + k.name() + "Version", method: post, pattern: versions, side: uploadSide, handle: k.with(uploadVersion)},
		)
	}
	table = append(table, operation{
		name: "FetchFunctionVersionContent", method: get,
		pattern: inService + "/Functions/{FunctionSid}/Versions/{Sid}/Content", handle: fetchContent,
	})
	for i := range table {
		if table[i].side == eitherSide {
			table[i].side = apiSide
		}
	}
	return table
}
