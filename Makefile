# The commands of Ebb. `make` alone lists them. Needs GNU make 3.81 or newer and Python 3.11 or newer, nothing else.
#
#   make demo PYTHON=python3.13     another Python (the environment is made anew when it changes)
#   make test ARGS="-k lease -x"    more arguments for the command behind a target
#   make test ARGS="-n 0 --pdb"     the tests one after another, in one process
#   make smoke URL=https://...      another way to the containers, such as the proxy before them; EBB_KEY names another key

PYTHON ?= $(shell [ -s .venv/ebb-stamp.json ] && [ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)
ARGS ?=

find_python = command -v $(PYTHON) >/dev/null || \
	{ echo "There is no $(PYTHON) here. Ebb needs Python 3.11 or newer: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
make_environment = $(find_python); $(PYTHON) scripts/setup_environment.py

.DEFAULT_GOAL := help
.PHONY: help setup developer demo up test fuzz chaos check bench lock smoke clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

setup:  ## make .venv/ and install what Ebb runs on (locked, from wheels; milliseconds when it is there)
	@$(make_environment) demo

developer:
	@$(make_environment) dev

demo: setup  ## start the real service, train on 1,000 customers, score them, write var/demo/report.html
	@.venv/bin/ebb demo $(ARGS)

up: setup  ## run the service on this machine until Ctrl-C
	@.venv/bin/ebb up $(ARGS)

test: developer  ## run every test, with a real PostgreSQL, broker and worker, in a process a core
	@.venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

chaos: developer  ## the full chaos: kills, frozen processes, crashing servers, full disks; takes about an hour
	@.venv/bin/python -m pytest tests/chaos --full -vv -o console_output_style=times --durations=15 $(ARGS)

fuzz: developer  ## send the API more than 10,000 requests made to hurt, different ones each time (minutes)
	@FUZZ_EXAMPLES=600 .venv/bin/python -m pytest tests/app/test_fuzz.py -s $(ARGS)

check: developer  ## style, types, the house rules, and whether the lock is current
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python -m scripts.check_lock
	.venv/bin/python -m pytest tests/house
	.venv/bin/python -m pytest --collect-only tests >/dev/null

bench: developer  ## run what the performance claims rest on, beside its peers where benchmarks/README.md put them
	@python=.venv/bin/python; [ ! -x .venv-bench/bin/python ] || python=.venv-bench/bin/python; \
	for file in benchmarks/*.py; do \
		echo "== $$file"; OPENBLAS_NUM_THREADS=1 $$python "$$file" || exit 1; \
	done

lock:  ## resolve requirements/ again from pyproject.toml (ARGS=--upgrade for newer releases)
	@[ -x .venv/bin/uv ] || { $(make_environment) dev; }
	@$(PYTHON) scripts/lock_requirements.py $(ARGS)

smoke: setup  ## run the demo's client against `docker compose up`; then let its workers share jobs, stop and go on
	@key="$${EBB_KEY:-$$(docker compose run --rm -T admin-key)}" && at="$$(docker compose port proxy 8000)" && \
		export EBB_KEY="$$key" EBB_URL="$(or $(URL),http://$$at)" && \
		.venv/bin/ebb demo --url "$$EBB_URL" $(ARGS) && .venv/bin/python -m scripts.smoke_workers

clean:  ## remove the environment and the tools' caches; var/, where the service keeps its data, stays
	rm -rf .venv .venv-old-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
