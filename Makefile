# The few commands of daily work. `make` lists them.
.PHONY: help setup lint types test check

help:
	@grep -E '^[a-z]+:.*#' Makefile | sed 's/:.*#/	/'

setup: # create .venv with the development dependencies
	python3 -m venv .venv
	.venv/bin/pip install -q -e '.[dev]'

lint: # style and layers
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-cache

types: # mypy, strict
	.venv/bin/mypy

test: # the test suite on all cores
	.venv/bin/pytest -q -n auto

check: # the whole check in a temporary folder, as CI runs it
	.ci/run
