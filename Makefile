# Every target sets up what it needs: nothing has to be typed before it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
OUT ?= var/demo
ARGS ?=
SECONDS ?= 600
WORKERS ?= auto

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := $(wildcard evidence keys ca signing forensics api tests bench)

.PHONY: help setup demo test check serve bench fuzz requirements clean

help: ## Print the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## Make the virtual environment from the pinned, hashed requirements

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "xinqian needs Python 3.11 or later; name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "$(PYTHON) cannot make virtual environments: install the package python3-venv" >&2; exit 1; }
	@echo "==> virtual environment in $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv --clear $(VENV)
	@echo "==> $$(grep -c '^[a-z]' requirements/dev.txt) pinned packages"
	@$(BIN)/python -m pip --disable-pip-version-check install --progress-bar off \
	  --require-hashes -r requirements/dev.txt \
	  | awk '/^(Collecting|Requirement already)/ && ++n % 20 == 0 {print "    " n " packages"; fflush()} \
	         /^Installing/ {print "    installing"; fflush()}'
	@echo "==> xinqian itself"
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@echo "==> Chinese fonts"
	@$(BIN)/python -m api.fonts
	@touch $@

demo: $(READY) ## Run the main job in both suites, into OUT (var/demo)
	@$(BIN)/xinqian demo --out $(OUT)

test: $(READY) ## Run the tests; REQUIRE_SERVICES=1 makes a missing service a failure
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile $(ARGS)

check: $(READY) ## Lint, format, types, import contracts, architecture tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture

serve: $(READY) ## Serve HTTP; makes a test installation in var/ when there is none
	@$(BIN)/xinqian serve --sandbox $(ARGS)

bench: $(READY) ## Print the headline figures, each against a peer in the same run
	@$(BIN)/python -m bench $(ARGS)

fuzz: $(READY) ## Fuzz every parser of strangers' bytes, SECONDS (600) each
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(ARGS)

COMPILE = $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-header --python-version 3.11 --python-platform x86_64-manylinux_2_28 pyproject.toml

requirements: $(READY) ## Pin the newest versions that resolve together
	$(COMPILE) -o requirements/runtime.txt
	$(COMPILE) --extra dev -c requirements/runtime.txt -o requirements/dev.txt

clean: ## Remove what the other targets made
	rm -rf $(VENV) var dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
