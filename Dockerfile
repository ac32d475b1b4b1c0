# The image that the Action runs in, and that runs anywhere else:
#
#   docker build -t slipway .
#   docker run --rm slipway version
#
# It keeps to what Docker's classic builder knows, so that any runner can build it.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The version that the binary shows; empty shows "dev".
ARG VERSION=
# The cache goes with the step that filled it, since the next starts from the sources.
RUN CGO_ENABLED=0 GOCACHE=/tmp/cache go build -trimpath \
      -ldflags "-s -w ${VERSION:+-X github.com/slipway-dev/slipway/internal/cli.version=${VERSION}}" \
      -o /slipway . \
 && rm -rf /tmp/cache

# Root, which is this image's user: a runner mounts the workspace and the files for
# outputs and summary with owners of its own, and GitHub asks the same of every
# container Action (docs.github.com: Dockerfile support for GitHub Actions).
FROM gcr.io/distroless/static-debian12
COPY --from=build /slipway /slipway
ENTRYPOINT ["/slipway"]
