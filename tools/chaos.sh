#!/bin/bash
# The kill matrix, CHAOS_ROUNDS times at moments that differ, and with the promise that service is back within
# a second; then the other ways to die and to fail. Longer than what `make test` runs of them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

python=python3
[ -x .venv/bin/python ] && python=.venv/bin/python
export POSTERN_BUILD=${BUILD:-build} POSTERN_CHAOS_ROUNDS=${CHAOS_ROUNDS:-5} POSTERN_CHAOS_STRICT=1

failed=0
"$python" -m pytest -q -s -p no:cacheprovider tests/test_kill_matrix.py || failed=1
"$python" -m pytest -q -p no:cacheprovider tests/test_death.py tests/test_faults.py || failed=1
exit "$failed"
