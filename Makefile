# Every target sets up what it needs. PYTHON names the interpreter (3.11 or newer) for the first set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.run
DEV_STAMP := $(VENV)/.dev
DEMO_STAMP := $(VENV)/.demo
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo up test check prove lock clean

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Coterie needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): $(BIN)/python requirements/run.txt pyproject.toml packages/braze-sandbox/pyproject.toml
	@echo "Installing pinned dependencies"
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index -e . -e packages/braze-sandbox
	@touch $@

$(DEMO_STAMP): $(RUN_STAMP) requirements/demo.txt
	@$(PIP) install --no-deps --require-hashes -r requirements/demo.txt
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements/dev.txt
	@echo "Installing pinned test tools"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(DEMO_STAMP) ## run the three flows on real data and check the result (KEEP=1 leaves it running)
	@$(BIN)/python -m demo $(if $(KEEP),--keep)

up: $(RUN_STAMP) ## start the product on ./data
	@$(BIN)/coterie up

test: $(DEV_STAMP) $(DEMO_STAMP) ## run all tests
	@$(BIN)/python -m pytest -m "not prove" -n 3 --dist loadfile

check: $(DEV_STAMP) $(DEMO_STAMP) ## format, lint, types, import contracts, then the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

prove: $(DEV_STAMP) $(DEMO_STAMP) ## all seeds, soaks and full sizes (hours; PART=... for some); writes docs/explanation/proof.md
	@rm -f test-results/prove.xml
	@$(BIN)/python -m pytest $(PART) -m "prove" -n 2 --dist load --junitxml=test-results/prove.xml || true
	@$(BIN)/python -m tests.proof

lock: $(DEV_STAMP) ## renew the pinned dependencies
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml packages/braze-sandbox/pyproject.toml requirements/build.in -o requirements/run.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header -c requirements/run.txt pyproject.toml packages/braze-sandbox/pyproject.toml requirements/dev.in -o requirements/dev.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-deps requirements/demo.in -o requirements/demo.txt

clean: ## remove the virtual environment and caches, keep ./data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
