# Two commands matter: `make book` and `make test`.  `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY ?= python3
JOBS ?= 2
PORT ?= 8000
V ?= .venv/bin
READY := $(if $(filter .venv/bin,$(V)),.venv/ready)
HTML := _build/html
TOOLS := book/_tools
# These look at the rendered book, so they run after it was made.
PAGE_TESTS := tests/test_html.py tests/test_formulas.py tests/test_tamper.py

export PYTHONHASHSEED := 0
export OMP_NUM_THREADS ?= 1

.PHONY: help book test lint run render notebooks chapter serve bench tamper ledger clean

help:  ## list these commands
	@echo "make COMMAND, where COMMAND is one of"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

book: run render  ## execute every chapter, render the book, print where it is
	@echo "The book: $(CURDIR)/$(HTML)/index.html"

run: $(READY)
	@echo "[book 1/2] executing chapters, $(JOBS) at a time"
	@$(V)/python $(TOOLS)/notebooks.py run -j $(JOBS)

# A failed build must not leave pages that the next build would take as done.
render: $(READY)
	@echo "[book 2/2] rendering"
	@$(V)/jupyter-book build -q -W --keep-going -n . \
	  || { rm -rf $(HTML) _build/.doctrees _build/jupyter_execute; \
	       echo "The book was not rendered: see the warnings above." >&2; exit 1; }

test: lint  ## lint, test the package and the book, run every notebook again
	@echo "[test 2/4] the package and the sources of the book"
	@$(V)/pytest -q -n $(JOBS) --dist loadfile --cov --cov-report=term \
	  ottools tests $(addprefix --ignore ,$(PAGE_TESTS))
	@echo "[test 3/4] the book itself"
	@$(MAKE) book
	@echo "[test 4/4] its pages and formulas; every notebook once more, strictly"
	@$(V)/pytest -q -n $(JOBS) --dist loadfile \
	  $(PAGE_TESTS) --nbval notebooks

lint: $(READY)  ## style and form of the code, and of the notebooks' code
	@echo "[test 1/4] ruff, and notebooks/ against book/"
	@$(V)/ruff check .
	@$(V)/ruff format --check .
	@$(V)/python $(TOOLS)/notebooks.py check

notebooks: $(READY)  ## for authors: execute the chapters and store notebooks/
	@$(V)/python $(TOOLS)/notebooks.py run -j $(JOBS) --write

chapter: $(READY)  ## NAME=gan: execute and store one chapter, then render the book
	@test -n "$(NAME)" || { echo "Say which one: make chapter NAME=gan" >&2; exit 2; }
	@$(V)/python $(TOOLS)/notebooks.py run $(NAME) --write
	@$(MAKE) book

serve: book  ## look at the book at http://localhost:PORT (PORT=8000)
	@$(V)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(HTML)

ledger: run  ## print what is proved, certified, tested, cited and refuted
	@$(V)/python -m ottools.ledger _build/executed

tamper: $(READY)  ## damage copies of the book in many ways: each must be noticed
	@$(V)/python tests/tamper.py

bench: .venv-bench/ready  ## measure beside other libraries; BENCH=--quick is shorter
	@.venv-bench/bin/python -m benchmarks $(BENCH)

# The libraries beside which we measure: nothing else needs them.
.venv-bench/ready: pyproject.toml constraints.txt benchmarks/requirements.txt
	@echo "[setup] a virtual environment for the benchmarks in .venv-bench; a minute"
	@$(PY) -m venv .venv-bench
	@.venv-bench/bin/pip install --disable-pip-version-check -c constraints.txt -e . \
	  -r benchmarks/requirements.txt \
	  | awk '/^Collecting/ {printf "."; fflush()} END {print ""}'
	@touch $@

clean:  ## remove everything that was built (not the virtual environment)
	rm -rf _build .pytest_cache .ruff_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PY=/path/to/python3.11" >&2; exit 1; }
	@echo "[setup] a virtual environment in .venv; about 125 packages, 2 GB, a minute or two"
	@$(PY) -m venv .venv
	@.venv/bin/pip install --disable-pip-version-check -c constraints.txt -e '.[book,test]' \
	  | awk '/^Collecting/ {printf "."; fflush()} END {print ""}'
	@touch $@
