# Two commands do all set-up on a fresh machine: `make demo` and `make test`. Everything else is in CONTRIBUTING.md.
PYTHON ?= python3
UV     := .boot/bin/uv
RUN    := .venv/bin
# an environment may forbid it, and then each of the hundreds of processes of the tests compiles the program anew
export PYTHONDONTWRITEBYTECODE :=
# two workers more than cores: many tests wait for other processes
WORKERS = $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 2)')

.PHONY: demo test check format crash torture bench bench-manifests bench-dialing lock schemas build clean

.venv/ready: requirements.lock pyproject.toml
	@test -x $(UV) || { $(PYTHON) -m venv .boot && .boot/bin/pip install -q --disable-pip-version-check uv; }
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venv
	@$(UV) pip sync -q --python .venv --require-hashes --compile-bytecode requirements.lock
	@$(UV) pip install -q --python .venv --no-deps --editable .
	@touch $@

demo: .venv/ready ## the whole main job, live and simulated, in about a minute
	@PATH="$(CURDIR)/.venv/bin:$$PATH" examples/demo.sh

test: .venv/ready ## the whole suite
	@$(RUN)/pytest -n $(WORKERS) --dist worksteal

check: .venv/ready ## format, lint, strict types, layers, schemas current
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports --no-cache
	$(RUN)/dialctl schema --check schemas

crash: .venv/ready ## kill dialing processes and applies in 30 rounds, stop 200 live calls, cut networks, and say what was measured
	@DIALCTL_CRASH_ROUNDS=30 DIALCTL_CRASH_FULL=1 $(RUN)/pytest -m crash -o timeout=900 -o log_cli=true --log-cli-level=INFO tests/crash

torture: .venv/ready ## kill, freeze, cut, fill and mislead everything, 300 kills on either database, and say what was found
	@DIALCTL_TORTURE_KILLS=300 $(RUN)/pytest -m torture -o log_cli=true --log-cli-level=INFO tests/torture

.venv-bench/ready: .venv/ready benchmarks/requirements.lock
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venv-bench
	@$(UV) pip sync -q --python .venv-bench --require-hashes --compile-bytecode benchmarks/requirements.lock
	@$(UV) pip install -q --python .venv-bench --no-deps --editable .
	@touch $@

bench: bench-manifests bench-dialing ## all benchmarks beside others; more than an hour, and 60 GB of disk

bench-manifests: .venv-bench/ready ## diff beside octoDNS, and Terraform where it is installed; ten minutes
	@.venv-bench/bin/python -m benchmarks.manifests $(BENCH_MANIFESTS)

bench-dialing: .venv-bench/ready ## the dialer beside a floor and two job queues, on both databases; an hour
	@PYTHONPATH=tests .venv-bench/bin/python -m benchmarks.dialing $(BENCH)

format: .venv/ready
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

schemas: .venv/ready ## write the JSON Schemas anew
	$(RUN)/dialctl schema schemas

lock: .venv/ready ## resolve the dependencies anew
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --group dev --upgrade \
	  --output-file requirements.lock pyproject.toml
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --group dev --group bench --upgrade \
	  --constraints requirements.lock --output-file benchmarks/requirements.lock pyproject.toml

build: .venv/ready ## wheel and sdist in dist/
	$(UV) build -q

clean:
	rm -rf .venv .venv-bench .boot dist .demo
