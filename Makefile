# Every command of daily work. `make` alone lists them.
#
# Each target that needs tools calls `scripts/setup` first; it says nothing when nothing is missing.
# Variables:  ARGS=…              extra arguments for the command behind the target
#             CARGO_TARGET_DIR=…  another place for cargo's output (default: target)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory --no-builtin-rules

# Elixir warns and misreads file names without a UTF-8 locale; a fresh rustup is not yet on the PATH.
export LC_ALL := C.UTF-8
export PATH := $(PATH):$(HOME)/.cargo/bin

SHELL_FILES = $(shell git ls-files -co --exclude-standard 2>/dev/null | xargs -r grep -lIE '^\#!.*\b(ba)?sh\b' 2>/dev/null)

##@ For newcomers

.PHONY: help
help: ## List every target
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST); echo

.PHONY: setup
setup: ## Install what this machine lacks: Elixir, Erlang, a C linker (Debian packages)
	@scripts/setup build

.PHONY: build
build: setup ## Build the package: the binary, the NIF and the Elixir modules
	@mix compile

.PHONY: demo
demo: build ## Three BEAM nodes and a Rust node: real traffic, and a kill -9 half-way
	@examples/demo/run $(ARGS)

.PHONY: doctor
doctor: build ## Say what keeps this machine or cluster from working (ARGS="--name … --join …")
	@mix outrigger.doctor $(ARGS)

##@ Checks

.PHONY: test
test: build ## Everything a change must pass: lint and all tests
	@took=; for part in lint test-rust loom test-elixir test-package test-chaos; do \
	  start=$$SECONDS; $(MAKE) $$part; took+="  $$part $$((SECONDS - start)) s"; \
	done; echo "== make test: all passed.$$took"

.PHONY: lint
lint: lint-rust lint-elixir lint-house ## Formats, clippy, rustdoc, compiler warnings, house rules

.PHONY: lint-rust
lint-rust: setup
	@echo "== cargo fmt, clippy, rustdoc"
	@cargo fmt --all --check
	@cargo fmt --check --manifest-path tests/fuzz/Cargo.toml
	@cargo clippy --workspace --all-targets -- -D warnings
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

.PHONY: lint-elixir
lint-elixir: setup
	@echo "== mix format, mix compile --warnings-as-errors"
	@mix format --check-formatted
	@MIX_ENV=test mix compile --warnings-as-errors --all-warnings

.PHONY: lint-house
lint-house:
	@echo "== house rules"
	@tests/house/paths.sh
	@tests/house/lengths.sh
	@if command -v shellcheck >/dev/null; then shellcheck -x $(SHELL_FILES); \
	  else echo "shellcheck is not installed: shell scripts not checked"; fi

.PHONY: fmt
fmt: setup ## Format all Rust and Elixir files
	@cargo fmt --all
	@cargo fmt --manifest-path tests/fuzz/Cargo.toml
	@mix format

# The live tests start the debug binary: its overflow checks are on. The matrix takes the one that ships.
.PHONY: test-rust
test-rust: ## Rust tests: unit, property, live cluster and doctests
	@scripts/setup test
	@cargo build --workspace --bin outrigger --examples
	@if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace $(if $(CI),--retries 1) $(ARGS); \
	  else scripts/flaky cargo --workspace --tests $(ARGS); fi
	@cargo test --workspace --doc

.PHONY: test-live
test-live: setup ## Only the Rust tests that need live BEAM nodes
	@cargo build --workspace --bin outrigger --examples
	@if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace --test live --test 'live_*' $(ARGS); \
	  else cargo test --workspace --test live --test 'live_*' $(ARGS); fi

.PHONY: test-elixir
test-elixir: setup ## Elixir tests (ARGS=path/to_test.exs:12 for one)
	@scripts/flaky mix $(ARGS)

.PHONY: test-package
test-package: build ## Pack the Hex tarball, build it in a fresh app, fan a message out
	@tests/package/run

# 21 s of faults, the quick ones. The schedule is another one each time; it prints its seed.
.PHONY: test-chaos
test-chaos: build ## A short chaos run: kill -9, SIGSTOP, a split network, and a ledger of all messages
	@tests/chaos/run --minutes 0.35 $(ARGS)

.PHONY: chaos
chaos: build ## The chaos run, 5 minutes (ARGS="--minutes 60 --seed 7 --json FILE"; tests/chaos/run --help)
	@tests/chaos/run $(ARGS)

