# Everything sets itself up: `make run` and `make test` work in a fresh clone with only Python, make and a C library.

PYTHON ?= python3
PORT ?= 5432
VENV := .venv
BIN := $(VENV)/bin
MINUTES ?= 10
STAMP := $(VENV)/.installed

.PHONY: help setup run test lint check-types modelcheck modelcheck-nightly simulate fuzz bench demo-regions bugs docs clean

help:
	@echo "make run         serve on PORT (default 5432) with the live checker; data in .daybreak/"
	@echo "make test        style, types, models and all tests"
	@echo "make modelcheck  check the specs' models; make modelcheck-nightly: the large ones too"
	@echo "make simulate MINUTES=60  run simulated clusters, steered by what they reach, for so long (default 10)"
	@echo "make bench       measure beside a stock PostgreSQL; writes bench.json"
	@echo "make fuzz        try inputs that nobody thought of, for MINUTES (default 10)"
	@echo "make demo-regions  watch two regions lose each other, for less than two minutes"
	@echo "make bugs        plant every bug of the bank and see the judges find it; writes docs/bug-bank.md"
	@echo "make docs        write the generated pages anew"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "daybreak: needs Python 3.11 or newer, $(PYTHON) is %d.%d; name another with make PYTHON=..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $(STAMP)

run: $(STAMP)
	@exec $(BIN)/daybreak serve --port $(PORT) --data .daybreak --monitor

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types: $(STAMP)
	$(BIN)/mypy

modelcheck: $(STAMP)
	$(BIN)/python -m daybreak.modelcheck --why docs/why --check

modelcheck-nightly: $(STAMP)
	$(BIN)/python -m daybreak.modelcheck --nightly --json modelcheck.json --junit modelcheck.xml

test: lint check-types modelcheck
	$(BIN)/pytest -n 2

simulate: $(STAMP)
	$(BIN)/daybreak simulate --minutes $(MINUTES)

bench: $(STAMP)
	$(BIN)/python -m tools.bench

fuzz: $(STAMP)
	$(BIN)/python -m tools.fuzz all --minutes $(MINUTES)

demo-regions: $(STAMP)
	@$(BIN)/python -m tools.demo

bugs: $(STAMP)
	$(BIN)/python -m tools.bugbank

docs: $(STAMP)
	$(BIN)/python -m tools.actionmap
	$(BIN)/python -m daybreak.modelcheck --kind must-fail --why docs/why

clean:
	rm -rf $(VENV) .daybreak .mypy_cache .ruff_cache .pytest_cache .hypothesis bench.json modelcheck.json modelcheck.xml
