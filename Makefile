# The front door. Meson builds; this file only knows which script does what.
#
#   make run [PORT=8080] [STATE=state]   the gateway with its demo model, in the foreground
#   make build                           build/postern and build/postern-role
#   make test                            every test, in a release and in a sanitizer build
#   make check                           format, lint, structure, hardening; check-quick: no clang-tidy
#   make fuzz [FUZZ_SECONDS=20]          every fuzz target for so long; fuzz-smoke: 5 s each
#   make fuzz-ledger [FUZZ_BUDGET=3600]  the same, one after the other, and fuzz/LEDGER says what was run
#   make chaos [CHAOS_ROUNDS=5]          every role, every signal, every phase of a request, again and again
#   make volume [CONNECTIONS=10000]      hostile clients in number: docs/hostile-volume.md, measured
#   make soak [MINUTES=60]               500 streams that come and go; does memory grow? docs/soak.md, measured
#   make bench, make conformance         the measurements; the policy language's public suites
#   make bench-tls, make bench-peers     handshakes and HTTP/2 beside nginx; other gateways side by side
#   make quality [PEERS=peers]           docs/detection-quality.md, measured; with other tools beside it
#   make deb                             a package for Debian 12: postern_VERSION_ARCH.deb
#   make docs                            docs/reference.md from the tables
#   make clean                           remove what was built (never the state)
#
# Where Debian packages are missing they are installed, as root or by sudo; NO_INSTALL=1 only names them.

SHELL := /bin/bash
.DELETE_ON_ERROR:

BUILD ?= build
BUILD_ASAN ?= build-asan
BUILD_FUZZ ?= build-fuzz
STATE ?= state
PORT ?= 8080
FUZZ_SECONDS ?= 20
JOBS ?= $(shell nproc)
CHAOS_ROUNDS ?= 5
CONNECTIONS ?= 10000
MINUTES ?= 60
export BUILD BUILD_ASAN BUILD_FUZZ STATE PORT FUZZ_SECONDS JOBS NO_INSTALL CHAOS_ROUNDS

.PHONY: help run build build-asan test docs check check-quick fuzz fuzz-smoke fuzz-ledger chaos volume soak bench bench-tls bench-peers conformance quality deb clean

help:
	@sed -n 's/^#   //p' Makefile

run: build
	@tools/run.sh

build:
	@tools/deps.sh build
	@tools/build.sh release

build-asan:
	@tools/deps.sh test
	@tools/build.sh asan

test:
	@tools/deps.sh test
	@tools/test.sh

docs:
	@tools/docs.py

deb:
	@tools/deps.sh deb
	@tools/build.sh release
	@tools/deb.sh

check check-quick:
	@tools/deps.sh check
	@tools/build.sh release
	@tools/check.sh $(patsubst check-%,%,$(filter-out check,$@))

fuzz:
	@tools/deps.sh test
	@tools/build.sh fuzz
	@tools/fuzz.sh

fuzz-smoke: export FUZZ_SECONDS = 5
fuzz-smoke: fuzz

fuzz-ledger:
	@tools/deps.sh test
	@tools/build.sh fuzz
	@tools/fuzz_ledger.sh

chaos:
	@tools/deps.sh test
	@tools/build.sh release
	@tools/chaos.sh

volume:
	@tools/deps.sh test
	@tools/build.sh release
	@POSTERN_BUILD=$(BUILD) tests/volume.py --connections $(CONNECTIONS) --write docs/hostile-volume.md

soak:
	@tools/deps.sh test
	@tools/build.sh release
	@POSTERN_BUILD=$(BUILD) tests/soak.py --minutes $(MINUTES) --write docs/soak.md

bench:
	@tools/deps.sh bench
	@tools/build.sh release
	@bench/run --build $(BUILD)
	@python=python3; [ -x .venv/bin/python ] && python=.venv/bin/python; \
		{ printf '\n## Cedar decisions beside the Rust engine\n\n`bench/cedar/compare.py`, after the rounds above.\n\n'; \
		$$python bench/cedar/compare.py $(BUILD)/src/cedar/cedar-bench; } | tee -a bench/RESULTS.md
	@ninja -C $(BUILD) bench/bench_scan bench/bench_detect >/dev/null
	@{ printf '\n## The detector, one core, processor time\n\n```\n'; \
		$(BUILD)/bench/bench_detect rules/detector/weights.bin $(BUILD)/src/rules/inspect.img; printf '```\n'; } | tee -a bench/RESULTS.md
	@{ printf '\n## The scanner of sensitive data, all rules, one core\n\n```\n'; $(BUILD)/bench/bench_scan; printf '```\n'; } \
		| tee -a bench/RESULTS.md

bench-tls bench-peers:
	@tools/deps.sh bench
	@tools/build.sh release
	@bench/$(patsubst bench-%,%,$@) --build $(BUILD)

conformance:
	@tools/deps.sh test
	@tools/build.sh release
	@tools/conformance.sh

quality:
	@tools/deps.sh build
	@tools/build.sh release
	@tools/quality.sh $(PEERS)

clean:
	rm -rf $(BUILD) $(BUILD_ASAN) $(BUILD_FUZZ) .venv tests/e2e/node/node_modules
