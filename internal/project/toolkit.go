package project

import (
	"io/fs"
	"path"

	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
)

// useFlags is what stands for the Toolkit's settings.
const useFlags = "Give what they set as flags: --service for serviceSid and serviceName, --environment (production for the bare domain), " +
	"--runtime, --functions-folder, --assets-folder, --env-file for env."

// toolkitFiles names the files that the Toolkit looks for, in its order
// (cosmiconfig's).
func toolkitFiles() []string {
	return []string{
		".twilioserverlessrc", ".twilioserverlessrc.json", ".twilioserverlessrc.yaml", ".twilioserverlessrc.yml",
		".twilioserverlessrc.js", "twilioserverless.config.js",
	}
}

// warnOfToolkitSettings warns once of settings that the Toolkit would read, in
// the project's folder or the nearest above, and Slipway does not.
func warnOfToolkitSettings(fsys fs.FS, folder string, pkg *npm.Package) problem.List {
	var warnings problem.List
	if pkg.ToolkitLine > 0 {
		warnings.AddAt(pkg.File, pkg.ToolkitLine, `the settings in "twilioserverless" are not read yet`, useFlags)
		return warnings
	}
	for {
		for _, base := range toolkitFiles() {
			file := path.Join(folder, base)
			if _, err := fs.Stat(fsys, file); err == nil {
				warnings.AddAt(file, 0, "the settings in it are not read yet", useFlags)
				return warnings
			}
		}
		if folder == "." {
			return nil
		}
		folder = path.Dir(folder)
	}
}
