# make demo     a whole reporting period on a throw-away database, then its page (PORT=8000)
# make test     everything that is checked before a change is merged
# make bench    how fast, beside the bare minimum of the same work
# make simulate years of deadlines, schedulers that die, clocks that jump: 0 twice, 0 missed
# make format   format the code
# make clean    take away what the other targets made

PYTHON ?= python3
SERVE ?= yes
PORT ?= 8000
BIN := .venv/bin
READY := .venv/ready
export PYTHON

.PHONY: help demo test bench simulate format constraints clean prepare-demo prepare-test

help:
	@sed -n 's/^# make/make/p' Makefile

demo: prepare-demo
	@$(MAKE) --no-print-directory $(READY)
	@$(BIN)/reporting-jobs demo $(if $(filter no,$(SERVE)),--no-serve) --port $(PORT)

test: prepare-test
	@$(MAKE) --no-print-directory $(READY)
	@.ci/check

bench: $(READY)
	@$(BIN)/python -m benchmarks

simulate: $(READY)
	@$(BIN)/python -m tests.simulation

format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

constraints:
	@.ci/prepare demo
	@.ci/constraints

clean:
	rm -rf .venv build dist var .coverage .coverage.* .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache ./*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

prepare-demo:
	@.ci/prepare demo

prepare-test:
	@.ci/prepare test

# What is never imported need not be compiled, which saves a third of the time. Pip stays the one
# that venv gives, and setuptools comes from constraints.txt: nothing untested is fetched.
$(READY): setup.cfg pyproject.toml constraints.txt
	@.ci/prepare demo
	@echo "Making .venv (a minute the first time) ..."
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check \
		-c constraints.txt setuptools
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check \
		-c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@
