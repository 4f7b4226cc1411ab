# Springald's tasks. `make help` lists them; README.md says where to start.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := build/release
SOURCES := $(shell find cpp include proto cmake python/springald python/bindings -type f \
  -not -name '*.pyc') CMakeLists.txt VERSION pyproject.toml
BALLISTA_SOURCES := $(shell find ballista cmake python/bindings -type f -not -name '*.pyc' \
  -not -path '*/tests/*' -not -path '*/target/*') VERSION tools/rust.sh
BALLISTA_BUILD := $(CURDIR)/build/ballista
# Where ruff, mypy and clang-format look.
PYTHON_CODE := python ballista/python tools bench examples tests fuzz
CPP_CODE = $(shell find cpp include python fuzz ballista/include ballista/native bench \
  examples \
  -name '*.cc' -o -name '*.h' -o -name '*.c')
# Warnings of pip about its own version say nothing about this project.
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip
INSTALL := $(PIP) install --quiet --no-build-isolation --no-deps
JOBS ?= $(shell nproc)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
export CARGO_BUILD_JOBS := $(JOBS)
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

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

# cargo is asked each time, and compiles what is not fresh.
$(VENV)/.ballista: $(VENV)/.springald $(BALLISTA_SOURCES)
	@sh tools/rust.sh check
	@echo "Compiling and installing springald-ballista (about 25 minutes on two cores when"
	@echo "its engine was never compiled here: tail -f build/ballista/cargo/build.log)"
	@$(INSTALL) -C build-dir=$(BALLISTA_BUILD) ./ballista
	@touch $@

.PHONY: setup
setup: $(VENV)/.springald ## create .venv with springald and, given Rust, springald-ballista
	@if sh tools/rust.sh check; then $(MAKE) --no-print-directory ballista; fi

.PHONY: ballista
ballista: $(VENV)/.ballista ## the cluster's wheel alone, springald-ballista (needs Rust)

.PHONY: demo
demo: $(VENV)/.packages-demo $(VENV)/.springald ## run examples/weather.py, the main job
	@echo "Running examples/weather.py"
	@$(BIN)/python examples/weather.py

.PHONY: cluster-demo
cluster-demo: $(VENV)/.packages-demo $(VENV)/.ballista ## the same on a cluster of 3 processes
	@$(BIN)/python tools/cluster_demo.py

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
	@if sh tools/rust.sh check 2>/dev/null; then \
	  $(MAKE) --no-print-directory ballista test-rust; fi
	@$(BIN)/python -m pytest -q
	@echo "The tests of functions again, in worker processes"
	@$(BIN)/python -m pytest -q python/tests tests/types --sidecar
	@if sh tools/rust.sh check; then \
	  echo "The tests of the embedded engine again, on a cluster"; \
	  $(BIN)/python -m pytest -q python/tests tests/types --cluster; fi

.PHONY: test-rust
test-rust: $(VENV)/.springald ## the tests of the Rust code (needs Rust)
	@echo "Compiling and running the tests of ballista/rust"
	@SPRINGALD_LIBRARY_DIR="$$($(BIN)/python -c \
	  'import pathlib, springald; print(pathlib.Path(springald.__file__).parent)')" \
	  sh tools/rust.sh cargo test --release --locked --quiet

.PHONY: soak
SOAK_EXAMPLES ?= 20000
SOAK_SECONDS ?= 600
soak: $(VENV)/.packages-demo $(VENV)/.tests ## try SOAK_EXAMPLES values a test; kill workers for SOAK_SECONDS
	@SPRINGALD_SOAK_EXAMPLES=$(SOAK_EXAMPLES) $(BIN)/python -m pytest -q \
	  tests/types/test_generated_values.py
	@$(BIN)/python -m tests.faulty.soak --seconds $(SOAK_SECONDS)

.PHONY: asan
asan: $(VENV)/.packages-build $(VENV)/.packages-test ## C++ tests under ASan and UBSan
	@sh tools/system_packages.sh $(PYTHON) test
	@$(BIN)/cmake --preset asan -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python" >build/asan.log
	@echo "Compiling the C++ tests with ASan and UBSan"
	@$(BIN)/cmake --build build/asan >>build/asan.log || { tail -50 build/asan.log; exit 1; }
	@$(BIN)/ctest --test-dir build/asan --output-on-failure

# Arrow is not instrumented: what it does between threads would look like a race.
.PHONY: tsan
TSAN_TESTS := cancel_token_test function_registry_test segment_test frame_socket_test \
  captured_output_test worker_process_test sidecar_backend_test function_test runtime_test
empty :=
tsan: $(VENV)/.packages-build $(VENV)/.packages-test ## C++ tests of threads under TSan
	@sh tools/system_packages.sh $(PYTHON) test
	@$(BIN)/cmake --preset tsan -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python"
	@$(BIN)/cmake --build build/tsan --target $(TSAN_TESTS) hostile_worker
	@TSAN_OPTIONS=ignore_noninstrumented_modules=1 $(BIN)/ctest --test-dir build/tsan \
	  --output-on-failure -R '^($(subst $(empty) $(empty),|,$(strip $(TSAN_TESTS))))$$'

