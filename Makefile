# Each target sets up what it needs in .venv, once, and then does its work.

SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# The first Python on this machine that the project supports.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)
# Whether the environment $(1) still works. It doesn't once its Python was removed or
# replaced, nor once its folder was moved: its programs hold absolute paths.
works = { $(1)/bin/python -c 'import pip' && grep -qF '$(abspath $(1))/bin/' $(1)/bin/pip; } 2>/dev/null
STALE := $(shell test ! -e $(VENV)/pyvenv.cfg || { $(call works,$(VENV)); } || echo stale)
# Where the site is served.
PORT ?= 8000
# Which PyTorch to take: "cpu" is without CUDA, several gigabytes less; "" is the
# package index's own, which on Linux carries CUDA, and elsewhere doesn't.
TORCH_BACKEND ?= $(if $(filter Linux,$(shell uname -s)),cpu)
export NO_MKDOCS_2_WARNING := 1

# Settings that decide a result's last bits, as another machine may have them.
MATRIX := ATEN_CPU_CAPABILITY=default ATEN_CPU_CAPABILITY=avx2 MKL_CBWR=COMPATIBLE OMP_NUM_THREADS=1 OMP_NUM_THREADS=2
# How many virtual machines to hold the results against.
N ?= 40
# Another PyTorch to hold the results against, in an environment of its own.
TORCH ?= 2.14.1
# What `make bench` compares with, and what their pages' scripts use.
PEERS := joblib mkdocs-gallery mkdocs-jupyter mkdocs-material ipykernel myst-nb sphinx-gallery torch matplotlib
# The Pythons that the project supports, each in an environment of its own.
PYTHONS ?= 3.11 3.12 3.13

.PHONY: help serve test figures report matrix machines matrix-python matrix-torch faults mutants bench audit build lint format clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo 'make test TORCH_BACKEND= takes the package index'"'"'s own PyTorch, on Linux with CUDA.'

serve: $(VENV)/.site ## Serve the site at http://127.0.0.1:8000/descent-notes/, and again on a change (PORT=8001)
	$(BIN)/mkdocs serve --livereload -a 127.0.0.1:$(PORT)

test: $(VENV)/.dev ## Run every block, check every figure, number and claim (NOTE=lr-trench: of one; FRESH=1: all anew; SHARD=2/4: a part)
	$(BIN)/pytest $(if $(NOTE)$(SHARD),,--beside=browser) $(if $(FRESH),--fresh) $(addprefix --note=,$(NOTE)) $(addprefix --shard=,$(SHARD))

figures: $(VENV)/.dev ## Run the programs and rewrite outputs, numbers and figures (NOTE=lr-trench: of one; CHECK=1: only compare; TEXT=1: run nothing, after a change of prose)
	$(BIN)/python -m publish $(if $(CHECK),--check) $(if $(TEXT),--text) $(NOTE)

report: $(VENV)/.dev ## Compare anew, and show what differs before and after in report/index.html
	@rm -rf report
	@$(BIN)/pytest -q --tb=no tests/test_published.py tests/test_bounds.py docs/notes || test -f report/index.html
	@test -f report/index.html || echo 'Nothing differs from what is published.'

# Where nothing failed, grep finds no line, and that is no failure.
matrix: $(VENV)/.dev ## Hold all programs under other instruction sets, maths modes and thread counts
	@status=0; for setting in $(MATRIX); do printf '%-30s ' $$setting; \
	said=$$(env $$setting $(BIN)/pytest -q --runs 2>&1) || status=1; tail -1 <<< "$$said"; \
	grep '^FAILED' <<< "$$said" || true; done; exit $$status

machines: $(VENV)/.dev ## Hold what is published against virtual machines (N=40; NOTE=lr-trench: of one)
	$(BIN)/python -m publish.check.machines $(N) $(addprefix --note ,$(NOTE))

matrix-python: ## Run the tests with the Pythons 3.11, 3.12 and 3.13 (PYTHONS=3.12: with some)
	@for version in $(PYTHONS); do \
	$(MAKE) --no-print-directory test VENV=$(VENV)-python$$version PYTHON=python$$version || exit 1; done

matrix-torch: ## Run the tests with another PyTorch (TORCH=2.14.1), which may be gigabytes
	@$(call works,$(VENV)-$(TORCH)) || $(PYTHON) -m venv --clear $(VENV)-$(TORCH)
	grep -v '^torch==' constraints.txt > $(VENV)-$(TORCH)/constraints.txt
	$(VENV)-$(TORCH)/bin/pip install --disable-pip-version-check -q -c $(VENV)-$(TORCH)/constraints.txt torch==$(TORCH) -e '.[dev]'
	$(VENV)-$(TORCH)/bin/pytest -q

faults: $(VENV)/.dev ## Plant the mistakes of tests/faults.toml and see each caught (ONLY=text: some; EXACT=0: as on another machine)
	$(BIN)/python -m publish.check.faults $(if $(EXACT),--exact=$(EXACT)) $(ONLY)

mutants: $(VENV)/.mutants ## Change what runs, compares and slices, and see tests fail (ONLY='publish.page.slices*': some)
	$(BIN)/python -m publish.check.mutants $(ONLY)

bench: $(VENV)/.dev $(VENV)-bench/.ready ## Time this package beside others, and with many notes
	$(BIN)/python -m publish.check.bench --others $(VENV)-bench

audit: $(VENV)/.audit ## Measure every page: Lighthouse, weight, accessibility (PAGE=trench: some)
	$(BIN)/python -m publish.site.audit $(PAGE)

build: $(VENV)/.site ## Build the site into site/, strictly
	$(BIN)/mkdocs build --strict

lint: $(VENV)/.dev $(VENV)/.types ## Check spelling, style, formatting, types, imports and workflows
	$(BIN)/typos
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/node $(VENV)/types/node_modules/typescript/bin/tsc -p tests/play
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/zizmor --quiet --offline --strict-collection .github

format: $(VENV)/.dev ## Mend style and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## Remove what was set up and built
	rm -rf $(VENV) $(VENV)-* .cache .*_cache report site *.egg-info
	rm -rf __pycache__; find publish snippets tests -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo 'No Python 3.11, 3.12 or 3.13 on the PATH: install one, or say make PYTHON=/path/to/python.' >&2; exit 1; }
	$(if $(STALE),@echo '$(VENV) was made by a Python or in a folder that is gone: setting it up again.')
	$(PYTHON) -m venv $(if $(STALE),--clear) $(VENV)

# A stale environment is made anew, so all is installed into it again.
ifdef STALE
.PHONY: $(BIN)/python
$(VENV)/.site $(VENV)/.audit $(VENV)/.dev: $(BIN)/python
endif

$(VENV)/.site: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[site]'
	touch $@

$(VENV)/.audit: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[audit]'
	touch $@ $(VENV)/.site

$(VENV)/.mutants: $(VENV)/.dev
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[mutants]'
	touch $@

# What reads the types of the scripts that figures are played by.
$(VENV)/.types: | $(VENV)/.dev
	$(BIN)/npm install --prefix $(VENV)/types --no-audit --no-fund --loglevel=error typescript@7.0.2
	touch $@

# What others build the same pages with.
$(VENV)-bench/.ready: constraints.txt
	$(PYTHON) -m venv --clear $(VENV)-bench
	$(VENV)-bench/bin/pip install --disable-pip-version-check -q -c constraints.txt $(PEERS)
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
ifneq ($(TORCH_BACKEND),)
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt uv
	@$(BIN)/uv pip install --python $(BIN)/python --torch-backend=$(TORCH_BACKEND) -c constraints.txt torch || \
	{ test '$(origin TORCH_BACKEND)' = file && \
	echo "PyTorch's wheels without CUDA can't be reached: taking its default, which may be gigabytes."; }
endif
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.site
