# Needs Python 3.11 or newer, make (GNU make 3.81, which macOS ships, is enough) and a network.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STRANGERS := conformance/.venv

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test conformance explorer lint types format lock schema chromium clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s  %s\n", $$1, $$2 }' Makefile

run: $(VENV)/run.installed ## install what is missing, migrate the database, serve
	@$(BIN)/python main.py migrate
	@exec $(BIN)/python main.py serve # exec: Ctrl-C reaches the server itself, with no shell in between

test: lint types ## every check: lint, types, tests (ARGS="-k freeze" narrows the tests)
	$(BIN)/pytest -n auto $(ARGS)

conformance: $(VENV)/dev.installed $(STRANGERS)/pyvenv.cfg conformance/node_modules chromium explorer ## what the tools of strangers say of the API (needs Node 20)
	$(BIN)/pytest conformance $(ARGS)

explorer: $(VENV)/run.installed ## bring GraphiQL here, so that the explorer needs no CDN (needs npm)
	$(BIN)/python -m resolvers.explorer.install .explorer

lint: $(VENV)/dev.installed ## check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/dev.installed ## check types
	$(BIN)/mypy

format: $(VENV)/dev.installed ## format the code and fix what can be fixed safely
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(ARGS)

lock: $(VENV)/dev.installed ## compile the locks from requirements/*.in (ARGS=--upgrade takes newer versions)
	$(COMPILE) requirements/run.in --output-file requirements/run.txt
	$(COMPILE) requirements/dev.in --output-file requirements/dev.txt
	$(COMPILE) requirements/conformance.in --output-file requirements/conformance.txt

schema: $(VENV)/run.installed ## write the generated contract, schema/schema.graphql
	@# through a second file, so that a failure leaves the old contract whole
	$(BIN)/python main.py schema > schema/schema.graphql.new
	@mv schema/schema.graphql.new schema/schema.graphql

clean: ## remove all that can be made again; never a database or a key
	rm -rf $(VENV) $(STRANGERS) .explorer conformance/node_modules conformance/generated
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache schema/schema.graphql.new
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are newer than the locks they stand for, so installing happens once per lock.
$(VENV)/%.installed: requirements/%.txt $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# pyvenv.cfg dates the environment; bin/python is a link, as old as the Python behind it.
$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Countinghouse needs Python 3.11 or newer, and $(PYTHON) is not; name one: make PYTHON=python3.13 ..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

# What only `make conformance` needs: the tools of strangers, Python's in an environment of their own, and a browser.
$(STRANGERS)/pyvenv.cfg: requirements/conformance.txt
	$(PYTHON) -m venv --clear $(STRANGERS)
	$(STRANGERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

conformance/node_modules: conformance/package-lock.json conformance/package.json
	npm ci --prefix conformance --loglevel error
	@touch $@

chromium:
	@command -v chromium >/dev/null || { apt-get update --quiet && apt-get install --quiet --yes chromium; }
