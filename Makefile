# The short way to everything. Each target says what it does after its ##; `make help` prints them.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
BUILD := build/release
CMAKE_BUILD := cmake --build --preset release -j $(JOBS)

.PHONY: help deps build run test check test-coverage fuzz-api bench bench-ui screenshots clean
.DEFAULT_GOAL := help

help: ## print this list
	@awk -F ':.*## ' '/^## / {printf "\n%s\n", substr($$0, 4)} /^[a-z%-]+:.*## / {name = $$1; sub(/%/, "NAME", name); \
	    printf "  make %-26s %s\n", name, $$2}' $(MAKEFILE_LIST)

## Trying and developing, without Docker

deps: ## install what is missing to build, run and test (Debian packages, Go, Node)
	@tools/deps.sh build run test

$(BUILD)/build.ninja: CMakePresets.json | deps
	@cmake --preset release

build: deps $(BUILD)/build.ninja ## build picd, pic-agent and picctl into build/release, CoreDNS, and the web UI
	@$(CMAKE_BUILD) --target picd pic-agent picctl
	@tools/build-coredns.sh
	@tools/build-webui.sh || [[ $$? == 77 ]]

# exec: make's own child is the launcher itself, so that a signal to make, or its death, ends everything it started.
run: build ## try it: the daemon and one agent on this machine, no Docker; Ctrl-C ends both
	@exec setpriv --pdeathsig TERM tools/run.sh

test: build ## build everything and run every test
	@$(CMAKE_BUILD)
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) $(CTEST_FLAGS)

test-coverage: deps ## run the suite and show what it reaches, as HTML in htmlcov/
	@tools/deps.sh coverage
	@JOBS=$(JOBS) tools/coverage.sh

check: deps ## format, clang-tidy, then the suite under ASan+UBSan and the concurrent parts under TSan
	@tools/deps.sh check
	@JOBS=$(JOBS) tools/check.sh

fuzz-api: build ## send Schemathesis over the served API as each role (EXAMPLES=8 a call; it comes from PyPI)
	@tools/deps.sh fuzz
	@tools/fuzz.sh

bench: build ## measure the product beside etcd and nginx and print the table of docs/performance.md
	@tools/deps.sh bench
	@tools/bench/run.sh

bench-ui: build ## measure the web UI over a full cell: first paints, scrolling, Lighthouse on the dashboard
	@tools/deps.sh test
	@node webui/e2e/bench.mjs

screenshots: build ## take a picture of every page into docs/screenshots
	@node webui/e2e/screenshots.mjs

clean: ## remove what was built (never your data)
	@rm -rf build webui/dist webui/src/api/gen

include tools/stack/stack.mk
