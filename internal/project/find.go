package project

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Bounds against trees that no project has, such as links that multiply.
const (
	maxEntries = 10_000
	maxDepth   = 64
)

// finder walks the folders of a project and collects files, Problems and
// warnings.
type finder struct {
	fsys   fs.FS
	folder string

	functions tree
	assets    tree

	problems problem.List
	warnings problem.List
	files    []File
	// hashes is of the files read, by their real path.
	hashes map[string]content
	// sources is the names of the Functions by their real path.
	sources map[string]string
	// byPath is the name of the file that takes a path.
	byPath map[string]string
	// environment is the files with variables, which must never be served.
	environment []environmentFile
	// dotted is the files left out for a dot in front of their name, relative to
	// the folder that is being walked.
	dotted []string
	// modules is the files that somebody may take for Functions, by the advice
	// to give, relative to the folder of the Functions.
	modules map[string][]string
	entries int
	// ended says why the search is to end; nil while it goes on. What is found
	// after that counts for nothing.
	ended func() error
}

func newFinder(fsys fs.FS, folder string, environment []environmentFile, ended func() error) *finder {
	return &finder{
		fsys: fsys, folder: folder, environment: environment, ended: ended,
		hashes: map[string]content{}, sources: map[string]string{}, byPath: map[string]string{}, modules: map[string][]string{},
	}
}

// find reads both folders of the project.
func (f *finder) find(opts Options) {
	f.functions = f.tree(KindFunction, opts, opts.FunctionsFolder, "functions-folder", functionsFolders())
	f.assets = f.tree(KindAsset, opts, opts.AssetsFolder, "assets-folder", assetsFolders())
	if overlap(f.functions, f.assets) {
		f.problems.Add(fmt.Sprintf("the Functions in %q and the Assets in %q overlap, so that files would be both",
			f.functions.root, f.assets.root), "Keep them in folders of their own.")
		return
	}
	for _, t := range []tree{f.functions, f.assets} {
		if t.root != "" {
			f.walk(t, t.root, []string{t.real})
			f.warnOfDotted(t)
		}
	}
	f.warnOfModules(f.functions.root)
	if len(f.files) == 0 && len(f.problems) == 0 {
		f.nothing(f.functions.root, f.assets.root)
	}
}

// sorted returns the files of one kind by path.
func (f *finder) sorted(kind Kind) []File {
	found := []File{}
	for _, file := range f.files {
		if file.Kind == kind {
			found = append(found, file)
		}
	}
	slices.SortFunc(found, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return found
}

// walk reads a folder and what is below it. The real paths of the folder and of
// those above it show when a link leads in a circle; the folder's own is last.
func (f *finder) walk(t tree, dir string, reals []string) {
	entries, err := fs.ReadDir(f.fsys, dir)
	if err != nil {
		f.unreadable(dir, err)
		return
	}
	if len(reals) > maxDepth {
		f.problems.AddAt(dir, 0, fmt.Sprintf("folders are nested more than %d deep", maxDepth), "Check for links that repeat.")
		return
	}
	for _, entry := range entries {
		if f.entries++; f.entries > maxEntries {
			if f.entries == maxEntries+1 {
				f.problems.AddAt(t.root, 0, fmt.Sprintf("holds more than %d files and folders", maxEntries),
					"Move out what Twilio shall not serve; check for links that repeat.")
			}
			return
		}
		f.visit(t, path.Join(dir, entry.Name()), entry, reals)
	}
}

// visit decides what an entry of a folder is.
func (f *finder) visit(t tree, name string, entry fs.DirEntry, reals []string) {
	base := path.Base(name)
	if base == ".git" || base == ".DS_Store" {
		return
	}
	if base == "node_modules" {
		f.warnings.AddAt(name, 0, "left out: Twilio installs the dependencies of package.json itself", "")
		return
	}
	if !fs.ValidPath(name) {
		f.problems.AddAt(path.Dir(name), 0, fmt.Sprintf("the name %q is not valid UTF-8", base), "Rename the file.")
		return
	}
	isDotted := isHidden(base)
	isLink := entry.Type() == fs.ModeSymlink
	info, real, err := f.look(name, path.Join(reals[len(reals)-1], base), entry)
	switch {
	case err != nil && isDotted: // such as an editor's lock file, a link to nothing
		f.leaveOut(t, name, "")
	case err != nil:
		f.badLink(name, err)
	case info.IsDir() && slices.Contains(reals, real):
		f.badLink(name, errLinkCircle)
	case info.IsDir() && real == f.other(t).real:
		if isLink && t.kind == KindAsset {
			f.problems.AddAt(name, 0, "the link leads to the Functions, whose source would be served", shareApart)
		} else if isLink {
			f.walk(t, name, append(slices.Clone(reals), real))
		}
	case info.IsDir():
		f.walk(t, name, append(slices.Clone(reals), real))
	case isDotted:
		f.leaveOut(t, name, "")
	case t.kind == KindFunction && path.Ext(base) != ".js":
		f.noteModule(t, name)
	case !info.Mode().IsRegular():
		f.problems.AddAt(name, 0, "is not a regular file", "Remove it, or replace it with a file.")
	case f.isEnvironment(real, info):
		f.problems.AddAt(name, 0, "is the environment file, whose secrets would be served",
			"Move it out of the folder, or remove the link.")
	case isHidden(path.Base(real)):
		f.leaveOut(t, name, path.Base(real))
	default:
		f.add(t, name, real, info)
	}
}

// look returns what an entry is, links followed, and its real path.
func (f *finder) look(name, real string, entry fs.DirEntry) (fs.FileInfo, string, error) {
	if entry.Type() == fs.ModeSymlink {
		target, err := realPath(f.fsys, real)
		if err != nil {
			return nil, "", err
		}
		real = target
	}
	info, err := fs.Stat(f.fsys, name)
	if err != nil {
		return nil, "", fmt.Errorf("cannot be followed: %s", problem.Reason(err))
	}
	return info, real, nil
}

// badLink adds a Problem about a link.
func (f *finder) badLink(name string, err error) {
	f.problems = append(f.problems, linkProblem(name, err))
}

// isHidden reports whether a name begins with a dot, also behind a backslash,
// which is a slash in paths.
func isHidden(base string) bool {
	return strings.HasPrefix(base[strings.LastIndexByte(base, '\\')+1:], ".")
}

// leaveOut remembers a file whose name, or that of what it leads to, begins with
// a dot: they are settings and placeholders, and the Toolkit would publish them.
func (f *finder) leaveOut(t tree, name, target string) {
	if t.kind == KindFunction && path.Ext(name) != ".js" {
		return // it would be left out in any case
	}
	shown := within(t.root, name)
	if target != "" {
		shown += " (a link to " + target + ")"
	}
	f.dotted = append(f.dotted, shown)
}

// warnOfDotted adds one warning, however many files were left out.
func (f *finder) warnOfDotted(t tree) {
	if len(f.dotted) > 0 {
		f.warnings.AddAt(t.root, 0, "left out, because names that begin with a dot are not served: "+some(f.dotted),
			"Rename what shall be.")
	}
	f.dotted = nil
}

// some lists the first few names, and how many more there are.
func some(names []string) string {
	const most = 5
	shown := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return shown
}

// within returns a name as seen from a folder that it lies in.
func within(folder, name string) string {
	if folder == "." {
		return name
	}
	return strings.TrimPrefix(name, folder+"/")
}
