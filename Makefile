# Everything a user or a contributor runs. Needs Python 3.11 and make; `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Airflow re-parses a DAG file for each task: without bytecode every import is compiled again.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
# Certificates of the system: a company's own authority is trusted as everywhere else on its machines.
export UV_SYSTEM_CERTS := true

UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv --quiet
IS_311 := -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'
COMPILE := pip compile pyproject.toml --generate-hashes --universal --no-annotate --no-header --python-version 3.11

# A virtual environment knows its own place: in a copied or moved checkout it is made again, or the copy would command
# the original.
ifneq ($(strip $(shell cat $(VENV)/.synced-* 2>/dev/null | sort -u)),)
ifneq ($(strip $(shell cat $(VENV)/.synced-* 2>/dev/null | sort -u)),$(strip $(CURDIR)))
$(shell rm -rf $(VENV))
endif
endif

# The development environment contains the one to run with: whoever has it is not synced back and forth.
RUN_READY := $(if $(wildcard $(VENV)/.synced-dev),$(VENV)/.synced-dev,$(VENV)/.synced-run)
DEV_READY := $(VENV)/.synced-dev

# make demo EXIT=1 DATASET=... DAYS=...
DEMO_OPTIONS := $(if $(filter-out 0,$(EXIT)),--exit) $(if $(DATASET),--dataset "$(DATASET)") $(if $(DAYS),--days $(DAYS))
# make test ARGS="tests/local -k ports"
ARGS ?=

.PHONY: help demo up down status secrets test soak check bench lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(RUN_READY) ## Start everything, run a trading day, show the result, keep running until Ctrl-C (EXIT=1 DATASET=... DAYS=...)
	@$(BIN)/retail-ops demo $(DEMO_OPTIONS)

up: $(RUN_READY) ## Start everything in the background, or revive what died
	@$(BIN)/retail-ops up

down: $(RUN_READY) ## Stop everything
	@$(BIN)/retail-ops down

status: $(RUN_READY) ## Show components, addresses, log-ins, logs
	@$(BIN)/retail-ops status

secrets: $(RUN_READY) ## Write the env files of docker-compose.yaml, with generated passwords
	@$(BIN)/python -m retail_ops.local.compose_secrets

test: $(DEV_READY) ## Run the tests; long suites run a fixed sample (ARGS="tests/local -k ports")
	@$(BIN)/pytest -n 2 -m 'not soak' $(ARGS)

soak: $(DEV_READY) ## Run the tests with every point of the long suites
	@$(BIN)/pytest -n 2 -m 'soak or not soak' $(ARGS)

check: $(DEV_READY) ## Lint, format, types, import rules, SQL
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy plugins/retail_ops dags include/standins
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint include/sql

bench: $(DEV_READY) ## Measure throughput and latency on this machine
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(BIN)/uv ## Resolve the dependencies again
	@$(UV) $(COMPILE) --output-file requirements.txt
	@$(UV) $(COMPILE) --extra dev --output-file requirements-dev.txt

clean: ## Stop everything, then remove what was written: data, logs, secrets, environment
	@if [ -x $(BIN)/retail-ops ]; then $(BIN)/retail-ops down; fi
	@var="$${RETAIL_OPS_VAR:-var}"; for part in run log secrets data demo postgres airflow; do rm -rf "$${var:?}/$$part"; done
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for name in python3.11 python3; do \
	  if command -v $$name >/dev/null && $$name $(IS_311) 2>/dev/null; then exec $$name -m venv $(VENV); fi; \
	done; \
	echo "Python 3.11 is needed: neither python3.11 nor python3 is one" >&2; exit 1

$(BIN)/uv: | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.synced-run: requirements.txt pyproject.toml | $(BIN)/uv
	@$(call sync,requirements.txt)

$(VENV)/.synced-dev: requirements-dev.txt pyproject.toml | $(BIN)/uv
	@$(call sync,requirements-dev.txt)

# Sync removes the project itself, which is not in the lock: it is installed again after it.
define sync
rm -f $(VENV)/.synced-*; \
$(UV) pip sync --python $(BIN)/python --require-hashes --compile-bytecode $(1); \
$(UV) pip install --python $(BIN)/python --no-deps --editable .; \
printf '%s\n' "$(CURDIR)" > $@
endef
