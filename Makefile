# `make` shows what there is. Every target does its own set-up.
ENGINE ?= auto
export ENGINE
PYTHON_BIN := .venv/bin
# The Pulumi CLI where the installer of the Automation API has put it.
export PATH := $(CURDIR)/.venv/pulumi/bin:$(PATH)
# The SDKs probe the metadata service of ECS otherwise, and ignore NO_PROXY.
LOOPBACK := env -u HTTP_PROXY -u HTTPS_PROXY -u http_proxy -u https_proxy ALIBABA_CLOUD_ECS_METADATA_DISABLED=true

# For tools/setup: what the tests need.
FOR_TESTS := dev docker-registry skopeo redis-server chromium buildah

.DEFAULT_GOAL := help
.PHONY: help
help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## .venv with fcpin and what it runs with; the other targets do it themselves
	@tools/setup

.PHONY: setup-dev
setup-dev:
	@tools/setup dev

.PHONY: demo
demo: setup ## pin two functions, push, move a tag, heal it; ENGINE=auto|embedded|pulumi
	@$(LOOPBACK) $(PYTHON_BIN)/python -m demo --engine $(ENGINE)

.PHONY: demo-push
demo-push: ## one push, and the receiver has the function run it; its page and its metrics
	@tools/setup docker-registry skopeo
	@$(LOOPBACK) $(PYTHON_BIN)/python -m demo.push --engine $(ENGINE)

.PHONY: demo-build
demo-build: ## a commit becomes an image, and the function runs it: by buildah, and by a pipeline of Serverless Devs
	@tools/setup git buildah
	@$(LOOPBACK) $(PYTHON_BIN)/python -m demo.build --engine $(ENGINE)

.PHONY: test
test: ## every test, on both engines where the Pulumi CLI is; ENGINE=embedded|pulumi for one of them
	@$(if $(ARGS),,echo "make test: about 10 minutes on two cores, and up to 3 for set-up the first time; ARGS='-k WORD' for a part")
	@tools/setup $(FOR_TESTS)
	@$(LOOPBACK) $(PYTHON_BIN)/pytest -n 2 $(ARGS)

.PHONY: fuzz
fuzz: setup-dev ## generated inputs for everything that reads some; ARGS='MINUTES [KIND…]', 1 minute unless given
	@$(LOOPBACK) PYTHONPATH=$(CURDIR):$(CURDIR)/providers $(PYTHON_BIN)/python -m tests.fuzz $(ARGS)

.PHONY: check
check: setup-dev ## the gate: format, lint, types, tests
	@$(PYTHON_BIN)/ruff format --check .
	@$(PYTHON_BIN)/ruff check .
	@$(PYTHON_BIN)/mypy
	@$(MAKE) --no-print-directory test

.PHONY: format
format: setup-dev ## put the code into shape
	@$(PYTHON_BIN)/ruff format .
	@$(PYTHON_BIN)/ruff check --fix .

.PHONY: bench
bench: ## how long things take, with the ratio to the least that this machine needs; ARGS=SECTION for one of them
	@tools/setup docker-registry skopeo
	@$(LOOPBACK) $(PYTHON_BIN)/python -m bench $(ARGS)

.PHONY: emulator
emulator: setup ## FC, ACR Enterprise and a registry on 127.0.0.1:9900, until Ctrl-C
	@$(LOOPBACK) $(PYTHON_BIN)/fcpin emulator --port 9900

.PHONY: lock
lock: ## update the pins in requirements*.txt (needs uv)
	@tools/lock

.PHONY: version
version: ## begin a release: VERSION=0.2.0, and the changelog's section of it
	@tools/version.py "$(VERSION)"

.PHONY: release
release: setup-dev ## sdist and wheel in dist/, checked; nothing is published (docs/releases.md)
	@$(LOOPBACK) tools/release

.PHONY: clean
clean: ## remove what make made
	@rm -rf .venv .release dist .demo .demo-push .demo-build .mypy_cache .ruff_cache .pytest_cache .hypothesis
