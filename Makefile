# The project's commands: `make help`. Everything is made in build/ and .venv/; nothing goes into the system but Debian's packages.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON := $(shell command -v $(or $(PYTHON),python3))
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PREFIX ?= /usr/local
BUILD := build/venv
VENV_PYTHON := .venv/bin/python
SOURCES := $(shell find CMakeLists.txt pyproject.toml cmake include src python -type f -not -name '*.pyc' -not -name '*.md' 2>/dev/null)

# The environment's programs come first, so that a CMake from PyPI serves where the system's is too old.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHON
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
export CONV1D_BUILD_TESTS := ON
export CONV1D_BUILD_EXAMPLES := ON
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help build demo test torch bench lint format stubs sanitize wheel install clean deps-local

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | \
	  while IFS=$$'\t' read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done

# ---- set-up: each step leaves a mark, so that a second run repeats none of it ---------------------------------------------

build/.system: tools/system-packages
	@tools/system-packages && mkdir -p build && touch $@

.venv/.packages: requirements/build.txt requirements/test.txt tools/venv | build/.system
	@tools/venv && touch $@

.venv/.lint: requirements/lint.txt .venv/.packages
	@tools/step "Installing the linters into .venv" $(VENV_PYTHON) -m pip install -r requirements/lint.txt && touch $@

.venv/.torch: requirements/torch.txt tools/torch .venv/.packages
	@if tools/torch; then echo present >$@; else echo absent >$@; fi

.venv/.bench: requirements/bench.txt .venv/.packages
	@if tools/step "Installing ONNX Runtime into .venv" $(VENV_PYTHON) -m pip install -r requirements/bench.txt; then touch $@; \
	  else echo "ONNX Runtime could not be installed: the benchmark goes on without it."; fi

.venv/.models: requirements/models.txt .venv/.torch
	@if tools/step "Installing transformers into .venv" $(VENV_PYTHON) -m pip install -r requirements/models.txt; then touch $@; \
	  else echo "transformers could not be installed: whole models are left out."; fi

$(BUILD)/.installed: .venv/.packages $(SOURCES)
	@tools/step "Building conv1d and installing it into .venv" $(VENV_PYTHON) -m pip install -v --no-build-isolation --no-deps \
	  --force-reinstall -C build-dir=$(BUILD) .
	@cd / && "$(CURDIR)/$(VENV_PYTHON)" -c 'import conv1d; print(f"conv1d {conv1d.__version__} is in .venv:", conv1d.__file__)'
	@touch $@

build: $(BUILD)/.installed  ## builds the library and installs the Python package into .venv

# ---- run ------------------------------------------------------------------------------------------------------------------

demo: build  ## runs the tour in C++ and in Python, each value beside the expected one
	@tools/step "Building the tour" cmake --build $(BUILD) --target tour
	@$(BUILD)/examples/tour
	@$(VENV_PYTHON) examples/tour.py

test: build .venv/.torch  ## builds and runs every test, C++ (ctest) and Python (pytest)
	@tools/step "Building the C++ tests" cmake --build $(BUILD)
	@grep -q present .venv/.torch || \
	  echo "PyTorch 2.13.0 could not be installed: the golden data serve instead of the live tests (make torch tries again)."
	@status=0; \
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) || status=1; \
	CONV1D_BUILD_DIR=$(CURDIR)/$(BUILD) $(VENV_PYTHON) -m pytest $(PYTEST) || status=1; \
	$(VENV_PYTHON) -m pytest tests/python/inside_torch || [ $$? -eq 5 ] || status=1; \
	exit $$status

torch: .venv/.packages  ## tries again to install PyTorch for the live tests
	@rm -f .venv/.torch && $(MAKE) --no-print-directory .venv/.torch && grep -q present .venv/.torch

# Whole models need packages of others, which nobody gets who did not ask for them (--models, --parts models), and their
# figures do not replace those of the layers.
MODELS := $(if $(findstring models,$(ARGS)),.venv/.models)
FIGURES := build/$(if $(findstring --models,$(ARGS)),models,bench)

bench: build .venv/.torch .venv/.bench $(MODELS)  ## measures the library beside its peers (ARGS=--quick: in two minutes; --models: whole models)
	@$(VENV_PYTHON) -m conv1d.bench --json $(FIGURES).json --svg $(FIGURES).svg $(ARGS)

# ---- care -----------------------------------------------------------------------------------------------------------------

lint: build .venv/.lint .venv/.torch  ## clang-format, clang-tidy, ruff, mypy: all must be clean
	@tools/lint

format: .venv/.lint  ## lays out all sources
	@tools/format

stubs: build  ## writes python/conv1d/_C.pyi anew from the built module
	@$(VENV_PYTHON) tools/stubs.py --write

sanitize: build  ## the C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer, those of threads under ThreadSanitizer
	@tools/sanitize

wheel: build  ## makes a manylinux wheel in dist/ and tries it in an empty environment
	@tools/wheel

install: build  ## installs the C++ library under PREFIX (/usr/local)
	@tools/step "Building the library" cmake --build $(BUILD) --target conv1d
	@cmake --install $(BUILD) --component library --prefix "$(PREFIX)"

deps-local:  ## without root: unpacks the Debian packages that the build needs under .deps
	@tools/system-packages --local

clean:  ## removes what was built (.venv and .deps stay)
	@rm -rf build dist
