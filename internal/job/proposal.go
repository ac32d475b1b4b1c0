package job

// Proposal is what a tree that was not deployed asks for, as far as it tells by itself.
// Each list is bounded; LeftOut counts what there was no room for. The tree may be a
// stranger's: nothing in it is fit to be shown as it is.
type Proposal struct {
	Functions []ProposedFile `json:"functions"`
	Assets    []ProposedFile `json:"assets"`
	// Runtime is "node22" and the like; empty when it is not known.
	Runtime      string            `json:"runtime"`
	Dependencies []ProposedPackage `json:"dependencies"`
	// Variables are keys, of the tree and of what is given beside it, sorted.
	Variables []string `json:"variables"`
	// Problems are what a deploy would be refused for.
	Problems []string `json:"problems"`
	LeftOut  int      `json:"left_out,omitempty"`
}

// ProposedFile is a Function or an Asset.
type ProposedFile struct {
	Path       string `json:"path"`
	Visibility string `json:"visibility"`
}

// ProposedPackage is an npm package with its version or range.
type ProposedPackage struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}
