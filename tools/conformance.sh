#!/bin/bash
# The long comparisons with other implementations; see docs/cedar-conformance.md. CASES bounds them.
set -euo pipefail
cd "$(dirname "$0")/.." || exit 1
exec tests/cedar/conformance.sh "${BUILD:-build}/src/cedar/cedar-corpus" "${CASES:-100000}"
