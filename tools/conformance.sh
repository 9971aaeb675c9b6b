#!/bin/bash
# The long comparisons with other implementations; see docs/cedar-conformance.md. CASES bounds them.
set -euo pipefail
cd "$(dirname "$0")/.." || exit 1
tests/cedar/conformance.sh "${BUILD:-build}/src/cedar/cedar-corpus" "${CASES:-100000}"

# The arithmetic checks: 10^6 values beside python-stdnum.
/usr/bin/python3 tests/checks/compare.py "${BUILD:-build}/src/inspect/check/check-verdicts" "${CHECK_VALUES:-6000}"

# Mutated requests before our parser, Node's and nginx's, and answers before ours and Node's: about a thousand a second.
python3 tests/differential/compare.py "${BUILD:-build}/src/wire/h1-verdicts" --cases "${REQUESTS:-50000}" --seed "${SEED:-1}"
python3 tests/differential/compare.py "${BUILD:-build}/src/wire/h1-verdicts" --cases "${REQUESTS:-50000}" --seed "${SEED:-1}" --answers
