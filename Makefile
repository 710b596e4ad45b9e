# make demo: see it work.  make test: see that it works.  make check: what must hold before a commit.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
SUITE ?= client
ARGS ?=
SECONDS ?= 30

.PHONY: help setup demo test django check format generate lock bench crash soak fuzz clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    set up, start a server, send mail, and show how its bounces are listed, read and reactivated"
	@echo "make test    set up and run the tests (ARGS='-k name' for some of them)"
	@echo "make check   format, lint, types, layers, generated files"
	@echo "make django  run Django's tests with 5.2 and with 6.1 (NEWER=python3.13)"
	@echo "make setup   make $(VENV) with everything in it"
	@echo "make crash   kill a server RUNS=300 times on each store under load and count what is lost; ONLY=sqlite for a part"
	@echo "make soak    leave a server under load for MINUTES=20 and see that memory, files and tables stay level; PICTURE=file.svg"
	@echo "make fuzz    feed the bounce parser what a fuzzer finds, for SECONDS=30"
	@echo "make bench SUITE=name, make format, make generate, make lock, make clean"

# A stamp a set of packages: what demo installs, setup completes.
$(VENV)/serve: constraints/serve.txt pyproject.toml
	@tools/setup $(PYTHON) $(VENV) serve

$(VENV)/dev: constraints/dev.txt pyproject.toml
	@tools/setup $(PYTHON) $(VENV) dev

$(VENV)/bench: constraints/bench.txt pyproject.toml | $(VENV)/dev
	@tools/setup $(PYTHON) $(VENV) bench

setup: $(VENV)/dev

demo:
	@test -e $(VENV)/dev -a $(VENV)/dev -nt constraints/dev.txt || $(MAKE) --no-print-directory $(VENV)/serve
	@$(BIN)/carom demo $(ARGS)

test: $(VENV)/dev
	@$(BIN)/pytest -n auto --dist loadfile $(ARGS)

# Django 6.1 wants a newer Python than ours: what "make test" then runs too.
NEWER ?= python3.13
.django/bin/django-admin: constraints/django.txt
	@$(NEWER) -m venv .django
	@.django/bin/pip install --quiet --no-deps --require-hashes --requirement constraints/django.txt
	@touch $@

django: $(VENV)/dev .django/bin/django-admin
	@$(BIN)/pytest -n 0 tests/client/test_django.py tests/client/test_django_newer.py

check: $(VENV)/dev
	@tools/check

format: $(VENV)/dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: $(VENV)/dev
	@tools/generate

RUNS ?= 300
ONLY ?=
crash: $(VENV)/dev
	@RUNS=$(RUNS) ONLY="$(ONLY)" $(BIN)/python -m tests.crash

MINUTES ?= 20
PICTURE ?=
soak: $(VENV)/dev
	@MINUTES=$(MINUTES) PICTURE="$(PICTURE)" $(BIN)/python -m tests.soak

fuzz: $(VENV)/dev
	@$(BIN)/python fuzz/parse.py $(SECONDS)

bench: $(VENV)/bench
	@$(BIN)/python -m bench.$(SUITE)

lock: $(VENV)/dev
	@tools/lock

clean:
	rm -rf $(VENV) .django .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
