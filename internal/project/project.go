// Package project turns a tree of files into a Project: the Functions and
// Assets to serve, where and to whom, the dependencies, the runtime and the
// keys of the variables.
//
// It follows the conventions of Twilio's own Serverless Toolkit, so that a
// project made for it deploys unmodified. Where the Toolkit would do what
// nobody wants, such as serving a file in public whose name says private, it
// reports a Problem instead.
//
// Load makes a Project, Variables reads the values again where they are
// written, CheckVariables holds the rules for them. Nothing is sent anywhere,
// and no file is run. Level 1: of the project it imports npm, problem and
// secret.
package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
)

// Kind says whether a File runs or is served as it is.
type Kind string

// The two kinds of File.
const (
	KindFunction Kind = "function"
	KindAsset    Kind = "asset"
)

// Visibility says who may reach a File, in the words of the API.
type Visibility string

const (
	// Public files have an open URL.
	Public Visibility = "public"
	// Protected files need a request signed by Twilio.
	Protected Visibility = "protected"
	// Private files have no URL; only Functions reach them.
	Private Visibility = "private"
)

// File is one Function or Asset.
type File struct {
	Kind Kind `json:"kind"`
	// Path is where Twilio serves it: it begins with "/", and a Function's has
	// no ".js".
	Path       string     `json:"path"`
	Visibility Visibility `json:"visibility"`
	// Name is the path of the file to open, from the root of the Source.
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// SHA256 is that of the content, in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Project is what a folder asks Twilio to serve. It is plain data, and holds
// the keys of variables, never their values.
type Project struct {
	// Folder is the project's folder from the root of the Source; "." for the
	// root itself.
	Folder string `json:"folder"`
	// Name is the name in package.json without its scope; may be empty.
	Name string `json:"name"`
	// Functions and Assets are sorted by path. No path comes twice, also not
	// between the two.
	Functions []File `json:"functions"`
	Assets    []File `json:"assets"`
	// Dependencies is sorted by name.
	Dependencies []npm.Dependency `json:"dependencies"`
	// LockFile is where the versions come from; empty when they are ranges.
	LockFile string `json:"lock_file"`
	// Runtime is what a Build calls it, such as "node22".
	Runtime string `json:"runtime"`
	// Variables is the keys the environment file sets, sorted.
	Variables []string `json:"variables"`
	// Warnings is sorted by file and line.
	Warnings []problem.Problem `json:"warnings"`
}

// Options says where to look. The zero value is a project at the root of the
// Source with everything where the Toolkit expects it.
type Options struct {
	// Folder is the project's folder from the root of the Source; "" is ".".
	Folder string
	// FunctionsFolder and AssetsFolder are relative to Folder. Empty means the
	// first that exists of "functions", "src" and of "assets", "static". One
	// that is named must exist.
	FunctionsFolder string
	AssetsFolder    string
	// Runtime is what to run on; empty means what engines.node of package.json
	// asks for, else the platform's default.
	Runtime string
	// EnvFile is the file with the variables, relative to Folder and inside the
	// root. Empty means ".env", which may be missing; one that is named must
	// exist.
	EnvFile string
	// Dependencies is which versions to install; empty means npm.Locked.
	Dependencies npm.Mode
	// Where tells where in the Source one of these was set, by the names that
	// Problems have for them: "functions-folder", "assets-folder", "runtime",
	// "env-file". Nil means that no file sets them.
	Where Where
}

// add adds a Problem about one of the Options, at the place where it was set.
func (o Options) add(problems *problem.List, setting, message, fix string) {
	file, line := "", 0
	if o.Where != nil {
		file, line = o.Where(setting)
	}
	problems.AddAt(file, line, message, fix)
}

// Load reads the project in a folder of a Source. It reads every Function and
// Asset once, and holds none of them in memory.
//
// The error is a problem.List with all that is wrong with the project. It works
// on any file system, and follows links where the file system has them.
func Load(ctx context.Context, fsys fs.FS, opts Options) (*Project, error) {
	folder, err := projectFolder(fsys, opts.Folder)
	if err != nil {
		return nil, err
	}
	var problems, warnings problem.List

	pkg, notes, err := npm.Read(fsys, folder, opts.Dependencies)
	warnings = append(warnings, notes...)
	if rest := problems.Take(err); rest != nil {
		return nil, rest
	}
	hasPackage := pkg != nil
	if !hasPackage {
		pkg = &npm.Package{}
	}

	found := newFinder(fsys, folder, environmentFiles(fsys, opts), ctx.Err)
	found.find(opts)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("read the project: %w", context.Cause(ctx))
	}
	problems = append(problems, found.problems...)
	warnings = append(warnings, found.warnings...)

	values, notes, err := Variables(fsys, opts)
	warnings = append(warnings, notes...)
	if rest := problems.Take(err); rest != nil {
		return nil, rest
	}

	// Without a readable package.json a runtime would be a guess.
	runtime := opts.Runtime
	if runtime != "" || hasPackage {
		runtime, notes, err = chooseRuntime(opts, pkg)
		warnings = append(warnings, notes...)
		if rest := problems.Take(err); rest != nil {
			return nil, rest
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return &Project{
		Folder:       folder,
		Name:         pkg.ServiceName(),
		Functions:    found.sorted(KindFunction),
		Assets:       found.sorted(KindAsset),
		Dependencies: append([]npm.Dependency{}, pkg.Dependencies...),
		LockFile:     pkg.LockFile,
		Runtime:      runtime,
		Variables:    slices.AppendSeq([]string{}, sortedKeys(values)),
		Warnings:     inOrder(warnings),
	}, nil
}

// projectFolder cleans the project's folder and makes sure that it is there.
func projectFolder(fsys fs.FS, folder string) (string, error) {
	folder, err := inside(".", cmp.Or(folder, "."), "the project's folder")
	if err != nil {
		return "", err
	}
	var problems problem.List
	info, err := fs.Stat(fsys, folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		problems.Add(fmt.Sprintf("the folder %q does not exist", folder),
			"Check working-directory, or path in slipway.yml.")
	case err != nil:
		problems.Add(fmt.Sprintf("the folder %q cannot be read: %s", folder, problem.Reason(err)), "Check its permissions.")
	case !info.IsDir():
		problems.Add(fmt.Sprintf("%q is a file, not a folder", folder),
			"Name the folder that holds package.json, functions and assets.")
	}
	return folder, problems.Err()
}

// inside joins a path that a person wrote to a folder and makes sure that the
// result does not leave the root of the Source.
func inside(folder, written, what string) (string, error) {
	return Options{}.inside(folder, written, what)
}

// inside does the same for one of the Options.
func (o Options) inside(folder, written, setting string) (string, error) {
	slashed := strings.ReplaceAll(written, `\`, "/")
	joined := path.Join(folder, slashed)
	if path.IsAbs(slashed) || !fs.ValidPath(joined) {
		var problems problem.List
		o.add(&problems, setting, fmt.Sprintf("%s is %q, which lies outside of the repository", setting, written),
			"Name it relative to the project's folder.")
		return "", problems.Err()
	}
	return joined, nil
}

// inOrder returns warnings sorted by file and line, without repetitions.
func inOrder(list problem.List) []problem.Problem {
	sorted := []problem.Problem{}
	seen := make(map[problem.Problem]bool, len(list))
	for _, p := range list {
		if !seen[*p] {
			seen[*p] = true
			sorted = append(sorted, *p)
		}
	}
	slices.SortStableFunc(sorted, func(a, b problem.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return sorted
}

// sortedKeys yields the keys of a map in order.
func sortedKeys[V any](values map[string]V) func(yield func(string) bool) {
	return slices.Values(slices.Sorted(maps.Keys(values)))
}
