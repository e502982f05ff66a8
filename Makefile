# `make repro` and `make test` do everything, set-up included. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help setup repro verify mend test check format ui lock clean

PYTHON ?= python3
VENV := $(CURDIR)/.venv
INSTALLED := $(VENV)/.installed
export PATH := $(VENV)/bin:$(PATH)
# Neither reports home nor looks for news: the pipeline needs no network but for installing.
export DVC_NO_ANALYTICS := 1

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## make .venv and install the exact versions of requirements.lock

$(INSTALLED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@touch $@

repro: $(INSTALLED)  ## run the pipeline: prepare, train, evaluate, report, publish
	python -m stages.repro $(FORCE)
	@echo
	@echo "Report:    reports/index.html (open it in a browser), reports/index.md"
	@echo "MLflow UI: make ui"

verify: $(INSTALLED)  ## run the last commit anew in a temporary clone, and compare with what is committed
	python -m stages.verify

mend: $(INSTALLED)  ## delete what a failing disk has changed, so that the next run makes it anew
	python -m stages.mend

test: $(INSTALLED)  ## run all tests
	pytest --numprocesses auto --dist loadgroup

check: $(INSTALLED)  ## format, lint and types
	ruff format --check
	ruff check
	mypy

format: $(INSTALLED)  ## format and fix what can be fixed
	ruff format
	ruff check --fix

ui: $(INSTALLED)  ## open the MLflow server on this machine
	python -m stages.ui

lock:  ## choose the newest versions that pyproject.toml allows, into requirements.lock
	rm -rf .lock-venv && $(PYTHON) -m venv .lock-venv
	.lock-venv/bin/python -m pip install --quiet --disable-pip-version-check '.[test]'
	{ echo "# Written by \`make lock\` from pyproject.toml; do not edit."; \
	  .lock-venv/bin/python -m pip freeze --local --exclude sequence-pipeline | sed 's/+cpu$$//'; } > requirements.lock
	rm -rf .lock-venv build *.egg-info

clean:  ## remove the environment and the tools' caches; data, models and runs stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
