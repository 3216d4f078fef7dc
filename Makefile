# Everything a newcomer types. Needs Python 3.11, make and Java 17 or newer; uv comes through pip.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?= demo
PEOPLE ?= 5000
DAYS ?= 60

.DEFAULT_GOAL := help
.PHONY: help setup java demo test law kills check airflow bench format docs clean

help: ## Say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.done ## Make the environment, exactly as locked

$(VENV)/.done: pyproject.toml uv.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed and '$(PYTHON)' was not found: install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 12; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --quiet --locked --inexact
	@touch $@

java: ## Install Java 17 (Debian or Ubuntu, as root)
	@test "$$(id -u)" = 0 || { echo "Run it as root: sudo make java" >&2; exit 12; }
	apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless

demo: setup ## An invented shop's files, attributed and published, with a report
	rm -rf $(HOME_DIR)
	$(BIN)/touchstone --home $(HOME_DIR) demo --people $(PEOPLE) --days $(DAYS)

test: setup ## Everything CI runs: check, then all tests
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

law: setup ## 5,000 small worlds in any order of arrival, against full refreshes
	TOUCHSTONE_LAW=1 $(BIN)/python -m pytest tests/pipelines/test_law.py

kills: setup ## Kill nights, backfills and maintenances at fifty points, and see that nothing shows
	TOUCHSTONE_KILLS=50 $(BIN)/python -m pytest -s tests/pipelines/test_kill.py

check: setup ## Lint, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: setup ## Put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: setup ## Write the documents that are made from contracts and models
	$(BIN)/python -m pipelines.documents --write

airflow: setup ## Start Airflow on http://127.0.0.1:8080 with the DAGs; Ctrl-C stops it
	$(BIN)/python -m pipelines.airflow_stack up --home $(HOME_DIR)

bench: setup ## Time the chain beside a hand-written DuckDB script (BENCH_FLAGS="--events 10000000")
	UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --quiet --locked --extra bench
	$(BIN)/python -m benchmarks.chain $(BENCH_FLAGS)

clean: ## Delete the environment and the demo
	rm -rf $(VENV) $(HOME_DIR)
