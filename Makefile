# `make repro` and `make test` do everything, including the setup. `make help` lists all commands.
.DEFAULT_GOAL := help
.PHONY: help setup dask scm repro published verify test test-services test-gpu fuzz bench check format ui lock clean

PYTHON ?= python3
VENV := $(CURDIR)/.venv
INSTALLED := $(VENV)/.installed
DASK := $(VENV)/.installed-dask
export PATH := $(VENV)/bin:$(PATH)
# DVC sends no usage data: the pipeline needs the network only to install packages.
export DVC_NO_ANALYTICS := 1

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) scm  ## create .venv with the exact versions of requirements.lock, and this project in editable mode

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	pip install --quiet --disable-pip-version-check --requirement requirements.lock
	pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

dask: $(DASK)  ## install what a Dask cluster needs (docs/scaling.md)

$(DASK): $(INSTALLED) requirements-dask.lock
	pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-dask.lock
	@touch $@

# DVC refuses a project that is in no Git repository unless its config says so; in a repository that must not be there.
scm: $(INSTALLED)
	@if python -c 'import sys; from pipeline import paths; sys.exit(paths.is_in_git())'; then outside=yes; fi; \
	for folder in . published; do \
		[ -d $$folder/.dvc ] || continue; config=$$folder/.dvc/config.local; \
		if [ "$$outside" ]; then grep -qs no_scm $$config || dvc --cd $$folder config --local core.no_scm true; \
		else ! grep -qs no_scm $$config || dvc --cd $$folder config --local --unset core.no_scm; \
		fi || exit 1; done

repro: $(INSTALLED) scm  ## run the pipeline, several data sets at a time: check, fetch, prepare, baseline, train, evaluate, report, publish
	python -m stages.repro
	@echo
	@echo "Report:    reports/index.html (open it in a browser), reports/index.md"
	@echo "MLflow UI: make ui"

published: $(INSTALLED) scm  ## run the recipes of the published write-ups, about 20 minutes
	cd published && PYTHONPATH=$(CURDIR) python -m stages.repro
	@echo
	@echo "Report:    published/reports/index.html (open it in a browser), published/reports/index.md"

verify: $(INSTALLED)  ## run the last commit in a temporary clone, and compare the outcome with what is committed
	python -m stages.verify

test: $(INSTALLED)  ## run the tests
	pytest --numprocesses auto --dist loadgroup

test-services: $(DASK)  ## run the tests that take long, or need a server, another user or processor
	pytest -m services --numprocesses auto --dist loadgroup

test-gpu: $(INSTALLED)  ## run the tests that need a GPU; without one they are skipped
	pytest -m gpu

fuzz: $(INSTALLED)  ## try odd params, raw files, folders and requests for ten minutes, and count how the commands end
	python -m tests.fuzz

bench: $(INSTALLED)  ## run the benchmarks and write docs/performance.md
	python -m benchmarks

check: $(INSTALLED)  ## check format, lint and types
	ruff format --check
	ruff check
	mypy

format: $(INSTALLED)  ## format the code, and fix lint errors where possible
	ruff format
	ruff check --fix

ui: $(INSTALLED)  ## serve the MLflow UI on this machine
	python -m stages.ui

lock:  ## write the newest versions that pyproject.toml allows into requirements.lock
	rm -rf .lock-venv && $(PYTHON) -m venv .lock-venv
	.lock-venv/bin/python -m pip install --quiet --disable-pip-version-check '.[test]'
	{ echo "# Written by \`make lock\` from pyproject.toml; do not edit."; \
	  .lock-venv/bin/python -m pip freeze --local --all --exclude pip --exclude sequence-pipeline | sed 's/+cpu$$//'; } > requirements.lock
	rm -rf .lock-venv build *.egg-info

clean:  ## delete .venv and the tools' caches; data, models and runs stay (see also: python -m stages.clean)
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
