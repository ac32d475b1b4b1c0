// Package acceptance holds the Action to what its users see: the image that the
// Dockerfile makes, run in workflows by act, a runner that this project did not
// write, against the sandboxes of both platforms. The workflows that users are told
// to copy are run word for word; golden files have what GitHub shows of them.
//
//	DOCKER_HOST=unix:///var/run/docker.sock go test ./internal/acceptance
//
// It has no code but tests. They need git and a Docker engine that shares this
// machine's network, and are skipped unless DOCKER_HOST names one. A workflow's
// own steps run in the image that SLIPWAY_RUNNER_IMAGE names; it needs sh, tail,
// tar and wget, and is a small public one otherwise.
package acceptance
