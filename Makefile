# Every way to run, test and check the portal. `make help` lists them.
#
# Needs Python 3.11 or newer with pip, and nothing else: uv comes from requirements.txt, by hash.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
UV := $(BIN)/uv

# Where bytecode may not be written, MLflow takes most of a minute to import at every start.
export PYTHONDONTWRITEBYTECODE :=
# uv works on this project's environment, whichever one the shell is in.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# ---- Use ---------------------------------------------------------------------------------------

.PHONY: help
help: ## List what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.runtime ## Set up, then run the portal with its demo; DEMO=0 starts empty; Ctrl-C ends it
	@exec $(PY) manage.py up --setup $(if $(filter 0 no false,$(DEMO)),,--demo)

.PHONY: setup
setup: $(VENV)/.runtime ## Install what the portal runs on, prepare data folder and database
	@$(PY) manage.py setup

# ---- Tests -------------------------------------------------------------------------------------

.PHONY: test
test: $(VENV)/.development ## Run the quick suite; ARGS="..." goes to pytest
	$(PY) -m pytest -n auto --dist loadfile $(ARGS)

# The databases of the quick suite go with their server: nothing to drop.
ON_REAL_PARTS = $(PY) -m scripts.live_services run -- $(PY) -m pytest --reuse-db

.PHONY: test-live
test-live: $(VENV)/.development ## Run it on PostgreSQL and Redis, then the live tests
	$(ON_REAL_PARTS) -n auto --dist loadfile --hypothesis-profile=thorough $(ARGS)
	$(ON_REAL_PARTS) -m live -p tests.live.strict $(ARGS)

.PHONY: live-services
live-services: $(VENV)/.runtime ## Install (as root) the servers of the live tests, prove each
	$(PY) -m scripts.live_services install
	$(PY) -m scripts.live_services prove

.PHONY: bench
bench: $(VENV)/.development ## Run every benchmark; tables also in bench/results/
	@set -e; for file in bench/*.py; do \
		name=$$(basename $$file .py); [ $$name = __init__ ] && continue; \
		echo "== $$name"; $(PY) -m bench.$$name; \
	done

# ---- Checks ------------------------------------------------------------------------------------

# `check --deploy` judges a portal that is reached by https and has a key of its own.
AS_DEPLOYED = PORTAL_ENV_FILE= PORTAL_DATA=build/check PORTAL_PUBLIC_URL=https://portal.example.org \
	PORTAL_TRUSTED_PROXIES=127.0.0.1 \
	SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))')

.PHONY: check
check: check-style check-types check-imports check-django check-dependencies ## Run every check

# Of djlint's rules: H015 is about line breaks, H020 about the empty elements that charts are made
# of, and D018 takes the proxied address /mlflow/ for one of Django's.
.PHONY: check-style
check-style: $(VENV)/.development ## Check style and format of Python and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet --ignore H015,H020,D018 templates

.PHONY: check-types
check-types: $(VENV)/.development ## Check types
	$(BIN)/mypy .

.PHONY: check-imports
check-imports: $(VENV)/.development ## Check that imports only go down the picture of the design
	$(BIN)/lint-imports --no-cache

.PHONY: check-django
check-django: $(VENV)/.development ## Check migrations and deployment settings
	$(AS_DEPLOYED) $(PY) manage.py makemigrations --check --dry-run
	$(AS_DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING

.PHONY: check-dependencies
check-dependencies: $(VENV)/.development ## Check the table of dependencies and their licences
	$(PY) -m pytest -q tests/test_dependencies.py

# ---- Environment -------------------------------------------------------------------------------

.PHONY: lock
lock: $(VENV)/.runtime ## Pin requirements anew; UPGRADE=1 takes newer versions
	$(UV) pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url \
		$(if $(UPGRADE),--upgrade) requirements.in -o requirements.txt
	$(UV) pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url \
		$(if $(UPGRADE),--upgrade) requirements-dev.in -o requirements-dev.txt

.PHONY: clean
clean: ## Remove what make made; the data folder stays
	rm -rf $(VENV) build staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

# Each stamp says which requirements the environment holds, so that a second run installs nothing.
$(VENV)/.runtime: requirements.txt | $(VENV)/.uv
	@echo "Installing what the portal runs on into $(VENV) (a minute or two, once)."
	@$(UV) pip sync --quiet --require-hashes --compile-bytecode requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	$(UV) pip install --quiet --require-hashes --compile-bytecode -r requirements-dev.txt
	@touch $@

# Debian's python3 has no venv with pip unless python3-venv is installed; its own pip does as well.
$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "The portal needs \
	Python 3.11 or newer. Name one: make PYTHON=/usr/bin/python3.11 ...")'
	@echo "Making $(VENV) with $(PYTHON)."
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.txt >$(VENV)/uv.txt
	@if $(PY) -m pip --version >/dev/null 2>&1; then pip="$(PY) -m pip"; \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then pip="$(PYTHON) -m pip --python $(PY)"; \
	else echo "$(PYTHON) has neither venv nor pip; on Debian: apt-get install python3-venv" >&2; \
		exit 1; fi; \
	$$pip install --quiet --require-hashes -r $(VENV)/uv.txt
	@touch $@
