# Everything runs from the project's own .venv, installed from the hash-checked lock.
PYTHON ?= python3
BIN := .venv/bin
CODE ?= 20970

.PHONY: page test lint bench lock clean

page: .venv/installed
	@$(BIN)/briefwright regenerate $(CODE) $(if $(MODEL),--model $(MODEL))

test: .venv/installed
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: .venv/installed
	$(BIN)/python -m evals.performance

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Briefwright needs Python 3.11 or newer; set PYTHON=python3.12 or similar.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Re-resolve the lock (needs uv); names no registry host.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--group build --group dev pyproject.toml -o requirements.lock --custom-compile-command "make lock"

clean:
	rm -rf .venv var
