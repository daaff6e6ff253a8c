# Every target works from a clean checkout: it makes its own .venv in this tree and
# needs nothing from outside but the package registries.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OLDEST := .venv-oldest
FRAMEWORKS := $(patsubst tests/frameworks/%/requirements.txt,.venv-frameworks/%/.ready,$(wildcard tests/frameworks/*/requirements.txt))
GUARDED := $(foreach age,oldest newest,$(patsubst tests/guarded/$(age)/%.txt,.venv-guarded/%-$(age)/.ready,$(wildcard tests/guarded/$(age)/*.txt)))
QUICKEST := .venv-frameworks/pydantic-ai/.ready

.PHONY: help setup demo test test-frameworks soak lint types mypy pyright fmt eval bench bench-ingest fuzz docs browser strace postgresql constraints clean
help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Install Sentric and its development tools into .venv

$(VENV)/.ready: pyproject.toml constraints.txt deploy/make-venv
	deploy/make-venv $(PYTHON) $(VENV) -c constraints.txt -e '.[dev]'
	touch $@

# The oldest versions the agent's side claims to support, for the tests that say so. That browser-use imports
# pydantic-settings and does not say so.
$(OLDEST)/.ready: pyproject.toml constraints-oldest.txt deploy/make-venv
	deploy/make-venv $(PYTHON) $(OLDEST) -c constraints-oldest.txt -e . browser-use pydantic-settings
	touch $@

# Frameworks, whose agents send what they trace, each where none of Sentric is. The pip is that of .venv, and what is
# never imported is never compiled: that takes a third of the time.
.venv-frameworks/%/.ready: tests/frameworks/%/requirements.txt | $(VENV)/.ready
	rm -rf $(@D)
	$(BIN)/python -m venv --without-pip $(@D)
	$(BIN)/pip --disable-pip-version-check --python $(@D) install --quiet --no-compile -r $<
	touch $@

# Frameworks whose agents are guarded, with Sentric in the agent's own environment: their oldest supported versions, and
# the newest ones that .venv is spared.
define guarded
.venv-guarded/%-$(1)/.ready: tests/guarded/$(1)/%.txt pyproject.toml | $(VENV)/.ready
	rm -rf $$(@D)
	$(BIN)/python -m venv --without-pip $$(@D)
	$(BIN)/pip --disable-pip-version-check --python $$(@D) install --quiet --no-compile -e . pytest pytest-asyncio pytest-timeout -r $$<
	touch $$@
endef
$(foreach age,oldest newest,$(eval $(call guarded,$(age))))

browser: ## Install Debian's Chromium when it is missing
	@deploy/demo/install-chromium

strace: ## Install Debian's strace when it is missing: some tests watch system calls with it
	@deploy/install-strace

postgresql: ## Install Debian's PostgreSQL when it is missing: tests of the control state start servers of their own
	@deploy/install-postgresql

# ARGS=--enforce holds the agent to the policy.
demo: $(VENV)/.ready browser ## Run a browser agent, observed and judged, end to end
	$(BIN)/sentric demo $(ARGS)

# Browsers come first and by themselves: two agents keep two cores busy. The other tests often wait for processes that
# they have started, so there are more workers than cores; worksteal has most modules be run by one of them.
# PYTEST_ARGS chooses tests, and runs them in one go.
test: $(VENV)/.ready $(OLDEST)/.ready $(QUICKEST) browser strace postgresql ## Run every test, the browser's too
ifdef PYTEST_ARGS
	$(BIN)/python -m pytest $(PYTEST_ARGS)
else
	$(BIN)/python -m pytest tests/e2e -m "browser and not frameworks and not soak" -n 2 --dist loadscope
	$(BIN)/python -m pytest -m "not browser and not soak and not frameworks" -n 3 --dist worksteal
endif

test-frameworks: $(VENV)/.ready $(OLDEST)/.ready $(FRAMEWORKS) $(GUARDED) browser ## Run agents of every framework: those that send traces, those that are guarded, oldest and newest
	$(BIN)/python -m pytest tests/e2e -m "browser and frameworks" -n 2 --dist loadscope
	$(BIN)/python -m pytest tests/frameworks tests/guarded -m frameworks -n 3 $(PYTEST_ARGS)

soak: $(VENV)/.ready strace postgresql ## Run the long variants of the tests, which take minutes
	$(BIN)/python -m pytest -m soak

lint: $(VENV)/.ready ## Check style, floors and shipped rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/sentric rules test

types: $(VENV)/.ready ## Check types with mypy and pyright, both strict
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target mypy pyright

mypy pyright:
	$(BIN)/$@

fmt: $(VENV)/.ready ## Format the code
	$(BIN)/ruff check --fix-only --exit-zero .
	$(BIN)/ruff format .

# The development runs are not part of this project: EVAL names their directory. EVAL_ARGS=--verbose names the misses.
EVAL ?= $(or $(SENTRIC_EVAL),../shared/eval)
eval: $(VENV)/.ready ## Measure the shipped rules on labelled runs
	PYTHONPATH=tests $(BIN)/python -m evaluation.run --dev $(EVAL) $(EVAL_ARGS)

bench: $(VENV)/.ready ## Print each figure beside a floor measured in the same run
	$(BIN)/python tests/benchmarks/run.py

# BENCH_ARGS chooses: --load plain|agent|small, --protocol http|grpc, --seconds, --rate, --peer mlflow|phoenix, …
bench-ingest: $(VENV)/.ready ## Measure what the service takes in, keeps and judges a second
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.ingest $(BENCH_ARGS)

# FUZZ_SECONDS for each of the receiver's decoders; what is found is left in the directory the last line names.
FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.ready ## Fuzz the receiver's decoders
	PYTHONPATH=tests $(BIN)/python -m fuzz.run --seconds $(FUZZ_SECONDS)

docs: $(VENV)/.ready ## Generate the API's and the reference pages of docs/ from the code, and the table of emitters from the tests
	$(BIN)/python docs/generate.py
	PYTHONPATH=tests $(BIN)/python -m fixtures.recovered
	PYTHONPATH=tests $(BIN)/python -m fixtures.three_strikes

constraints: ## Resolve the constraints files anew
	deploy/make-constraints $(PYTHON)

clean: ## Remove what the targets above have made
	rm -rf $(VENV) $(OLDEST) .venv-frameworks .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage
