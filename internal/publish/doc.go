// Package publish is what a release of Slipway itself is made of, apart from what
// compilers and registries do: which versions there are, the notes that CHANGELOG.md
// has for one, the action.yml that runs its image, the commit and the tags that carry
// it, and what has to be in its archives. tools/publish is its command line, which
// .github/workflows/release.yml and the Makefile run.
//
// Nothing of it is in the binary. It imports nothing of the project but problem.
package publish
