package npm

import (
	"cmp"
	"io/fs"
	"iter"
	"path"
	"strings"
)

// catalogs are ranges that the members of a workspace share, by the name of the
// catalog and the package's; a dependency refers to them as "catalog:" or
// "catalog:name".
type catalogs map[string]map[string]string

// defaultCatalog is the one that "catalog:" means.
const defaultCatalog = "default"

// catalogName returns the name of the catalog that a spec refers to.
func catalogName(spec string) (string, bool) {
	name, ok := strings.CutPrefix(strings.TrimSpace(spec), "catalog:")
	return cmp.Or(strings.TrimSpace(name), defaultCatalog), ok
}

// fill puts the ranges of the catalogs into the requests that refer to one.
func (c catalogs) fill(requests []request) {
	for i, wanted := range requests {
		name, ok := catalogName(wanted.spec)
		if !ok {
			continue
		}
		requests[i].catalog = wanted.spec
		if spec, ok := c[name][wanted.name]; ok {
			requests[i].spec = spec
		}
	}
}

// collect takes over a "catalog" and the "catalogs" of a settings file.
func collect[V tree[V]](c catalogs, catalog, named V) {
	for m := range named.members() {
		c.add(m.name, texts(m.value))
	}
	c.add(defaultCatalog, texts(catalog))
}

// add takes one catalog over.
func (c catalogs) add(name string, specs iter.Seq2[string, string]) {
	for dependency, spec := range specs {
		if c[name] == nil {
			c[name] = map[string]string{}
		}
		c[name][dependency] = spec
	}
}

// findCatalogs returns the catalogs of the nearest folder that has some, going up
// from the project's. It looks for none when nothing refers to one.
func findCatalogs(fsys fs.FS, folder string, requests []request) (catalogs, error) {
	isUsed := false
	for _, wanted := range requests {
		_, refers := catalogName(wanted.spec)
		isUsed = isUsed || refers
	}
	if !isUsed {
		return nil, nil //nolint:nilnil // no catalogs are fine
	}
	for dir := range upFrom(folder) {
		if found, err := catalogsIn(fsys, dir); err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil //nolint:nilnil // no catalogs are fine
}

// catalogsIn returns the catalogs that a folder's files hold: for pnpm, for yarn,
// and for bun.
func catalogsIn(fsys fs.FS, dir string) (catalogs, error) {
	found := catalogs{}
	for _, base := range []string{".yarnrc.yml", "pnpm-workspace.yaml"} {
		whole, err := readYAML(fsys, path.Join(dir, base))
		if err != nil {
			return nil, err
		}
		if whole != nil {
			collect(found, get(*whole, "catalog"), get(*whole, "catalogs"))
		}
	}
	whole, err := readJSON(fsys, path.Join(dir, "package.json"), maxPackageBytes)
	if err != nil {
		return nil, err
	}
	if whole != nil && len(found) == 0 {
		top := pick(*whole, "catalog", "catalogs", "workspaces")
		nested := pick(top["workspaces"].value, "catalog", "catalogs")
		collect(found, top["catalog"].value, top["catalogs"].value)
		collect(found, nested["catalog"].value, nested["catalogs"].value)
	}
	return found, nil
}
