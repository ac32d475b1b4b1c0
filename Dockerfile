# The image that the Action runs in, and that runs anywhere else:
#
#   docker build -t slipway .
#   docker run --rm slipway version
#
# It keeps to what Docker's classic builder knows, so that any runner can build it.

# A release names both by their digests, so that all platforms are built from the same; a
# label of the image tells that of the second.
ARG GO_IMAGE=golang:1.26
ARG BASE_IMAGE=gcr.io/distroless/static-debian12

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY . .
# The version that the binary shows; empty shows "dev".
ARG VERSION=
# No go mod download: it would fetch what only tests need, for every run of the Action.
# The caches go with the step that filled them.
RUN CGO_ENABLED=0 GOCACHE=/tmp/cache GOMODCACHE=/tmp/modules go build -trimpath \
      -ldflags "-s -w ${VERSION:+-X github.com/slipway-dev/slipway/internal/cli.version=${VERSION}}" \
      -modcacherw -o /slipway . \
 && rm -rf /tmp/cache /tmp/modules

# Root, which is this image's user: a runner mounts the workspace and the files for
# outputs and summary with owners of its own, and GitHub asks the same of every
# container Action (docs.github.com: Dockerfile support for GitHub Actions).
FROM ${BASE_IMAGE}
COPY --from=build /slipway /slipway
ENTRYPOINT ["/slipway"]