# A build of its own: `--cfg loom` swaps atomics and locks. The tests take a second, the first build a minute.
.PHONY: loom
loom: setup ## The limiter's lock-free parts in every order of two threads' steps
	@RUSTFLAGS="--cfg loom" cargo test --release --package outrigger-limit --lib loom_tests $(ARGS)

# Needs `rustup component add --toolchain nightly miri`.
.PHONY: miri
miri: setup ## The limiter under Miri, which sees undefined behaviour
	@MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --package outrigger-limit --test limits $(ARGS)

.PHONY: fuzz
fuzz: ## Fuzz what reads hostile bytes, FUZZ_SECONDS (30) each target (ARGS="term" for one)
	@scripts/setup fuzz
	@tests/fuzz/run $(ARGS)

.PHONY: matrix
matrix: ## The tests on OTP 25, 27 and 29 (root file systems in .matrix; needs root)
	@scripts/setup matrix
	@mix compile
	@scripts/matrix $(ARGS)

.PHONY: ci
ci: ## What the CI machine runs: set-up, all tests, the matrix, the demo
	@.ci/run

##@ Measurements

# bench/<name>/run writes bench/runs/<date>-<name>/.
BENCHES := atom_cache calls events fanout interest leases limit messages schema_check streams terms watch

.PHONY: bench
bench: $(BENCHES:%=bench-%) bench-engines bench-links ## Run every benchmark; results go to bench/runs

.PHONY: bench-engines
bench-engines: ## Criterion benches of the engines (target/criterion)
	@cargo bench --package outrigger-testkit --bench events_avro --bench events_pgoutput --bench events_protobuf --bench fanout_route --bench limit_hit $(ARGS)

.PHONY: bench-fanout
bench-fanout: build ## One send to the Rust node against a flood of sends, 1 to 8 nodes
	@bench/fanout/run $(ARGS)

.PHONY: bench-leases
bench-leases: build ## A cluster limit by leases, by a call for each hit, by counting messages
	@bench/leases/run $(ARGS)

.PHONY: bench-links
bench-links: setup ## What an idle link costs, and what 10,000 of them and 1,000 kills of a BEAM leave behind
	@cargo build --package outrigger
	@OUTRIGGER_KILLS=$${OUTRIGGER_KILLS:-1000} cargo test --package outrigger-testkit --test churn --test live_churn -- \
	  --nocapture --test-threads 1

.PHONY: bench-interest
bench-interest: setup ## What interest in a million topics costs the router
	@bench/interest/run $(ARGS)

.PHONY: bench-calls
bench-calls: setup ## Remote calls out and calls of a server in Rust, beside BEAM to BEAM
	@bench/calls/run $(ARGS)

.PHONY: bench-events
bench-events: build ## What decoding an event costs in the VM, beside other decoders
	@bench/events/run $(ARGS)

.PHONY: bench-streams
bench-streams: build ## Events decoded once for 8 nodes, beside each node decoding them
	@bench/streams/run $(ARGS)

.PHONY: bench-limit
bench-limit: build ## What a hit of a rate limiter costs in one node, and whether it is exact, beside ETS
	@bench/limit/run $(ARGS)

.PHONY: bench-watch
bench-watch: build ## What counting an event of telemetry costs, beside nobody and ETS
	@bench/watch/run $(ARGS)

.PHONY: bench-watch_cost
bench-watch_cost: build ## What a watch and a profile from outside cost the node that they look at
	@bench/watch_cost/run $(ARGS)

.PHONY: bench-gate_open
bench-gate_open: build ## What asking a gate costs, beside a persistent term, an atomic and a table
	@bench/gate_open/run $(ARGS)

.PHONY: bench-messages
bench-messages: setup ## Messages to and from a BEAM, beside erl_dist and OTP's C library
	@bench/messages/run $(ARGS)

.PHONY: bench-atom_cache
bench-atom_cache: setup ## What the atom cache costs and saves, on the wire and in CPU time
	@bench/atom_cache/run $(ARGS)

.PHONY: bench-schema_check
bench-schema_check: setup ## A schema checked against 1,000 earlier versions, in three formats
	@bench/schema_check/run $(ARGS)

.PHONY: bench-terms
bench-terms: setup ## Terms read and written, beside eetf and OTP's C library
	@bench/terms/run $(ARGS)

##@ Housekeeping

.PHONY: docs
docs: setup ## API documents of the crates (target/doc), and of the modules where ex_doc is there
	@cargo doc --workspace --no-deps
	@if mix help docs >/dev/null 2>&1; then mix docs; fi

.PHONY: clean
clean: ## Remove everything that was built, the matrix's root file systems too
	@scripts/matrix --clean
	@cargo clean
	@rm -rf _build doc cover priv/native erl_crash.dump
