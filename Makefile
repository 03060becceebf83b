# Needs Python >= 3.11, make and git. Everything else comes from the lock files, with hashes.
# `make run` is the demo on this machine; how an office installs it: docs/howto/install.md.

PYTHON ?= $(shell command -v python3 || command -v python)
PORT   ?= 8000
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# What tests need of npm: an OpenID provider (docs/decisions/0007-openid-connect.md), and what designers draw with.
NPM_PACKAGES := tests/oidc/provider tests/designer/modeler

.PHONY: run setup test fuzz lint check bench picture lock clean
.NOTPARALLEL:

run: .venv/run.stamp   ## the demo: migrated, seeded, with fresh tokens, on 127.0.0.1:$(PORT)
	@$(BIN)/jenjang migrate
	@JENJANG_DEMO=true $(BIN)/jenjang seed-demo --fresh-tokens
	@echo "Jenjang is at http://127.0.0.1:$(PORT), its interface at http://127.0.0.1:$(PORT)/docs. Ctrl-C stops it."
	@JENJANG_DEMO=true JENJANG_LOG_LEVEL=$${JENJANG_LOG_LEVEL:-warning} exec $(BIN)/jenjang serve --port $(PORT)

setup: .venv/dev.stamp   ## the virtual environment, with what tests and checks need

test: .venv/dev.stamp   ## every test, on SQLite and on PostgreSQL
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

fuzz: .venv/dev.stamp   ## a minute of mutated diagrams, uploaded to the interface
	FUZZ_SECONDS=60 $(BIN)/pytest tests/api/test_mutated_uploads.py

lint: .venv/dev.stamp   ## format, style, types, and which way imports point
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test   ## all that CI runs; migrations against models and the documentation are among the tests

bench: .venv/dev.stamp   ## one JSON of figures; what they mean: docs/performance.md
	$(BIN)/python -m benchmarks

SOP := bpmn/penjenjangan-kinerja/penjenjangan-kinerja

picture: .venv/dev.stamp   ## the diagram as bpmn-js draws it, and the pages of its sheet; needs chromium and pdftoppm
	$(BIN)/node docs/picture/draw.mjs
	mkdir -p build && $(BIN)/jenjang sop-sheet $(SOP).bpmn -o build/sop-sheet.pdf
	pdftoppm -png -gray -r 90 build/sop-sheet.pdf docs/howto/sop-sheet

UV_COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate pyproject.toml --extra build

lock:   ## the lock files anew from pyproject.toml; needs uv
	$(UV_COMPILE) --output-file requirements.lock
	$(UV_COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean:   ## the virtual environment and all caches; never data/
	rm -rf .venv $(NPM_PACKAGES:=/node_modules) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Jenjang needs Python 3.11 or newer."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# The development lock holds all of the other one, in the same versions; it also brings node and npm.
.venv/dev.stamp: requirements-dev.lock requirements.lock pyproject.toml $(NPM_PACKAGES:=/package-lock.json) | .venv/bin/python
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	for package in $(NPM_PACKAGES); do \
		$(BIN)/npm --prefix $$package --loglevel error ci --ignore-scripts --no-audit --no-fund || exit 1; done
	@touch .venv/run.stamp $@
