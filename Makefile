# Two commands for users, each works alone on a fresh machine: `make verify` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: help verify test lint slow check docs nightly clean

help:
	@echo "make verify   set up .venv, verify the claim sample_complexity, write theorycheck-out/sample_complexity/report.pdf"
	@echo "make test     set up .venv, run the tests but the slow ones (minutes)"
	@echo "make lint     set up .venv, run formatter, linter, type checker and import contracts"
	@echo "make slow     set up .venv, run the slow tests alone: more training, calibration, parameters, mutated inputs"
	@echo "make check    make test, make lint and make slow"
	@echo "make docs     set up .venv, serve the documentation at http://127.0.0.1:8000"
	@echo "make nightly  set up .venv, train every claim anew and compare with claims-baseline.json"
	@echo "make clean    remove .venv (stored trials and reports stay)"

# A REFUTED (1) or INCONCLUSIVE (3) verdict is a result of the command, so make succeeds; errors stay errors.
verify: $(INSTALLED)
	@echo "Verifying the claim sample_complexity; a second run reuses the trials of the first."
	@$(BIN)/theorycheck verify --claim sample_complexity || { code=$$?; [ $$code -eq 1 ] || [ $$code -eq 3 ]; }

# The tests start Python hundreds of times, which compiles every module anew where no bytecode may be kept.
test slow check: export PYTHONDONTWRITEBYTECODE :=

test: $(INSTALLED)
	@echo "Running the tests."
	@$(BIN)/python -m pytest -n 2

slow: $(INSTALLED)
	@echo "Running the slow tests."
	@$(BIN)/python -m pytest -n 2 -m slow

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: test lint slow

docs: $(INSTALLED)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

# Trains everything anew, in a store of its own.
nightly: $(INSTALLED)
	@rm -f .theorycheck/nightly.sqlite
	@$(BIN)/python -m pytest -o testpaths=examples --claims --claims-folder examples --claims-named all --claims-store .theorycheck/nightly.sqlite --claims-jobs 2

$(INSTALLED): pyproject.toml constraints.txt
	@echo "Setting up .venv (once; downloads PyTorch and the other dependencies)."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "theorycheck needs Python 3.11 or newer; name one by: make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,pdf,dask,docs]'
	@touch $@

clean:
	rm -rf .venv
