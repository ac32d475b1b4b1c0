package project

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// What to do about files in the Functions' folder that are programs, yet no
// Functions: only ".js" is, as the Toolkit has it.
const (
	compileFirst = "Compile them to .js first, and name the folder with the output as functions-folder."
	renameToJS   = "Rename them to .js; Functions are CommonJS modules."
)

// noteModule remembers a file that somebody may take for a Function. Sources
// whose .js lies beside them are compiled already.
func (f *finder) noteModule(t tree, name string) {
	advice := ""
	ext := path.Ext(name)
	isJS := strings.EqualFold(ext, ".js")
	switch lower := strings.ToLower(ext); {
	case strings.HasSuffix(name, ".d.ts"):
	case slices.Contains([]string{".ts", ".mts", ".cts", ".tsx", ".jsx", ".coffee"}, lower):
		advice = compileFirst
	case lower == ".mjs" || lower == ".cjs" || isJS:
		advice = renameToJS
	}
	if advice == "" {
		return
	}
	// Where case makes no difference "a.JS" is the very "a.js" looked for.
	if _, err := fs.Stat(f.fsys, strings.TrimSuffix(name, ext)+".js"); err == nil && !isJS {
		return
	}
	f.modules[advice] = append(f.modules[advice], within(t.root, name))
}

// warnOfModules adds one warning for each advice, however many files.
func (f *finder) warnOfModules(functions string) {
	for _, advice := range slices.Sorted(maps.Keys(f.modules)) {
		f.warnings.AddAt(functions, 0, "left out, because only .js files become Functions: "+some(f.modules[advice]), advice)
	}
}

// nothing adds the Problem that there is nothing to deploy.
func (f *finder) nothing(functions, assets string) {
	tried := func(found string, candidates []string) string {
		if found != "" {
			return found
		}
		for i, candidate := range candidates {
			candidates[i] = path.Join(f.folder, candidate)
		}
		return strings.Join(candidates, " or ")
	}
	fix := "Add a Function such as functions/hello.js, or choose another working-directory, functions-folder or assets-folder."
	switch {
	case len(f.modules[compileFirst]) > 0:
		fix = compileFirst
	case len(f.modules[renameToJS]) > 0:
		fix = renameToJS
	}
	f.problems.Add(fmt.Sprintf("nothing to deploy: no Functions in %s, and no Assets in %s",
		tried(functions, functionsFolders()), tried(assets, assetsFolders())), fix)
}
