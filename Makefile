# One command each: run, test, lint, web, dev. Needs Python 3.11 or newer and make; everything else is installed below .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CONSTRAINTS := -c constraints.txt
STAMPS := $(VENV)/stamps
ARGS ?=
PYTEST_ARGS ?= -n 2 --dist loadgroup
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH :=

.PHONY: help run test test-long web dev lint clean setup setup-test setup-peers

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

$(STAMPS)/venv: scripts/find-python
	@python=$$(sh scripts/find-python) || exit 1; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  echo "Making $(VENV) with $$python"; "$$python" -m venv --clear $(VENV) || exit 1; fi
	@$(BIN)/python scripts/pip_is_new.py 2>/dev/null || $(PIP) install --quiet --upgrade pip
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv pyproject.toml constraints.txt
	@echo "Installing (about 100 s the first time)"
	@$(PIP) install --quiet $(CONSTRAINTS) -e '.[embedded,voice]' --group bench
	@touch $@

$(STAMPS)/node: $(STAMPS)/venv scripts/node-is-new
	@sh scripts/node-is-new || { echo "Installing Node"; $(PIP) install --quiet $(CONSTRAINTS) --group node; }
	@touch $@

$(STAMPS)/test: $(STAMPS)/run
	@echo "Installing what the tests need"
	@$(PIP) install --quiet $(CONSTRAINTS) --group dev --group train
	@touch $@

# Programs nobody here wrote that the tests speak to, in an environment of their own: what they need must not meet what we need.
$(STAMPS)/peers: $(STAMPS)/venv $(STAMPS)/node tests/peers/requirements.txt tests/peers/node/package-lock.json
	@echo "Installing the peers that the tests speak to"
	@$(BIN)/python -m venv --clear .peers
	@.peers/bin/python -m pip --disable-pip-version-check install --quiet -r tests/peers/requirements.txt
	@cd tests/peers/node && npm ci --silent
	@touch $@

setup: $(STAMPS)/run $(STAMPS)/node

setup-peers: $(STAMPS)/peers

setup-test: setup $(STAMPS)/test $(STAMPS)/peers

run: web ## start everything here; Ctrl-C stops it. ARGS="--port 9000" passes options to hub up
	@sh scripts/voice || echo "calls over SIP cannot speak without it; everything else works" >&2
	@exec $(BIN)/hub up $(ARGS)

web: setup ## build the web app into api/_ui (skipped when its sources are unchanged)
	@$(BIN)/python scripts/build_web.py

dev: web ## hub up, and the web app with instant reload at port 5173
	@exec $(BIN)/python scripts/dev.py

lint: setup-test web ## ruff, mypy, tsc and oxlint
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@if [ -f web/package.json ]; then cd web && npm run --silent check; fi

test: setup-test web lint ## everything: lint, types, web unit tests, pytest with a browser
	@if [ -f web/package.json ]; then cd web && npm test --silent; fi
	@sh scripts/voice test
	@chromium=$$(sh scripts/chromium) || exit 1; HUB_CHROMIUM="$$chromium" $(BIN)/python -m pytest $(PYTEST_ARGS)

test-long: setup-test web ## the long tests: chaos, growth
	@chromium=$$(sh scripts/chromium) || exit 1; HUB_CHROMIUM="$$chromium" $(BIN)/python -m pytest -m long

clean: ## remove what was built; the data in var/ stay
	rm -rf $(VENV) .peers web/node_modules web/dist api/_ui build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
