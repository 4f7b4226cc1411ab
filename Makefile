# Springald's tasks. `make help` lists them; README.md says where to start.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := build/release
SOURCES := $(shell find cpp include proto cmake python/springald python/bindings -type f \
  -not -name '*.pyc') CMakeLists.txt VERSION pyproject.toml
# Warnings of pip about its own version say nothing about this project.
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip
INSTALL := $(PIP) install --quiet --no-build-isolation --no-deps
JOBS ?= $(shell nproc)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

# --- setting up ----------------------------------------------------------------

$(VENV)/.created:
	@sh tools/system_packages.sh $(PYTHON) build
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# One stamp for each group of packages in pyproject.toml.
$(VENV)/.packages-%: $(VENV)/.created pyproject.toml tools/install_packages.py
	@echo "Installing the Python packages for: $*"
	@$(BIN)/python tools/install_packages.py $*
	@touch $@

$(VENV)/.springald: $(VENV)/.packages-build $(SOURCES)
	@echo "Compiling and installing springald (about two minutes when cold)"
	@$(INSTALL) -C build-dir=$(BUILD) .
	@touch $@

.PHONY: setup
setup: $(VENV)/.springald ## create .venv with springald in it

.PHONY: demo
demo: $(VENV)/.packages-demo $(VENV)/.springald ## run examples/weather.py, the main job
	@echo "Running examples/weather.py"
	@$(BIN)/python examples/weather.py

# --- testing -------------------------------------------------------------------

$(VENV)/.tests: $(VENV)/.packages-build $(VENV)/.packages-test $(SOURCES) \
    $(shell find fuzz -name '*.cc' -o -name CMakeLists.txt)
	@sh tools/system_packages.sh $(PYTHON) test
	@echo "Compiling springald with its C++ tests"
	@$(INSTALL) -C build-dir=$(BUILD) -C cmake.define.SPRINGALD_TESTS=ON .
	@touch $@ $(VENV)/.springald

.PHONY: test
test: $(VENV)/.packages-demo $(VENV)/.tests ## build and run all tests
	@$(BIN)/ctest --test-dir $(BUILD) --output-on-failure
	@$(MAKE) --no-print-directory asan
	@$(BIN)/python -m pytest -q

.PHONY: asan
asan: $(VENV)/.packages-build $(VENV)/.packages-test ## C++ tests under ASan and UBSan
	@sh tools/system_packages.sh $(PYTHON) test
	@$(BIN)/cmake --preset asan -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python" >build/asan.log
	@echo "Compiling the C++ tests with ASan and UBSan"
	@$(BIN)/cmake --build build/asan >>build/asan.log || { tail -50 build/asan.log; exit 1; }
	@$(BIN)/ctest --test-dir build/asan --output-on-failure

.PHONY: fuzz
FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.packages-build ## fuzz the decoders for FUZZ_SECONDS each (needs clang 16)
	@sh tools/system_packages.sh $(PYTHON) fuzz
	@$(BIN)/cmake --preset fuzz -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python"
	@$(BIN)/cmake --build build/fuzz
	@mkdir -p build/corpus/definition
	build/fuzz/fuzz/definition_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
	  -artifact_prefix=fuzz/crashes/definition/ build/corpus/definition \
	  fuzz/seeds/definition fuzz/crashes/definition

.PHONY: lint
lint: $(VENV)/.packages-lint $(VENV)/.springald ## check format, types, includes and file lengths
	@$(BIN)/ruff check python tools bench examples tests fuzz
	@$(BIN)/ruff format --check python tools bench examples tests fuzz
	@$(BIN)/mypy
	@$(BIN)/python tools/check_layout.py
	@$(BIN)/clang-format --dry-run --Werror $$(find cpp include python/bindings fuzz \
	  -name '*.cc' -o -name '*.h' -o -name '*.c')

.PHONY: format
format: $(VENV)/.packages-lint ## rewrite the sources in the project's format
	@$(BIN)/ruff format python tools bench examples tests fuzz
	@$(BIN)/clang-format -i $$(find cpp include python/bindings fuzz \
	  -name '*.cc' -o -name '*.h' -o -name '*.c')

.PHONY: stub
stub: $(VENV)/.springald ## write the stub of the native module anew
	@$(BIN)/python -m nanobind.stubgen -q -m springald._springald \
	  -o python/springald/_springald.pyi

# --- measuring -----------------------------------------------------------------

.PHONY: bench
bench: $(VENV)/.packages-bench $(VENV)/.springald ## row functions against CPython and the peers
	@$(BIN)/python bench/row_functions.py

.PHONY: clean
clean: ## remove .venv and everything that was built
	rm -rf $(VENV) build dist
