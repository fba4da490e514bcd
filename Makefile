# Each target makes the virtual environment it needs; nothing has to be done before.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready

.PHONY: demo test test-all test-wide lint format golden docs bench clean

demo: $(READY)  # derive, print, generate, verify, train: what is made lies in demo/
	rm -rf demo
	mkdir demo
	$(BIN)/symrnn derive elman_n4 --steps 3 --scalar --view chain,closed --format unicode
	$(BIN)/symrnn derive elman_n4 --steps 3 --scalar --format tex --figure -o demo/elman.tex
	$(BIN)/symrnn derive elman --steps 3 --format html --figure -o demo/elman.html
	$(BIN)/symrnn generate elman --steps 3 -o demo/elman_t3.py
	$(BIN)/symrnn verify demo/elman_t3.py
	$(BIN)/symrnn train elman --data cat-mat-rat --out demo/cat-mat-rat
	$(BIN)/symrnn predict demo/cat-mat-rat 'cat mat rat' 'mat mat cat'
	@echo
	@ls demo/elman.tex demo/elman.html demo/elman_t3.py demo/cat-mat-rat/loss.png

# One thread of the linear algebra a process, and as many processes as there are cores, up to 8.
TESTS  := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist worksteal

test: lint  # a few cases of every test: for waiting
	SYMRNN_EXTENT=few $(TESTS)

test-all: lint  # all of them
	$(TESTS)

test-wide: lint  # random systems in thousands, each time others
	SYMRNN_EXTENT=wide $(TESTS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(READY)  # write generated/, tables, and what notebooks, handouts and checks show anew
	$(BIN)/python generated/make.py
	$(BIN)/python docs/tables.py
	$(BIN)/python docs/notebooks.py
	$(BIN)/python docs/handouts.py
	$(BIN)/python docs/checks.py

docs: $(READY)  # the pages of docs/, in docs/_build/html
	$(BIN)/pip install -qq --disable-pip-version-check --editable '.[docs]'
	$(BIN)/sphinx-build -W -q -b html docs docs/_build/html
	@echo docs/_build/html/index.html

bench: $(READY)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/core.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/kernels.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/products.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/lengths.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/ids.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/training.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/memory.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/digits.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/char.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/flow.py
	$(BIN)/python benchmarks/c.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/torch_cells.py

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -qq --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) demo docs/_build .venv-peers .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
