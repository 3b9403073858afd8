# Needs Python 3.11 or newer, make (GNU make 3.81, which macOS ships, is enough) and a network.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

# What `make bench` measures against: a REST server in an environment of its own, and a Node server.
OPPONENTS := benchmarks/.venv/pyvenv.cfg benchmarks/node/node_modules/.package-lock.json

# What the tools of strangers are installed by; and the browser, which may be named: make conformance CHROMIUM=...
STRANGERS := conformance/.venv/pyvenv.cfg conformance/node_modules/.package-lock.json
CHROMIUM  ?= $(or $(shell command -v chromium),/usr/bin/chromium)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test torture torture-short torture-plants bench conformance faults explorer strangers lint types format lock schema chromium wrk clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s  %s\n", $$1, $$2 }' Makefile

run: $(VENV)/run.installed ## install what is missing, migrate the database, serve
	@$(BIN)/python main.py migrate
	@exec $(BIN)/python main.py serve # exec: Ctrl-C reaches the server itself, with no shell in between

test: lint types ## every check: lint, types, tests (ARGS="-k freeze" narrows the tests)
	$(BIN)/pytest -n auto $(ARGS)

torture: $(VENV)/run.installed ## kill a server again and again under load, and check it (ARGS="--minutes 30 --seed 7")
	$(BIN)/python main.py torture $(ARGS)

# With a seed, so that two runs take the same chances; the second with two workers.
torture-short: $(VENV)/run.installed ## the same for two minutes, with chances that are always the same
	$(BIN)/python main.py torture --seed 1 --minutes 1.2
	$(BIN)/python main.py torture --seed 2 --minutes 0.6 --workers 2

torture-plants: $(VENV)/run.installed ## plant bugs in copies of the program, and see that torture finds each
	$(BIN)/python -m torture.plants

conformance: $(VENV)/dev.installed strangers explorer chromium ## what the tools of strangers say of the API
	CHROMIUM=$(CHROMIUM) $(BIN)/pytest conformance $(ARGS)

faults: $(VENV)/dev.installed ## what comes of disks that fail (on Linux, with a C compiler; all of it as root)
	$(BIN)/pytest torture/faults -n auto $(ARGS)

strangers: $(STRANGERS) ## install the tools of strangers into conformance/ (needs Node 20 or newer)


explorer: $(VENV)/run.installed ## bring GraphiQL here, so that the explorer needs no CDN (needs npm)
	$(BIN)/python -m resolvers.explorer.install .explorer

bench: $(VENV)/dev.installed $(OPPONENTS) wrk ## measure beside REST and Node, in half an hour (ARGS="compare --rounds 1")
	$(BIN)/python -m benchmarks $(ARGS)

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
	$(COMPILE) requirements/bench.in --output-file requirements/bench.txt

schema: $(VENV)/run.installed ## write the generated contract, schema/schema.graphql
	@# through a second file, so that a failure leaves the old contract whole
	$(BIN)/python main.py schema > schema/schema.graphql.new
	@mv schema/schema.graphql.new schema/schema.graphql

clean: ## remove all that can be made again; never a database or a key
	rm -rf $(VENV) .benchmarks .explorer* conformance/.venv conformance/node_modules conformance/generated
	rm -rf benchmarks/.venv benchmarks/node/node_modules
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
conformance/.venv/pyvenv.cfg: requirements/conformance.txt
	$(PYTHON) -m venv --clear conformance/.venv
	conformance/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# npm writes this file last, so an installation that was cut off is begun again.
conformance/node_modules/.package-lock.json: conformance/package-lock.json conformance/package.json
	@command -v npm >/dev/null || { echo "The tools of strangers come by npm: install Node 20 or newer." >&2; exit 1; }
	npm ci --prefix conformance --loglevel error
	@touch $@

# What only `make bench` needs. better-sqlite3 is compiled here, against Node's own headers where they came with it.
benchmarks/.venv/pyvenv.cfg: requirements/bench.txt
	$(PYTHON) -m venv --clear benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

benchmarks/node/node_modules/.package-lock.json: benchmarks/node/package-lock.json benchmarks/node/package.json
	@command -v npm >/dev/null || { echo "The Node server comes by npm: install Node 20 or newer." >&2; exit 1; }
	prefix=$$(node -p 'path.dirname(path.dirname(fs.realpathSync(process.execPath)))'); \
	test -e "$$prefix/include/node/node.h" && export npm_config_nodedir="$$prefix"; \
	npm_config_build_from_source=true npm ci --prefix benchmarks/node --loglevel error
	@touch $@

wrk:
	@command -v wrk >/dev/null || { apt-get update --quiet && apt-get install --quiet --yes wrk; } 2>/dev/null || { \
		echo "make bench loads the servers with wrk, which could not be installed here; install your system's package." >&2; \
		exit 1; }

chromium:
	@test -x "$(CHROMIUM)" || { apt-get update --quiet && apt-get install --quiet --yes chromium && test -x "$(CHROMIUM)"; } 2>/dev/null || { \
		echo "make conformance looks at the explorer in Chromium, which could not be installed here." >&2; \
		echo "Install your system's package, or name one: make conformance CHROMIUM=/path/to/chromium" >&2; exit 1; }
