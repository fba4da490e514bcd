# Each target makes the virtual environment it needs; nothing has to be done before.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready

.PHONY: demo test test-all lint format golden bench clean

DEMO   := $(VENV)/demo

demo: $(READY)
	rm -rf $(DEMO) && mkdir $(DEMO)
	$(BIN)/symrnn show elman
	@echo
	$(BIN)/symrnn derive elman --steps 3 --format unicode
	@echo
	$(BIN)/symrnn derive elman --steps 3 -o $(DEMO)/gradient.tex
	$(BIN)/symrnn derive elman --steps 3 --format html --figure -o $(DEMO)/gradient.html
	$(BIN)/symrnn generate elman --steps 3 -o $(DEMO)/elman_t3.py
	$(BIN)/symrnn verify $(DEMO)/elman_t3.py
	@echo
	$(BIN)/symrnn train elman --data cat-mat-rat --out $(DEMO)/run
	@echo
	$(BIN)/symrnn predict $(DEMO)/run 'cat rat mat' 'mat rat cat'
	@echo
	@ls $(DEMO)/gradient.tex $(DEMO)/gradient.html $(DEMO)/elman_t3.py $(DEMO)/run/*.png

test: lint
	$(BIN)/pytest

test-all: lint
	SYMRNN_WIDE=1 $(BIN)/pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(READY)  # write generated/ anew
	$(BIN)/python generated/make.py

bench: $(READY)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/core.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/kernels.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/lengths.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/ids.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/training.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/char.py

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) .venv-peers .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
