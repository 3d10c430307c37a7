# The two commands of the portal are `make run` and `make test`.

PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

# From the command line (`make run PORT=8001`) or the environment.
export HOST PORT DATA_DIR
ifndef HOST
unexport HOST
endif
ifndef PORT
unexport PORT
endif
ifndef DATA_DIR
unexport DATA_DIR
endif

# They start and kill whole servers: too long for every change.
LONG := tests/test_faults.py tests/test_machines.py tests/deploy/test_nginx.py \
	tests/deploy/test_release.py tests/clinic/backup/test_moving.py \
	tests/clinic/backup/test_restoring.py

.DEFAULT_GOAL := help
.PHONY: help run test test-long test-postgres fuzz bench endure deploy-test lint format messages lock audit sbom

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/'

run: $(VENV)/run  ## Start the portal on this machine (HOST, PORT, DATA_DIR)
	@exec $(BIN)/python -m clinic.launch

test: $(VENV)/dev  ## Run every check and test
	@$(BIN)/python tests/ensure_browser.py
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest $(addprefix --ignore=,$(LONG))

test-long: $(VENV)/dev  ## Run the tests that take minutes: faults, deployment, moves
	@$(BIN)/python -m pytest $(LONG)

test-postgres: $(VENV)/dev  ## Run the tests on PostgreSQL (ONLY=database: those that reach it)
	@$(BIN)/python tests/ensure_browser.py
	@$(BIN)/python -m tests.postgresql $(if $(ONLY),-m "$(ONLY)")

fuzz: $(VENV)/dev  ## Give every parser what nobody would write (MINUTES=10 each; ONLY=search)
	@$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),10) $(ONLY)

bench: $(VENV)/dev  ## Measure how fast the portal is (needs wrk; KEEP=1 for the README)
	@$(BIN)/python -m tests.bench $(if $(KEEP),--keep) $(if $(WAGTAIL),--wagtail $(WAGTAIL))

endure: $(VENV)/dev  ## Kill the portal while people save (ROUNDS=200)
	@$(BIN)/python -m tests.endure $(or $(ROUNDS),200)

deploy-test: $(VENV)/dev  ## Do both ways of deploying in a clean folder
	@$(BIN)/python -m tests.deploy.build

lint: $(VENV)/dev  ## Check style, templates and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --check --target-version 5.2
	@SECRET_KEY=lint ALLOWED_HOSTS=lint $(BIN)/mypy

format: $(VENV)/dev  ## Put code and templates into the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2 || true

messages: $(VENV)/dev  ## Collect and compile the translations (needs gettext)
	@command -v msgfmt >/dev/null || { echo "Please install gettext first (Debian: apt install gettext)."; exit 1; }
	@SECRET_KEY=x ALLOWED_HOSTS=x $(BIN)/python manage.py makemessages --locale it --no-obsolete --add-location file --ignore var --ignore .venv
	@SECRET_KEY=x ALLOWED_HOSTS=x $(BIN)/python manage.py compilemessages --ignore var --ignore .venv

lock: $(VENV)/dev  ## Resolve the dependencies anew (with Python 3.11)
	@$(BIN)/pip-compile -q --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.lock pyproject.toml
	@$(BIN)/pip-compile -q --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra machines -c requirements.lock -o requirements-machines.lock pyproject.toml
	@$(BIN)/pip-compile -q --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra machines --extra dev -c requirements.lock -c requirements-machines.lock -o requirements-dev.lock pyproject.toml

audit: $(VENV)/dev  ## Ask for published faults of every package (needs the network)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements-dev.lock

sbom: $(VENV)/dev  ## List what the portal is made of in var/sbom.json (CycloneDX)
	@$(BIN)/python -m tests.sbom var/sbom.json

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "The portal needs Python 3.11 or newer; this machine has $$(python3 --version 2>&1 || echo none)."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python could not make a virtual environment (Debian: apt install python3-venv)."; rm -rf $(VENV); exit 1; }

$(VENV)/run: requirements.lock | $(VENV)/bin/python
	@echo "Installing the portal …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/run
	@echo "Installing the tools for tests …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
