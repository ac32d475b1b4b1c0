# What a person and CI run, in one place. `make` alone lists the targets.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The tools are pinned in modules of their own (tools/), so that go.mod lists
# only what the binary is made of. The first use compiles them.
golangci-lint := go tool -modfile=tools/golangci-lint/go.mod golangci-lint
actionlint    := go tool -modfile=tools/actionlint/go.mod actionlint

# The version that the binary shows; empty shows what Go recorded.
VERSION  ?=
# More flags for the run under the race detector, such as -v.
RACE     ?=
# How long one package's tests may take there. The first run of internal/acceptance
# on a machine compiles act and builds the image; that of internal/foreign installs
# packages from npm.
TIMEOUT  ?= 20m
# How long each fuzz target runs.
FUZZTIME ?= 20s

ldflags := -s -w $(if $(VERSION),-X github.com/slipway-dev/slipway/internal/cli.version=$(VERSION))

.PHONY: help build test race lint fmt bench fuzz inputs startup reliability chaos screenshots snapshot ci

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## make ./slipway, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '$(ldflags)' -o slipway .

test: ## run the tests
	go test ./...
	cd tools/screenshot && go test ./...

# The matrices take the detector's time many times over, and meet the same code in each
# cell: a tenth of them is enough here. What internal/chaos kills is a process of its own,
# whose code other tests meet.
race: ## run the tests under the race detector, in random order, none from the cache
	go test -race -shuffle=on -count=1 -timeout $(TIMEOUT) $(RACE) $$(go list ./... | grep -vE '/internal/(reliability|chaos)$$')
	go test -race -shuffle=on -count=1 -timeout $(TIMEOUT) $(RACE) -short ./internal/reliability

lint: ## check form, style, rooms (depguard), workflows and modules
	$(golangci-lint) fmt --diff
	$(golangci-lint) run ./...
	go vet ./...
	$(actionlint)
	$(actionlint) examples/workflows/*.yml
	./tools/shown-workflows $(actionlint)
	go mod tidy -diff
	cd tools/golangci-lint && go mod tidy -diff
	cd tools/actionlint && go mod tidy -diff
	cd tools/act && go mod tidy -diff
	cd tools/goreleaser && go mod tidy -diff
	cd tools/screenshot && go mod tidy -diff && go vet ./...
	cd internal/foreign/testdata/twilio-go && go mod tidy -diff

fmt: ## put the code in form
	$(golangci-lint) fmt

# Only -v shows what was skipped, and each figure as it comes.
bench: ## run the benchmarks once
	go test -v -run '^$$' -bench . -benchtime 1x -timeout 30m ./internal/benchmark/...

# -fuzz takes one target of one package at a time.
fuzz: ## run each fuzz target for FUZZTIME
	@targets=$$(go test -list '^Fuzz' ./... | awk ' \
		/^Fuzz/    { found[++n] = $$1 } \
		$$1 == "ok" { for (i = 1; i <= n; i++) print $$2, found[i]; n = 0 }'); \
	while read -r package target; do \
		./tools/fuzz "$$package" "$$target" $(FUZZTIME) </dev/null; \
	done <<<"$$targets"

# The readers of what others write: package.json, the lock files and those of
# workspaces, slipway.yml, server.yml, the Toolkit's files, .env, the Manifest, a saved
# plan, replies of the API, webhooks and their payloads.
inputs := npm.FuzzReadPackage npm.FuzzReadLock npm.FuzzReadPNPMLock npm.FuzzReadBerryLock \
	npm.FuzzReadClassicLock npm.FuzzReadBunLock npm.FuzzReadWorkspace rules.FuzzParse grants.FuzzParse \
	toolkit.FuzzRead project.FuzzParseEnv deploy.FuzzParseManifest deploy.FuzzParseSaved twilio.FuzzReply \
	gh.FuzzParseEvent gh.FuzzWebhook source.FuzzUnpack trigger.FuzzDecide

inputs: ## run the fuzz targets of what others write for FUZZTIME
	@for target in $(inputs); do \
		./tools/fuzz "./internal/$${target%.*}" "$${target#*.}" $(FUZZTIME); \
	done

startup: ## hold the start of the Action's binary to its ceiling
	go test -run '^$$' -bench '^BenchmarkActionWithoutCredentials$$' -benchtime 1x ./internal/benchmark

# Only -v shows the figures; what it says of each cell that is as it should be is
# left out.
reliability: ## run the matrices of docs/reliability.md, and print their figures
	go test -v -count=1 -run 'Matrix$$' ./internal/reliability | grep -vE '^ *(=== |--- PASS)'

# A tenth of it is part of go test ./...
chaos: ## kill the webhook server again and again among 5,000 deliveries, and print the figures
	CHAOS=1 go test -v -count=1 -timeout 40m -run '^TestChaos$$' ./internal/chaos | grep -vE '^(=== |--- PASS)'

# What is in the pictures is held by TestPictured of internal/report. In a comment
# GitHub sets text smaller than in a summary, and breaks lines where it does.
pictured := $(CURDIR)/internal/report/testdata/TestPictured
picture  := go run . -out $(CURDIR)/docs/images

screenshots: ## take the pictures of docs/images; needs npm and a Chromium
	cd tools/screenshot && npm ci --silent --no-audit --no-fund --ignore-scripts
	mkdir -p docs/images
	cd tools/screenshot && $(picture) $(pictured)/comment.golden
	cd tools/screenshot && $(picture) -width 900 -font-size 16 -hard-breaks=false -unfold Functions $(pictured)/summary.golden
	SLIPWAY_PICTURES=$(CURDIR)/docs/images go test -count=1 -run '^TestLooks$$' ./internal/overview

# What of a release needs no registry and no GitHub; docs/releasing.md tells the rest.
# The image and the released action.yml are held to what they should be by
# internal/acceptance.
snapshot: ## make the archives of a release twice, and hold them to each other
	./tools/snapshot

# Tests come last, so that a log ends with their result.
.NOTPARALLEL:
ci: lint build snapshot startup reliability inputs race test ## everything that CI runs
