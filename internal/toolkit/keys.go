package toolkit

import (
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
)

// The Toolkit's settings that Slipway follows or has to speak about. They are its
// flags in camel case (its docs/CONFIGURATION.md and flags.ts).
const (
	keyFunctionsFolder = "functionsFolder"
	keyAssetsFolder    = "assetsFolder"
	keyRuntime         = "runtime"
	keyEnv             = "env"
	keyEnvironment     = "environment"
	keyServiceSID      = "serviceSid"
	keyServiceName     = "serviceName"
	// keyProjectName is the older name of serviceName; the Toolkit follows it.
	keyProjectName = "projectName"

	keyFunctions     = "functions"
	keyAssets        = "assets"
	keyCwd           = "cwd"
	keyProduction    = "production"
	keyLoadSystemEnv = "loadSystemEnv"

	keyRegion = "region"
	keyEdge   = "edge"
)

// The names of the sections that hold settings for some occasions only.
const (
	commandsKey     = "commands"
	environmentsKey = "environments"
	projectsKey     = "projects"
)

// sectionKeys are the three.
func sectionKeys() []string { return []string{commandsKey, environmentsKey, projectsKey} }

// simple maps the settings that are the same text in both tools.
func simple() map[string]string {
	return map[string]string{
		keyFunctionsFolder: config.FunctionsFolder,
		keyAssetsFolder:    config.AssetsFolder,
		keyRuntime:         config.Runtime,
		keyEnv:             config.EnvFile,
	}
}

// knownKeys are all settings of the Toolkit. Those that are not named above are
// about its other commands, its output, or what a deploy of Slipway does in any
// case, such as using a Service that is there.
func knownKeys() []string {
	return []string{
		keyFunctionsFolder, keyAssetsFolder, keyRuntime, keyEnv, keyEnvironment, keyServiceSID, keyServiceName, keyProjectName,
		keyFunctions, keyAssets, keyCwd, keyProduction, keyLoadSystemEnv, keyRegion, keyEdge, "username", "password",
		"buildSid", "config", "createEnvironment", "detailedLogs", "dir", "extendedOutput", "force", "forkProcess",
		"functionSid", "inspect", "inspectBrk", "key", "legacyMode", "live", "loadLocalEnv", "logCacheSize", "logLevel", "logs",
		"ngrok", "outputFormat", "overrideExistingProject", "port", "properties", "showValues", "sourceEnvironment", "tail",
		"template", "types", "value",
	}
}

// knownCommands are the commands that settings may be for.
func knownCommands() []string {
	return []string{"deploy", "list", "start", "promote", "logs", "new", "env"}
}

// leadingNames are the names of accounts, credentials and addresses in either
// tool, as plain has them.
func leadingNames() map[string]bool {
	names := map[string]bool{}
	for _, name := range []string{
		"username", "password", config.AccountSID, config.APIKey, config.APISecret, config.AuthToken, config.Region, config.Edge,
		config.APIURL, config.UploadURL, config.LiveURL, config.GitHubToken,
	} {
		names[plain(name)] = true
	}
	return names
}

// plain is a name in one spelling: apiKey, api-key and API_KEY are one.
func plain(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(name, "-", ""), "_", ""))
}
