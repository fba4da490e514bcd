# Each target makes the virtual environment it needs; nothing has to be done before.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready

.PHONY: demo test test-all lint format golden bench clean

demo: $(READY)
	$(BIN)/symrnn show elman
	@echo
	$(BIN)/symrnn show elman --adjoint
	@echo
	$(BIN)/symrnn summary elman --dims D=5,H=3,C=1
	@echo
	$(BIN)/symrnn derive elman --steps 3 --format unicode
	@echo
	$(BIN)/symrnn derive elman --format unicode
	@echo
	$(BIN)/symrnn generate elman --steps 3 -o $(VENV)/elman_t3.py
	$(BIN)/python $(VENV)/elman_t3.py

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
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/memory.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/digits.py

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) .venv-peers .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