.PHONY: fuzz
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= definition frame columns
fuzz: $(VENV)/.packages-build ## fuzz the decoders for FUZZ_SECONDS each (needs clang 16)
	@sh tools/system_packages.sh $(PYTHON) fuzz
	@$(BIN)/cmake --preset fuzz -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python"
	@$(BIN)/cmake --build build/fuzz
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p build/corpus/$$target; \
	  echo "Fuzzing the decoder of: $$target"; \
	  build/fuzz/fuzz/$${target}_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
	    -malloc_limit_mb=256 -artifact_prefix=fuzz/crashes/$$target/ \
	    build/corpus/$$target fuzz/seeds/$$target fuzz/crashes/$$target || exit 1; \
	done

.PHONY: lint
lint: $(VENV)/.packages-lint $(VENV)/.springald ## check format, types, includes and file lengths
	@$(BIN)/ruff check $(PYTHON_CODE)
	@$(BIN)/ruff format --check $(PYTHON_CODE)
	@$(BIN)/mypy
	@$(BIN)/python tools/check_layout.py
	@$(BIN)/clang-format --dry-run --Werror $(CPP_CODE)
	@if sh tools/rust.sh check; then $(MAKE) --no-print-directory clippy; fi

.PHONY: clippy
clippy: ## check format and habits of the Rust code (needs Rust)
	@sh tools/rust.sh cargo fmt --check
	@echo "Running clippy (some minutes when cold)"
	@sh tools/rust.sh cargo clippy --release --locked --all-targets --quiet -- -D warnings

.PHONY: format
format: $(VENV)/.packages-lint ## rewrite the sources in the project's format
	@$(BIN)/ruff format $(PYTHON_CODE)
	@$(BIN)/clang-format -i $(CPP_CODE)
	@if sh tools/rust.sh check; then sh tools/rust.sh cargo fmt; fi

.PHONY: stub
stub: $(VENV)/.springald ## write the stubs of the native modules anew
	@$(BIN)/python -m nanobind.stubgen -q -m springald._springald \
	  -o python/springald/_springald.pyi
	@if sh tools/rust.sh check; then $(MAKE) --no-print-directory stub-ballista; fi

.PHONY: stub-ballista
stub-ballista: $(VENV)/.ballista
	@$(BIN)/python -m nanobind.stubgen -q -m springald_ballista._native \
	  -o ballista/python/springald_ballista/_native.pyi

.PHONY: types
types: $(VENV)/.packages-demo $(VENV)/.springald ## write docs/types.md, by trying each type
	@$(BIN)/python tools/type_table.py

# --- measuring -----------------------------------------------------------------

# ROWS=100000 PEERS=duckdb,polars SHAPES=float,int select a part of it.
BENCH_PEERS := $(if $(PEERS),--peers "$(PEERS)")
.PHONY: bench
bench: bench-types bench-peers bench-sidecar ## functions against the peers
	@$(BIN)/python -m bench.run $(BENCH_PEERS) $(if $(SHAPES),--shapes "$(SHAPES)") \
	  $(if $(ROWS),--rows $(ROWS))

.PHONY: bench-types
bench-types: $(VENV)/.packages-bench $(VENV)/.springald ## row mode over each type against pyarrow
	@$(BIN)/python -m bench.every_type

# DOC=1 puts its tables into docs/performance.md.
comma := ,
SIDECAR_PEERS := $(or $(PEERS),pyspark$(comma)daft)
.PHONY: bench-sidecar
bench-sidecar: $(VENV)/.packages-bench $(VENV)/.springald ## worker processes against bare ones
	@$(BIN)/python -m bench.environments --peers "$(SIDECAR_PEERS)"
	@$(BIN)/python -m bench.sidecar --peers "$(SIDECAR_PEERS)" \
	  $(if $(ROWS),--rows $(ROWS)) $(if $(DOC),--document docs/performance.md)

.PHONY: bench-peers
bench-peers: $(VENV)/.created ## install the peers of `make bench`, each by itself (3 GB)
	@$(BIN)/python -m bench.environments $(BENCH_PEERS)

.PHONY: bench-cluster
bench-cluster: $(VENV)/.packages-bench $(VENV)/.ballista ## queries on a cluster (needs Rust)
	@$(BIN)/python bench/cluster.py

# Counts do not depend on how busy the machine is. CASES=text takes cases of that name.
.PHONY: bench-compare
BASE ?= HEAD
LIMIT ?= 5
bench-compare: $(VENV)/.springald ## instructions of the hot loops against commit BASE
	@sh tools/system_packages.sh $(PYTHON) bench
	@PYTHONPATH=bench $(BIN)/python -m instructions --base "$(BASE)" --limit "$(LIMIT)" \
	  --cases "$(CASES)" --json build/bench/instructions.json

.PHONY: clean
clean: ## remove .venv and what was built in this clone
	rm -rf $(VENV) build dist
