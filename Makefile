# Every target builds .venv itself, with exact versions, and then does its one job.
PYTHON ?= python3
BIN := .venv/bin
DEMO := runs/demo
FUZZ_MINUTES ?= 10
HUMANEVAL ?=
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM := false

.PHONY: demo test test-slow lint bench fuzz clean

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check torch==$$(sed -n 's/^torch==//p' constraints.txt)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,dev]'
	touch $@

.venv-base/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-base
	.venv-base/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e . pytest hypothesis
	touch $@

demo: .venv/ready
	OMP_NUM_THREADS=2 $(BIN)/accelerate launch --quiet --config_file recipes/accelerate/cpu.yaml -m verigrad.train recipes/tiny/grpo.yaml output_dir=$(DEMO)
	OMP_NUM_THREADS=2 $(BIN)/verigrad eval $(DEMO)
	$(BIN)/verigrad report $(DEMO)

test: .venv/ready .venv-base/ready
	.venv-base/bin/python -m pytest tests/rewards tests/unit
	$(BIN)/python -m pytest tests/train

test-slow: .venv/ready
	$(BIN)/python -m pytest -m 'slow or not slow'

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

.venv-bench/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

bench: .venv-bench/ready .venv/ready
	.venv-bench/bin/python benchmarks/code_judge.py $(HUMANEVAL)
	.venv-bench/bin/python benchmarks/math_verifier.py
	$(BIN)/python benchmarks/keeping.py
	OMP_NUM_THREADS=2 $(BIN)/python benchmarks/evaluation.py

fuzz: .venv-base/ready
	.venv-base/bin/python tests/rewards/math/fuzz.py $(FUZZ_MINUTES)

clean:
	rm -rf .venv .venv-base .venv-bench
